"""Each credential with the real SDK and azure-identity, and whom its secrets reach."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from connector_healing.core.kusto.collected import CollectedEvidence, Outcome
from connector_healing.core.kusto.commands import Endpoint
from connector_healing.errors import UsageError
from connector_healing.kusto.collector import collect
from connector_healing.kusto.credentials import (
    AccessToken,
    Application,
    AzCli,
    Credential,
    CredentialKind,
    DeviceCode,
    ManagedIdentity,
    credential_from,
)
from connector_healing.kusto.hosts import Cluster, cluster_at
from connector_healing_tests.kusto.conftest import ID, PATIENT, TOKEN, asking
from connector_healing_tests.kusto.fake_cluster import FakeCluster
from connector_healing_tests.kusto.real_names import certificate, lead_here

TENANT = "11111111-2222-4333-8444-555555555555"
KEY = "right-key-0123456789"
BOTH = (
    asking(f".show operations {ID}"),
    asking(".show ingestion resources", Endpoint.INGEST),
)


def ask(cluster: Cluster, credential: Credential) -> tuple[CollectedEvidence, ...]:
    return collect(BOTH, cluster, "telemetry", credential, PATIENT)


def application(key: str = KEY) -> Application:
    return Application(tenant=TENANT, client_id=ID, key=key)


@dataclass(frozen=True)
class Named:
    fake: FakeCluster
    looked_up: list[str]


@pytest.fixture
def named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Named]:
    """The cluster behind TLS, under its real names."""
    context, trusted = certificate(tmp_path)
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(trusted))
    with FakeCluster(context).running() as fake:
        yield Named(fake, lead_here(monkeypatch, fake.port))


def outcomes(found: tuple[CollectedEvidence, ...]) -> list[Outcome]:
    return [one.outcome for one in found]


def test_a_token_under_real_names(named: Named) -> None:
    found = ask(cluster_at("https://adx1.westeurope.kusto.windows.net"), TOKEN)

    assert outcomes(found) == [Outcome.ANSWERED, Outcome.ANSWERED]
    assert [one.host for one in named.fake.asked] == [
        "adx1.westeurope.kusto.windows.net",
        "ingest-adx1.westeurope.kusto.windows.net",
    ]


def test_a_certificate_that_is_not_trusted(named: Named, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")

    found = ask(cluster_at("adxtls"), TOKEN)

    assert outcomes(found) == [Outcome.FAILED, Outcome.FAILED]
    assert "not trusted" in found[0].note
    assert named.fake.asked == []


def test_a_redirect_is_not_followed(named: Named) -> None:
    from connector_healing_tests.kusto.fake_cluster import Answer

    named.fake.answers[BOTH[0].text] = [
        Answer(status=302, headers={"Location": "https://evil.example.com/"})
    ]

    ask(cluster_at("adxmoved"), TOKEN)

    assert "evil.example.com" not in named.looked_up


def test_an_application_logs_in_once(named: Named) -> None:
    found = ask(cluster_at("adxapp"), application())

    assert outcomes(found) == [Outcome.ANSWERED, Outcome.ANSWERED]
    assert len(named.fake.logins) == 1
    assert named.fake.logins[0]["client_secret"] == KEY
    assert named.fake.logins[0]["scope"].startswith("https://kusto.kusto.windows.net/.default")


def test_a_refused_key_is_told_once_and_not_printed(named: Named) -> None:
    found = ask(cluster_at("adxwrong"), application("wrong-key-0123456789"))

    assert outcomes(found) == [Outcome.FAILED, Outcome.FAILED]
    assert "AADSTS7000215" in found[0].note
    assert "wrong-key" not in repr(found)
    assert len(named.fake.logins) == 1
    assert named.fake.asked == []


@pytest.mark.parametrize(
    ("login", "resource"),
    [
        ("https://login.evil.example", "https://kusto.kusto.windows.net"),
        ("https://login.microsoftonline.com", "https://management.azure.com"),
    ],
)
def test_a_host_cannot_have_the_key_sent_elsewhere(named: Named, login: str, resource: str) -> None:
    """The user vouched for the host, and not for where it says to log in or what for."""
    named.fake.login_endpoint, named.fake.resource = login, resource
    cluster = cluster_at(f"https://127.0.0.1:{named.fake.port}", allowed_hosts=["127.0.0.1"])

    found = collect(BOTH[:1], cluster, "telemetry", application(), PATIENT)

    assert found[0].outcome is Outcome.FAILED
    assert named.fake.logins == []
    assert "login.evil.example" not in named.looked_up


def test_a_host_that_the_user_allowed_is_trusted_by_the_sdk(named: Named) -> None:
    cluster = cluster_at("https://kusto.corp.example", allowed_hosts=["kusto.corp.example"])

    assert outcomes(ask(cluster, application())) == [Outcome.ANSWERED, Outcome.ANSWERED]


def test_a_person_types_one_code_for_both_endpoints(named: Named) -> None:
    shown: list[tuple[str, str, datetime]] = []

    found = collect(
        BOTH,
        cluster_at("adxperson"),
        "telemetry",
        DeviceCode(),
        PATIENT,
        prompt=lambda link, code, until: shown.append((link, code, until)),
    )

    assert outcomes(found) == [Outcome.ANSWERED, Outcome.ANSWERED]
    assert [told[:2] for told in shown] == [("https://microsoft.com/devicelogin", "ABCD-1234")]


def test_a_code_that_nobody_can_see_is_not_waited_for(named: Named) -> None:
    found = ask(cluster_at("adxnobody"), DeviceCode())

    assert outcomes(found) == [Outcome.FAILED, Outcome.FAILED]
    assert "needs a person" in found[0].note


def test_a_managed_identity(
    fake: FakeCluster, here: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{fake.url}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "header-of-the-machine")

    found = ask(here, ManagedIdentity(client_id=ID))

    assert outcomes(found) == [Outcome.ANSWERED, Outcome.ANSWERED]
    assert fake.logins[0]["client_id"] == ID


def test_the_azure_command_line(
    fake: FakeCluster, here: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued = {
        "accessToken": "good-token-0123456789",
        "expiresOn": "2100-01-01 00:00:00.000000",
        "tokenType": "Bearer",
    }
    program = tmp_path / "az"
    program.write_text(f"#!{sys.executable}\nprint('''{json.dumps(issued)}''')\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")

    assert outcomes(ask(here, AzCli())) == [Outcome.ANSWERED, Outcome.ANSWERED]
    assert fake.asked[0].headers["Authorization"] == "Bearer good-token-0123456789"


def test_nobody_is_logged_in(
    fake: FakeCluster, here: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    found = ask(here, AzCli())

    assert outcomes(found) == [Outcome.FAILED, Outcome.FAILED]
    assert "No token was got" in found[0].note
    assert fake.asked == []


def test_an_unreadable_metadata_answer_is_an_outcome(fake: FakeCluster, here: Cluster) -> None:
    fake.metadata_status = 500

    assert outcomes(ask(here, AzCli())) == [Outcome.FAILED, Outcome.FAILED]


def test_credentials_come_from_the_environment() -> None:
    environ = {
        "AZURE_TENANT_ID": TENANT,
        "AZURE_CLIENT_ID": ID,
        "AZURE_CLIENT_SECRET": KEY,
        "KUSTO_ACCESS_TOKEN": "Bearer the-token-itself",
    }

    made = {kind: credential_from(kind, environ) for kind in CredentialKind}

    assert made[CredentialKind.APP] == application()
    assert made[CredentialKind.TOKEN] == AccessToken(token="the-token-itself")
    assert made[CredentialKind.MANAGED_IDENTITY] == ManagedIdentity(client_id=ID)
    assert KEY not in repr(made)
    assert "the-token-itself" not in repr(made)


@pytest.mark.parametrize(
    ("kind", "environ", "told"),
    [
        (CredentialKind.APP, {}, "AZURE_TENANT_ID"),
        (CredentialKind.APP, {"AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c"}, "CLIENT_SECRET"),
        (CredentialKind.TOKEN, {"KUSTO_ACCESS_TOKEN": " "}, "KUSTO_ACCESS_TOKEN"),
        (CredentialKind.TOKEN, {"KUSTO_ACCESS_TOKEN": "a\r\nX: b"}, "does not hold a token"),
    ],
)
def test_what_is_missing_is_named(kind: CredentialKind, environ: dict[str, str], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        credential_from(kind, environ)
