"""Frozen dataclasses to JSON text and back, with the path of what is wrong in an error."""

from datetime import datetime, timedelta
from typing import Any, TypeVar

from cattrs import transform_error
from cattrs.errors import ClassValidationError
from cattrs.preconf.json import make_converter

from connector_healing.errors import HealingError

T = TypeVar("T")

_CONVERTER = make_converter()
_CONVERTER.register_unstructure_hook(datetime, datetime.isoformat)
_CONVERTER.register_structure_hook(datetime, lambda v, _: datetime.fromisoformat(v))
_CONVERTER.register_unstructure_hook(timedelta, timedelta.total_seconds)
_CONVERTER.register_structure_hook(timedelta, lambda v, _: timedelta(seconds=float(v)))
# Free-form JSON values pass as they are.
_CONVERTER.register_structure_hook_func(lambda kind: kind is object, lambda v, _: v)


def to_json(value: object) -> str:
    """The value as compact JSON text."""
    return _CONVERTER.dumps(value)


def from_json(text: str | bytes, kind: type[T]) -> T:
    """The value that `to_json` made.

    Raises:
        HealingError: If the text does not hold a value of this kind; the message names the path.
    """
    try:
        return _CONVERTER.loads(text, kind)
    except ClassValidationError as error:
        details = "; ".join(transform_error(error))
        raise HealingError(f"not a {kind.__name__}: {details}") from error
    except (ValueError, TypeError) as error:
        raise HealingError(f"not a {kind.__name__}: {error}") from error


def to_plain(value: object) -> Any:  # JSON has no narrower type
    """The value as dicts, lists and scalars."""
    return _CONVERTER.unstructure(value)
