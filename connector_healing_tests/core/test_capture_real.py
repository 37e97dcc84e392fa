"""Real exceptions of real dlt, requests and DuckDB, captured and classified."""

import socket
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pytest
import requests
import tenacity
from dlt.common.schema.utils import normalize_table_identifiers
from dlt.sources.rest_api import rest_api_source

from connector_healing.core.capture import capture_failure
from connector_healing.core.classify import classify
from connector_healing.core.codec import from_json, to_json
from connector_healing.core.failure import Failure, Stage
from connector_healing.core.fingerprint import fingerprint
from connector_healing.core.redaction import Redactor
from connector_healing.core.taxonomy import FailureSubcategory as Sub
from connector_healing_tests.core import failing_connector as connector
from connector_healing_tests.core.failing_api import failing_api

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MODULE = connector.__name__


def captured(error: BaseException, **options: Any) -> Failure:
    defaults: dict[str, Any] = {
        "failure_id": "f1",
        "connector_id": "c",
        "run_id": "r1",
        "version_id": "v1",
        "occurred_at": NOW,
        "code_modules": {MODULE},
        "redactor": Redactor(),
    }
    return capture_failure(error, **{**defaults, **options})


def failing(run: Callable[[], object], **options: Any) -> Failure:
    try:
        run()
    except BaseException as error:  # noqa: BLE001  # whatever it is, it is what is tested
        return captured(error, **options)
    pytest.fail("it did not fail")


@pytest.fixture(scope="module")
def api() -> Iterator[str]:
    with failing_api() as url:
        yield url


