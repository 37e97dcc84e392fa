"""Asks a cluster a triage's follow-up commands and brings back what it may see."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Self

import tenacity

from connector_healing.core.kusto.collected import CollectedEvidence, Outcome, bare_text
from connector_healing.core.kusto.commands import Endpoint, FollowUpCommand
from connector_healing.core.redaction import Redactor
from connector_healing.errors import MissingExtraError, UsageError
from connector_healing.kusto.credentials import Credential, secrets_of
from connector_healing.kusto.grammar import is_database_name, refusal
from connector_healing.kusto.hosts import Cluster
from connector_healing.kusto.judging import Judgement, judged
from connector_healing.kusto.limits import CollectionLimits
from connector_healing.kusto.reply import Reply
from connector_healing.kusto.visibility import caveat
from connector_healing.runtime.limiter import pause
from connector_healing.runtime.rate_signals import rate_signal

if TYPE_CHECKING:
    from connector_healing.kusto.client import EndpointClient

#: Shows a person where to type which code, and until when.
Prompt = Callable[[str, str, datetime], None]


class KustoCollector:
    """Asks one cluster; see `ports.DiagnosticsCollector`. A context manager: it holds connections.

    Args:
        cluster: Its addresses, from `cluster_at`.
        database: What the engine's commands are asked in.
        credential: Who asks.
        limits: How long and how much.
        prompt: Shows a device code to a person; needed for that credential alone.

    Raises:
        UsageError: If no database can have this name.
        MissingExtraError: If the extra ``kusto`` is not installed.
    """

    def __init__(
        self,
        cluster: Cluster,
        database: str,
        credential: Credential,
        limits: CollectionLimits | None = None,
        *,
        prompt: Prompt | None = None,
    ) -> None:
        if not is_database_name(database):
            raise UsageError("database", database, "Letters, digits, spaces and ._- name one.")
        _require_extra()
        from connector_healing.kusto.client import trust
        from connector_healing.kusto.logins import Logins

        trust(cluster.allowed)
        self._cluster = cluster
        self._database = database
        self._credential = credential
        self._limits = limits or CollectionLimits()
        self._logins = Logins(credential, prompt or _nobody)
        self._clients: dict[Endpoint, EndpointClient] = {}
        self._lost: dict[Endpoint, str] = {}

    def __enter__(self) -> Self:
        """Nothing is asked yet."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close all connections."""
        self.close()

    def close(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            client.close()
        self._clients.clear()
        self._logins.close()

    def collect(self, commands: Sequence[FollowUpCommand]) -> tuple[CollectedEvidence, ...]:
        """Ask each command, in order; one that is asked twice is sent once."""
        until = time.monotonic() + self._limits.total_time.total_seconds()
        known: dict[tuple[Endpoint, str], CollectedEvidence] = {}
        for command in commands:
            key = (command.endpoint, bare_text(command.text))
            if key not in known:
                known[key] = self._one(command, until)
        return tuple(known[command.endpoint, bare_text(command.text)] for command in commands)

    def _one(self, command: FollowUpCommand, until: float) -> CollectedEvidence:
        why = refusal(command)
        if why is not None:
            return _unasked(command, Outcome.REFUSED, why)
        url = self._cluster.url(command.endpoint)
        if url is None:
            return _unasked(
                command, Outcome.REFUSED, "The ingest endpoint's address is not known: name it."
            )
        if command.endpoint in self._lost:
            return _unasked(command, Outcome.FAILED, self._lost[command.endpoint])
        left = timedelta(seconds=until - time.monotonic())
        if left <= timedelta(0):
            return _unasked(
                command, Outcome.TIMED_OUT, "Not asked: the collection's time was over."
            )
        found = self._patiently(command, url, left)
        if found.endpoint_lost:
            self._lost[command.endpoint] = f"Not asked again. {found.note}"
        return CollectedEvidence(
            command=command,
            outcome=found.outcome,
            columns=found.columns,
            rows=found.rows,
            row_count=found.row_count,
            truncated=found.truncated,
            status=found.status,
            note=" ".join(part for part in (found.note, caveat(command, found.outcome)) if part),
        )

    def _patiently(self, command: FollowUpCommand, url: str, left: timedelta) -> Judgement:
        """Ask until it is answered, refused, or neither tries nor time are left."""
        client = self._client(command.endpoint, url)
        retrying = tenacity.Retrying(
            sleep=lambda seconds: pause(timedelta(seconds=seconds)),
            stop=tenacity.stop_any(
                tenacity.stop_after_attempt(self._limits.attempts),
                tenacity.stop_before_delay(left),
                _AskedForTooLong(self._limits.longest_wait),
            ),
            wait=_wait,
            retry=tenacity.retry_if_result(_is_worth_another),
            retry_error_callback=_last,
        )
        _, found = retrying(self._once, client, command)
        return found

    def _once(self, client: "EndpointClient", command: FollowUpCommand) -> tuple[Reply, Judgement]:
        engine = command.endpoint is Endpoint.ENGINE
        # The data management service has no databases of its own.
        reply = client.ask(
            bare_text(command.text), self._database if engine else None, read_only=engine
        )
        redactor = Redactor((*secrets_of(self._credential), *self._logins.secrets))
        return reply, judged(reply, redactor, self._limits)

    def _client(self, endpoint: Endpoint, url: str) -> "EndpointClient":
        from connector_healing.kusto.client import EndpointClient

        if endpoint not in self._clients:
            self._clients[endpoint] = EndpointClient(
                url, self._credential, self._logins, self._limits
            )
        return self._clients[endpoint]


def collect(
    commands: Sequence[FollowUpCommand],
    cluster: Cluster,
    database: str,
    credential: Credential,
    limits: CollectionLimits | None = None,
    *,
    prompt: Prompt | None = None,
) -> tuple[CollectedEvidence, ...]:
    """Ask a cluster these commands once; the arguments are those of `KustoCollector`."""
    with KustoCollector(cluster, database, credential, limits, prompt=prompt) as collector:
        return collector.collect(commands)


_jittered = tenacity.wait_random_exponential(multiplier=1, max=8, min=0.2)


class _AskedForTooLong(tenacity.stop.stop_base):
    """Whether the service wants a longer wait than we have: a shorter one would be no use."""

    def __init__(self, longest: timedelta) -> None:
        self._longest = longest

    def __call__(self, retry_state: tenacity.RetryCallState) -> bool:
        return _asked_for(retry_state) > self._longest


def _wait(state: tenacity.RetryCallState) -> float:
    return max(_jittered(state), _asked_for(state).total_seconds())


def _is_worth_another(result: tuple[Reply, Judgement]) -> bool:
    return result[1].retry


def _asked_for(state: tenacity.RetryCallState) -> timedelta:
    """What Retry-After says, as of now."""
    if state.outcome is None or state.outcome.failed:
        return timedelta(0)
    reply: Reply = state.outcome.result()[0]
    return rate_signal(reply.headers, datetime.now(UTC)).retry_after or timedelta(0)


def _last(state: tenacity.RetryCallState) -> tuple[Reply, Judgement]:
    if state.outcome is None:
        raise RuntimeError("a retry ended before its first attempt")
    result: tuple[Reply, Judgement] = state.outcome.result()
    return result


def _unasked(command: FollowUpCommand, outcome: Outcome, note: str) -> CollectedEvidence:
    return CollectedEvidence(command=command, outcome=outcome, note=note)


def _nobody(link: str, code: str, until: datetime) -> None:
    del link, code, until
    raise UsageError("credential", "device-code", "It needs a person to type the code.")


def _require_extra() -> None:
    import importlib.util

    try:
        found = importlib.util.find_spec("azure.kusto.data")
    except ModuleNotFoundError:
        found = None
    if found is None:
        raise MissingExtraError("kusto", "Asking a Kusto cluster")
