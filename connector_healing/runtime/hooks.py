"""Patches a method of `requests.Session` for a while, and puts it back exactly."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import requests

#: Gets what it stands in front of, then the method's own arguments (the session first).
Interceptor = Callable[..., Any]


class MethodHook:
    """A method of `requests.Session` that interceptors can stand in front of.

    Interceptors nest: the latest is asked first, and its `forward` argument goes on to the one
    before and in the end to the original. The original is put back when the last one leaves,
    whatever the order in which they leave. Subclasses that override the method reach it by
    `super()`, so their calls are seen as well.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._interceptors: tuple[Interceptor, ...] = ()
        self._original: Callable[..., Any] | None = None
        self._installed: Callable[..., Any] | None = None

    @contextmanager
    def intercepted(self, interceptor: Interceptor) -> Iterator[None]:
        """Stand in front of the method, in all threads, until the context ends."""
        self._enter(interceptor)
        try:
            yield
        finally:
            self._leave(interceptor)

    def _enter(self, interceptor: Interceptor) -> None:
        with self._lock:
            if self._installed is None:
                original = getattr(requests.Session, self._name)

                def dispatch(*args: Any, **kwargs: Any) -> Any:
                    return self._call(original, self._interceptors, args, kwargs)

                setattr(requests.Session, self._name, dispatch)
                self._original, self._installed = original, dispatch
            self._interceptors = (interceptor, *self._interceptors)

    def _leave(self, interceptor: Interceptor) -> None:
        with self._lock:
            remaining = list(self._interceptors)
            remaining.remove(interceptor)
            self._interceptors = tuple(remaining)
            if remaining or getattr(requests.Session, self._name) is not self._installed:
                # Somebody patched on top of us: putting the original back would undo theirs.
                return
            setattr(requests.Session, self._name, self._original)
            self._original = self._installed = None

    def _call(
        self,
        original: Callable[..., Any],
        interceptors: tuple[Interceptor, ...],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        if not interceptors:
            return original(*args, **kwargs)

        def forward(*inner: Any, **named: Any) -> Any:
            return self._call(original, interceptors[1:], inner, named)

        return interceptors[0](forward, *args, **kwargs)


#: In front of every request of every session, each redirect hop and each retry on its own.
SEND = MethodHook("send")
#: In front of the choice of the transport: what is put here sits below hooks, cookies, redirects.
GET_ADAPTER = MethodHook("get_adapter")
