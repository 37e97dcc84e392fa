"""A destination that another process writes is waited for, with a bound."""

import logging
import subprocess
from datetime import timedelta

import dagster as dg
import duckdb
import pytest

from connector_healing.core.classify import classify
from connector_healing.core.records import RunStatus
from connector_healing.core.taxonomy import FailureSubcategory
from connector_healing.orchestration import destination_lock
from connector_healing.orchestration.destination_lock import once_unlocked
from connector_healing_tests.duckdb_writer import written_by_another
from connector_healing_tests.orchestration.shop import Shop, materialize


class LetGo(logging.Handler):
    """Ends the other writer as soon as a run says that it waits."""

    def __init__(self, writer: subprocess.Popen[str]) -> None:
        super().__init__()
        self.waited = 0
        self._writer = writer

    def emit(self, record: logging.LogRecord) -> None:
        if "Another process writes the destination" in record.getMessage():
            self.waited += 1
            self._writer.communicate()


def test_a_run_waits_until_the_other_writer_has_gone(
    shop: Shop, instance: dg.DagsterInstance
) -> None:
    assert materialize(shop.assets(), shop, instance).success
    logger = logging.getLogger("connector_healing")
    with written_by_another(shop.warehouse) as writer:
        handler = LetGo(writer)
        logger.addHandler(handler)
        try:
            assert materialize(shop.assets(), shop, instance).success
        finally:
            logger.removeHandler(handler)
    assert handler.waited == 1


def test_a_lock_that_lasts_is_a_busy_destination(
    shop: Shop, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert materialize(shop.assets(), shop, instance).success
    monkeypatch.setattr(once_unlocked, "__defaults__", (timedelta(0),))
    with written_by_another(shop.warehouse):
        assert not materialize(shop.assets(), shop, instance).success
    store = shop.services.store
    (record,) = store.runs("shop", 1)
    failure = store.failure(str(record.failure_id))
    assert record.status is RunStatus.FAILED
    assert failure is not None
    assert classify(failure).subcategory is FailureSubcategory.DESTINATION_BUSY


def test_other_errors_are_raised_at_once() -> None:
    calls: list[int] = []

    def refused() -> None:
        calls.append(1)
        raise duckdb.IOException("No space left on device")

    with pytest.raises(duckdb.IOException):
        once_unlocked(refused)
    assert calls == [1]
    assert not destination_lock.is_locked(RuntimeError("locked out of the account"))
