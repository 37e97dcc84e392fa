from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector_healing.core.capture import capture_failure, held_failure
from connector_healing.core.captured_http import MAX_BODY
from connector_healing.core.classify import classify
from connector_healing.core.codec import from_json, to_json
from connector_healing.core.exception_chain import MAX_LINKS, MAX_MESSAGE
from connector_healing.core.failure import Failure, Stage, Suspicion, SuspicionKind
from connector_healing.core.fingerprint import fingerprint
from connector_healing.core.redaction import Redactor
from connector_healing.core.taxonomy import FailureSubcategory

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def captured(error: BaseException, **options: Any) -> Failure:
    defaults: dict[str, Any] = {
        "failure_id": "f",
        "connector_id": "c",
        "run_id": None,
        "version_id": None,
        "occurred_at": NOW,
        "code_modules": {__name__},
        "redactor": Redactor(),
    }
    return capture_failure(error, **{**defaults, **options})


class WithoutTextError(Exception):
    def __str__(self) -> str:
        raise ValueError("no text")

    @property
    def response(self) -> NoReturn:
        raise RuntimeError("no response")


def test_an_exception_that_cannot_be_printed_is_survived() -> None:
    failure = captured(WithoutTextError())
    assert "WithoutTextError" in failure.message
    assert "ValueError" in failure.message
    classify(failure)


def test_a_huge_message_is_cut_after_masking() -> None:
    secret = "planted-secret-9"
    text = "x" * (MAX_MESSAGE - 8) + secret + "y" * 5_000_000
    failure = captured(RuntimeError(text), redactor=Redactor([secret]))
    assert failure.root_link is not None
    assert len(failure.root_link.message) <= MAX_MESSAGE
    assert "planted" not in failure.root_link.message


def test_a_cycle_and_a_long_chain_end() -> None:
    one, two = KeyError("a"), RuntimeError("b")
    one.__cause__, two.__cause__ = two, one
    assert [link.type for link in captured(one).chain] == ["KeyError", "RuntimeError"]
    first = last = ValueError("0")
    for number in range(100):
        last.__context__ = ValueError(str(number))
        last = last.__context__
    assert len(captured(first).chain) == MAX_LINKS


def test_a_suppressed_context_is_no_cause_and_a_cause_is() -> None:
    def missing() -> NoReturn:
        raise KeyError("hidden")

    def suppressing() -> None:
        try:
            missing()
        except KeyError:
            raise RuntimeError("bad settings") from None

    with pytest.raises(RuntimeError) as caught:
        suppressing()
    assert [link.type for link in captured(caught.value).chain] == ["RuntimeError"]


def test_groups_and_wrappers_are_stripped_by_name() -> None:
    class PipelineStepFailed(Exception):  # noqa: N818  # dlt's name
        step = "load"

    class LoadClientJobRetry(Exception):  # noqa: N818  # dlt's name
        client_exception = ValueError("inner")

    outer = PipelineStepFailed("outer")
    outer.__cause__ = ExceptionGroup("several", [LoadClientJobRetry("wrap")])
    failure = captured(outer)
    assert failure.stage is Stage.LOAD
    assert failure.root_link is not None
    assert failure.root_link.type == "ValueError"
    lonely = captured(PipelineStepFailed("alone"))
    assert lonely.root_link is not None
    assert lonely.root_link.type.endswith("PipelineStepFailed")


class Response:
    """Speaks like a client library's response."""

    def __init__(self, status: int, body: object, headers: Mapping[str, str]) -> None:
        self.status_code = status
        self.content = body
        self.headers = headers

    def __bool__(self) -> bool:
        return False


class ClientError(Exception):
    def __init__(self, **attributes: object) -> None:
        super().__init__("failed")
        for name, value in attributes.items():
            setattr(self, name, value)


