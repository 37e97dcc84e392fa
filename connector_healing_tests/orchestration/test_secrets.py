"""No secret is left in anything that runs and heals leave behind."""

import gzip
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dlt.common.configuration.container import Container
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

from connector_healing.core.case import CaseState
from connector_healing.core.connector import Connector
from connector_healing.healing.workflow import HealWorkflow
from connector_healing.orchestration.services import heal_services
from connector_healing_tests.orchestration.loopback import LoopbackApi, customer
from connector_healing_tests.orchestration.shop import Shop, materialize

ENVIRONMENT = "env-4f1c9a77e2b04d"  #: A variable whose name gives it away.
HINTED = "hinted-77aa12cd90ef"  #: Nothing but the code's annotation says that it is one.
TOML = "toml-90ab34cd56ef78"  #: In .dlt/secrets.toml.
ARGUMENT = "argument-1029384756"  #: Given to the entry point by the definitions.
#: In a file that nobody but the connector knows: their names alone give them away.
FILED = {
    "query": "query-5e6f7a8b9c0d1e",
    "header": "header-1a2b3c4d5e6f70",
    "text": "text-aabbccddeeff0011",
    "state": "state-99887766554433",
    "command": "command-6e8a0c2b4d1f3795",
    "bearer": "qwrtpsdfghjkl",  # neither long nor with digits
}
BODY = "body-0f1e2d3c4b5a69"  #: Minted by the API.
#: Variables that no connector declares.
VARIABLES = {
    "CRM_SESSION": "sess-3e5d7c9b1a2f4680",  # sent as a header, echoed under another name
    "CRM_PASS": "pass-8d6f4b2a0c1e3579",
    "PARTNER_ACCOUNT": "acct-5b7d9f1a3c2e4068",  # its name says nothing, but it is sent
    "DATABASE_URL": "postgresql://loader:dsn-7c9e1b3d5f2a4806@db.internal:5432/crm",
    "BLOB_STORE": "DefaultEndpointsProtocol=https;AccountName=x;AccountKey=blob2a4c6e8g0==;",
}
DSN_PASSWORD = "dsn-7c9e1b3d5f2a4806"
BLOB_KEY = "blob2a4c6e8g0=="
MINTED = "minted-4a6c8e0b2d1f3597"  #: Given by the API under a name that says nothing, sent back.
ALL = (
    *(ENVIRONMENT, HINTED, TOML, ARGUMENT, *FILED.values(), BODY),
    *(v for n, v in VARIABLES.items() if n not in {"DATABASE_URL", "BLOB_STORE"}),
    *(DSN_PASSWORD, BLOB_KEY, MINTED),
)

CONNECTOR = """
import json
import logging
import os

import dlt
import requests


@dlt.source(name="shop")
def shop_source(base, partner_password="", api_key=dlt.secrets.value, entry: dlt.TSecretStrValue = None):
    with open(os.environ["SHOP_FILE"]) as file:
        filed = json.load(file)

    @dlt.resource(name="customers", primary_key="id", write_disposition="replace")
    def customers():
        dlt.current.resource_state()["refresh_token"] = filed["state"]
        logging.getLogger("shop").warning("asking with %s", api_key)
        ticket = requests.get(f"{base}/customers", timeout=20).json().get("ticket", "none")
        answer = requests.get(
            f"{base}/customers?signature={filed['query']}&entry={entry}",
            headers={
                "Authorization": "Bearer " + filed["header"],
                "X-Key": os.environ["SHOP_TOKEN"],
                "X-Session": os.environ["CRM_SESSION"],
                "X-Partner": os.environ["PARTNER_ACCOUNT"],
                "X-Auth": ticket,
            },
            timeout=20,
        )
        records = answer.json()["data"]
        if len(records) < 100:
            raise RuntimeError(
                f"{api_key} {partner_password} password={filed['text']} got {answer.text} on "
                + os.environ["DATABASE_URL"].partition("loader:")[2].replace("@", " at ")
                + " blobs " + os.environ["BLOB_STORE"].partition("AccountKey=")[2]
                + " as " + os.environ["CRM_PASS"]
                + f": curl -u loader:{filed['command']} said Bearer {filed['bearer']}"
            )
        yield records

    return customers
"""


