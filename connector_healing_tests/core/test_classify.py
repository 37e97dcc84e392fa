"""Every rule has a specimen that it, and no other rule, decides."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector_healing.core.capture import held_failure
from connector_healing.core.classify import UNKNOWN, classify
from connector_healing.core.failure import (
    CodePosition,
    ExceptionLink,
    Failure,
    HttpExchange,
    Stage,
    Suspicion,
    SuspicionKind,
)
from connector_healing.core.rules import body, dlt, document, http, network, python, suspicion
from connector_healing.core.taxonomy import (
    SUBCATEGORY_FACTS,
    FailureCategory,
    FailureSubcategory,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RULES = (
    *suspicion.RULES,
    *dlt.RULES,
    *network.RULES,
    *http.RULES,
    *document.RULES,
    *body.RULES,
    *python.RULES,
)
OWN = CodePosition(module="conn.api", path="/x/api.py", line=7, function="flights")
HTTP_ERROR = "requests.exceptions.HTTPError"
JSON_ERROR = "requests.exceptions.JSONDecodeError"
HTML = "<!DOCTYPE html><html>"


def link(kind: str, message: str = "", *mro: str, **attributes: str) -> ExceptionLink:
    return ExceptionLink(type=kind, message=message, mro=(kind, *mro), attributes=attributes)


def failed(
    *chain: ExceptionLink,
    root: int = 0,
    raised_in: str | None = "requests.models",
    position: CodePosition | None = OWN,
    stage: Stage = Stage.EXTRACT,
    answer: HttpExchange | None = None,
) -> Failure:
    return Failure(
        failure_id="f",
        connector_id="c",
        dlt_resource="flights",
        run_id=None,
        version_id=None,
        occurred_at=NOW,
        stage=stage,
        chain=chain,
        root=root,
        http=answer,
        position=position,
        raised_in=raised_in,
    )


def answered(
    status: int,
    text: str = "",
    url: str = "https://api.example.com/v1/flights",
    sent: Mapping[str, str] | None = None,
    **headers: str,
) -> Failure:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    sent = {"authorization": "***"} if sent is None else sent
    exchange = HttpExchange(
        method="GET",
        url=url,
        status=status,
        request_headers=sent,
        response_headers=named,
        body_excerpt=text,
    )
    message = f"{status} Client Error: Reason for url: {url}"
    return failed(link(HTTP_ERROR, message, "OSError"), answer=exchange)


def unparsed(
    text: str,
    message: str = "Expecting value: line 1 column 1 (char 0)",
    kind: str = JSON_ERROR,
    **attributes: str,
) -> Failure:
    exchange = HttpExchange(method="", url="", status=None, body_excerpt=text)
    return failed(link(kind, message, "ValueError", **attributes), answer=exchange)


def in_body(text: str) -> Failure:
    exchange = HttpExchange(
        method="GET", url="https://api.example.com/v1/flights", status=200, body_excerpt=text
    )
    return replace(own("KeyError", "'data'", key="data", key_type="str"), http=exchange)


def own(kind: str, message: str = "", *mro: str, **attributes: str) -> Failure:
    return failed(link(kind, message, *mro, **attributes), raised_in=OWN.module)


def below(kind: str, message: str = "", *mro: str, **attributes: str) -> Failure:
    """A failure of requests that another exception led to."""
    root = link(
        "requests.exceptions.ConnectionError", message, "requests.exceptions.RequestException"
    )
    return failed(root, link(kind, message, *mro, **attributes), raised_in="requests.adapters")


def of_dlt(
    kind: str, message: str = "", stage: Stage = Stage.EXTRACT, **attributes: str
) -> Failure:
    ancestors = ("dlt.common.exceptions.DltException",)
    cause = link(f"dlt.x.{kind}", message, *ancestors, **attributes)
    return failed(cause, raised_in="dlt.x", position=None, stage=stage)


def held(kind: SuspicionKind) -> Failure:
    reason = Suspicion(
        kind=kind, dlt_resource="r", table="t", column="c", observed="0", expected="9"
    )
    return held_failure(
        [reason],
        failure_id="f",
        connector_id="c",
        run_id=None,
        version_id=None,
        occurred_at=NOW,
    )


PAGE_12 = "https://api.example.com/v1/flights?page=12"
WRAPPER = link("dlt.load.exceptions.LoadClientJobRetry", "", "dlt.x.LoadClientJobException")

SPECIMENS: dict[str, Failure] = {
    "suspicion.rows_lost": held(SuspicionKind.TABLE_HALVED),
    "suspicion.column_gone_null": held(SuspicionKind.COLUMN_GONE_NULL),
    "suspicion.child_table_lost": held(SuspicionKind.CHILD_TABLE_LOST),
    "suspicion.key_repeated": held(SuspicionKind.KEY_REPEATED),
    "dlt.secret_missing": of_dlt("ConfigFieldMissingException", fields="api_key"),
    "dlt.configuration_missing": of_dlt("ConfigFieldMissingException", fields="base_url"),
    "dlt.configuration_invalid": of_dlt("DictValidationException", "unexpected key"),
    "dlt.cursor_missing": of_dlt("IncrementalCursorPathMissing", json_path="updated_at"),
    "dlt.cursor_type": of_dlt("IncrementalCursorInvalidCoercion", "5 and '2026-01-01'"),
    "dlt.key_missing": of_dlt("UnboundColumnException", "flight_id", Stage.NORMALIZE),
    "dlt.model_field_missing": of_dlt("DataValidationError", "Field required"),
    "dlt.contract_type": of_dlt("DataValidationError", schema_entity="data_type"),
    "dlt.contract": of_dlt("DataValidationError", schema_entity="columns"),
    "dlt.coercion": of_dlt("CannotCoerceColumnException", "x to bigint"),
    "dlt.paginator": failed(
        link("ValueError", "Total `pages` not found in the response"),
        raised_in="dlt.sources.helpers.rest_client.paginators",
        position=None,
    ),
    "dlt.destination_busy": of_dlt("DatabaseTransientException", "database is locked", Stage.LOAD),
    "dlt.destination_disk_full": of_dlt("DatabaseX", "No space left on device", Stage.LOAD),
    "dlt.destination_unreachable": of_dlt("DestinationConnectionError", "no host", Stage.SYNC),
    "dlt.destination_network": failed(
        link("psycopg.OperationalError", "server closed", "ConnectionError"), stage=Stage.LOAD
    ),
    "dlt.load_job": failed(WRAPPER, link("x.Refused", "bad"), root=1, stage=Stage.LOAD),
    "dlt.destination": failed(link("dlt.x.Broken", "bad", "dlt.x.DestinationException")),
    "dlt.raised_in_framework": failed(
        link("KeyError", "'name'", "LookupError", key="name", key_type="str"),
        raised_in="dlt.common.schema.utils",
    ),
    "dlt.load_stage": failed(link("psycopg.errors.NotNullViolation", "sku"), stage=Stage.LOAD),
    "network.url_invalid": failed(link("requests.exceptions.MissingSchema", "No scheme")),
    "network.retries_rate_limited": failed(
        link("requests.exceptions.RetryError", "too many 429 error responses")
    ),
    "network.retries_server": failed(
        link("requests.exceptions.RetryError", "too many 503 error responses")
    ),
    "network.redirects": failed(link("requests.exceptions.TooManyRedirects", "30")),
    "network.content_encoding": failed(link("requests.exceptions.ContentDecodingError", "gzip")),
    "network.proxy": failed(link("requests.exceptions.ProxyError", "407")),
    "network.tls_cut": below("ssl.SSLEOFError", "EOF occurred in violation", "ssl.SSLError"),
    "network.tls": below("ssl.SSLCertVerificationError", "self-signed", "ssl.SSLError"),
    "network.body_cut": failed(link("requests.exceptions.ChunkedEncodingError", "broken")),
    "network.connect_timeout": failed(link("requests.exceptions.ConnectTimeout", "")),
    "network.read_timeout": failed(link("requests.exceptions.ReadTimeout", "")),
    "network.name_server": below("socket.gaierror", "Temporary failure", errno="-3"),
    "network.name": below(
        "urllib3.exceptions.NameResolutionError", "x", "urllib3.exceptions.ConnectTimeoutError"
    ),
    "network.refused": below("ConnectionRefusedError", "", errno="111"),
    "network.reset": below("http.client.RemoteDisconnected", "", "ConnectionResetError"),
    "network.refused_number": below("OSError", "No route to host", errno="113"),
    "network.connection": below("x.Odd", "who knows"),
    "http.plan": answered(429, '{"code": "insufficient_quota"}'),
    "http.payment": answered(402),
    "http.quota": answered(403, "Daily Limit Exceeded. The quota will be reset at midnight"),
    "http.quota_by_wait": answered(429, retry_after="7200"),
    "http.rate_limit": answered(429, "Quota of 60 requests per minute exceeded"),
    "http.rate_limit_words": answered(403, '{"reason": "userRateLimitExceeded"}'),
    "http.rate_limit_headers": answered(403, x_ratelimit_remaining="0"),
    "http.too_large": answered(400, "Please reduce the amount of data you're asking for"),
    "http.request_too_large": answered(414),
    "http.page": answered(400, '{"error": "EXPIRED_PAGE_TOKEN"}'),
    "http.scope": answered(404, x_accepted_oauth_scopes="repo", x_oauth_scopes="gist"),
    "http.revoked": answered(401, "The access token was revoked."),
    "http.token_expired": answered(400, "Session has expired on Sunday"),
    "http.scope_words": answered(401, '{"error": "insufficient_scope"}'),
    "http.credential_missing": answered(401, sent={"accept": "*/*"}),
    "http.unauthorized": answered(401, '{"message": "Bad credentials"}'),
    "http.not_enabled": answered(403, "API has not been used in project 5521 before"),
    "http.credential_words": answered(400, "API key not valid. Please pass a valid API key."),
    "http.proxy": answered(407),
    "http.version_moved": answered(
        410, "Version v1 was retired; use v2.", link='</v2/flights>; rel="successor-version"'
    ),
    "http.moved": answered(404, link='</v2/flights>; rel="successor-version"'),
    "http.moved_words": answered(404, '{"message": "moved to /v2/orders"}'),
    "http.redirect": answered(308),
    "http.version": answered(400, "X-Api-Version 2022-01 has been retired. version retired"),
    "http.field": answered(400, "No such column 'Amount__c' on entity 'Opportunity'"),
    "http.gone_words": answered(404, "The requested API has been removed. Please use /search"),
    "http.gone_headers": answered(404, sunset="Sat, 28 Feb 2026 23:59:59 GMT"),
    "http.gone": answered(410),
    "http.method": answered(405, allow="POST"),
    "http.later_page": answered(404, url=PAGE_12),
    "http.hidden": answered(404, "You do not have permission to see this"),
    "http.target": answered(404, "Account 'acme-prd' does not exist."),
    "http.not_found": answered(404, '{"message": "Not Found"}'),
    "http.request_timeout": answered(408),
    "http.busy": answered(409, "Another export is still running. Try again."),
    "http.gateway_timeout": answered(504),
    "http.server_error": answered(503, retry_after="5"),
    "http.challenge": answered(403, f"{HTML}<title>Just a moment...</title>"),
    "http.forbidden": answered(403, "no"),
    "http.rejected": answered(422, '{"detail": [{"type": "missing", "loc": ["query"]}]}'),
    "document.empty": unparsed("  "),
    "document.cut": unparsed('[{"a": 1', "Expecting ','", doc_length="8", pos="8"),
    "document.down": unparsed(f"{HTML}<h1>Down for maintenance</h1>"),
    "document.challenge": unparsed(f"{HTML}<h1>Checking your browser</h1>"),
    "document.login_page": unparsed(f"{HTML}<title>Sign in - SSO</title>"),
    "document.html": unparsed(f"{HTML}<p>ok</p>"),
    "document.rate_limit": unparsed("Rate limit exceeded"),
    "document.token_expired": unparsed("token has expired"),
    "document.not_json": unparsed("Errore;Riga"),
    "document.not_parsable": unparsed("a;b", "field larger", kind="_csv.Error"),
    "body.plan": in_body('{"error": "insufficient_quota"}'),
    "body.quota": in_body('{"error_message": "x", "error": "You have exceeded your daily limit"}'),
    "body.rate_limit_words": in_body('{"errors": [{"extensions": {"code": "THROTTLED"}}]}'),
    "body.too_large": in_body('{"error": "too many rows"}'),
    "body.page": in_body('{"errors": [{"message": "cursor is not valid"}]}'),
    "body.token_expired": in_body('{"ok": false, "error": "token_expired"}'),
    "body.credential_words": in_body('{"ok": false, "error": "invalid_auth"}'),
    "body.version": in_body('{"success": false, "why": "version 3 is no longer served"}'),
    "body.field": in_body('{"errors": [{"message": "Field \'x\' doesn\'t exist on type"}]}'),
    "body.gone_words": in_body('{"status": "error", "why": "this endpoint was removed"}'),
    "body.hidden": in_body('{"error": "access denied"}'),
    "body.target": in_body('{"error": "channel_not_found"}'),
    "body.down": in_body('{"status": "error", "message": "scheduled maintenance"}'),
    "body.error": in_body('{"ok": false, "error": "oops"}'),
    "python.memory": own("MemoryError"),
    "python.disk_full": own("OSError", "No space left on device", errno="28"),
    "python.file": own("FileNotFoundError", "x.json", "OSError", errno="2"),
    "python.settings": own("tomllib.TOMLDecodeError", "Invalid value", "ValueError"),
    "python.environment_secret": failed(
        link("KeyError", "'API_TOKEN'", key="API_TOKEN", key_type="str"), raised_in="os"
    ),
    "python.environment": failed(
        link("KeyError", "'REGION'", key="REGION", key_type="str"), raised_in="os"
    ),
    "python.code": own("ModuleNotFoundError", "No module named 'x'", "ImportError"),
    "python.call": own("TypeError", "f() got an unexpected keyword argument 'x'"),
    "python.key": own("KeyError", "'carrier'", "LookupError", key="carrier", key_type="str"),
    "python.key_number": own("KeyError", "0", "LookupError", key="0", key_type="int"),
    "python.envelope": own("TypeError", "list indices must be integers or slices, not str"),
    "python.index": own("IndexError", "list index out of range", "LookupError"),
    "python.attribute": own("AttributeError", "no attribute 'get'", owner="NoneType"),
    "python.attribute_code": own("AttributeError", "no attribute 'x'", owner="conn.Client"),
    "python.type": own("TypeError", "'NoneType' object is not subscriptable"),
    "python.value": failed(
        link("ValueError", "time data 'x' does not match format '%Y'"), raised_in="_strptime"
    ),
    "python.key_wrapped": failed(
        link("conn.api.Broken", "no carrier"),
        link("KeyError", "'carrier'", key="carrier", key_type="str"),
        raised_in=OWN.module,
    ),
    "python.key_in_library": failed(
        link("KeyError", "'carrier'", key="carrier", key_type="str"), raised_in="pandas.core"
    ),
}


@pytest.mark.parametrize("name", SPECIMENS)
def test_each_rule_decides_its_specimen(name: str) -> None:
    diagnosis = classify(SPECIMENS[name])
    assert diagnosis.rule == name
    assert "{" not in diagnosis.cause.replace("{n}", "")
    assert diagnosis.evidence


def test_no_rule_lacks_a_specimen_or_its_own_name() -> None:
    names = [rule.name for rule in RULES]
    assert len(set(names)) == len(names)
    # `suspicion.other` waits for kinds of suspicion that nobody has mapped: there are none.
    assert set(names) - set(SPECIMENS) == {"suspicion.other"}
    assert set(suspicion.KINDS) == set(SuspicionKind)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("It has moved to /v2/orders.", "/v2/orders"),
        ('{"message": "moved to https://api.example.org/v2/orders"}', "example.org/v2/orders"),
        ("Moved permanently to http", "another address"),
    ],
)
def test_a_person_is_told_where_an_endpoint_went(text: str, told: str) -> None:
    assert classify(answered(404, text)).cause.endswith(f"{told}.")


def test_a_person_is_told_of_the_successor() -> None:
    cause = classify(SPECIMENS["http.version_moved"]).cause
    assert "/v2/flights takes its place" in cause


def test_a_token_that_is_expired_or_revoked_may_be_renewed() -> None:
    said = '{"error": "invalid_grant", "error_description": "Token has been expired or revoked."}'
    assert classify(answered(400, said)).subcategory is FailureSubcategory.TOKEN_EXPIRED


def test_the_facts_cover_every_subcategory_and_category() -> None:
    assert set(SUBCATEGORY_FACTS) == set(FailureSubcategory)
    assert {facts.category for facts in SUBCATEGORY_FACTS.values()} == set(FailureCategory)
    for subcategory, facts in SUBCATEGORY_FACTS.items():
        assert facts.remedy.endswith(".")
        if facts.category is FailureCategory.UNKNOWN:
            assert facts.retryable is (subcategory is FailureSubcategory.INTERMITTENT)
            assert not facts.human_needed


def test_confidence_is_a_share_and_alternatives_are_others() -> None:
    for rule in (*RULES, UNKNOWN):
        assert 0 < rule.confidence <= 1
        assert rule.subcategory not in rule.also


def test_what_nobody_knows_is_said_to_be_unknown() -> None:
    diagnosis = classify(own("conn.api.Odd", "whatever"))
    assert (diagnosis.subcategory, diagnosis.rule) == (FailureSubcategory.UNCLASSIFIED, "none")
    assert diagnosis.confidence < 0.5
    assert classify(failed()).category is FailureCategory.UNKNOWN


def test_a_data_error_while_handling_a_timeout_is_a_timeout() -> None:
    failure = own("AttributeError", "no attribute 'close'", owner="NoneType")
    timeout = link("requests.exceptions.ReadTimeout", "Read timed out.")
    diagnosis = classify(replace(failure, chain=(*failure.chain, timeout)))
    assert diagnosis.rule == "network.read_timeout"
    assert any("ReadTimeout" in evidence.text for evidence in diagnosis.evidence)


def test_an_answer_outranks_the_timeout_before_it_and_the_last_timeout_the_answer() -> None:
    timeout = link(
        "requests.exceptions.ReadTimeout", "Read timed out.", "requests.exceptions.Timeout"
    )
    refused = answered(401, "bad credentials")
    then_refused = replace(refused, chain=(*refused.chain, timeout))
    assert classify(then_refused).rule == "http.unauthorized"
    then_silent = replace(refused, chain=(timeout, *refused.chain))
    assert classify(then_silent).rule == "network.read_timeout"


@pytest.mark.parametrize("package", ["dlt.common.x", "dagster_dlt.resource", "dagster._core"])
@pytest.mark.parametrize("kind", ["KeyError", "TypeError", "AttributeError", "IndexError"])
def test_frameworks_never_change_fields(package: str, kind: str) -> None:
    cause = link(kind, "'name'", "LookupError", key="name", key_type="str", owner="NoneType")
    for position in (OWN, None):
        diagnosis = classify(failed(cause, raised_in=package, position=position))
        assert diagnosis.subcategory is FailureSubcategory.NOT_IN_CONNECTOR


def test_words_of_a_url_decide_nothing() -> None:
    url = "https://api.example.com/v1/billing/quota/permission?rate_limit=5"
    assert classify(answered(404, url=url)).rule == "http.not_found"


def test_evidence_names_status_headers_words_and_line() -> None:
    failure = answered(403, "x" * 500 + " secondary rate limit " + "y" * 500, retry_after="9")
    texts = {e.where: e.text for e in classify(failure).evidence}
    assert texts["answer to GET /v1/flights on api.example.com"] == "status 403"
    assert texts["header of the answer"] == "retry-after: 9"
    assert "secondary rate limit" in texts["body of the answer"]
    assert len(texts["body of the answer"]) <= 300
    assert "/x/api.py:7 in flights" in texts


_TEXT = st.text(max_size=60) | st.sampled_from(["{", '{"error": [', "<html", "[1, 2", "%s {x}"])
_LINKS = st.builds(
    ExceptionLink,
    type=st.sampled_from(["KeyError", HTTP_ERROR, JSON_ERROR, "a.B", ""]) | _TEXT,
    message=_TEXT,
    mro=st.lists(st.sampled_from(["OSError", "ValueError", "x.DltException"])).map(tuple),
    attributes=st.dictionaries(
        st.sampled_from(["errno", "key", "key_type", "doc_length", "pos", "fields"]), _TEXT
    ),
)
_HTTP = st.builds(
    HttpExchange,
    method=_TEXT,
    url=_TEXT | st.just("https://[x?page=1"),
    status=st.none() | st.integers(-5, 999),
    response_headers=st.dictionaries(_TEXT, _TEXT, max_size=3),
    request_headers=st.dictionaries(_TEXT, _TEXT, max_size=3),
    body_excerpt=_TEXT,
)
_FAILURES = st.builds(
    Failure,
    failure_id=_TEXT,
    connector_id=_TEXT,
    dlt_resource=st.none() | _TEXT,
    run_id=st.none(),
    version_id=st.none(),
    occurred_at=st.datetimes(timezones=st.just(UTC)),
    stage=st.sampled_from(Stage),
    chain=st.lists(_LINKS, max_size=4).map(tuple),
    root=st.integers(0, 5),
    http=st.none() | _HTTP,
    position=st.none() | st.just(OWN),
    raised_in=st.none() | st.sampled_from(["os", "dlt.x", OWN.module]) | _TEXT,
)


@given(_FAILURES)
def test_it_never_raises(failure: Failure) -> None:
    diagnosis = classify(failure)
    facts = SUBCATEGORY_FACTS[diagnosis.subcategory]
    assert (diagnosis.category, diagnosis.remedy) == (facts.category, facts.remedy)
    assert 0 < diagnosis.confidence <= 1


def test_a_connector_inside_this_package_owns_what_it_raises() -> None:
    module = "connector_healing.demo.connectors.flights"
    failure = own("KeyError", "'carrier'", "LookupError", key="carrier", key_type="str")
    moved = replace(failure, raised_in=module, position=replace(OWN, module=module))
    assert classify(moved).rule == "python.key"
    assert classify(replace(moved, position=OWN)).rule == "dlt.raised_in_framework"


def test_a_cause_ends_with_a_whole_word() -> None:
    words = "permission denied for the warehouse " * 12
    cause = classify(
        of_dlt("DatabaseTransientException", f"database is locked {words}", Stage.LOAD)
    ).cause
    assert cause.endswith(" …")
    assert cause.removesuffix(" …").rpartition(" ")[2] in words.split()
