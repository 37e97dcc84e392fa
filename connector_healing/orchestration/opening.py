"""Opening the heal case of a failure that was just seen."""

from datetime import datetime

from connector_healing.core.case import CaseState, HealCase
from connector_healing.core.failure import Failure
from connector_healing.core.fingerprint import fingerprint
from connector_healing.core.policy import HealPolicy
from connector_healing.ports import HealStore

#: Cases of one failure and version that ended without a heal, after which it is not tried again
#: by itself; a person may still launch it.
BREAKER_FAILURES = 3

#: Cases that the breaker looks back on.
_LOOKED_AT = 50


def open_case(store: HealStore, failure: Failure, policy: HealPolicy, now: datetime) -> HealCase:
    """Keep a failure and open its case, join the open one, or leave it where the breaker is open."""
    store.record_failure(failure)
    mark = fingerprint(failure)
    alike = [
        case
        for case in store.cases(failure.connector_id, limit=_LOOKED_AT)
        if (case.fingerprint, case.version_id) == (mark, failure.version_id or "")
    ][:BREAKER_FAILURES]
    if len(alike) == BREAKER_FAILURES and all(c.state is CaseState.ABSTAINED for c in alike):
        return alike[0]
    case, _ = store.open_case(failure, mark, policy.automatic_mode, {}, now)
    return case
