"""Which fields of an API's records the connector's code reads, and at which expressions.

Answers are handed to the connector as dicts and lists that are dicts and lists still, and that
note every read by the connector's own modules with the span of the reading expression.
"""

import json
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from types import CodeType, FrameType
from typing import Any

import requests

from connector_healing.core.patch import FieldAccess
from connector_healing.runtime.cassette import endpoint_template

#: Different reads (place, field, hit or miss) that are kept.
MAX_ACCESSES = 5000
#: How deep an answer is looked into for its list of records.
_DEPTH = 3
#: A path outside of the records begins with this: ``$.data.next``.
ENVELOPE = "$"
_MISSING: Any = object()

_Key = tuple[CodeType, int, str, bool, str]


class Tracer:
    """Collects reads.

    Args:
        modules: The names of the connector's own modules; reads elsewhere are not its own.
    """

    def __init__(self, modules: Collection[str]) -> None:
        self._modules = frozenset(modules)
        self._counts: dict[_Key, int] = {}
        self._names: dict[CodeType, str] = {}
        self.dropped = 0

    def note(self, node: "Node", key: object, *, hit: bool, frame: FrameType) -> None:
        """A read of a key by the code that runs in the frame."""
        module = frame.f_globals.get("__name__")
        if module not in self._modules or not isinstance(key, str):
            return
        path = f"{node.path}.{key}" if node.path else key
        place = (frame.f_code, frame.f_lasti, path, hit, node.endpoint)
        if place in self._counts:
            self._counts[place] += 1
        elif len(self._counts) < MAX_ACCESSES:
            self._counts[place] = 1
            self._names[frame.f_code] = module
        else:
            self.dropped += 1

    def is_own(self, frame: FrameType) -> bool:
        """Whether the frame runs the connector's own code."""
        return frame.f_globals.get("__name__") in self._modules

    def accesses(self) -> tuple[FieldAccess, ...]:
        """All reads, by place and path."""
        # One expression has several instructions once the interpreter has specialised it.
        merged: dict[FieldAccess, int] = {}
        for read, count in self._counts.items():
            access = self._access(read)
            if access is not None:
                merged[access] = merged.get(access, 0) + count
        found = (replace(access, count=count) for access, count in merged.items())
        return tuple(sorted(found, key=lambda a: (a.module, a.line, a.column, a.path, a.hit)))

    def _access(self, read: _Key) -> FieldAccess | None:
        code, instruction, path, hit, endpoint = read
        # An instruction and each of its cache entries are two bytes and one position.
        position = next(islice(code.co_positions(), instruction // 2, None))
        line, end_line, column, end_column = position
        if line is None or end_line is None or column is None or end_column is None:
            return None
        return FieldAccess(
            module=self._names[code],
            line=line,
            end_line=end_line,
            column=column,
            end_column=end_column,
            path=path,
            hit=hit,
            endpoint=endpoint,
        )


@dataclass(frozen=True, slots=True)
class Node:
    """Where in an answer a dict or list stands; shared by all that stand alike."""

    tracer: Tracer
    endpoint: str
    path: str
    children: dict[str, "Node"] = field(default_factory=dict)

    def child(self, step: str) -> "Node":
        """The node one step further down."""
        found = self.children.get(step)
        if found is None:
            found = self.children[step] = Node(self.tracer, self.endpoint, _join(self.path, step))
        return found


def _join(path: str, step: str) -> str:
    if step == "[]":
        return f"{path}[]"
    return f"{path}.{step}" if path else step


def _caller() -> FrameType:
    return sys._getframe(2)  # noqa: SLF001  # the only way to the frame that reads


class TracedDict(dict[str, Any]):
    """A dict that notes which of its keys are read."""

    __slots__ = ("node",)

    node: Node

    def __getitem__(self, key: str) -> Any:
        hit = dict.__contains__(self, key)
        self.node.tracer.note(self.node, key, hit=hit, frame=_caller())
        return dict.__getitem__(self, key)

    def __contains__(self, key: object) -> bool:
        hit = dict.__contains__(self, key)
        self.node.tracer.note(self.node, key, hit=hit, frame=_caller())
        return hit

    def __delitem__(self, key: str) -> None:
        hit = dict.__contains__(self, key)
        self.node.tracer.note(self.node, key, hit=hit, frame=_caller())
        dict.__delitem__(self, key)

    def get(self, key: str, default: Any = None) -> Any:
        """As a dict does."""
        hit = dict.__contains__(self, key)
        self.node.tracer.note(self.node, key, hit=hit, frame=_caller())
        return dict.get(self, key, default)

    def setdefault(self, key: str, default: Any = None) -> Any:
        """As a dict does."""
        hit = dict.__contains__(self, key)
        self.node.tracer.note(self.node, key, hit=hit, frame=_caller())
        return dict.setdefault(self, key, default)

    def pop(self, key: str, default: Any = _MISSING) -> Any:
        """As a dict does."""
        hit = dict.__contains__(self, key)
        self.node.tracer.note(self.node, key, hit=hit, frame=_caller())
        return dict.pop(self, key) if default is _MISSING else dict.pop(self, key, default)

    def copy(self) -> "TracedDict":
        """A shallow copy that is traced as well."""
        return _traced_dict(dict(self), self.node)

    def __copy__(self) -> "TracedDict":
        return self.copy()

    def __deepcopy__(self, memo: dict[int, Any]) -> "TracedDict":
        from copy import deepcopy

        return _traced_dict({k: deepcopy(v, memo) for k, v in self.items()}, self.node)

    def __or__(self, other: Any) -> Any:
        merged = dict.__or__(self, other)
        return merged if merged is NotImplemented else _traced_dict(merged, self.node)

    def __reduce__(self) -> Any:
        return dict, (dict(self),)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self.__reduce__()


class TracedList(list[Any]):
    """A list whose items are traced; its own positions are not fields."""

    __slots__ = ("node",)

    node: Node

    def copy(self) -> "TracedList":
        """A shallow copy that is traced as well."""
        return _traced_list(list(self), self.node)

    def __copy__(self) -> "TracedList":
        return self.copy()

    def __deepcopy__(self, memo: dict[int, Any]) -> "TracedList":
        from copy import deepcopy

        return _traced_list([deepcopy(v, memo) for v in self], self.node)

    def __reduce__(self) -> Any:
        return list, (list(self),)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self.__reduce__()


def _traced_dict(plain: dict[str, Any], node: Node) -> TracedDict:
    traced = TracedDict(plain)
    traced.node = node
    return traced


def _traced_list(plain: list[Any], node: Node) -> TracedList:
    traced = TracedList(plain)
    traced.node = node
    return traced


def traced(tracer: Tracer, body: Any, endpoint: str) -> Any:
    """The answer's body with all its dicts and lists traced.

    Paths begin at the record: an item of the largest list of objects at the shallowest depth
    that has one (an object without such a list, or a list's object, is a record itself). What
    stands around the records has paths that begin with `ENVELOPE`.
    """
    records = _records(body)
    if (
        records is None
        and isinstance(body, dict)
        and not any(isinstance(value, list) for value in body.values())
    ):
        return _wrap(body, Node(tracer, endpoint, ""), None, None)
    record = Node(tracer, endpoint, "")
    return _wrap(body, Node(tracer, endpoint, ENVELOPE), records, record)


def _records(body: Any) -> list[Any] | None:
    level = [body]
    for _ in range(_DEPTH + 1):
        lists = [v for v in level if isinstance(v, list) and v and isinstance(v[0], dict)]
        if lists:
            return max(lists, key=len)
        level = [v for one in level if isinstance(one, dict) for v in one.values()]
    return None


def _wrap(value: Any, node: Node, records: list[Any] | None, record: Node | None) -> Any:
    if isinstance(value, dict):
        items = {k: _wrap(v, node.child(str(k)), records, record) for k, v in value.items()}
        return _traced_dict(items, node)
    if isinstance(value, list):
        inner = record if record is not None and value is records else node.child("[]")
        return _traced_list([_wrap(v, inner, records, record) for v in value], node)
    return value


@contextmanager
def tracing(tracer: Tracer) -> Iterator[None]:
    """While it lasts, what `requests` and the connector's own `json.loads` give is traced."""
    of_response, loads = requests.Response.json, json.loads

    def response_json(response: requests.Response, **kwargs: Any) -> Any:
        body = of_response(response, **kwargs)
        method = response.request.method or "GET"
        return traced(tracer, body, f"{method} {endpoint_template(response.url)}")

    def own_loads(*args: Any, **kwargs: Any) -> Any:
        body = loads(*args, **kwargs)
        caller = sys._getframe(1)  # noqa: SLF001  # inspect.currentframe() is the same, slower
        return traced(tracer, body, "") if tracer.is_own(caller) else body

    _patch(requests.Response, "json", response_json)
    _patch(json, "loads", own_loads)
    try:
        yield
    finally:
        _patch(requests.Response, "json", of_response)
        _patch(json, "loads", loads)


def _patch(owner: object, name: str, value: Callable[..., Any]) -> None:
    setattr(owner, name, value)
