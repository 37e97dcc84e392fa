"""The step `classify`: what the failure means, and what became of the API's fields."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from connector_healing.core.case import HealCase
from connector_healing.core.classify import classify
from connector_healing.core.drift.engine import map_fields
from connector_healing.core.drift.mapping import FieldMapping, MappingVerdict
from connector_healing.core.failure import Diagnosis, Evidence
from connector_healing.core.patch import FieldAccess
from connector_healing.core.profile import Baseline
from connector_healing.core.reproduction import SandboxRequest, Traffic
from connector_healing.core.steps import Finding, Reproduction
from connector_healing.core.taxonomy import (
    SUBCATEGORY_FACTS,
    FailureSubcategory,
)
from connector_healing.healing.reproduce import resources_of
from connector_healing.healing.services import HealServices

#: Records of each endpoint that the two sides of a field mapping are given at most.
SAMPLE_RECORDS = 2_000

#: Live requests that the probe for new records may send.
PROBE_REQUESTS = 3

PROBE_TIMEOUT = timedelta(minutes=2)

#: What the field mapping can explain.
_ABOUT_FIELDS = frozenset(
    {
        FailureSubcategory.FIELD_CHANGED,
        FailureSubcategory.TYPE_CHANGED,
        FailureSubcategory.COLUMN_GONE_NULL,
        FailureSubcategory.CURSOR_MISSING,
        FailureSubcategory.CHILD_TABLE_LOST,
    }
)


def find(services: HealServices, case: HealCase, reproduction: Reproduction) -> Finding:
    """Classify; where fields are concerned, compare the API's records of then and now."""
    failure = services.failure(case)
    diagnosis = classify(failure)
    if diagnosis.subcategory not in _ABOUT_FIELDS:
        return Finding(diagnosis=diagnosis)
    good = _last_good(services, case)
    if good is None or good.cassette_id is None:
        return Finding(diagnosis=diagnosis)
    good_path = services.files.cassette(good.cassette_id)
    if good_path is None:
        return Finding(diagnosis=diagnosis)
    accesses = _reads_of_good_answers(services, case, good, good_path)
    probe, spent = _probe(services, case, good)
    new_paths = [probe] if probe else []
    failed = services.files.cassette(failure.cassette_id) if failure.cassette_id else None
    if failed:
        new_paths.append(failed)
    key = _key_path(services, case, accesses)
    mappings = _mapped(services, [good_path], new_paths, key)
    return Finding(
        diagnosis=_refined(diagnosis, mappings, [*accesses, *reproduction.accesses]),
        mappings=mappings,
        accesses=accesses,
        probe=probe,
        live_requests=spent,
    )


def _last_good(services: HealServices, case: HealCase) -> Baseline | None:
    """The newest good run of the case's resources whose answers were kept."""
    runtime = services.runtime(case.connector_id)
    for name in resources_of(case, runtime):
        for baseline in services.store.baselines(case.connector_id, name, 10):
            if baseline.cassette_id and services.files.cassette(baseline.cassette_id):
                return baseline
    return None


def _request(services: HealServices, case: HealCase, good: Baseline) -> SandboxRequest:
    runtime = services.runtime(case.connector_id)
    return SandboxRequest(
        runtime=runtime,
        code=services.code(case),
        dlt_resources=resources_of(case, runtime),
        traffic=Traffic.CASSETTE,
        source_state=dict(good.source_state_before),
        max_pages=1,
        trace=True,
        timeout=PROBE_TIMEOUT,
    )


def _reads_of_good_answers(
    services: HealServices, case: HealCase, good: Baseline, path: str
) -> tuple[FieldAccess, ...]:
    """Where the code read which fields while all was well: the places a patch has to change."""
    outcome = services.sandbox.run(replace(_request(services, case, good), cassettes=(path,)))
    return outcome.accesses


def _probe(services: HealServices, case: HealCase, good: Baseline) -> tuple[str | None, int]:
    """Ask the live API what was asked in the last good run, so that the same entities come back."""
    if case.parameters.get("traffic") == Traffic.CASSETTE.value:
        return None, 0
    path = services.files.case_path(case.case_id, "probe.cassette")
    outcome = services.sandbox.run(
        replace(
            _request(services, case, good),
            traffic=Traffic.LIVE,
            live_requests=PROBE_REQUESTS,
            record_to=path,
        )
    )
    return (path if services.files.exists(path) else None), outcome.live_requests


