"""What definitions did to a dlt source beside the connector's own module.

A heal runs what the entry point builds. Where the definitions put hints or steps on the source
after it was built, a healed version would load without them: appending what has to be merged, say.
"""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from connector_healing.core.connector import Connector
from connector_healing.runtime.loading import build_source

if TYPE_CHECKING:
    from dlt.extract.resource import DltResource
    from dlt.extract.source import DltSource


def hints_beside(connector: Connector, given: "DltSource") -> tuple[str, ...]:
    """How a source that definitions hold differs from what the entry point builds.

    Args:
        connector: Its entry point and arguments.
        given: As the definitions have it.

    Returns:
        What differs, as ``orders: write_disposition``, sorted; empty also where the entry point
        cannot be built here, which is told where it has to be.
    """
    try:
        built = build_source(connector)
    except Exception:  # noqa: BLE001  # the connector's own code; a run will say it
        return ()
    found = set(_source_differences(given, built))
    for name, resource in given.selected_resources.items():
        counterpart = built.resources.get(name)
        if counterpart is None:
            found.add(f"{name}: not built by the entry point")
        else:
            found.update(f"{name}: {what}" for what in _differences(resource, counterpart))
    return tuple(sorted(found))


def _source_differences(given: "DltSource", built: "DltSource") -> Iterator[str]:
    for name in ("max_table_nesting", "schema_contract", "root_key"):
        if getattr(given, name, None) != getattr(built, name, None):
            yield name


def _differences(given: "DltResource", built: "DltResource") -> Iterator[str]:
    if len(given._pipe) != len(built._pipe):  # noqa: SLF001  # dlt tells the steps nowhere else
        yield "steps"
    if given.max_table_nesting != built.max_table_nesting:
        yield "max_table_nesting"
    # Hints that are functions of a record cannot be told without one.
    with contextlib.suppress(Exception):
        left: dict[str, Any] = dict(given.compute_table_schema())
        right: dict[str, Any] = dict(built.compute_table_schema())
        yield from (key for key in {*left, *right} if left.get(key) != right.get(key))
