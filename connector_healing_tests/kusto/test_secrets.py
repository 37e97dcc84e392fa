"""What a cluster answers is kept without its secrets."""

import json

from connector_healing.core.kusto.collected import collection_text, evidence_text
from connector_healing.core.kusto.commands import Endpoint
from connector_healing.kusto.collector import collect
from connector_healing.kusto.hosts import Cluster
from connector_healing_tests.kusto.conftest import TOKEN, asking
from connector_healing_tests.kusto.fake_cluster import (
    FakeCluster,
    failed,
    one_api_error,
    one_table,
)

SIGNATURE = "Qx7ZsecretSignature0123456789abcdef"
KEY = "c2VjcmV0LWFjY291bnQta2V5LW9mLXN0b3JhZ2UtMDEyMzQ1Njc4OTAxMg=="
SECRETS = (SIGNATURE, KEY, TOKEN.token)


def test_no_secret_is_kept(fake: FakeCluster, here: Cluster) -> None:
    resources = ".show ingestion resources"
    fake.answers[resources] = [
        one_table(
            ("ResourceTypeName", "StorageRoot"),
            [
                [
                    "TempStorage",
                    f"https://a.blob.core.windows.net/c1?sv=2018-03-28&sig={SIGNATURE}",
                ],
                ["TempStorage", f"https://a.blob.core.windows.net/c1;{KEY}"],
                ["Table", {"inner": [f"https://a.table.core.windows.net/t?sig={SIGNATURE}&se=1"]}],
            ],
        )
    ]
    fake.answers[".show commands"] = [
        one_table(
            ("Text", "Password"),
            [
                [f'.export async to parquet (h@"https://a.blob.core.windows.net/c;{KEY}")', "p"],
                [f"Authorization: Bearer {TOKEN.token}", SIGNATURE],
            ],
        )
    ]
    fake.answers[".show databases"] = [
        failed(400, one_api_error("Bad", f"Cannot read ?sig={SIGNATURE}", permanent=True))
    ]

    found = collect(
        [
            asking(resources, Endpoint.INGEST),
            asking(".show commands"),
            asking(".show databases"),
        ],
        here,
        "telemetry",
        TOKEN,
    )

    shown = repr(found) + evidence_text(found) + collection_text(found)
    assert [secret for secret in SECRETS if secret in shown] == []
    rows = [json.loads(line) for line in found[0].rows.splitlines()]
    assert rows[0]["StorageRoot"] == "https://a.blob.core.windows.net/c1?sv=2018-03-28&sig=***"
    assert rows[1]["StorageRoot"] == "https://a.blob.core.windows.net/c1;***"
    assert ".export async to parquet (h@" in found[1].rows