class Runs:
    """Pipelines of their own, under one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0

    def pipeline(self, destination: Any = None) -> dlt.Pipeline:
        self._count += 1
        name = f"p{self._count}"
        made: dlt.Pipeline = dlt.pipeline(
            name,
            pipelines_dir=str(self._folder / name),
            destination=destination or dlt.destinations.duckdb(str(self._folder / f"{name}.db")),
        )
        return made

    def extracting(self, data: Any, **options: Any) -> Failure:
        return failing(lambda: self.pipeline().extract(data), **options)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    return Runs(tmp_path_factory.mktemp("dlt"))


STATUSES = [
    ("/401", "http.unauthorized", Sub.CREDENTIALS_REJECTED),
    ("/401-expired", "http.token_expired", Sub.TOKEN_EXPIRED),
    ("/400-expired", "http.token_expired", Sub.TOKEN_EXPIRED),
    ("/403", "http.forbidden", Sub.PERMISSION_MISSING),
    ("/403-limit", "http.rate_limit_headers", Sub.RATE_LIMITED),
    ("/404", "http.not_found", Sub.ENDPOINT_GONE),
    ("/404?page=12", "http.later_page", Sub.PAGINATION_BROKEN),
    ("/404-moved", "http.moved", Sub.ENDPOINT_MOVED),
    ("/410", "http.gone", Sub.ENDPOINT_GONE),
    ("/429", "http.rate_limit", Sub.RATE_LIMITED),
    ("/429-daily", "http.quota", Sub.QUOTA_EXHAUSTED),
    ("/500", "http.server_error", Sub.SERVER_UNAVAILABLE),
    ("/503", "http.server_error", Sub.SERVER_UNAVAILABLE),
]


@pytest.mark.parametrize(("path", "rule", "subcategory"), STATUSES)
def test_statuses_of_plain_requests(
    api: str, runs: Runs, path: str, rule: str, subcategory: Sub
) -> None:
    failure = runs.extracting(connector.plain(api + path))
    assert failure.root_link is not None
    assert failure.root_link.type == "requests.exceptions.HTTPError"
    status = int(path[1:4])
    assert failure.stage is Stage.EXTRACT
    assert failure.dlt_resource == "plain"
    assert failure.http is not None
    assert failure.http.status == status
    assert failure.http.url == api + path
    assert failure.position is not None
    assert (failure.position.module, failure.position.function) == (MODULE, "fetch")
    assert failure.raised_in == "requests.models"
    diagnosis = classify(failure)
    assert (diagnosis.rule, diagnosis.subcategory) == (rule, subcategory)
    assert any(f"status {status}" in e.text for e in diagnosis.evidence)


@pytest.mark.parametrize("make", [connector.by_client, connector.by_rest_client])
def test_the_same_status_by_dlts_clients(api: str, runs: Runs, make: Callable[[str], Any]) -> None:
    diagnosis = classify(runs.extracting(make(f"{api}/403-limit")))
    assert diagnosis.subcategory is Sub.RATE_LIMITED


def test_rest_api_has_no_frame_in_the_connector(api: str, runs: Runs) -> None:
    source = rest_api_source(
        {"client": {"base_url": api}, "resources": [{"name": "flights", "endpoint": "401"}]}
    )
    failure = runs.extracting(source)
    assert failure.dlt_resource == "flights"
    assert failure.position is None
    assert classify(failure).subcategory is Sub.CREDENTIALS_REJECTED


def test_transformers_and_threads_keep_the_cause(api: str, runs: Runs) -> None:
    # A transformer's chain ends in a StopIteration; a thread's wrapper names a Future.
    of_transformer = runs.extracting(connector.children(f"{api}/404"))
    assert of_transformer.dlt_resource == "children"
    assert classify(of_transformer).subcategory is Sub.ENDPOINT_GONE
    of_thread = runs.extracting(connector.parallel(f"{api}/404"))
    assert of_thread.dlt_resource == "parallel"
    assert classify(of_thread).subcategory is Sub.ENDPOINT_GONE
    assert fingerprint(of_thread) == fingerprint(of_transformer)


TRANSPORT = [
    ("/hang", "network.read_timeout", Sub.READ_TIMEOUT),
    ("/reset", "network.reset", Sub.CONNECTION_RESET),
    ("/cut-body", "network.body_cut", Sub.BODY_CUT_SHORT),
    ("/html", "document.html", Sub.NOT_JSON),
    ("/login", "document.login_page", Sub.CREDENTIALS_REJECTED),
    ("/empty", "document.empty", Sub.EMPTY_BODY),
    ("/cut-json", "document.cut", Sub.BODY_CUT_SHORT),
]


@pytest.mark.parametrize(("path", "rule", "subcategory"), TRANSPORT)
def test_answers_that_are_no_answers(
    api: str, runs: Runs, path: str, rule: str, subcategory: Sub
) -> None:
    failure = runs.extracting(connector.plain(api + path))
    assert failure.http is None or failure.http.status is None
    diagnosis = classify(failure)
    assert (diagnosis.rule, diagnosis.subcategory) == (rule, subcategory)


def test_refused_tls_and_unknown_names(api: str, runs: Runs) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: refused
        refused = runs.extracting(connector.plain(f"http://127.0.0.1:{taken.getsockname()[1]}/"))
    assert classify(refused).rule == "network.refused"
    tls = runs.extracting(connector.plain(api.replace("http:", "https:")))
    assert classify(tls).rule == "network.tls"
    unknown = runs.extracting(connector.plain("http://no-such-host.invalid/"))
    assert classify(unknown).rule in {"network.name", "network.name_server"}
    assert classify(runs.extracting(connector.plain("api/x"))).rule == "network.url_invalid"


DATA = [
    (connector.missing_key, "python.key", Sub.FIELD_CHANGED),
    (connector.add_to_text, "python.type", Sub.TYPE_CHANGED),
    (connector.none_has_get, "python.attribute", Sub.TYPE_CHANGED),
    (connector.list_not_object, "python.envelope", Sub.ENVELOPE_CHANGED),
    (connector.no_number, "python.value", Sub.TYPE_CHANGED),
    (connector.no_name, "python.code", Sub.CONNECTOR_BUG),
]


@pytest.mark.parametrize(("read", "rule", "subcategory"), DATA)
def test_what_the_connectors_own_statements_raise(
    api: str, runs: Runs, read: Callable[[Any], Any], rule: str, subcategory: Sub
) -> None:
    failure = runs.extracting(connector.reads(f"{api}/records", read))
    assert failure.position is not None
    assert failure.position.function == read.__name__
    assert failure.raised_in == MODULE
    diagnosis = classify(failure)
    assert (diagnosis.rule, diagnosis.subcategory) == (rule, subcategory)


def test_a_map_step_fails_like_the_resource(api: str, runs: Runs) -> None:
    resource = connector.mapped(f"{api}/records").add_map(connector.missing_key)
    failure = runs.extracting(resource)
    assert failure.dlt_resource == "mapped"
    diagnosis = classify(failure)
    assert diagnosis.subcategory is Sub.FIELD_CHANGED
    assert "op_code" in diagnosis.cause


def test_the_line_comes_from_the_versions_text(api: str, runs: Runs) -> None:
    sources = {MODULE: Path(connector.__file__).read_text(encoding="utf-8")}
    resource = connector.reads(f"{api}/records", connector.missing_key)
    failure = runs.extracting(resource, sources=sources)
    assert failure.position is not None
    assert failure.position.text == 'return {"carrier": record["op_code"]}'


def test_dlts_own_exceptions(api: str, runs: Runs) -> None:
    records = f"{api}/records"
    expected = {
        "dlt.secret_missing": runs.extracting(connector.secretive()),
        "dlt.cursor_missing": runs.extracting(connector.incremental(records)),
        "dlt.cursor_type": runs.extracting(connector.wrong_cursor(records)),
        "dlt.model_field_missing": runs.extracting(connector.modelled(records)),
        "dlt.configuration_invalid": failing(
            lambda: rest_api_source({"client": {"base_url": api}, "resources": [{"nam": "x"}]})  # type: ignore[list-item]  # the failure
        ),
    }
    assert {name: classify(f).rule for name, f in expected.items()} == {n: n for n in expected}
    source = dlt.source(lambda: connector.parents, name="s")()
    unknown = failing(lambda: source.with_resources("ordres"))
    assert classify(unknown).rule == "dlt.configuration_invalid"
    assert unknown.stage is Stage.BUILD


def test_contracts_and_keys(api: str, runs: Runs) -> None:
    columns = runs.pipeline()
    columns.run(connector.rows({"id": 1, "v": 5}))
    broken = failing(
        lambda: columns.run(connector.rows({"id": 2, "w": 1}, contract={"columns": "freeze"}))
    )
    assert broken.stage is Stage.NORMALIZE
    assert classify(broken).rule == "dlt.contract"
    columns.abort_packages()
    typed = failing(
        lambda: columns.run(connector.rows({"id": 2, "v": "x"}, contract={"data_type": "freeze"}))
    )
    assert classify(typed).rule == "dlt.contract_type"
    assert classify(typed).subcategory is Sub.TYPE_CHANGED
    columns.abort_packages()
    tables = failing(
        lambda: columns.run([{"id": 1}], table_name="u", schema_contract={"tables": "freeze"})
    )
    assert classify(tables).rule == "dlt.contract"
    unbound = failing(lambda: runs.pipeline().run(connector.keyed(f"{api}/records")))
    assert classify(unbound).rule == "dlt.key_missing"


def test_destinations(runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOAD__RAISE_ON_MAX_RETRIES", "1")
    nowhere = dlt.destinations.duckdb(str(tmp_path / "no" / "folder" / "x.duckdb"))
    unreachable = failing(lambda: runs.pipeline(nowhere).run([{"a": 1}], table_name="t"))
    assert unreachable.stage in {Stage.SYNC, Stage.LOAD}
    assert classify(unreachable).rule == "dlt.destination_unreachable"

    @dlt.destination(name="refuses")
    def refuses(items: Any, table: Any) -> None:
        raise ValueError("value out of range for column price")

    refused = failing(lambda: runs.pipeline(refuses).run([{"a": 1}], table_name="t"))
    assert refused.stage is Stage.LOAD
    assert classify(refused).subcategory is Sub.LOAD_JOB_FAILED


def test_a_locked_destination_is_busy(runs: Runs, tmp_path: Path) -> None:
    # DuckDB's words for a file that another process writes; within one process it shares it.
    error = duckdb.IOException(
        'IO Error: Could not set lock on file "x.db": Conflicting lock is held in python (PID 7)'
    )
    reading = captured(error, stage=Stage.EXTRACT)
    assert classify(reading).subcategory is not Sub.DESTINATION_BUSY
    assert classify(captured(error, stage=Stage.SYNC)).subcategory is Sub.DESTINATION_BUSY


def test_a_key_error_inside_dlt_is_never_a_changed_field() -> None:
    # dagster-dlt takes the names out of a live schema's columns (dagster#34052); the next run
    # of the same pipeline object fails here.
    schema = dlt.Schema("s")
    emptied: Any = {"name": "t", "columns": {"id": {"nullable": True}}}
    failure = failing(lambda: normalize_table_identifiers(emptied, schema.naming))
    assert failure.root_link is not None
    assert failure.root_link.type == "KeyError"
    assert failure.root_link.attributes["key"] == "name"
    assert failure.raised_in == "dlt.common.schema.utils"
    diagnosis = classify(failure)
    assert diagnosis.subcategory is Sub.NOT_IN_CONNECTOR
    assert diagnosis.category.value == "unknown"


def test_tenacity_hides_nothing(api: str) -> None:
    @tenacity.retry(stop=tenacity.stop_after_attempt(2))
    def fetch() -> Any:
        return connector.fetch(f"{api}/401")

    failure = failing(fetch)
    assert failure.chain[0].type == "tenacity.RetryError"
    assert classify(failure).subcategory is Sub.CREDENTIALS_REJECTED


def test_the_last_exchange_shows_an_error_under_success(api: str) -> None:
    response = requests.get(f"{api}/error-body", timeout=5)
    carried = captured(requests.HTTPError(response=response))

    def read() -> list[Any]:
        return [r["id"] for r in response.json()["data"]]

    failure = failing(read, code_modules={__name__}, last_exchange=carried.http)
    assert failure.http is not None
    assert failure.http.status == 200
    assert classify(failure).rule == "body.credential_words"
    assert classify(failure).subcategory is Sub.CREDENTIALS_REJECTED


def test_no_secret_is_captured_anywhere(api: str, runs: Runs) -> None:
    secrets = ["url-secret-0", "cookie-secret-1", "header-secret-2", "body-secret-3"]
    url = f"{api}/secret?api_key=url-secret-0&access_token=named-secret-5"
    failure = runs.extracting(
        connector.plain(url),
        redactor=Redactor(secrets),
        load_state={"token": "named-secret-4", "dsn": "pg://u:named-secret-5@h/x"},
        log_excerpt=["GET with Bearer named-secret-4", "body-secret-3"],
    )
    kept = to_json(failure) + to_json(classify(failure))
    for secret in [*secrets, "named-secret-4", "named-secret-5"]:
        assert secret not in kept
    assert from_json(to_json(failure), Failure) == failure


def test_urllibs_answer_is_an_answer(api: str) -> None:
    failure = failing(lambda: urllib.request.urlopen(f"{api}/410", timeout=5))
    assert failure.http is not None
    assert failure.http.status == 410
    assert classify(failure).rule == "http.gone"
