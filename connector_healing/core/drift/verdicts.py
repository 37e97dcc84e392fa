"""From evidence to a verdict, with the sentence that says why."""

from dataclasses import dataclass

from connector_healing.core.drift.agreement import Agreement
from connector_healing.core.drift.columns import Column
from connector_healing.core.drift.conversions import LOSSLESS, conversion_of, is_new_identifier
from connector_healing.core.drift.join import Join
from connector_healing.core.drift.mapping import FieldMapping, MappingVerdict
from connector_healing.core.drift.pairs import Pair
from connector_healing.core.drift.pins import values_changed
from connector_healing.core.drift.shapes import shape_likeness
from connector_healing.core.drift.shared import SharedRecords
from connector_healing.core.drift.views import View

#: From this chance on a person is asked; from `APPLY` on, with the margin to the next best,
#: it may be applied. Both lie on a plateau: a tenth up or down changes few answers.
PROPOSE, APPLY, MARGIN = 0.2, 0.8, 0.1
#: What the shared records must show to decide alone.
_PROOF_SHARE, _PROOF_SHARED, _PROOF_NATS = 0.98, 30, 15.0
#: With churn, names or container must speak for the pair too.
_CHURNED_SHARE, _CHURNED_CHANCE = 0.9, 0.9
#: A new field that is null this often where the old one was not is not the whole field.
_COVERED = 0.9
#: Looks with less than this in common, of so many values, are those of two fields.
_CLASH, _FEWEST_VALUES = 0.1, 3
#: Below this chance the next best path is not told.
_WORTH_TELLING = 0.05


