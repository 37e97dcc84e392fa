"""What the control surface reads and changes: the date, the faults, the tokens' lifetime."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from connector_healing.demo.api.faults import find_faults
from connector_healing.demo.api.service import Service, State
from connector_healing.errors import UsageError


def initial(service: Service) -> State:
    """The state that a service starts in: its month's first day, and nothing broken."""
    return State(as_of=service.month)


def shown(service: Service) -> Mapping[str, object]:
    """The state as JSON values."""
    return {
        "month": service.month.isoformat()[:7],
        "as_of": service.state.as_of.isoformat(),
        "faults": [fault.name for fault in service.state.faults],
        "token_lifetime_seconds": service.state.token_lifetime.total_seconds(),
    }


def counted(service: Service, since: str) -> Mapping[str, object]:
    """The requests since a mark by path and status, and the mark for what comes next.

    Raises:
        UsageError: If the mark is none.
    """
    if not since.isdecimal():
        raise UsageError("since", since, "A mark is the whole number that an earlier call gave.")
    counts = [
        {"path": path, "status": status, "count": count}
        for (path, status), count in sorted(service.log.since(int(since)).items())
    ]
    return {"mark": len(service.log.entries), "counts": counts}


def changed(service: Service, changes: object) -> State:
    """The service's state with changes from a JSON object.

    Raises:
        UsageError: If a name is unknown or a value cannot be used; nothing is changed then.
    """
    if not isinstance(changes, dict) or not changes.keys() <= _SETTERS.keys():
        raise UsageError("state", changes, f"An object with any of: {', '.join(_SETTERS)}.")
    state = service.state
    for name, value in changes.items():
        state = replace(state, **_SETTERS[name](service, value))
    return state


def _as_of(service: Service, value: object) -> Mapping[str, Any]:
    try:
        day = date.fromisoformat(str(value))
    except ValueError:
        day = date.min
    if not service.month <= day <= service.last_day:
        allowed = f"A day from {service.month} to {service.last_day} is served."
        raise UsageError("as_of", value, allowed)
    return {"as_of": day}


def _faults(_: Service, value: object) -> Mapping[str, Any]:
    if not isinstance(value, list):
        raise UsageError("faults", value, "A list of names is wanted.")
    return {"faults": find_faults(map(str, value))}


def _token_lifetime(_: Service, value: object) -> Mapping[str, Any]:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise UsageError("token_lifetime_seconds", value, "A number of seconds from 0 on.")
    return {"token_lifetime": timedelta(seconds=value)}


_SETTERS: Mapping[str, Callable[[Service, object], Mapping[str, Any]]] = {
    "as_of": _as_of,
    "faults": _faults,
    "token_lifetime_seconds": _token_lifetime,
}
