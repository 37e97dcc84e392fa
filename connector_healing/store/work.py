"""What a worker leaves while it heals a case: step results, candidates, trials."""

from collections.abc import Sequence

from sqlalchemy import delete, insert, select

from connector_healing.core.case import Step, Trial
from connector_healing.core.codec import to_json
from connector_healing.core.lease import CASE_LEASE_PREFIX, Lease
from connector_healing.core.patch import Candidate
from connector_healing.store.fence import enter_case, require_epoch
from connector_healing.store.part import StorePart
from connector_healing.store.rows import decoded, put
from connector_healing.store.schema import candidates, steps, trials


class WorkTables(StorePart):
    """Steps, candidates and trials of the port `HealStore`."""

    def save_step(self, case_id: str, step: Step, result: str, lease: Lease) -> None:
        """Keep a step's result (JSON text); a second save replaces the first."""
        row = {"case_id": case_id, "step": step, "result": result}
        with self._database.writing() as connection:
            enter_case(connection, case_id, lease)
            put(connection, steps, ["case_id", "step"], row)

    def step(self, case_id: str, step: Step) -> str | None:
        """The step's result; None while it is not done."""
        query = select(steps.c.result).where(steps.c.case_id == case_id, steps.c.step == step)
        with self._database.reading() as connection:
            return connection.scalar(query)

    def save_candidates(self, candidates: Sequence[Candidate], lease: Lease) -> None:
        """Keep all candidates of a case at once, replacing earlier ones.

        No candidates empty the case whose lease this is.
        """
        with self._database.writing() as connection:
            require_epoch(connection, lease)
            for case_id in _case_ids(candidates, lease):
                enter_case(connection, case_id, lease)
                connection.execute(delete(_CANDIDATES).where(_CANDIDATES.c.case_id == case_id))
            if candidates:
                rows = [
                    {"case_id": c.case_id, "number": c.number, "body": to_json(c)}
                    for c in candidates
                ]
                connection.execute(insert(_CANDIDATES), rows)

    def candidates(self, case_id: str) -> Sequence[Candidate]:
        """The case's candidates by number."""
        query = (
            select(_CANDIDATES.c.body)
            .where(_CANDIDATES.c.case_id == case_id)
            .order_by(_CANDIDATES.c.number)
        )
        with self._database.reading() as connection:
            return decoded(connection.scalars(query), Candidate)

    def save_trial(self, trial: Trial, lease: Lease) -> None:
        """Keep a trial with its checks; a second save of the same number replaces the first."""
        row = {
            "case_id": trial.case_id,
            "number": trial.number,
            "state": trial.state,
            "body": to_json(trial),
        }
        with self._database.writing() as connection:
            enter_case(connection, trial.case_id, lease)
            put(connection, trials, ["case_id", "number"], row)

    def trials(self, case_id: str) -> Sequence[Trial]:
        """The case's trials by number."""
        query = select(trials.c.body).where(trials.c.case_id == case_id).order_by(trials.c.number)
        with self._database.reading() as connection:
            return decoded(connection.scalars(query), Trial)


_CANDIDATES = candidates  # the port's method and its parameter have the table's name


def _case_ids(candidates: Sequence[Candidate], lease: Lease) -> list[str]:
    if candidates:
        return sorted({candidate.case_id for candidate in candidates})
    named = lease.name.removeprefix(CASE_LEASE_PREFIX)
    return [named] if named != lease.name else []
