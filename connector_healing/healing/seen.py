"""What a sandbox run shows of the failure that it was made for."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from connector_healing.core.case import HealCase
from connector_healing.core.checks import CheckLevel
from connector_healing.core.data_checks import type_change
from connector_healing.core.failure import Failure, Stage, Suspicion, SuspicionKind
from connector_healing.core.fingerprint import fingerprint
from connector_healing.core.judge import judge
from connector_healing.core.profile import Baseline, ColumnProfile, PackageProfile
from connector_healing.core.reproduction import SandboxOutcome, SandboxStatus
from connector_healing.healing.budget import history_of
from connector_healing.healing.services import CaseServices

#: The root exception of a run whose live requests were spent.
_LIVE_LIMIT = "connector_healing.errors.LiveLimitError"

#: Its family: the sandbox's own refusals.
_REFUSED = "connector_healing.errors.TrafficRefusedError"

#: What dlt raises of a key column that no row has.
_UNBOUND = ".UnboundColumnException"


def seen_fingerprint(
    services: CaseServices, case: HealCase, failure: Failure, outcome: SandboxOutcome
) -> str:
    """The fingerprint of what a sandbox run showed; empty where it showed nothing wrong."""
    if failure.stage is Stage.JUDGE:
        # Such a package is held before its load can fail.
        suspicions = suspicions_in(services, case, outcome)
        if suspicions:
            return fingerprint(replace(failure, suspicions=suspicions))
        if outcome.failure is not None and _lacks_held_columns(failure, outcome.failure):
            return case.fingerprint
    if outcome.failure is not None:
        return fingerprint(replace(outcome.failure, dlt_resource=failure.dlt_resource))
    if outcome.status is not SandboxStatus.COMPLETED:
        return f"sandbox:{outcome.status.value}"
    return ""


def _lacks_held_columns(held: Failure, seen: Failure) -> bool:
    """Whether dlt refused just the columns without values that a package was held for.

    A pipeline that begins empty, as the sandbox's does, knows no type for such a column.
    """
    link = seen.root_link
    return (
        link is not None
        and link.type.endswith(_UNBOUND)
        and all(
            s.kind is SuspicionKind.COLUMN_GONE_NULL
            and f"table `{s.table}`" in link.message
            and f"- {s.column} (" in link.message
            for s in held.suspicions
        )
    )


def suspicions_in(
    services: CaseServices, case: HealCase, outcome: SandboxOutcome
) -> tuple[Suspicion, ...]:
    """What the judge of load packages says of a sandbox run."""
    expected = services.runtime(case.connector_id).connector.resources
    history = history_of(services, case)
    return judge(_as_loaded(outcome.profile, history), history, expected)


def _as_loaded(
    profile: PackageProfile, history: Mapping[str, Sequence[Baseline]]
) -> PackageProfile:
    """The profile as of a pipeline that knows the columns' types; the sandbox's begins empty.

    There, values that do not fit their column's type go to another column, and leave it NULL.
    """
    newest = [baselines[0] for baselines in history.values() if baselines]
    known = {t.table: t.columns for baseline in newest for t in baseline.tables}
    tables = {
        name: replace(
            table,
            columns={
                c.name: replace(c, nulls=table.rows) if _unfit(known.get(name, {}), c) else c
                for c in table.columns.values()
            },
        )
        for name, table in profile.tables.items()
    }
    return PackageProfile(tables=tables)


def _unfit(known: Mapping[str, ColumnProfile], column: ColumnProfile) -> bool:
    before = known.get(column.name)
    return before is not None and type_change(before.type, column.type) is CheckLevel.HARD


def told(services: CaseServices, case: HealCase, outcome: SandboxOutcome) -> str:
    """What is wrong with a sandbox run, in words."""
    if outcome.failure is not None:
        return outcome.failure.message
    if outcome.status is not SandboxStatus.COMPLETED:
        return f"the run was {outcome.status.value.replace('_', ' ')}"
    return " ".join(s.sentence for s in suspicions_in(services, case, outcome))


def reached_live_limit(outcome: SandboxOutcome) -> bool:
    """Whether the run ended because it had spent the live requests that it was allowed."""
    link = outcome.failure.root_link if outcome.failure else None
    return link is not None and link.type == _LIVE_LIMIT


def spent_its_requests(outcome: SandboxOutcome) -> bool:
    """Whether the run went on until its live requests were spent, each of them well answered.

    A connector that retries what fails spends them too, on one request that nobody answers: that
    shows nothing good.
    """
    return reached_live_limit(outcome) and outcome.good_answers >= outcome.live_requests


def was_stopped(outcome: SandboxOutcome) -> bool:
    """Whether the sandbox ended the run, so that nothing is known of the connector."""
    if outcome.status in {SandboxStatus.TIMED_OUT, SandboxStatus.KILLED}:
        return True
    link = outcome.failure.root_link if outcome.failure else None
    return link is not None and _REFUSED in link.mro
