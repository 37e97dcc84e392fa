"""The triage that comes by itself with a failure that shows the connector."""

from collections.abc import Iterator

from connector_healing.core.failure import Failure
from connector_healing.core.kusto.case import KustoCase
from connector_healing.core.kusto.marks import shows_kusto_connector
from connector_healing.core.kusto.triage import KustoTriage, triage


def triage_of(failure: Failure) -> KustoTriage | None:
    """The triage of a failed execution; None where its evidence does not show the connector.

    The options that the job ran with are not known here: what depends on them is asked.
    """
    evidence = "\n".join(_lines(failure))
    if not shows_kusto_connector(evidence):
        return None
    found = triage(KustoCase(id=failure.failure_id, evidence=evidence))
    return found if found.is_kusto_connector_failure else None


def _lines(failure: Failure) -> Iterator[str]:
    for place, link in enumerate(failure.chain):
        yield f"{'Caused by: ' if place else ''}{link.type}: {link.message}"
    yield from failure.log_excerpt
