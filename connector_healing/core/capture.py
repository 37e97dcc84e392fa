"""Turns a live exception, or suspicions about a load package, into a `Failure`.

No client library is imported: responses, requests and dlt's exceptions are told by their
attributes and by the names of their classes. Everything kept is free of secrets and bounded.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from connector_healing.core.captured_http import exchange_of
from connector_healing.core.exception_chain import (
    link_of,
    position_in,
    raised_in,
    root_index,
    walk,
)
from connector_healing.core.failure import ExceptionLink, Failure, HttpExchange, Stage, Suspicion
from connector_healing.core.redaction import Redactor

MAX_LOG_LINES = 200
MAX_LOG_LINE = 1_000
MAX_STATE_VALUE = 500

_FIRST_ERROR_STATUS = 400

_STEPS = {stage.value: stage for stage in Stage}

#: Wrapper or dlt class -> the stage in which it is raised (dlt 1.31).
_STAGES = {
    "ResourceExtractionError": Stage.EXTRACT,
    "NormalizeJobFailed": Stage.NORMALIZE,
    "LoadClientJobException": Stage.LOAD,
    "LoadPackageAborted": Stage.LOAD,
    "PipeException": Stage.EXTRACT,
    "ConfigFieldMissingException": Stage.BUILD,
    "DictValidationException": Stage.BUILD,
    "ResourcesNotFoundError": Stage.BUILD,
}


def capture_failure(
    error: BaseException,
    *,
    failure_id: str,
    connector_id: str,
    run_id: str | None,
    version_id: str | None,
    occurred_at: datetime,
    code_modules: Collection[str],
    redactor: Redactor,
    stage: Stage | None = None,
    load_state: Mapping[str, str] | None = None,
    cassette_id: str | None = None,
    log_excerpt: Sequence[str] = (),
    sources: Mapping[str, str] | None = None,
    last_exchange: HttpExchange | None = None,
) -> Failure:
    """The evidence of a failed run.

    Args:
        error: As it was caught, its chain and tracebacks alive.
        failure_id: The id to give it.
        connector_id: Whose run failed.
        run_id: Dagster's, where Dagster ran it.
        version_id: The connector version that ran.
        occurred_at: Aware.
        code_modules: Dotted names of the connector's own modules.
        redactor: Knows the secrets of the run.
        stage: Where the run stood; None: what dlt says, as far as it says it.
        load_state: Pending packages, load id, step.
        cassette_id: The run's recorded exchanges.
        log_excerpt: What the run logged; the last lines are kept.
        sources: Texts of the connector's modules, for the line at which it failed.
        last_exchange: The last exchange of the run; it is kept where the exceptions carry none
            and it was answered with success, as evidence of what the code could not read.
    """
    chain = walk(error)
    root = root_index(chain)
    links = tuple(link_of(e, redactor) for e in chain)
    return Failure(
        failure_id=failure_id,
        connector_id=connector_id,
        dlt_resource=_dlt_resource(links),
        run_id=run_id,
        version_id=version_id,
        occurred_at=occurred_at,
        stage=stage or _stage(links),
        chain=links,
        root=root,
        http=_http(chain, root, last_exchange, redactor),
        position=position_in(chain, root, code_modules, sources or {}, redactor),
        raised_in=raised_in(chain[root]),
        load_state=_state(load_state or {}, redactor),
        cassette_id=cassette_id,
        log_excerpt=_log(log_excerpt, redactor),
    )


def held_failure(
    suspicions: Sequence[Suspicion],
    *,
    failure_id: str,
    connector_id: str,
    run_id: str | None,
    version_id: str | None,
    occurred_at: datetime,
    redactor: Redactor | None = None,
    load_state: Mapping[str, str] | None = None,
    cassette_id: str | None = None,
    log_excerpt: Sequence[str] = (),
) -> Failure:
    """The evidence of a load package that was held; it is about the first suspicion's resource.

    Args are those of `capture_failure`; profiles hold extremes of columns, hence the redactor.
    """
    redactor = redactor or Redactor()
    return Failure(
        failure_id=failure_id,
        connector_id=connector_id,
        dlt_resource=suspicions[0].dlt_resource if suspicions else None,
        run_id=run_id,
        version_id=version_id,
        occurred_at=occurred_at,
        stage=Stage.JUDGE,
        suspicions=tuple(
            replace(s, observed=redactor.text(s.observed), expected=redactor.text(s.expected))
            for s in suspicions
        ),
        load_state=_state(load_state or {}, redactor),
        cassette_id=cassette_id,
        log_excerpt=_log(log_excerpt, redactor),
    )


def _http(
    chain: list[BaseException], root: int, last: HttpExchange | None, redactor: Redactor
) -> HttpExchange | None:
    # The root and what lies below first: a wrapper's own fields come last.
    found = exchange_of([*chain[root:], *reversed(chain[:root])], redactor)
    if last is None or last.status is None or last.status >= _FIRST_ERROR_STATUS:
        return found
    if found is None:
        return last
    if not found.url and found.status is None:  # a document that could not be parsed
        return replace(last, body_excerpt=found.body_excerpt)
    return found


def _stage(links: Sequence[ExceptionLink]) -> Stage:
    """What the exceptions say of the stage: dlt's step first, then the classes."""
    for link in links:
        stage = _STEPS.get(link.attributes.get("step", ""))
        if stage is not None:
            return stage
    for link in links:
        for name in link.mro:
            stage = _STAGES.get(name.rpartition(".")[2])
            if stage is not None:
                return stage
    return Stage.UNKNOWN


def _dlt_resource(links: Sequence[ExceptionLink]) -> str | None:
    return next((p for link in links if (p := link.attributes.get("pipe_name"))), None)


def _state(state: Mapping[str, str], redactor: Redactor) -> dict[str, str]:
    bounded = {str(k): redactor.excerpt(str(v), MAX_STATE_VALUE) for k, v in state.items()}
    return redactor.headers(bounded)


def _log(lines: Sequence[str], redactor: Redactor) -> tuple[str, ...]:
    return tuple(redactor.excerpt(line, MAX_LOG_LINE) for line in lines[-MAX_LOG_LINES:])