def _key_path(
    services: HealServices, case: HealCase, accesses: Sequence[FieldAccess]
) -> str | None:
    """The key as the API names it, where it is one field of the same name as the column."""
    runtime = services.runtime(case.connector_id)
    for name in resources_of(case, runtime):
        expected = runtime.connector.resources.get(name)
        if expected and len(expected.primary_key) == 1:
            key = expected.primary_key[0]
            paths = {a.path for a in accesses}
            return key if not paths or key in paths else None
    return None


def _mapped(
    services: HealServices, old: Sequence[str], new: Sequence[str], key: str | None
) -> tuple[FieldMapping, ...]:
    before = _by_endpoint(services, old)
    after = _by_endpoint(services, new)
    found: dict[str, FieldMapping] = {}
    for endpoint, records in before.items():
        # An endpoint that moved has no records under its old name: all new records may be its.
        fresh = after.get(endpoint) or [r for rows in after.values() for r in rows]
        for mapping in map_fields(records, fresh, key) if fresh else ():
            found.setdefault(mapping.old, _still_there(mapping))
    return tuple(found[path] for path in sorted(found))


def _still_there(mapping: FieldMapping) -> FieldMapping:
    """A field that has its name and place, but other values, is read as before.

    Many fields change by nature (a time of correction, a counter). Whether this one may is what
    the validation says, which has learned how often each column changes.
    """
    if mapping.verdict is MappingVerdict.UNSURE and mapping.runner_up == mapping.old:
        return replace(mapping, verdict=MappingVerdict.SAME, new=mapping.old)
    return mapping


def _by_endpoint(services: HealServices, paths: Sequence[str]) -> dict[str, list[object]]:
    found: dict[str, list[object]] = {}
    for endpoint, records in services.data.records(paths, SAMPLE_RECORDS):
        found.setdefault(endpoint, []).extend(records)
    return found


def _refined(
    diagnosis: Diagnosis, mappings: Sequence[FieldMapping], accesses: Sequence[FieldAccess]
) -> Diagnosis:
    """Say which it is: renamed, moved or removed. What is unsure stays as it was."""
    read = {a.path for a in accesses}
    touched = [m for m in mappings if m.verdict is not MappingVerdict.SAME and _is_read(m, read)]
    if not touched:
        return diagnosis
    verdicts = {m.verdict for m in touched}
    if verdicts == {MappingVerdict.RENAMED}:
        moved = all(m.new and _leaf(m.new) == _leaf(m.old) for m in touched)
        subcategory = FailureSubcategory.FIELD_MOVED if moved else FailureSubcategory.FIELD_RENAMED
    elif MappingVerdict.REMOVED in verdicts:
        subcategory = FailureSubcategory.FIELD_REMOVED
    else:
        return diagnosis
    facts = SUBCATEGORY_FACTS[subcategory]
    evidence = tuple(
        Evidence(text=f"{m.old} -> {m.new or m.verdict.value}: {m.why}", where="API records")
        for m in touched
    )
    return replace(
        diagnosis,
        category=facts.category,
        subcategory=subcategory,
        cause=_cause(touched),
        remedy=facts.remedy,
        retryable=facts.retryable,
        human_needed=facts.human_needed,
        confidence=min(m.confidence for m in touched),
        evidence=(*diagnosis.evidence, *evidence),
    )


def _is_read(mapping: FieldMapping, read: set[str]) -> bool:
    """Whether the code reads the field; a configuration reads all of them."""
    if not read:
        return True
    return any(mapping.old == path or mapping.old.startswith(f"{path}.") for path in read)


def _leaf(path: str) -> str:
    return path.rpartition(".")[2]


def _cause(touched: Sequence[FieldMapping]) -> str:
    told: Mapping[MappingVerdict, str] = {
        MappingVerdict.RENAMED: "now at",
        MappingVerdict.REMOVED: "removed",
        MappingVerdict.UNSURE: "gone, and nothing proves where to",
        MappingVerdict.SAME: "where it was",
    }
    parts = [f"{m.old} {told[m.verdict]}{f' {m.new}' if m.new else ''}" for m in touched]
    return f"The API changed its records: {'; '.join(parts)}."
