import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from connector_healing.errors import VersionConflictError
from connector_healing.store import SqlStore
from connector_healing_tests.store.builders import NOW, after, version


def test_the_first_row_of_a_version_stands(store: SqlStore) -> None:
    first = version()
    store.save_version(first)
    store.save_version(replace(first, change_summary="another", created_at=after(1)))

    assert store.version_row("flights", first.version_id) == first
    assert store.version_rows("flights") == (first,)


def test_versions_come_oldest_first(store: SqlStore) -> None:
    late, early = version("x = 1\n", created_at=after(1)), version("x = 2\n")
    twin, other = version("x = 3\n", created_at=after(1)), version(connector_id="hotels")
    for each in (late, early, twin, other):
        store.save_version(each)

    assert store.version_rows("flights") == (early, late, twin)
    assert store.version_row("hotels", late.version_id) == other
    assert store.version_row("flights", "nothing") is None
    assert store.version_rows("nobody") == ()


def test_nothing_is_active_at_first(store: SqlStore) -> None:
    assert store.active_version("flights") is None


def test_the_active_version_is_swapped(store: SqlStore) -> None:
    store.activate("flights", None, "v1", NOW)
    store.activate("hotels", None, "v9", NOW)
    store.activate("flights", "v1", "v2", after(1))

    assert store.active_version("flights") == "v2"
    store.activate("flights", "v2", None, after(2))
    assert store.active_version("flights") is None
    assert store.active_version("hotels") == "v9"


def test_activating_what_is_active_is_success(store: SqlStore) -> None:
    store.activate("flights", "something", None, NOW)
    store.activate("flights", None, "v1", NOW)
    store.activate("flights", "something", "v1", NOW)

    assert store.active_version("flights") == "v1"


def test_a_swap_from_another_version_is_refused(store: SqlStore) -> None:
    store.activate("flights", None, "v1", NOW)

    with pytest.raises(VersionConflictError) as raised:
        store.activate("flights", "v0", "v2", NOW)
    with pytest.raises(VersionConflictError):
        store.activate("hotels", "v0", "v2", NOW)

    assert (raised.value.expected, raised.value.found) == ("v0", "v1")
    assert store.active_version("flights") == "v1"
    assert store.active_version("hotels") is None


@pytest.mark.parametrize("expected", [None, "v0"])
def test_of_many_swaps_at_once_one_succeeds(store: SqlStore, expected: str | None) -> None:
    barrier = threading.Barrier(8)

    def attempt(connector_id: str, number: int) -> str | None:
        barrier.wait()
        try:
            store.activate(connector_id, expected, f"v{number}", NOW)
        except VersionConflictError:
            return None
        return f"v{number}"

    with ThreadPoolExecutor(8) as pool:
        for connector_id in ("a", "b", "c", "d", "e"):
            store.activate(connector_id, None, expected, NOW)
            tried = pool.map(attempt, [connector_id] * 8, range(1, 9))
            winners = [name for name in tried if name is not None]
            assert winners == [store.active_version(connector_id)]
