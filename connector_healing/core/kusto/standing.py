"""Settles what a case is: the operation, the mode that was really used, the surface."""

from dataclasses import replace

from connector_healing.core.kusto.facts import Facts
from connector_healing.core.kusto.mode import mode_of
from connector_healing.core.kusto.operation import operation_of
from connector_healing.core.kusto.surface import surface_of


def settled(facts: Facts) -> Facts:
    """The facts with operation, mode and surface."""
    facts = replace(facts, operation=operation_of(facts))
    return replace(facts, mode=mode_of(facts), surface=surface_of(facts))