CLIENTS = {
    "response": ClientError(response=Response(429, b"slow \xff", {"Retry-After": "5"})),
    "botocore": ClientError(
        response={
            "Error": {"Code": "Throttling"},
            "ResponseMetadata": {"HTTPStatusCode": 429, "HTTPHeaders": {"Retry-After": "5"}},
        }
    ),
    "own attributes": ClientError(status=429, headers={"Retry-After": "5"}, data="slow"),
    "stripe": ClientError(http_status=429, http_body="slow", headers={"Retry-After": "5"}),
    "googleapi": ClientError(resp=Response(429, "slow", {"Retry-After": "5"}), content=b"x"),
}


@pytest.mark.parametrize("client", CLIENTS)
def test_the_answer_is_found_however_the_client_keeps_it(client: str) -> None:
    failure = captured(CLIENTS[client])
    assert failure.http is not None
    assert failure.http.status == 429
    assert failure.http.response_headers["retry-after"] == "5"
    assert failure.http.body_excerpt
    assert classify(failure).subcategory is FailureSubcategory.RATE_LIMITED


def test_a_number_called_code_is_no_status() -> None:
    assert captured(ClientError(code=404)).http is None
    assert captured(SystemExit(404)).http is None


def test_an_unread_stream_is_left_alone_unless_it_is_small() -> None:
    class Unread(Response):
        _content = False

    long = captured(ClientError(response=Unread(500, b"text", {"Content-Length": "99999999"})))
    unknown = captured(ClientError(response=Unread(500, b"text", {})))
    small = captured(ClientError(response=Unread(500, b"text", {"Content-Length": "4"})))
    found = [f.http.body_excerpt for f in (long, unknown, small) if f.http]
    assert found == ["", "", "text"]


def test_a_body_is_bounded() -> None:
    failure = captured(ClientError(response=Response(500, b"x" * 10_000_000, {})))
    assert failure.http is not None
    assert len(failure.http.body_excerpt) == MAX_BODY


def test_attributes_and_keys_are_kept_as_text() -> None:
    record: dict[str, str] = {}
    with pytest.raises(KeyError) as caught:
        record["carrier"]
    failure = captured(caught.value)
    assert failure.root_link is not None
    assert failure.root_link.attributes == {"key": "carrier", "key_type": "str"}
    assert failure.root_link.mro[:2] == ("KeyError", "LookupError")
    assert failure.raised_in == __name__
    assert failure.position is not None
    assert failure.position.function == test_attributes_and_keys_are_kept_as_text.__qualname__


def test_code_of_others_has_no_position() -> None:
    with pytest.raises(ValueError, match="invalid literal") as caught:
        int("x")
    failure = captured(caught.value, code_modules={"conn.api"})
    assert failure.position is None
    assert failure.raised_in == __name__


def test_a_held_package_is_a_failure_about_its_first_resource() -> None:
    reasons = [
        Suspicion(
            kind=SuspicionKind.COLUMN_GONE_NULL,
            dlt_resource="airports",
            table="airports",
            column="iata",
            observed="planted-secret-9",
            expected="values",
        )
    ]
    failure = held_failure(
        reasons,
        failure_id="f",
        connector_id="c",
        run_id="r",
        version_id="v",
        occurred_at=NOW,
        redactor=Redactor(["planted-secret-9"]),
    )
    assert (failure.stage, failure.dlt_resource) == (Stage.JUDGE, "airports")
    assert "planted" not in to_json(failure)
    assert classify(failure).subcategory is FailureSubcategory.COLUMN_GONE_NULL


_ERRORS = st.sampled_from(
    [KeyError, ValueError, OSError, TypeError, UnicodeError, WithoutTextError]
)


@given(st.lists(st.tuples(_ERRORS, st.text(max_size=30)), min_size=1, max_size=5))
def test_any_chain_is_captured_kept_and_named(parts: list[tuple[type[Exception], str]]) -> None:
    errors = [kind(text) for kind, text in parts]
    for outer, inner in pairwise(errors):
        outer.__cause__ = inner
    failure = captured(errors[0], log_excerpt=[text for _, text in parts])
    assert from_json(to_json(failure), Failure) == failure
    assert fingerprint(failure) == fingerprint(captured(errors[0]))
    classify(failure)
