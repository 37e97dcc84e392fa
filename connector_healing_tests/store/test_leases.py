import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from connector_healing.core.lease import Lease
from connector_healing.errors import LeaseLostError
from connector_healing.store import SqlStore, open_store
from connector_healing.store.columns import database_time
from connector_healing.store.fence import require_epoch
from connector_healing_tests.store.builders import HOUR

EXPIRED = timedelta(0)


def claimed(store: SqlStore, holder: str, duration: timedelta = HOUR, name: str = "work") -> Lease:
    lease = store.claim(name, holder, duration)
    assert lease is not None
    return lease


def database_now(store: SqlStore) -> datetime:
    with store._database.reading() as connection:
        return connection.execute(select(database_time())).scalar_one()


def test_the_first_claim_gets_epoch_one(store: SqlStore) -> None:
    lease = claimed(store, "a")

    assert (lease.name, lease.holder, lease.epoch) == ("work", "a", 1)
    assert store.held() == (lease,)


def test_another_holder_waits_until_the_lease_expires(store: SqlStore) -> None:
    claimed(store, "a")

    assert store.claim("work", "b", HOUR) is None


def test_the_present_holder_keeps_its_epoch_and_is_extended(store: SqlStore) -> None:
    first = claimed(store, "a", HOUR)

    again = claimed(store, "a", 2 * HOUR)

    assert again.epoch == first.epoch
    assert again.expires_at > first.expires_at
    assert store.held() == (again,)


@pytest.mark.parametrize("holder", ["a", "b"])
def test_a_claim_after_expiry_gets_the_next_epoch(store: SqlStore, holder: str) -> None:
    claimed(store, "a", EXPIRED)

    assert claimed(store, holder).epoch == 2


@pytest.mark.parametrize("holder", ["a", "b"])
def test_a_released_lease_is_free_and_its_epoch_is_not_used_again(
    store: SqlStore, holder: str
) -> None:
    store.release(claimed(store, "a"))

    assert store.held() == ()
    assert claimed(store, holder).epoch == 2


def test_an_expired_lease_is_renewed_while_nobody_claimed_it(store: SqlStore) -> None:
    lease = claimed(store, "a", EXPIRED)

    renewed = store.renew(lease, HOUR)

    assert renewed.epoch == 1
    assert store.claim("work", "b", HOUR) is None
    assert store.held() == (renewed,)


def test_a_lost_lease_is_neither_renewed_nor_released(store: SqlStore) -> None:
    lost = claimed(store, "a", EXPIRED)
    held = claimed(store, "b")

    with pytest.raises(LeaseLostError) as raised:
        store.renew(lost, HOUR)
    store.release(lost)

    assert (raised.value.name, raised.value.epoch) == ("work", 1)
    assert store.held() == (held,)


def test_a_late_renewal_does_not_bring_a_released_lease_back(store: SqlStore) -> None:
    lease = claimed(store, "a")
    store.release(lease)

    with pytest.raises(LeaseLostError):
        store.renew(lease, HOUR)

    assert store.held() == ()


def test_a_lease_that_was_never_claimed_is_not_renewed(store: SqlStore) -> None:
    made_up = Lease(name="work", holder="a", epoch=1, expires_at=datetime.now(UTC))

    with pytest.raises(LeaseLostError):
        store.renew(made_up, HOUR)


def test_held_shows_expired_leases_by_name(store: SqlStore) -> None:
    names = ["b", "B", "a/2", "a/10", "é"]
    for name in names:
        claimed(store, "holder", EXPIRED, name)

    assert [lease.name for lease in store.held()] == sorted(names)


def test_the_lease_lasts_as_long_as_was_asked_by_the_database_clock(store: SqlStore) -> None:
    before = database_now(store)

    lease = claimed(store, "a", timedelta(microseconds=1_500_001))

    start = lease.expires_at - timedelta(microseconds=1_500_001)
    assert before <= start <= database_now(store)
    assert lease.expires_at.utcoffset() == timedelta(0)


def test_the_database_clock_has_microseconds(store: SqlStore) -> None:
    assert any(database_now(store).microsecond % 1000 for _ in range(20))


def test_a_short_lease_is_taken_over_when_its_time_has_passed(store: SqlStore) -> None:
    first = claimed(store, "a", timedelta(milliseconds=150))
    waiting, deadline = threading.Event(), datetime.now(UTC) + timedelta(seconds=20)

    while (second := store.claim("work", "b", HOUR)) is None and datetime.now(UTC) < deadline:
        waiting.wait(0.01)

    assert second is not None
    assert second.epoch == 2
    assert second.expires_at - HOUR >= first.expires_at


def test_of_many_threads_one_gets_the_lease(store: SqlStore) -> None:
    barrier = threading.Barrier(8)

    def attempt(number: int) -> Lease | None:
        barrier.wait()
        return store.claim("work", f"holder {number}", HOUR)

    with ThreadPoolExecutor(8) as pool:
        got = [lease for lease in pool.map(attempt, range(8)) if lease is not None]

    assert [lease.epoch for lease in got] == [1]
    assert store.held() == tuple(got)


def test_nobody_claims_between_the_check_of_an_epoch_and_its_commit(shared_url: str) -> None:
    with open_store(shared_url) as ours, open_store(shared_url) as theirs:
        lease = claimed(ours, "a", EXPIRED)
        with ThreadPoolExecutor(1) as pool:
            with ours._database.writing() as connection:
                require_epoch(connection, lease)
                later = pool.submit(theirs.claim, "work", "b", HOUR)
                with pytest.raises(TimeoutError):
                    later.result(timeout=0.3)
            taken = later.result(timeout=30)

    assert taken is not None
    assert taken.epoch == 2
