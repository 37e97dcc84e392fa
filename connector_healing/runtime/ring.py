"""A bounded memory of exchanges: the first of each endpoint, and the latest."""

from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class Ring(Generic[T]):
    """Keeps the first item of each key (up to half the room) and the most recent others.

    Args:
        max_bytes: The room; items beyond it push out the oldest that are not the first of a key.
    """

    max_bytes: int
    dropped: int = 0
    _firsts: dict[Hashable, T] = field(default_factory=dict)
    _recent: deque[tuple[int, T]] = field(default_factory=deque)
    _first_bytes: int = 0
    _recent_bytes: int = 0

    def add(self, key: Hashable, size: int, item: T) -> None:
        """Keep an item of so many bytes, dropping older ones where it does not fit."""
        if key not in self._firsts and self._first_bytes + size <= self.max_bytes // 2:
            self._firsts[key] = item
            self._first_bytes += size
        else:
            self._recent.append((size, item))
            self._recent_bytes += size
        while self._recent and self._first_bytes + self._recent_bytes > self.max_bytes:
            gone, _ = self._recent.popleft()
            self._recent_bytes -= gone
            self.dropped += 1

    def items(self) -> list[T]:
        """What is kept: the firsts, then the recent ones."""
        return [*self._firsts.values(), *(item for _, item in self._recent)]
