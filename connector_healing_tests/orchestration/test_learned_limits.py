"""What one run learned of a rate limit, the next one begins with."""

import json
from pathlib import Path

from connector_healing.orchestration.learned_limits import NOTE, learned_limits
from connector_healing.orchestration.services import run_services
from connector_healing.runtime.limiter import LIMITERS
from connector_healing.runtime.rate_policy import RatePolicy


def test_limits_are_restored_and_those_of_others_stay(tmp_path: Path) -> None:
    store = run_services(tmp_path).store
    other = RatePolicy().to_note()
    store.set_note(NOTE, json.dumps({"other.example/abc": other}))
    with learned_limits(store):
        assert LIMITERS.to_notes()["other.example/abc"] == other
        LIMITERS.restore({"new.example/def": RatePolicy().to_note()})
    kept = json.loads(store.get_note(NOTE) or "{}")
    assert {"other.example/abc", "new.example/def"} <= set(kept)


def test_a_note_that_cannot_be_read_is_begun_anew(tmp_path: Path) -> None:
    store = run_services(tmp_path).store
    store.set_note(NOTE, "[no")
    with learned_limits(store):
        LIMITERS.restore({"third.example/ghi": RatePolicy().to_note()})
    assert "third.example/ghi" in json.loads(store.get_note(NOTE) or "{}")
