"""The patches that a heal tries, in the order in which it tries them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from connector_healing.core.connector import ConnectorCode, ConnectorVersion
from connector_healing.core.diff import unified_diff
from connector_healing.core.drift.mapping import FieldMapping
from connector_healing.core.failure import Diagnosis, Failure
from connector_healing.core.patch import (
    Candidate,
    FieldAccess,
    PatchKind,
    TextEdit,
    Unpatchable,
    apply_edits,
)
from connector_healing.core.policy import PolicyLevel
from connector_healing.core.taxonomy import FailureSubcategory
from connector_healing.healing.templates import BEYOND_CODE, PASSING, TEMPLATES, Situation, Template

#: More candidates than people accept (Noller et al.: the ten best, within an hour).
MAX_CANDIDATES = 10

#: What a second-best diagnosis takes from a template's prior.
_DOUBT = 0.5

#: Preference among kinds: configuration before a seam before in-place edits.
_KINDS = {kind: position for position, kind in enumerate(PatchKind)}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refusal:
    template: str
    reason: str


def generate(
    case_id: str,
    failure: Failure,
    diagnosis: Diagnosis,
    code: ConnectorCode,
    *,
    accesses: Sequence[FieldAccess] = (),
    mappings: Sequence[FieldMapping] = (),
    last_good_version: ConnectorVersion | None = None,
    limit: int = MAX_CANDIDATES,
) -> tuple[Candidate, ...]:
    """All candidates of a case, numbered in the order of their trials; the last one abstains.

    Going back to the last good version is among them where that differs from the code that
    failed. Where no code is at fault (a credential, a quota, the destination, something outside
    of the connector), abstaining is the only candidate.

    Args:
        case_id: The case.
        failure: What happened.
        diagnosis: What it means.
        code: The code that failed.
        accesses: Its reads, of the last good answers and of the failing run.
        mappings: What became of the fields of the last good answers.
        last_good_version: The version of the latest run that succeeded.
        limit: How many candidates the budget allows, abstaining included.
    """
    if diagnosis.category in BEYOND_CODE or (
        diagnosis.subcategory is FailureSubcategory.NOT_IN_CONNECTOR
    ):
        return (_abstain(case_id, diagnosis, 1, ()),)
    situation = Situation(failure=failure, code=code, accesses=accesses, mappings=mappings)
    made: list[Candidate] = []
    refusals: list[_Refusal] = []
    for template, subcategory, prior in _templates(diagnosis):
        found = _candidate(case_id, template, subcategory, prior, situation)
        if isinstance(found, _Refusal):
            refusals.append(found)
        else:
            made.append(found)
    ranked = sorted(_distinct(made), key=lambda c: (_KINDS[c.kind], -c.prior, c.size, c.template))
    ranked = ranked[: max(0, limit - 1)]
    if last_good_version is not None and last_good_version.version_id != code.version_id:
        back = _revert(case_id, diagnosis, code, last_good_version)
        after = diagnosis.category in PASSING
        ranked = ranked[: max(0, limit - 2)]
        ranked = [*ranked, back] if after else [back, *ranked]
    numbered = [replace(c, number=number) for number, c in enumerate(ranked, start=1)]
    return (*numbered, _abstain(case_id, diagnosis, len(numbered) + 1, refusals))


def _templates(diagnosis: Diagnosis) -> Iterator[tuple[Template, FailureSubcategory, float]]:
    """The diagnosis' templates, then those of what it might be else, each once."""
    seen = set()
    doubts = [(diagnosis.subcategory, 1.0), *((s, _DOUBT) for s in diagnosis.also_possible)]
    for subcategory, factor in doubts:
        for template in TEMPLATES.get(subcategory, ()):
            if template.name not in seen:
                seen.add(template.name)
                yield template, subcategory, template.prior * factor


def _candidate(
    case_id: str,
    template: Template,
    subcategory: FailureSubcategory,
    prior: float,
    situation: Situation,
) -> Candidate | _Refusal:
    result = template.make(situation)
    if isinstance(result, Unpatchable):
        return _Refusal(template=template.name, reason=result.reason)
    code = situation.code
    version_id = apply_edits(code, result.edits).version_id
    if version_id == code.version_id:
        return _Refusal(template=template.name, reason="It would change nothing.")
    return Candidate(
        case_id=case_id,
        number=1,
        template=template.name,
        subcategory=subcategory,
        kind=template.kind,
        level=template.level,
        summary=result.rationale,
        patch=result,
        version_id=version_id,
        diff=unified_diff(code, result.edits),
        prior=prior,
    )


def _distinct(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates without those that give the same code as a better one."""
    found: dict[str | None, Candidate] = {}
    for candidate in sorted(candidates, key=lambda c: -c.prior):
        found.setdefault(candidate.version_id, candidate)
    return list(found.values())


def _revert(
    case_id: str, diagnosis: Diagnosis, code: ConnectorCode, version: ConnectorVersion
) -> Candidate:
    edits = []
    for module in code.modules:
        former = version.code.module(module.name)
        if former is not None and former.text != module.text:
            end = len(module.text)
            edits.append(TextEdit(module=module.name, start=0, end=end, replacement=former.text))
    return Candidate(
        case_id=case_id,
        number=1,
        template="revert",
        subcategory=diagnosis.subcategory,
        kind=PatchKind.REVERT,
        # The text has run before, but somebody changed it on purpose: a person should know.
        level=PolicyLevel.A2,
        summary=f"Goes back to version {version.version_id}, the last one that ran well.",
        patch=None,
        version_id=version.version_id,
        diff=unified_diff(code, tuple(edits)),
        prior=_DOUBT,
    )


def _abstain(
    case_id: str, diagnosis: Diagnosis, number: int, refusals: Sequence[_Refusal]
) -> Candidate:
    reasons: Mapping[str, str] = {r.template: r.reason for r in refusals}
    return Candidate(
        case_id=case_id,
        number=number,
        template="abstain",
        subcategory=diagnosis.subcategory,
        kind=PatchKind.ABSTAIN,
        level=PolicyLevel.A0,
        summary="Changes nothing and leaves the decision to a person.",
        patch=None,
        version_id=None,
        prior=0.0,
        parameters=reasons,
    )
