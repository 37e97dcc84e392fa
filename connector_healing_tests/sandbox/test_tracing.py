"""Reads of API records are recorded with the exact expression that makes them."""

import copy
import json
import pickle
from contextlib import suppress
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector_healing.core.patch import FieldAccess
from connector_healing.sandbox.runner import ProcessSandbox
from connector_healing.sandbox.tracing import MAX_ACCESSES, Tracer, traced
from connector_healing_tests.sandbox.loopback import LoopbackApi
from connector_healing_tests.sandbox.project import Project

BODY: dict[str, Any] = {
    "data": [
        {"id": 1, "departure": {"delay": 3, "gate": {"name": "A"}}, "legs": [{"seq": 1}]},
        {"id": 2, "departure": {"delay": 4, "gate": {"name": "B"}}, "legs": [{"seq": 2}]},
    ],
    "meta": {"next": None},
}


def trace(text: str, body: Any = BODY) -> list[tuple[str, str, bool]]:
    """Run `text` as the connector's own module on a traced body: (expression, path, hit)."""
    tracer = Tracer({"own"})
    module = ModuleType("own")
    module.__dict__["body"] = traced(tracer, body, "GET /v1/flights")
    with suppress(KeyError, TypeError):
        exec(compile(text, "own.py", "exec"), module.__dict__)
    found = tracer.accesses()
    assert {a.endpoint for a in found} <= {"GET /v1/flights"}
    return [(source_of(text, a), a.path, a.hit) for a in found]


def source_of(text: str, access: FieldAccess) -> str:
    lines = [line.encode() for line in text.splitlines()][access.line - 1 : access.end_line]
    lines[-1] = lines[-1][: access.end_column]
    lines[0] = lines[0][access.column :]
    return b"\n".join(lines).decode()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('r = body["data"][0]', [('body["data"]', "$.data", True)]),
        ('body["meta"]["next"]', [
            ('body["meta"]', "$.meta", True),
            ('body["meta"]["next"]', "$.meta.next", True),
        ]),
        ('for r in body["data"]: x = r["id"]', [
            ('body["data"]', "$.data", True), ('r["id"]', "id", True),
        ]),
        ('r, s = body.get("data")\nr.get("delay", 0)', [
            ('body.get("data")', "$.data", True), ('r.get("delay", 0)', "delay", False),
        ]),
        ('r = body["data"][1]\n"été"; d = r["departure"]; d["gate"]["name"]', [
            ('body["data"]', "$.data", True),
            ('r["departure"]', "departure", True),
            ('d["gate"]', "departure.gate", True),
            ('d["gate"]["name"]', "departure.gate.name", True),
        ]),
        ('x = [leg["seq"] for r in body["data"] for leg in r["legs"]]', [
            ('leg["seq"]', "legs[].seq", True),
            ('body["data"]', "$.data", True),
            ('r["legs"]', "legs", True),
        ]),
        ('r = body["data"][0]\nif "delay" in r: pass', [
            ('body["data"]', "$.data", True), ('"delay" in r', "delay", False),
        ]),
        ('r = body["data"][0]\nr.pop("gone", None); r.setdefault("id"); del r["legs"]', [
            ('body["data"]', "$.data", True),
            ('r.pop("gone", None)', "gone", False),
            ('r.setdefault("id")', "id", True),
            ('r["legs"]', "legs", True),
        ]),
        ('r = body["data"][0]\ny = r[\n    "carrier"\n]', [
            ('body["data"]', "$.data", True), ('r[\n    "carrier"\n]', "carrier", False),
        ]),
        ('key = "departure"\nr = body["data"][0].copy()\nr[key]', [
            ('body["data"]', "$.data", True), ("r[key]", "departure", True),
        ]),
        ('import copy\nr = copy.deepcopy(body["data"][0]) | {"more": 1}\nr["id"]', [
            ('body["data"]', "$.data", True), ('r["id"]', "id", True),
        ]),
        ('import operator\noperator.itemgetter("id", "no")(body["data"][0])', [
            ('operator.itemgetter("id", "no")(body["data"][0])', "id", True),
            ('operator.itemgetter("id", "no")(body["data"][0])', "no", False),
            ('body["data"]', "$.data", True),
        ]),
    ],
)  # fmt: skip
def test_each_style_of_reading_is_placed(text: str, expected: list[tuple[str, str, bool]]) -> None:
    assert trace(text) == expected


