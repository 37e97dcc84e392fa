"""Values of every kind that a store keeps, with something in every field."""

from datetime import UTC, datetime, timedelta

from connector_healing.core.case import HealCase, Trial, TrialState
from connector_healing.core.checks import CheckLevel, CheckResult
from connector_healing.core.connector import (
    Connector,
    ConnectorCode,
    ConnectorVersion,
    ResourceExpectations,
    SourceModule,
)
from connector_healing.core.failure import (
    CodePosition,
    ExceptionLink,
    Failure,
    HttpExchange,
    Stage,
    Suspicion,
    SuspicionKind,
)
from connector_healing.core.lease import Lease, case_lease_name
from connector_healing.core.patch import Candidate, Patch, PatchKind, TextEdit
from connector_healing.core.policy import Budget, HealMode, HealPolicy, OnSuspicion, PolicyLevel
from connector_healing.core.profile import Baseline, Churn, ColumnProfile, TableProfile
from connector_healing.core.records import RunRecord, RunStatus
from connector_healing.core.reproduction import ConnectorRuntime
from connector_healing.core.taxonomy import FailureSubcategory
from connector_healing.store import SqlStore

NOW = datetime(2013, 2, 1, 12, 0, 0, 123456, tzinfo=UTC)
HOUR = timedelta(hours=1)


def after(minutes: int) -> datetime:
    return NOW + timedelta(minutes=minutes)


def suspicion(table: str = "flights", column: str | None = None) -> Suspicion:
    return Suspicion(
        kind=SuspicionKind.COLUMN_GONE_NULL if column else SuspicionKind.TABLE_HALVED,
        dlt_resource="flights",
        table=table,
        column=column,
        observed="12 rows",
        expected="about 900",
    )


def failure(
    failure_id: str = "f1",
    *,
    connector_id: str = "flights",
    dlt_resource: str | None = "departures",
    run_id: str | None = "run-1",
    occurred_at: datetime = NOW,
) -> Failure:
    return Failure(
        failure_id=failure_id,
        connector_id=connector_id,
        dlt_resource=dlt_resource,
        run_id=run_id,
        version_id="0123456789abcdef",
        occurred_at=occurred_at,
        stage=Stage.EXTRACT,
        chain=(
            ExceptionLink(type="dlt.PipelineStepFailed", message="extract\0 \ud800 failed"),
            ExceptionLink(
                type="KeyError", message="'delay'", mro=("KeyError",), attributes={"key": "delay"}
            ),
        ),
        root=1,
        http=HttpExchange(
            method="GET",
            url="http://127.0.0.1/v1/flights?page=2",
            status=200,
            response_headers={"content-type": "application/json"},
            body_excerpt='{"data": [\n]}',
        ),
        position=CodePosition(
            module="shop.flights", path="shop/flights.py", line=12, function="rows", text="x['d']"
        ),
        raised_in="shop.flights",
        suspicions=(suspicion(), suspicion(column="tail_number")),
        load_state={"step": "extract"},
        cassette_id="c1",
        log_excerpt=("one", "two"),
    )


def runtime(connector_id: str = "flights", *, pipeline_name: str = "flights") -> ConnectorRuntime:
    return ConnectorRuntime(
        connector=Connector(
            id=connector_id,
            entry_point="shop.flights:flights",
            arguments={"base_url": "http://127.0.0.1", "pages": [1, 2], "deep": {"a": None}},
            resources={
                "flights": ResourceExpectations(
                    primary_key=("id",), required_fields=("carrier",), cursor_field="at", min_rows=3
                )
            },
            policy=HealPolicy(
                apply_up_to=PolicyLevel.A2,
                on_suspicion=OnSuspicion.LOAD_AND_FLAG,
                budget=Budget(wall_time=timedelta(minutes=5, microseconds=7), live_requests=40),
            ),
            environment=("API_BASE",),
        ),
        pipeline_name=pipeline_name,
        dataset_name="shop",
        destination_type="dlt.destinations.duckdb",
        destination_name="duckdb",
        destination_path="/data/shop.duckdb",
        project_dir="/data",
        import_paths=("/data",),
        dlt_source_name="flights",
        dlt_resources=("departures",),
        config_keys=("sources.flights.token",),
        environment=("API_BASE",),
    )


