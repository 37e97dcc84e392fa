"""What was learned of APIs' rate limits, kept in the store for the next run and other machines."""

import contextlib
import json
from collections.abc import Iterator

from connector_healing.ports import HealStore
from connector_healing.runtime.limiter import LIMITERS

#: One note holds all limiters, by host and hash of the credential.
NOTE = "rate_limits"


@contextlib.contextmanager
def learned_limits(store: HealStore) -> Iterator[None]:
    """Begin with what was learned before, and keep what is learned while the context lasts."""
    before = _read(store)
    LIMITERS.restore(before)
    try:
        yield
    finally:
        learned = LIMITERS.to_notes()
        if any(before.get(key) != note for key, note in learned.items()):
            # Another process may have learned of other hosts meanwhile.
            store.set_note(NOTE, json.dumps({**_read(store), **learned}))


def _read(store: HealStore) -> dict[str, str]:
    try:
        found = json.loads(store.get_note(NOTE) or "{}")
    except ValueError:
        return {}
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}
