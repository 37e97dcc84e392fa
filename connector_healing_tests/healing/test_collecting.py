"""What a cluster answered is kept in a case, and outlives its heal."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from connector_healing.core.kusto.collected import CollectedEvidence, Collection, Outcome
from connector_healing.core.kusto.commands import Endpoint
from connector_healing.healing.collecting import attach, attached
from connector_healing.healing.reporting import KEPT_FILES
from connector_healing.orchestration.services import Files
from connector_healing_tests.kusto.conftest import asking

NOW = datetime(2026, 7, 1, 2, tzinfo=UTC)


def collection(hour: int) -> Collection:
    evidence = CollectedEvidence(
        command=asking(".show export containers", Endpoint.INGEST),
        outcome=Outcome.ANSWERED,
        columns=("A",),
        rows='{"A": "é\\n"}',
        row_count=1,
        truncated=True,
        note="Cut.",
    )
    return Collection(
        cluster="https://adx1.kusto.windows.net",
        database="d",
        collected_at=NOW + timedelta(hours=hour),
        evidence=(evidence,),
    )


def test_rounds_are_kept_in_order(tmp_path: Path) -> None:
    files = Files(tmp_path)

    attach(files, "c1", collection(0))
    attach(files, "c1", collection(1))

    assert attached(files, "c1") == [collection(0), collection(1)]
    assert attached(files, "c2") == []


def test_they_outlive_the_heal(tmp_path: Path) -> None:
    files = Files(tmp_path)
    path = attach(files, "c1", collection(0))

    files.tidy("c1", KEPT_FILES)

    assert Path(path).is_file()


def test_the_oldest_go_first(tmp_path: Path) -> None:
    files = Files(tmp_path)
    for hour in range(25):
        attach(files, "c1", collection(hour))

    kept = attached(files, "c1")
    assert (len(kept), kept[-1]) == (20, collection(24))