def run_record(
    record_id: str = "r1",
    *,
    connector_id: str = "flights",
    started_at: datetime = NOW,
    status: RunStatus = RunStatus.SUCCEEDED,
) -> RunRecord:
    return RunRecord(
        record_id=record_id,
        connector_id=connector_id,
        run_id="run-1",
        version_id="0123456789abcdef",
        status=status,
        started_at=started_at,
        ended_at=started_at + timedelta(seconds=3),
        rows={"flights": 900},
        requests=10,
        message="café",
        log=("one",),
    )


def baseline(
    *,
    connector_id: str = "flights",
    dlt_resource: str = "departures",
    recorded_at: datetime = NOW,
    rows: int = 900,
) -> Baseline:
    column = ColumnProfile(
        name="carrier", type="VARCHAR", nulls=0, distinct=16, minimum="9E", maximum=None
    )
    return Baseline(
        connector_id=connector_id,
        dlt_resource=dlt_resource,
        recorded_at=recorded_at,
        run_id="run-1",
        version_id="0123456789abcdef",
        tables=(
            TableProfile(
                table="flights",
                rows=rows,
                columns={"carrier": column},
                dlt_resource=dlt_resource,
                write_disposition="merge",
            ),
        ),
        churn=Churn(shared_keys=800, changed_share={"delay": 0.25}, lost_share=0.0),
        requests=9,
        source_state_before={"resources": {"departures": {"last": "2013-01-31"}}, "n": [1, None]},
        signals={"ratelimit-limit": "60"},
        cassette_id="c1",
    )


def version(
    text: str = "x = 1\n", *, connector_id: str = "flights", created_at: datetime = NOW
) -> ConnectorVersion:
    code = ConnectorCode(
        modules=(
            SourceModule(name="shop", path="shop/__init__.py", text="", is_package=True),
            SourceModule(name="shop.flights", path="shop/flights.py", text=text),
        )
    )
    return ConnectorVersion(
        connector_id=connector_id,
        version_id=code.version_id,
        code=code,
        parent=None,
        change_summary="carrier is op_code now",
        created_at=created_at,
        created_by="heal",
        case_id="c1",
        diff="-x\n+y\n",
    )


def candidate(case_id: str, number: int) -> Candidate:
    edit = TextEdit(module="shop.flights", start=0, end=1, replacement="y")
    return Candidate(
        case_id=case_id,
        number=number,
        template="field alias",
        subcategory=FailureSubcategory.FIELD_RENAMED,
        kind=PatchKind.SEAM,
        level=PolicyLevel.A2,
        summary=f"candidate {number}",
        patch=Patch(edits=(edit,), rationale="the keys overlap") if number % 2 else None,
        version_id="fedcba9876543210",
        diff="-x\n+y\n",
        prior=0.75,
        parameters={"carrier": "op_code"},
    )


def trial(case_id: str, number: int, state: TrialState = TrialState.PASSED) -> Trial:
    check = CheckResult(
        name="H4 overlap equality",
        level=CheckLevel.HARD,
        passed=state is TrialState.PASSED,
        table="flights",
        column="carrier",
        observed="1.0",
        bound=">= 0.99",
        sql="SELECT 1",
        rows=812,
    )
    return Trial(
        case_id=case_id,
        number=number,
        state=state,
        reason=f"trial {number}",
        checks=(check,),
        has_history=True,
        live_requests=3,
        replayed_requests=9,
        duration=timedelta(seconds=1, microseconds=250_000),
        rows={"flights": 900},
    )


def open_case(store: SqlStore, name: str = "f1", fingerprint: str = "fp") -> HealCase:
    """A new case of a failure of its own."""
    case, is_new = store.open_case(failure(name), fingerprint, HealMode.PROPOSE, {}, NOW)
    assert is_new
    return case


def claim(store: SqlStore, case: HealCase, holder: str = "worker") -> Lease:
    lease = store.claim(case_lease_name(case.case_id), holder, HOUR)
    assert lease is not None
    return lease


def take_over(store: SqlStore, lease: Lease) -> Lease:
    """The lease's time passes, and another worker claims it."""
    store.renew(lease, timedelta(0))
    later = store.claim(lease.name, f"{lease.holder}'s successor", HOUR)
    assert later is not None
    return later