@dataclass(frozen=True, kw_only=True)
class Court:
    """What every verdict rests on."""

    join: Join

    @property
    def shared(self) -> SharedRecords:
        """The records that both sides hold."""
        return self.join.shared

    def kept(self, old: Column, new: Column, found: Agreement) -> FieldMapping:
        """The verdict on a path that is on both sides."""
        transform = conversion_of(old, new, found)
        doubt = self._doubt(old, new, found, transform)
        if doubt and is_new_identifier(old, new):
            transform = "new_identifier"
        return FieldMapping(
            old=old.path,
            new=None if doubt else new.path,
            verdict=MappingVerdict.UNSURE if doubt else MappingVerdict.SAME,
            transform=transform,
            confidence=0.5 if doubt else 0.99 if found.share >= _CHURNED_SHARE else 0.9,
            shared_keys=self.shared.size,
            agreement=found.share if found.shared else None,
            why=doubt or f"The path is on both sides{self._agreeing(found)}.",
            runner_up=new.path if doubt else None,
        )

    def matched(self, pair: Pair, rival: Pair | None) -> FieldMapping:
        """The verdict on an old field and the best new one that is left for it."""
        transform = conversion_of(pair.old, pair.new, pair.agreement)
        is_proof = self._is_proof(pair)
        margin = pair.chance - (rival.chance if rival else 0.0)
        obstacle = self._obstacle(pair, transform, margin, is_proof=is_proof)
        best = pair.new.path
        confidence = max(pair.chance, _PROOF_SHARE) if is_proof else pair.chance
        reasons = _reasons(pair) + self._agreeing(pair.agreement)
        return FieldMapping(
            old=pair.old.path,
            new=None if obstacle else best,
            verdict=MappingVerdict.UNSURE if obstacle else MappingVerdict.RENAMED,
            transform=transform,
            confidence=round(min(confidence, APPLY) if obstacle else confidence, 4),
            shared_keys=self.shared.size,
            agreement=pair.agreement.share if pair.agreement.shared else None,
            why=f"{best!r} may hold it ({reasons}), but {obstacle}."
            if obstacle
            else f"{best!r} holds it: {reasons}.",
            runner_up=best if obstacle else _named(rival),
        )

    def gone(self, old: Column, best: Pair | None) -> FieldMapping:
        """The verdict on an old field for which no new one is good enough."""
        refuted = best is not None and best.is_refuted
        why = (
            "No new field holds its values: none agrees with it on the shared records"
            + self._by_key()
            + "."
            if refuted
            else "No new field is like it in name and values."
        )
        return FieldMapping(
            old=old.path,
            new=None,
            verdict=MappingVerdict.REMOVED,
            transform="removed",
            confidence=round(1 - (best.chance if best else 0.0), 4),
            shared_keys=self.shared.size,
            why=why,
            runner_up=_named(best),
        )

    def _doubt(self, old: Column, new: Column, found: Agreement, transform: str) -> str:
        """Why a path that is on both sides may not be the same field; empty if it is."""
        if self._is_emptied(old, new):
            return f"{new.path!r} is null in many shared records in which it held a value."
        if values_changed(old, new, found, self.shared):
            return (
                f"The values under {new.path!r} changed: only {found.equal} of {found.shared} "
                f"shared records{self._by_key()} still agree."
            )
        if not found.equal and _clash(old, new) and transform == "identity":
            return f"{new.path!r} now holds values of another kind."
        if found.equal and transform not in LOSSLESS:
            return (
                f"The values under {new.path!r} changed: they are written otherwise ({transform})."
            )
        if not found.equal and is_new_identifier(old, new):
            return f"{new.path!r} now holds identifiers of another form."
        return ""

    def _obstacle(self, pair: Pair, transform: str, margin: float, *, is_proof: bool) -> str:  # noqa: PLR0911  # one return a reason
        """Why a match may not be applied without a person; empty if it may."""
        found = pair.agreement
        if transform not in LOSSLESS:
            return f"its values would have to be translated ({transform})"
        if pair.shapes.depth:
            return "one is a list and the other is not"
        if self._is_emptied(pair.old, pair.new):
            return "it is null in many shared records in which the old field held a value"
        if margin < MARGIN:
            return "another pair is as good"
        if is_proof:
            return ""
        if found.shared >= _PROOF_SHARED and not (
            found.share >= _CHURNED_SHARE and pair.chance >= _CHURNED_CHANCE
        ):
            return f"only {found.share:.0%} of {found.shared} shared records agree"
        if pair.chance < APPLY or not (pair.is_proven or pair.is_well_named):
            return "nothing proves it"
        return ""

    def _is_proof(self, pair: Pair) -> bool:
        found = pair.agreement
        return (
            found.view is not View.CODED
            and found.shared >= _PROOF_SHARED
            and found.share >= _PROOF_SHARE
            and found.evidence >= _PROOF_NATS
        )

    def _is_emptied(self, old: Column, new: Column) -> bool:
        return (
            self.shared.size >= _PROOF_SHARED
            and self.shared.covered(old, new) < _COVERED
            and old.depth == new.depth
        )

    def _agreeing(self, found: Agreement) -> str:
        if not found.shared:
            return ", no shared record to compare"
        told = f" ({found.distinct} different)" if found.equal else ""
        return f", {found.equal} of {found.shared} shared records agree{told}{self._by_key()}"

    def _by_key(self) -> str:
        one, other = self.join.old_key, self.join.new_key
        return f" by {one!r}" if one == other else f" by {one!r} = {other!r}"


def _named(pair: Pair | None) -> str | None:
    """The pair's new path, if it is worth telling."""
    return pair.new.path if pair and pair.chance >= _WORTH_TELLING else None


def _clash(old: Column, new: Column) -> bool:
    likeness = shape_likeness(old, new)
    enough = min(len(old.values), len(new.values)) >= _FEWEST_VALUES
    return enough and likeness.known and likeness.kinds < _CLASH


def _reasons(pair: Pair) -> str:
    if pair.names.same_leaf:
        names = "same name elsewhere"
    elif pair.names.leaf >= 1 / 2:
        names = "like name"
    elif pair.names.path >= 1 / 2:
        names = "its name and containers say the same"
    else:
        names = "another name"
    looks = "values of the same look" if pair.shapes.kinds >= 1 / 2 else "values of another look"
    return f"{names}, {looks}"
