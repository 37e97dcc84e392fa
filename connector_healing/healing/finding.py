"""The step `classify`: what the failure means, and what became of the API's fields."""

import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import timedelta

from connector_healing.core.case import HealCase
from connector_healing.core.classify import classify
from connector_healing.core.drift.engine import map_fields
from connector_healing.core.drift.mapping import FieldMapping, MappingVerdict
from connector_healing.core.failure import Failure
from connector_healing.core.patch import FieldAccess
from connector_healing.core.profile import Baseline
from connector_healing.core.reproduction import SandboxOutcome, SandboxRequest, Traffic
from connector_healing.core.steps import Finding, Reproduction
from connector_healing.healing.budget import history_of, live_requests_allowed, resources_of
from connector_healing.healing.refining import ABOUT_FIELDS, refined, with_envelope
from connector_healing.healing.replaying import recorded_records, replayed
from connector_healing.healing.reproduce import REPRODUCTION_CASSETTE, is_live
from connector_healing.healing.services import HealServices

#: Records of each endpoint that the two sides of a field mapping are given at most.
SAMPLE_RECORDS = 2_000

#: Live requests that the probe for new records may send.
PROBE_REQUESTS = 3

PROBE_TIMEOUT = timedelta(minutes=2)


def find(services: HealServices, case: HealCase, reproduction: Reproduction) -> Finding:
    """Classify; where fields are concerned, compare the API's records of then and now."""
    started = services.clock.now()
    failure = services.failure(case)
    first = classify(failure, services.rules)
    diagnosis = with_envelope(first, failure, reproduction.accesses, _listed(services, case))
    good = _last_good(services, case) if first.subcategory in ABOUT_FIELDS else None
    if good is None:
        return Finding(diagnosis=diagnosis, duration=services.clock.now() - started)
    baseline, good_path = good
    replay = _replay_of_good_answers(services, case, baseline, good_path)
    accesses = replay.accesses if replay else ()
    probe, live = _probe(services, case, baseline, reproduction)
    mappings = _mapped(
        services,
        [good_path],
        _new_recordings(services, case, failure, probe),
        key=_key_path(services, case, accesses),
        endpoints={seen.endpoint for seen in replay.endpoints} if replay else set(),
    )
    return Finding(
        diagnosis=refined(diagnosis, mappings, [*accesses, *reproduction.accesses]),
        mappings=mappings,
        accesses=accesses,
        probe=probe,
        live_requests=live,
        duration=services.clock.now() - started,
    )


def _last_good(services: HealServices, case: HealCase) -> tuple[Baseline, str] | None:
    """The newest good run of the case's resources whose answers were kept, and their cassette."""
    for baselines in history_of(services, case).values():
        for baseline in baselines[:10]:
            path = services.files.cassette(baseline.cassette_id) if baseline.cassette_id else None
            if path is not None:
                return baseline, path
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


def _replay_of_good_answers(
    services: HealServices, case: HealCase, good: Baseline, path: str
) -> SandboxOutcome | None:
    """What the code asked for while all was well, and where it read which fields.

    These are the places that a patch has to change.
    """
    return replayed(services, replace(_request(services, case, good), cassettes=(path,)))


def _probe(
    services: HealServices, case: HealCase, good: Baseline, reproduction: Reproduction
) -> tuple[str | None, int]:
    """Ask the live API what was asked in the last good run, so that the same entities come back."""
    left = live_requests_allowed(services, case) - reproduction.live_requests
    if not is_live(services, case) or left <= 0:
        return None, 0
    path = services.files.case_path(case.case_id, "probe.cassette")
    outcome = services.sandbox.run(
        replace(
            _request(services, case, good),
            traffic=Traffic.LIVE,
            live_requests=min(left, PROBE_REQUESTS),
            record_to=path,
        )
    )
    return (path if services.files.exists(path) else None), outcome.live_requests


def _new_recordings(
    services: HealServices, case: HealCase, failure: Failure, probe: str | None
) -> list[str]:
    """Recordings of the API as it is now; the probe first, since it repeats known entities."""
    whole = services.files.case_path(case.case_id, REPRODUCTION_CASSETTE)
    failed = services.files.cassette(failure.cassette_id) if failure.cassette_id else None
    found = [probe, whole if services.files.exists(whole) else None, failed]
    return [path for path in found if path]


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
    services: HealServices,
    old: Sequence[str],
    new: Sequence[str],
    *,
    key: str | None,
    endpoints: Collection[str],
) -> tuple[FieldMapping, ...]:
    """What became of the fields of the case's own endpoints; of all where those are not known."""
    before = _by_endpoint(services, old, key)
    own = {name: records for name, records in before.items() if f"GET {name}" in endpoints}
    after = _by_endpoint(services, new, key)
    found: dict[str, FieldMapping] = {}
    for endpoint, records in (own or before).items():
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


def _by_endpoint(
    services: HealServices, paths: Sequence[str], key: str | None
) -> dict[str, list[object]]:
    """The records of each endpoint, each once though several recordings hold it."""
    found: dict[str, dict[str, object]] = {}
    for endpoint, records in recorded_records(services, paths, SAMPLE_RECORDS):
        known = found.setdefault(endpoint, {})
        for record in records:
            known.setdefault(_identity(record, key), record)
    return {endpoint: list(known.values()) for endpoint, known in found.items()}


def _identity(record: object, key: str | None) -> str:
    own = record.get(key) if isinstance(record, dict) and key else None
    return repr(own) if own is not None else json.dumps(record, sort_keys=True)


def _listed(services: HealServices, case: HealCase) -> int:
    """The records of the longest list among the answers of a whole reproduction."""
    path = services.files.case_path(case.case_id, REPRODUCTION_CASSETTE)
    paths = [path] if services.files.exists(path) else []
    # An answer without a list is told as one record.
    sizes = [len(records) for _, records in recorded_records(services, paths, SAMPLE_RECORDS)]
    return max((size for size in sizes if size > 1), default=0)
