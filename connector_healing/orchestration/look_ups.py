"""What dlt looked up for a connector: the keys of configuration, and the secrets themselves.

Keys are kept with the connector's runtime, so that the sandbox can look them up again. Secrets
stay in this process's memory and serve only to take them out of what is written down.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from connector_healing.core.connector import Connector
from connector_healing.core.redaction import Redactor
from connector_healing.core.secret_parts import secret_leaves
from connector_healing.runtime.secret_values import secret_values

if TYPE_CHECKING:
    from dlt.common.configuration.utils import ResolvedValueTrace
    from dlt.extract.source import DltSource

#: Secrets that dlt resolved in this process, from whatever provider.
_SEEN: set[str] = set()


def used_config_keys(source: "DltSource") -> tuple[str, ...]:
    """The dotted keys of configuration that dlt looked up for this source in this thread.

    dlt's log of look-ups is the process's: kept are keys of sources, of which the name is this
    source's or its module's, keys without sections, and what some code read under other
    sections from `dlt.secrets` or `dlt.config`. Secret values among them are noted for `redactor_of`.
    """
    mine = {source.name, source.section}
    found = set()
    for trace in _traces():
        sections = [s for s in trace.sections if s]
        of_sources = sections[:1] == ["sources"]
        is_mine = of_sources and (not sections[1:] or bool(mine & {*sections[1:]}))
        if not sections or is_mine or (_is_read(trace) and not of_sources):
            found.add(".".join([*sections, trace.key]))
    return tuple(sorted(found))


def redactor_of(connector: Connector, sent: Iterable[str] = ()) -> Redactor:
    """A redactor that knows every secret that a run of the connector could have used.

    Args:
        connector: As it is declared.
        sent: Credentials that it was seen to send.
    """
    given = secret_leaves(connector.arguments)
    return Redactor(secret_values(connector.environment).union(_SEEN, given, sent))


def secrets_seen() -> int:
    """How many secrets dlt resolved in this process: with more of them, a redactor is stale."""
    return len(_SEEN)


def _is_read(trace: "ResolvedValueTrace") -> bool:
    """Whether dlt's accessors were asked: injection logs the configuration that it fills."""
    return trace.config is None


def _traces() -> "Iterator[ResolvedValueTrace]":
    from dlt.common.configuration import is_secret_hint
    from dlt.common.configuration.utils import get_resolved_traces

    for trace in get_resolved_traces().resolved_traces:
        if isinstance(trace.value, str) and trace.value and is_secret_hint(trace.hint):
            _SEEN.add(trace.value)
        yield trace
