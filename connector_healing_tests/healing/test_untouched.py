"""What a heal leaves alone: production, and the secrets."""

import gzip
import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from dlt.common.configuration.container import Container
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext
from sqlalchemy import create_engine, inspect, text

from connector_healing.core.case import CaseState
from connector_healing.core.policy import Budget, HealMode, HealPolicy
from connector_healing.healing.persons import open_by_hand, reject
from connector_healing.healing.workflow import HealWorkflow
from connector_healing.orchestration.services import heal_services
from connector_healing.ports import Sandbox
from connector_healing_tests.healing.freight_api import FreightApi, Record, refused, renamed
from connector_healing_tests.healing.project import Project

HEALS = 10


def digests(project: Project) -> dict[str, str]:
    """Every file of the pipelines' working directory, and the warehouse."""
    paths = [*(project.folder / "pipelines").rglob("*"), project.warehouse("plain")]
    return {
        str(path.relative_to(project.folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in paths
        if path.is_file()
    }


def test_ten_heals_leave_production_byte_for_byte_as_it_was(plain: Project) -> None:
    plain.policy = HealPolicy(budget=Budget(candidates=2))
    plain.api.shape = renamed
    plain.run()
    before = digests(plain)
    assert any(name.endswith("state.json") for name in before)
    assert "plain.duckdb" in before
    ends = []
    for _ in range(HEALS):
        with plain.healer() as services:
            case = open_by_hand(services, "plain", HealMode.APPLY, {})
            HealWorkflow(services).run(case.case_id)
            ends.append(plain.case().state)
            reject(services, case.case_id, "anna")

    assert ends == [CaseState.AWAITING_APPROVAL] * HEALS
    assert len(plain.run_services.store.cases()) == HEALS
    assert digests(plain) == before


#: By where each is planted.
SECRETS = {
    "environment": "env-9f27c1ab44e0",
    "toml": "toml-51bd2c90ffe1",
    "url": "url-3a70be118cd2",
    "header": "header-77c0d9e41f3a",
    "body": "body-0b6e5a2d90c4",
    "exception": "exception-e1d24f80b7a5",
}

SECRETIVE = '''\
"""Parcels behind every kind of key."""

import os

import dlt
import requests


def pages(base, since, token, header_key, url_key):
    page = 1
    while page:
        params = {"since": since, "page": page, "api_key": url_key}
        headers = {"Authorization": f"Bearer {token}", "X-Api-Key": header_key}
        headers["X-Account"] = os.environ["FREIGHT_ACCOUNT_SECRET"]
        answer = requests.get(f"{base}/parcels", params=params, headers=headers, timeout=20)
        answer.raise_for_status()
        body = answer.json()
        yield body["data"]
        page = body["next"]


def flat(record, word):
    try:
        carrier = record["carrier"]
    except KeyError as error:
        raise KeyError(f"no carrier for {word} in {record}") from error
    return {"id": record["id"], "carrier": carrier, "revision": record["revision"]}


@dlt.source(name="plain")
def plain_source(
    base,
    token=dlt.secrets.value,
    header_key=dlt.secrets.value,
    url_key=dlt.secrets.value,
    word=dlt.secrets.value,
):
    @dlt.resource(name="parcels", primary_key="id", write_disposition="merge")
    def parcels(revision=dlt.sources.incremental("revision", initial_value=0)):
        for records in pages(base, revision.last_value, token, header_key, url_key):
            yield [flat(record, word) for record in records]

    return parcels
'''

SECRETS_TOML = f"""
[sources.plain]
url_key = "{SECRETS["url"]}"
token = "{SECRETS["toml"]}"
header_key = "{SECRETS["header"]}"
word = "{SECRETS["exception"]}"

[sources.other]
password = "{SECRETS["body"]}"
"""


def contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file, compressed ones opened, and the text of every row of a DuckDB file."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        data = path.read_bytes()
        yield str(path), data
        if data[:2] == b"\x1f\x8b":
            yield f"{path} (opened)", gzip.decompress(data)
        if path.suffix == ".duckdb":
            with duckdb.connect(str(path), read_only=True) as connection:
                for schema, table in connection.execute(
                    "SELECT schema_name, table_name FROM duckdb_tables()"
                ).fetchall():
                    rows = connection.execute(f'FROM "{schema}"."{table}"').fetchall()
                    yield f"{path} {schema}.{table}", repr(rows).encode()


def store_rows(url: str) -> Iterator[tuple[str, bytes]]:
    """Every row of every table of a store."""
    engine = create_engine(url)
    with engine.connect() as connection:
        for table in inspect(engine).get_table_names():
            rows = connection.execute(text(f'SELECT * FROM "{table}"')).fetchall()
            yield f"table {table}", repr(rows).encode()
    engine.dispose()


def found_in(pieces: Iterator[tuple[str, bytes]]) -> set[tuple[str, str]]:
    return {
        (kind, place)
        for place, data in pieces
        for kind, secret in SECRETS.items()
        if secret.encode() in data
    }


@pytest.fixture
def secretive(
    api: FreightApi, tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Project]:
    """A connector that uses every kind of key, and an API that repeats them in its answers."""
    folder = tmp_path / "project"
    (folder / ".dlt").mkdir(parents=True)
    (folder / ".dlt" / "secrets.toml").write_text(SECRETS_TOML)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("FREIGHT_ACCOUNT_SECRET", SECRETS["environment"])
    project = Project(folder, api, sandbox, environment=("FREIGHT_ACCOUNT_SECRET",))
    project.write("plain", SECRETIVE)
    # dlt read its configuration when this process began.
    Container()[PluggableRunContext].reload(str(folder))
    with project.entered():
        yield project
    Container()[PluggableRunContext].reload(".")


def leaky(record: Record) -> Record:
    """An API that tells its secrets."""
    return {**record, "note": f"password={SECRETS['body']}", "echo": SECRETS["toml"]}


def healed(project: Project) -> set[tuple[str, str]]:
    """A whole heal with a sandbox of its own; what is found of secrets before the sandbox goes."""
    with heal_services(project.run_services) as services:
        HealWorkflow(services).run(project.case().case_id)
        loaded = [*(project.home / "sandbox").rglob("*.duckdb")]
        assert bool(loaded) is bool(services.store.trials(project.case().case_id))
        return found_in(contents(project.home))


def test_no_secret_stays_in_any_file_or_table(secretive: Project) -> None:
    api = secretive.api
    api.reset()
    secretive.policy = replace(secretive.policy, min_history_runs=1)
    api.shape = leaky
    assert secretive.run().status == "succeeded"
    secretive.days(2)
    assert secretive.rows("SELECT count(*) FROM parcels") == [(280,)]
    sent = json.dumps([*api.hits, *map(dict, api.headers)])
    assert all(SECRETS[kind] in sent for kind in ("environment", "toml", "url", "header"))

    api.next_day()
    api.shape = lambda record: leaky(renamed(record))
    assert "no carrier for ***" in secretive.run().message
    leaks = healed(secretive)
    assert secretive.case().state is CaseState.MONITORING

    # One that only fails, with a status and a body that says too much.
    api.mend()
    api.fault = lambda path, number: refused(
        500, {"error": f"bad key {SECRETS['url']}, password={SECRETS['body']}"}
    )
    secretive.run()
    open_by_hand(secretive.run_services.cases, "plain", HealMode.DIAGNOSE, {})
    leaks |= healed(secretive)
    assert secretive.case().state is CaseState.ABSTAINED

    leaks |= found_in(contents(secretive.home))
    leaks |= found_in(store_rows(f"sqlite:///{secretive.home}/store.db"))
    assert leaks == set()


def test_the_search_for_secrets_finds_them(tmp_path: Path) -> None:
    (tmp_path / "plain.txt").write_text(f"a {SECRETS['toml']} b")
    (tmp_path / "packed.gz").write_bytes(gzip.compress(SECRETS["url"].encode()))
    with duckdb.connect(str(tmp_path / "data.duckdb")) as connection:
        connection.execute("CREATE TABLE t AS SELECT ? AS c", [SECRETS["body"]])
    url = f"sqlite:///{tmp_path}/rows.db"
    engine = create_engine(url)
    with engine.begin() as written:
        written.execute(text("CREATE TABLE notes (body TEXT)"))
        written.execute(text("INSERT INTO notes VALUES (:body)"), {"body": SECRETS["header"]})
    engine.dispose()
    found = {kind for kind, _ in found_in(contents(tmp_path)) | found_in(store_rows(url))}
    assert found == {"toml", "url", "body", "header"}


def test_what_a_broken_off_heal_says_holds_no_secret(plain: Project) -> None:
    """An error of a library may quote whatever it was given."""

    class Telling:
        def run(self, request: object) -> None:
            raise RuntimeError("cannot connect with password=hunter2-and-more")

        def close(self) -> None:
            """Nothing was opened."""

    plain.api.shape = renamed
    plain.run()
    with pytest.raises(RuntimeError):
        plain.heal(sandbox=Telling())
    assert "RuntimeError: cannot connect" in plain.case().reason
    assert "hunter2" not in plain.case().reason
