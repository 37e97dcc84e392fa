"""Which patches are tried for which subcategory of failure: one table."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from connector_healing.core.connector import ConnectorCode
from connector_healing.core.drift.mapping import FieldMapping, MappingVerdict
from connector_healing.core.failure import Failure
from connector_healing.core.patch import FieldAccess, PatchKind, PatchResult, Unpatchable
from connector_healing.core.policy import PolicyLevel
from connector_healing.core.taxonomy import FailureCategory, FailureSubcategory
from connector_healing.core.transforms.field_alias import alias_in_place
from connector_healing.core.transforms.rate_limit import limit_rate
from connector_healing.core.transforms.record_seam import alias_at_entry, alias_behind_resource
from connector_healing.core.transforms.renames import Renames, path_of, renamed
from connector_healing.core.transforms.rest_api_config import add_record_alias
from connector_healing.core.transforms.retry import retry_for
from connector_healing.core.transforms.timeouts import set_timeout

#: How long a retry goes on where the API asked for no longer wait.
RETRY_DURATION = timedelta(minutes=10)

#: A retry that is asked to wait longer is no retry but another schedule.
MAX_RETRY_DURATION = timedelta(hours=1)

#: The shortest and the longest timeout that a patch sets.
MIN_TIMEOUT, MAX_TIMEOUT = timedelta(minutes=2), timedelta(minutes=10)

#: Answers below it are none that a retry repeats.
_FIRST_ERROR = 400

_TIMEOUT_IN_MESSAGE = re.compile(r"timeout=(\d+(?:\.\d+)?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What a template may look at."""

    failure: Failure
    code: ConnectorCode
    accesses: Sequence[FieldAccess]
    mappings: Sequence[FieldMapping]


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One way to patch."""

    name: str
    kind: PatchKind
    level: PolicyLevel
    prior: float  #: How often it is the right patch for its subcategories, before any history.
    make: Callable[[Situation], PatchResult]


def _alias_in_configuration(situation: Situation) -> PatchResult:
    name = situation.failure.dlt_resource
    if name is None:
        return Unpatchable(reason="The failure names no dlt resource.")
    return _lost(situation) or add_record_alias(situation.code, name, situation.mappings)


def _alias_at_entry(situation: Situation) -> PatchResult:
    return alias_at_entry(situation.code, situation.accesses, situation.mappings)


def _alias_behind_resource(situation: Situation) -> PatchResult:
    name = situation.failure.dlt_resource
    if name is None:
        return Unpatchable(reason="The failure names no dlt resource.")
    read = {a.path for a in situation.accesses}
    seen = next((m.old for m in renamed(situation.mappings) if m.old in read), None)
    if seen is not None:
        return Unpatchable(reason=f"The connector reads {seen} before the resource yields.")
    return _lost(situation) or alias_behind_resource(situation.code, name, situation.mappings)


def _alias_in_place(situation: Situation) -> PatchResult:
    return alias_in_place(situation.code, situation.accesses, situation.mappings)


def _cast_in_place(situation: Situation) -> PatchResult:
    if any(m.new is not None and m.new != m.old for m in situation.mappings):
        return Unpatchable(reason="Fields moved: a cast alone would not be enough.")
    return alias_in_place(situation.code, situation.accesses, situation.mappings)


def _lost(situation: Situation) -> Unpatchable | None:
    """Why nothing may be aliased: a field that the code reads is gone, or nobody knows."""
    read = frozenset(path_of(a.path) for a in situation.accesses)
    lost = Renames(mappings=situation.mappings, read=read).unresolved()
    if not lost:
        return None
    words = {MappingVerdict.REMOVED: "removed", MappingVerdict.UNSURE: "not surely found again"}
    names = ", ".join(f"{m.old} ({words[m.verdict]})" for m in lost)
    return Unpatchable(reason=f"The connector reads fields that an alias would hide: {names}.")


def _limit_rate(situation: Situation) -> PatchResult:
    return limit_rate(situation.code)


def _retry(situation: Situation) -> PatchResult:
    http = situation.failure.http
    if http is not None and http.status is not None and http.status < _FIRST_ERROR:
        reason = f"The API answered {http.status}: a retry would not see that anything is wrong."
        return Unpatchable(reason=reason)
    return retry_for(situation.code, situation.failure.position, retry_duration(situation.failure))


def _set_timeout(situation: Situation) -> PatchResult:
    return set_timeout(situation.code, timeout_for(situation.failure))


def retry_duration(failure: Failure) -> timedelta:
    """How long to go on trying: at least twice as long as the API asked to wait."""
    headers = failure.http.response_headers if failure.http is not None else {}
    asked = headers.get("retry-after", "").strip()
    if not asked.isdecimal():
        return RETRY_DURATION
    seconds = min(int(asked), int(MAX_RETRY_DURATION.total_seconds()))
    return min(max(RETRY_DURATION, timedelta(seconds=2 * seconds)), MAX_RETRY_DURATION)


def timeout_for(failure: Failure) -> timedelta:
    """Twice the timeout that was too short, where the failure names it."""
    found = [float(t) for link in failure.chain for t in _TIMEOUT_IN_MESSAGE.findall(link.message)]
    twice = timedelta(seconds=min(2 * max(found, default=0.0), MAX_TIMEOUT.total_seconds()))
    return max(MIN_TIMEOUT, twice)


_A1, _A2 = PolicyLevel.A1, PolicyLevel.A2

_ALIASES = (
    Template(
        name="record_alias_in_configuration",
        kind=PatchKind.CONFIG,
        level=_A2,
        prior=0.8,
        make=_alias_in_configuration,
    ),
    Template(
        name="record_alias_at_entry",
        kind=PatchKind.SEAM,
        level=_A2,
        prior=0.75,
        make=_alias_at_entry,
    ),
    Template(
        name="record_alias_behind_resource",
        kind=PatchKind.SEAM,
        level=_A2,
        prior=0.5,
        make=_alias_behind_resource,
    ),
    Template(
        name="field_alias_in_place",
        kind=PatchKind.IN_PLACE,
        level=_A2,
        prior=0.7,
        make=_alias_in_place,
    ),
)
_CAST = Template(
    name="lossless_cast", kind=PatchKind.IN_PLACE, level=_A1, prior=0.75, make=_cast_in_place
)
_LIMITER = Template(
    name="rate_limiter", kind=PatchKind.SEAM, level=_A1, prior=0.8, make=_limit_rate
)
_RETRY = Template(name="retry_for_a_time", kind=PatchKind.SEAM, level=_A1, prior=0.6, make=_retry)
_TIMEOUT = Template(
    name="longer_timeout", kind=PatchKind.CONFIG, level=_A1, prior=0.7, make=_set_timeout
)

_S = FailureSubcategory

#: The templates of each subcategory; what is not here has only revert and abstain.
TEMPLATES: Mapping[FailureSubcategory, tuple[Template, ...]] = {
    _S.FIELD_CHANGED: _ALIASES,
    _S.FIELD_RENAMED: _ALIASES,
    _S.FIELD_MOVED: _ALIASES,
    _S.COLUMN_GONE_NULL: _ALIASES,
    _S.CHILD_TABLE_LOST: _ALIASES,
    _S.CURSOR_MISSING: _ALIASES,
    _S.TYPE_CHANGED: (_CAST, *_ALIASES),
    _S.RATE_LIMITED: (_LIMITER,),
    _S.SERVER_UNAVAILABLE: (_RETRY,),
    _S.CONNECTION_REFUSED: (_RETRY,),
    _S.CONNECTION_RESET: (_RETRY,),
    _S.NAME_SERVER_FAILED: (_RETRY,),
    _S.BODY_CUT_SHORT: (_RETRY,),
    _S.READ_TIMEOUT: (_TIMEOUT, _RETRY),
    _S.CONNECT_TIMEOUT: (_RETRY, _TIMEOUT),
}

#: No change of code heals these: a credential, a quota, a machine or a destination is at fault.
BEYOND_CODE = frozenset(
    {
        FailureCategory.AUTHENTICATION,
        FailureCategory.AUTHORIZATION,
        FailureCategory.QUOTA,
        FailureCategory.RESOURCE,
        FailureCategory.DESTINATION,
    }
)

#: An older version meets these just the same, so going back is tried last.
PASSING = frozenset(
    {
        FailureCategory.RATE_LIMIT,
        FailureCategory.NETWORK,
        FailureCategory.TIMEOUT,
        FailureCategory.SERVER_ERROR,
    }
)
