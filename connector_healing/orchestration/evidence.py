"""The evidence that a failed or suspicious run leaves."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from connector_healing.core.capture import capture_failure, held_failure
from connector_healing.core.failure import Failure, HttpExchange, Suspicion
from connector_healing.core.redaction import Redactor
from connector_healing.orchestration.cleaning import clean_state
from connector_healing.orchestration.run_facts import RunFacts

if TYPE_CHECKING:
    from dlt import Pipeline

    from connector_healing.runtime.cassette import Exchange

#: Characters of a body that are kept with a failure.
MAX_BODY = 4_000

#: Bytes of a body that are read for it: more, so that no half of a secret stands at the edge.
MAX_READ = 65_536


def capture(facts: RunFacts, error: BaseException, cassette_id: str | None) -> Failure:
    """The failure that an exception is, free of secrets."""
    code = facts.version.code.modules if facts.version else ()
    failure = capture_failure(
        error,
        failure_id=uuid.uuid4().hex,
        connector_id=facts.connector.id,
        run_id=facts.run_id,
        version_id=facts.version_id or None,
        occurred_at=datetime.now(UTC),
        code_modules=frozenset(m.name for m in code) or facts.modules,
        redactor=facts.redactor,
        stage=facts.stage,
        load_state=dict(_load_state(facts.pipeline)),
        cassette_id=cassette_id,
        log_excerpt=facts.log.lines(facts.redactor),
        sources={m.name: m.text for m in code},
        last_exchange=_last_exchange(facts),
    )
    only = facts.selected[0] if len(facts.selected) == 1 else None
    return replace(
        failure,
        dlt_resource=failure.dlt_resource or only,
        source_state=clean_state(facts.source_state, facts.redactor),
    )


def capture_held(
    facts: RunFacts, suspicions: Sequence[Suspicion], cassette_id: str | None
) -> Failure:
    """The failure that a suspicious package is; it is about the first suspicion's resource."""
    failure = held_failure(
        tuple(suspicions),
        failure_id=uuid.uuid4().hex,
        connector_id=facts.connector.id,
        run_id=facts.run_id,
        version_id=facts.version_id or None,
        occurred_at=datetime.now(UTC),
        redactor=facts.redactor,
        load_state=dict(_load_state(facts.pipeline)),
        cassette_id=cassette_id,
        log_excerpt=facts.log.lines(facts.redactor),
    )
    return replace(failure, source_state=clean_state(facts.source_state, facts.redactor))


def _load_state(pipeline: "Pipeline | None") -> Iterator[tuple[str, str]]:
    """What waits in the pipeline's working directory."""
    if pipeline is None:
        return
    for name, ids in (
        ("extracted_packages", pipeline.list_extracted_load_packages()),
        ("normalized_packages", pipeline.list_normalized_load_packages()),
    ):
        if ids:
            yield name, ", ".join(ids)


def _last_exchange(facts: RunFacts) -> HttpExchange | None:
    """The last answer of the run: where the code could not read it, it is evidence."""
    exchanges = facts.recording.exchanges if facts.recording else ()
    return _plain(exchanges[-1], facts.redactor) if exchanges else None


def _plain(exchange: "Exchange", redactor: Redactor) -> HttpExchange:
    body = exchange.body[:MAX_READ].decode("utf-8", "replace")
    return HttpExchange(
        method=exchange.method,
        url=redactor.url(exchange.url),
        status=exchange.status or None,
        request_headers=redactor.headers({n.lower(): v for n, v in exchange.request_headers}),
        response_headers=redactor.headers({n.lower(): v for n, v in exchange.response_headers}),
        body_excerpt=redactor.excerpt(body, MAX_BODY),
    )
