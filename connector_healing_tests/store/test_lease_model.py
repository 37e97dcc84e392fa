"""Random operations on leases against a model of a few lines."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from hypothesis import given, settings
from hypothesis import strategies as st

from connector_healing.core.lease import Lease
from connector_healing.errors import LeaseLostError
from connector_healing.store import SqlStore
from connector_healing_tests.store.builders import HOUR

HOLDERS = ("a", "b", "c")


@dataclass
class Model:
    """One lease: who holds it, its epoch, whether its time has passed."""

    holder: str | None = None
    epoch: int = 0
    expired: bool = True

    def claim(self, holder: str, *, expired: bool) -> int | None:
        if self.holder is None or self.expired:
            self.epoch += 1
        elif self.holder != holder:
            return None
        self.holder, self.expired = holder, expired
        return self.epoch

    def owns(self, lease: Lease) -> bool:
        return (self.holder, self.epoch) == (lease.holder, lease.epoch)


OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["claim", "renew", "release"]),
        st.sampled_from(HOLDERS),
        st.booleans(),  # whether the lease expires at once
        st.integers(0, 10),  # which of the leases that were ever got
    ),
    min_size=1,
    max_size=25,
)


@settings(max_examples=40)
@given(operations=OPERATIONS)
def test_leases_behave_as_the_model_says(
    store: SqlStore, operations: list[tuple[str, str, bool, int]]
) -> None:
    name, model = uuid4().hex, Model()
    got: list[Lease] = []
    for operation, holder, expired, which in operations:
        duration = timedelta(0) if expired else HOUR
        if operation == "claim":
            lease = store.claim(name, holder, duration)
            assert (lease.epoch if lease else None) == model.claim(holder, expired=expired)
            got += [lease] if lease else []
        elif got:
            lease = got[which % len(got)]
            if operation == "release":
                store.release(lease)
                model.holder = None if model.owns(lease) else model.holder
            elif model.owns(lease):
                got.append(store.renew(lease, duration))
                model.expired = expired
            else:
                assert_lost(store, lease)
        held = [(x.holder, x.epoch) for x in store.held() if x.name == name]
        assert held == ([(model.holder, model.epoch)] if model.holder else [])


def assert_lost(store: SqlStore, lease: Lease) -> None:
    try:
        store.renew(lease, HOUR)
    except LeaseLostError:
        return
    raise AssertionError(f"{lease} was renewed")