@pytest.fixture
def connector(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connector]:
    shop.write({"orders": CONNECTOR})
    settings = shop.folder / ".dlt"
    settings.mkdir()
    (settings / "secrets.toml").write_text(f'[sources.shop]\napi_key = "{TOML}"\n')
    (shop.folder / "filed.json").write_text(json.dumps(FILED))
    with monkeypatch.context() as patch:
        patch.chdir(shop.folder)
        patch.setenv("SHOP_FILE", str(shop.folder / "filed.json"))
        patch.setenv("SHOP_TOKEN", ENVIRONMENT)
        patch.setenv("SOURCES__SHOP__ENTRY", HINTED)
        for name, value in VARIABLES.items():
            patch.setenv(name, value)
        Container()[PluggableRunContext].reload(str(shop.folder))
        yield Connector(
            id="shop",
            entry_point=f"{shop.package}.orders:shop_source",
            arguments={"base": shop.api.url, "partner_password": ARGUMENT},
            environment=("SHOP_FILE", "SHOP_TOKEN"),
        )
    Container()[PluggableRunContext].reload(".")


def everything(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file with its name, cassettes unzipped, and every row of every table."""
    for path in (p for p in folder.rglob("*") if p.is_file()):
        content = path.read_bytes()
        yield str(path), content
        if path.suffix == ".gz":
            yield str(path), gzip.decompress(content)
        if path.suffix == ".db":
            yield from rows_of(path)


def rows_of(path: Path) -> Iterator[tuple[str, bytes]]:
    with sqlite3.connect(path) as store:
        tables = store.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            for row in store.execute(f'SELECT * FROM "{table}"'):
                yield f"{path} {table}", repr(row).encode()


def test_nothing_secret_is_left(
    connector: Connector, shop: Shop, api: LoopbackApi, instance: dg.DagsterInstance
) -> None:
    api.customers = [
        {
            **customer(n),
            "token": BODY,
            "remark": f"see {TOML}" if n == 100 else "none",
            "memo": f"{'long ' * 11}{TOML}",
        }
        for n in range(1, 201)
    ]
    assets = shop.assets(connector)
    assert materialize(assets, shop, instance).success
    fewer = {
        "data": api.customers[:50],
        "access_token": BODY,
        "session": VARIABLES["CRM_SESSION"],
        "partner": [VARIABLES["PARTNER_ACCOUNT"]],
        "ticket": MINTED,
    }
    headers = {"Set-Cookie": f"session={FILED['header']}", "X-Api-Token": BODY}
    api.fault = lambda path, query: (200, headers, json.dumps(fewer).encode())
    failed = materialize(assets, shop, instance)
    assert not failed.success
    store = shop.services.store
    (case,) = store.cases("shop", [CaseState.OPEN])
    with heal_services(shop.services) as services:
        HealWorkflow(services).run(case.case_id)
    # Something was there to be taken out: each kind of evidence is on record.
    failure = store.failure(case.failure_id)
    assert failure is not None
    assert failure.http is not None
    assert failure.http.response_headers["set-cookie"] == "***"
    assert failure.message.startswith("RuntimeError: *** *** password=*** got ")
    assert any("asking with ***" in line for line in failure.log_excerpt)
    assert failure.source_state == {"resources": {"customers": {"refresh_token": "***"}}}
    runtime = store.runtime("shop")
    assert runtime is not None
    assert dict(runtime.connector.arguments) == {"base": api.url}
    assert {"sources.shop.api_key", "sources.shop.entry"} <= set(runtime.config_keys)
    (baseline,) = store.baselines("shop", "customers", 5)
    assert baseline.root is not None
    assert baseline.root.columns["token"].maximum is None
    assert baseline.root.columns["remark"].maximum == "see ***"
    assert baseline.root.columns["memo"].maximum == ("long " * 11).rstrip()
    assert baseline.cassette_id is not None
    assert failure.cassette_id is not None
    assert (shop.home / "cases" / case.case_id / "report.md").is_file()
    left = {
        (place, secret)
        for place, content in everything(shop.home)
        for secret in ALL
        if secret.encode() in content
    }
    assert left == set()
    logged = [e.user_message for e in instance.all_logs(failed.run_id) if not e.dagster_event]
    assert not [line for line in logged for secret in ALL if secret in line]
