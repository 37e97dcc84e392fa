"""Runs of real connectors in real child processes against a real loopback API."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from connector_healing.core.failure import Stage
from connector_healing.core.reproduction import SandboxOutcome, SandboxStatus, Traffic
from connector_healing.errors import UnreadableCassetteError
from connector_healing.sandbox.runner import ProcessSandbox
from connector_healing_tests.sandbox.loopback import LoopbackApi
from connector_healing_tests.sandbox.processes import alive
from connector_healing_tests.sandbox.project import Project


def rows(outcome: SandboxOutcome, query: str) -> list[tuple[object, ...]]:
    assert outcome.database is not None
    with duckdb.connect(outcome.database, read_only=True) as connection:
        connection.execute(f'USE "{outcome.dataset}"')
        return connection.execute(query).fetchall()


def test_a_good_connector_is_loaded_and_profiled(
    sandbox: ProcessSandbox, project: Project, api: LoopbackApi
) -> None:
    outcome = sandbox.run(project.flights(api.url))
    assert (outcome.status, outcome.failure) == (SandboxStatus.COMPLETED, None)
    assert rows(outcome, "SELECT count(*), min(id), max(id) FROM flights") == [(30, 1, 30)]
    assert (outcome.live_requests, outcome.replayed_requests) == (3, 0)
    (table,) = outcome.profile.of_resource("flights")
    assert (table.rows, table.columns["id"].nulls) == (30, 0)
    (endpoint,) = outcome.endpoints
    assert (endpoint.endpoint, endpoint.declared_total, endpoint.items) == (
        "GET /v1/flights",
        30,
        30,
    )
    assert not Path(f"{outcome.database}.wal").exists()
    assert outcome.duration > timedelta(0)


def test_a_missing_field_fails_with_its_position(
    sandbox: ProcessSandbox, project: Project, api: LoopbackApi
) -> None:
    for flight in api.flights:
        flight["op_code"] = flight.pop("carrier")
    outcome = sandbox.run(project.flights(api.url))
    assert outcome.status is SandboxStatus.FAILED
    assert outcome.database is None
    failure = outcome.failure
    assert failure is not None
    assert failure.root_link is not None
    assert (failure.root_link.type, failure.stage) == ("KeyError", Stage.EXTRACT)
    assert failure.position is not None
    assert (failure.position.module, failure.position.line) == ("flightco.shapes", 4)
    assert failure.position.function == "shape"


def test_the_code_of_the_request_runs_and_not_the_installed_one(
    sandbox: ProcessSandbox, project: Project, api: LoopbackApi
) -> None:
    request = project.flights(api.url)
    module = request.code.module("flightco.shapes")
    assert module is not None
    changed = module.text.replace('record["carrier"]', '"healed"')
    assert changed != module.text
    outcome = sandbox.run(replace(request, code=request.code.with_text("flightco.shapes", changed)))
    assert rows(outcome, "SELECT DISTINCT carrier FROM flights") == [("healed",)]


def test_only_the_first_pages_are_read(
    sandbox: ProcessSandbox, project: Project, api: LoopbackApi
) -> None:
    outcome = sandbox.run(project.flights(api.url, max_pages=1))
    assert rows(outcome, "SELECT count(*) FROM flights") == [(10,)]
    assert outcome.live_requests == 1


def test_an_incremental_cursor_starts_where_the_state_says(
    sandbox: ProcessSandbox, project: Project, api: LoopbackApi
) -> None:
    text = """
        import dlt
        import requests


        @dlt.source(name="flights_api")
        def source(base):
            @dlt.resource(name="flights", primary_key="id", write_disposition="merge")
            def flights(seen=dlt.sources.incremental("id", initial_value=1)):
                page = 1
                while page:
                    params = {"page": page, "since": seen.start_value}
                    body = requests.get(f"{base}/v1/flights", params=params).json()
                    yield body["data"]
                    page = body["next"]

            return flights
    """
    state = {
        "resources": {
            "flights": {
                "incremental": {"id": {"initial_value": 1, "last_value": 26, "unique_hashes": []}}
            }
        }
    }
    request = project.request({"flights": text}, {"base": api.url}, source_state=state)
    outcome = sandbox.run(request)
    assert outcome.failure is None
    assert rows(outcome, "SELECT min(id), count(*) FROM flights") == [(26, 5)]
    after = outcome.source_state["resources"]
    assert isinstance(after, dict)
    assert after["flights"]["incremental"]["id"]["last_value"] == 30
    again = sandbox.run(replace(request, source_state=outcome.source_state))
    assert again.live_requests == 1
    assert sandbox.run(replace(request, source_state=None)).live_requests == 3


def test_a_date_survives_the_way_into_the_state_and_back(
    sandbox: ProcessSandbox, project: Project
) -> None:
    body = """
        import pendulum
        state = dlt.current.source_state()
        before = state.get("at")
        state["at"] = pendulum.datetime(2013, 1, 2)
        yield {"id": 1, "kind": type(before).__name__}
    """
    first = sandbox.run(project.things(body))
    assert first.failure is None
    second = sandbox.run(project.things(body, source_state=first.source_state))
    ((kind,),) = rows(second, "SELECT kind FROM things")
    assert str(kind).lower() == "datetime"


def test_a_cassette_answers_without_any_live_request(
    sandbox: ProcessSandbox, project: Project, api: LoopbackApi, tmp_path: Path
) -> None:
    cassette = tmp_path / "kept" / "flights.cassette"
    recorded = sandbox.run(project.flights(api.url, record_to=str(cassette)))
    assert recorded.cassette == str(cassette)
    assert cassette.is_file()
    api.hits.clear()
    request = project.flights(api.url, traffic=Traffic.CASSETTE, cassettes=(str(cassette),))
    replayed = sandbox.run(request)
    assert replayed.failure is None
    assert (replayed.live_requests, replayed.replayed_requests, api.hits) == (0, 3, [])
    assert rows(replayed, "SELECT count(*) FROM flights") == [(30,)]
    assert replayed.endpoints == recorded.endpoints

    api.flights = api.flights[:5]
    live_again = sandbox.run(replace(request, traffic=Traffic.LIVE, record_to=None))
    assert (live_again.live_requests, live_again.replayed_requests) == (1, 0)
    mixed = sandbox.run(replace(request, traffic=Traffic.CASSETTE_THEN_LIVE))
    assert (mixed.live_requests, mixed.replayed_requests) == (0, 3)


def test_a_recorded_error_is_replayed_and_does_not_go_live(
    sandbox: ProcessSandbox, project: Project, api: LoopbackApi, tmp_path: Path
) -> None:
    body = """
        answer = requests.get(f"{base}/missing", timeout=20)
        answer.raise_for_status()
        yield answer.json()
    """
    cassette = str(tmp_path / "failed.cassette")
    sandbox.run(project.things(body, api.url, record_to=cassette))
    api.hits.clear()
    replayed = sandbox.run(
        project.things(body, api.url, traffic=Traffic.CASSETTE, cassettes=(cassette,))
    )
    assert api.hits == []
    assert replayed.failure is not None
    assert replayed.failure.http is not None
    assert replayed.failure.http.status == 404


def test_a_request_without_a_recorded_answer_fails_a_cassette_only_run(
    sandbox: ProcessSandbox, project: Project, api: LoopbackApi
) -> None:
    outcome = sandbox.run(project.flights(api.url, traffic=Traffic.CASSETTE))
    assert outcome.failure is not None
    assert outcome.failure.root_link is not None
    assert "NoRecordedAnswerError" in outcome.failure.root_link.type
    assert api.hits == []


def test_the_request_beyond_the_limit_fails_the_run(
    sandbox: ProcessSandbox, project: Project, api: LoopbackApi
) -> None:
    outcome = sandbox.run(project.flights(api.url, live_requests=2))
    assert outcome.failure is not None
    assert outcome.failure.root_link is not None
    assert "LiveLimitError" in outcome.failure.root_link.type
    assert (outcome.live_requests, len(api.hits)) == (2, 2)


def test_a_refused_request_that_the_connector_swallows_still_fails_the_run(
    sandbox: ProcessSandbox, project: Project, api: LoopbackApi
) -> None:
    body = """
        try:
            requests.post(f"{base}/v1/flights", json={"delete": "all"}, timeout=20)
        except Exception:
            pass
        yield {"id": 1}
    """
    outcome = sandbox.run(project.things(body, api.url))
    assert outcome.status is SandboxStatus.FAILED
    assert outcome.failure is not None
    assert outcome.failure.root_link is not None
    assert "MethodRefusedError" in outcome.failure.root_link.type
    assert api.hits == []


def test_a_declared_reading_post_goes_through(
    sandbox: ProcessSandbox, project: Project, api: LoopbackApi
) -> None:
    body = 'yield {"kind": requests.post(f"{base}/token", data={"a": 1}).json()["expires_in"]}'
    outcome = sandbox.run(project.things(body, api.url, read_posts=("/token",)))
    assert outcome.failure is None
    assert api.hits == ["POST /token"]


def test_a_token_endpoint_is_known_from_a_cassette(
    sandbox: ProcessSandbox, project: Project, api: LoopbackApi, tmp_path: Path
) -> None:
    body = 'yield {"kind": requests.post(f"{base}/token", data={"a": 1}).json()["expires_in"]}'
    cassette = str(tmp_path / "token.cassette")
    sandbox.run(project.things(body, api.url, read_posts=("/token",), record_to=cassette))
    outcome = sandbox.run(project.things(body, api.url, cassettes=(cassette,)))
    assert outcome.failure is None
    assert outcome.live_requests == 1


def test_a_timeout_ends_the_child_and_what_it_started(
    sandbox: ProcessSandbox, project: Project, api: LoopbackApi
) -> None:
    body = """
        command = ["sleep", "600"]
        one = subprocess.Popen(command)
        other = subprocess.Popen(command, start_new_session=True)
        print("started", os.getpid(), one.pid, other.pid, flush=True)
        requests.get(f"{base}/hold", timeout=600)
        yield {"id": 1}
    """
    outcome = sandbox.run(
        project.things(body, api.url, imports="import os, subprocess", timeout=timedelta(seconds=3))
    )
    assert outcome.status is SandboxStatus.TIMED_OUT
    assert outcome.live_requests == 1, "a request that was under way counts"
    line = next(line for line in outcome.log_tail if line.startswith("started"))
    pids = [int(word) for word in line.split()[1:]]
    assert len(pids) == 3
    assert [pid for pid in pids if alive(pid)] == []


def test_a_child_that_ends_leaves_no_process_behind(
    sandbox: ProcessSandbox, project: Project
) -> None:
    body = """
        escaped = subprocess.Popen(["sleep", "600"], start_new_session=True)
        yield {"pid": escaped.pid}
    """
    outcome = sandbox.run(project.things(body, imports="import subprocess"))
    ((pid,),) = rows(outcome, "SELECT pid FROM things")
    assert isinstance(pid, int)
    assert not alive(pid)


def test_a_child_that_is_killed_is_an_outcome(sandbox: ProcessSandbox, project: Project) -> None:
    body = "print('last words', flush=True)\nos.kill(os.getpid(), 9)\nyield {}"
    outcome = sandbox.run(project.things(body, imports="import os"))
    assert (outcome.status, outcome.failure) == (SandboxStatus.KILLED, None)
    assert "signal 9" in outcome.warnings[0]
    assert "last words" in outcome.log_tail


def test_a_child_that_leaves_without_a_word_is_an_outcome(
    sandbox: ProcessSandbox, project: Project
) -> None:
    outcome = sandbox.run(project.things("os._exit(0)\nyield {}", imports="import os"))
    assert outcome.status is SandboxStatus.KILLED


def test_memory_is_bounded(sandbox: ProcessSandbox, project: Project) -> None:
    body = "hoard = bytearray(3 * 1024**3)\nyield {'size': len(hoard)}"
    outcome = sandbox.run(project.things(body, memory_bytes=2 * 1024**3))
    assert outcome.failure is not None
    assert outcome.failure.root_link is not None
    assert outcome.failure.root_link.type == "MemoryError"


def test_code_that_cannot_be_imported_fails_while_it_is_built(
    sandbox: ProcessSandbox, project: Project
) -> None:
    outcome = sandbox.run(project.request({"flights": "import nothing_of_that_name\n"}, {}))
    assert outcome.failure is not None
    assert outcome.failure.stage is Stage.BUILD
    assert outcome.failure.root_link is not None
    assert outcome.failure.root_link.type == "ModuleNotFoundError"


def test_an_exit_of_the_connector_is_its_failure(sandbox: ProcessSandbox, project: Project) -> None:
    outcome = sandbox.run(
        project.request({"flights": "import sys\nsys.exit('no key is configured')\n"}, {})
    )
    assert outcome.failure is not None
    assert outcome.failure.root_link is not None
    assert outcome.failure.root_link.type == "SystemExit"


def test_only_the_wanted_dlt_resources_run(sandbox: ProcessSandbox, project: Project) -> None:
    text = """
        import dlt

        @dlt.source(name="two")
        def source():
            @dlt.resource(name="good")
            def good():
                yield {"id": 1}

            @dlt.resource(name="bad")
            def bad():
                yield {"id": 1}
                raise RuntimeError("not asked for")

            return good, bad
    """
    request = project.request({"flights": text}, {}, dlt_resources=("good",))
    assert sandbox.run(request).failure is None
    failed = sandbox.run(replace(request, dlt_resources=())).failure
    assert failed is not None
    assert failed.dlt_resource == "bad"


def test_neither_dagster_nor_the_orchestration_is_in_a_child(
    sandbox: ProcessSandbox, project: Project
) -> None:
    body = """
        for name in sorted(sys.modules):
            yield {"name": name}
    """
    outcome = sandbox.run(project.things(body, imports="import sys"))
    names = {str(name) for (name,) in rows(outcome, "SELECT name FROM things")}
    assert "dlt" in names
    assert {n for n in names if n.partition(".")[0] in {"dagster", "dagster_dlt"}} == set()
    assert {n for n in names if n.startswith("connector_healing.orch")} == set()


def test_the_standard_input_is_empty_and_the_home_is_thrown_away(
    sandbox: ProcessSandbox, project: Project
) -> None:
    body = """
        yield {
            "read": sys.stdin.read(), "home": os.path.expanduser("~"), "here": os.getcwd(),
            "mask": os.umask(0), "session": os.getsid(0) == os.getpid(),
        }
    """
    outcome = sandbox.run(project.things(body, imports="import os, sys"))
    ((read, home, here, mask, session),) = rows(
        outcome, "SELECT read, home, here, mask, session FROM things"
    )
    assert (read, mask, session) == ("", 0o077, True)
    assert outcome.database is not None
    assert str(here) == str(Path(outcome.database).parent)
    assert str(home).startswith(str(here))
    assert not Path(str(home)).exists()


def test_an_unreadable_cassette_is_said_before_anything_runs(
    sandbox: ProcessSandbox, project: Project, api: LoopbackApi
) -> None:
    with pytest.raises(UnreadableCassetteError):
        sandbox.run(project.flights(api.url, cassettes=(str(project.folder / "gone.cassette"),)))
