"""Ways to write a value down so that equal things become equal: as it is, as text, as a moment."""

import re
from collections.abc import Callable
from enum import StrEnum

from connector_healing.core.drift.flatten import Scalar
from connector_healing.core.drift.kinds import moment_of

#: What a value is compared by; None: it has no such form.
Form = str | int | float | tuple[str, bool] | None
#: What a record is compared by: the forms of all its values, sorted; None where it holds none.
Cell = tuple[Form, ...] | None


class View(StrEnum):
    """How two values are compared; the order is the order of preference."""

    EXACT = "exact"
    TEXT = "text"  #: ``7``, ``"7"`` and ``7.0`` are one; so are ``true`` and ``"true"``.
    MOMENT = "moment"  #: Dates, times and epoch numbers by what they stand for, to the second.
    DAY = "day"  #: The same to the day.
    TAIL = "tail"  #: ``7`` and ``projects/7``.
    FOLDED = "folded"  #: ``IN_PROGRESS`` and ``In progress``.
    CODED = "coded"  #: Not by form: by which value comes with which.


_SYMBOLS = re.compile(r"[\W_]+")
_DAY_SECONDS = 86_400


def _exact(value: Scalar) -> Form:
    return ("bool", value) if isinstance(value, bool) else value


def _text(value: Scalar) -> Form:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _moment(value: Scalar) -> Form:
    moment = moment_of(value)
    return None if moment is None else int(moment // 1)


def _day(value: Scalar) -> Form:
    moment = moment_of(value)
    return None if moment is None else int(moment // _DAY_SECONDS)


def _tail(value: Scalar) -> Form:
    return str(_text(value)).rstrip("/").rpartition("/")[2]


def _folded(value: Scalar) -> Form:
    return _SYMBOLS.sub("", str(_text(value))).casefold()


_FORMS: dict[View, Callable[[Scalar], Form]] = {
    View.EXACT: _exact,
    View.TEXT: _text,
    View.MOMENT: _moment,
    View.DAY: _day,
    View.TAIL: _tail,
    View.FOLDED: _folded,
}


def form_of(value: Scalar, view: View) -> Form:
    """A value in one form; None for null and where it has no such form."""
    return None if value is None else _FORMS[view](value)


def cell_of(values: tuple[Scalar, ...] | None, view: View) -> Cell:
    """A record's values in one form, their order forgotten; None where there is none."""
    if not values:
        return None
    if len(values) == 1:
        if view is View.EXACT and not isinstance(values[0], bool):
            return None if values[0] is None else values
        form = form_of(values[0], view)
        return None if form is None else (form,)
    forms = [form for form in (form_of(value, view) for value in values) if form is not None]
    return tuple(sorted(forms, key=repr)) or None