def test_a_loop_that_the_interpreter_specialises_stays_one_place() -> None:
    text = 'def f(r):\n    return r["id"], r["departure"]["delay"]\nfor _ in range(500):\n    f(body["data"][0])'
    tracer = Tracer({"own"})
    exec(compile(text, "own.py", "exec"), {"__name__": "own", "body": traced(tracer, BODY, "")})
    assert [(source_of(text, a), a.path, a.count) for a in tracer.accesses()] == [
        ('r["id"]', "id", 500),
        ('r["departure"]', "departure", 500),
        ('r["departure"]["delay"]', "departure.delay", 500),
        ('body["data"]', "$.data", 500),
    ]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"id": 1, "x": 2}, "x"),
        ({"result": {"items": []}, "x": 1, "tags": []}, "$.x"),
        ({"a": {"x": 1}, "list": [{"id": 1}]}, "$.x"),
    ],
)
def test_an_answer_without_a_list_is_a_record_itself(body: Any, path: str) -> None:
    assert [p for _, p, _ in trace('body.get("x")', body)] == [path]


def test_reads_by_others_are_not_the_connector_s() -> None:
    tracer = Tracer({"own"})
    body = traced(tracer, BODY, "")
    assert body["data"][0].get("id") == 1
    assert tracer.accesses() == ()


def test_what_is_kept_is_bounded() -> None:
    tracer = Tracer({"own"})
    text = f"for n in range({MAX_ACCESSES + 10}): body.get(str(n))"
    exec(compile(text, "own.py", "exec"), {"__name__": "own", "body": traced(tracer, {}, "")})
    assert (len(tracer.accesses()), tracer.dropped) == (MAX_ACCESSES, 10)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=20,
)


@given(values)
def test_traced_values_are_the_values(value: Any) -> None:
    wrapped = traced(Tracer({"own"}), value, "")
    assert wrapped == value
    assert json.loads(json.dumps(wrapped)) == json.loads(json.dumps(value))
    for other in (
        copy.copy(wrapped), copy.deepcopy(wrapped), pickle.loads(pickle.dumps(wrapped)),
    ):  # fmt: skip
        assert other == value
    if isinstance(value, dict):
        assert isinstance(wrapped, dict)
        assert {**wrapped} == dict(wrapped.items()) == dict(wrapped) == value


def test_a_run_tells_which_expressions_missed(
    sandbox: ProcessSandbox, project: Project, api: LoopbackApi
) -> None:
    for flight in api.flights:
        flight["op_code"] = flight.pop("carrier")
    request = project.flights(api.url, trace=True)
    outcome = sandbox.run(request)
    (miss,) = [a for a in outcome.accesses if not a.hit]
    module = request.code.module(miss.module)
    assert module is not None
    assert source_of(module.text, miss) == 'record["carrier"]'
    assert (miss.path, miss.endpoint, miss.count) == ("carrier", "GET /v1/flights", 1)
    assert {a.path for a in outcome.accesses if a.hit} == {"$.data", "id"}


def test_dlt_loads_traced_records_as_it_loads_plain_ones(
    sandbox: ProcessSandbox, project: Project, api: LoopbackApi
) -> None:
    text = """
        import dlt
        from dlt.sources.helpers.rest_client import RESTClient
        from dlt.sources.helpers.rest_client.paginators import PageNumberPaginator


        @dlt.source(name="flights_api")
        def source(base):
            @dlt.resource(name="flights", primary_key="id", write_disposition="merge")
            def flights():
                pager = PageNumberPaginator(base_page=1, total_path=None)
                client = RESTClient(base, paginator=pager, data_selector="data")
                for page in client.paginate("/v1/flights"):
                    for record in page:
                        record["late"] = record["departure"]["delay"] > 3
                    yield page

            return flights
    """
    request = project.request({"flights": text}, {"base": api.url})
    plain = sandbox.run(request)
    outcome = sandbox.run(replace(request, trace=True))
    assert (plain.failure, outcome.failure) == (None, None)
    assert outcome.profile == plain.profile
    assert "flights__legs" in outcome.profile.tables
    module = request.code.module("flightco.flights")
    assert module is not None
    assert [(source_of(module.text, a), a.path, a.count) for a in outcome.accesses] == [
        ('record["departure"]', "departure", 30),
        ('record["departure"]["delay"]', "departure.delay", 30),
    ]
