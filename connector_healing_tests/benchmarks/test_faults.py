"""Three telling faults, played as the benchmark plays all of them."""

from collections.abc import Iterator

import pytest

from connector_healing_tests.benchmarks import faults
from connector_healing_tests.benchmarks.broken_days import BrokenDays, broken_days
from connector_healing_tests.benchmarks.fault_verdicts import Verdict, play

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def days() -> Iterator[BrokenDays]:
    with broken_days(["airports"]) as made:
        yield made


def test_a_renamed_key_heals_and_loads_what_an_unbroken_connector_would(days: BrokenDays) -> None:
    played = play(days, "key_renamed")

    assert (played.verdict, played.wrong) == (Verdict.RIGHT_HEAL, ())
    assert (played.run, played.outcome) == ("held", "monitoring")
    assert played.subcategory == "field_renamed"
    assert 0 < played.live_requests <= played.allowed_requests


def test_lost_rows_are_refused_with_a_word_for_a_person(days: BrokenDays) -> None:
    played = play(days, "rows_lost")

    assert (played.verdict, played.wrong) == (Verdict.RIGHT_REFUSAL, ())
    assert (played.run, played.outcome) == ("held", "abstained")
    assert "H3 containment" in played.refused_by
    assert "Ask the API's owner" in played.reason


def test_a_renamed_column_with_wrong_values_is_refused_by_a_named_check(days: BrokenDays) -> None:
    played = play(days, "column_renamed_with_few_wrong")

    assert (played.verdict, played.wrong) == (Verdict.RIGHT_REFUSAL, ())
    assert played.outcome == "abstained"
    assert "H4 overlap equality" in played.refused_by


def test_the_benchmark_knows_what_it_plays_and_refuses_the_rest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    names = list(faults.all_faults())
    assert len(set(names)) == len(names)
    assert faults.connectors_for(names) == ["airports", "flights", "weather"]
    with pytest.raises(SystemExit):
        faults.main(["--fault", "meteor"])
    assert "Known faults" in capsys.readouterr().err
