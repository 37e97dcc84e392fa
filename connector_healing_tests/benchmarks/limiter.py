"""How close the adaptive limiter comes to the shortest possible time, in simulated time.

Run with ``python -m connector_healing_tests.benchmarks limiter``. Each row is a kind of server and
what it tells; the mean is over twenty phases of its window.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import mean

from connector_healing_tests.runtime.rate_servers import (
    FixedWindow,
    Gcra,
    Server,
    SlidingWindow,
    Tells,
    bound_fixed,
    bound_gcra,
    bound_sliding,
    extract,
)

PHASES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A kind of server: how to make one at a phase from 0 to 1, and the bound there."""

    name: str
    make: Callable[[float], Server]
    bound: Callable[[float], float]
    requests: int
    latency: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    name: str
    tells: Tells
    bound: float
    seconds: float
    refusals: float

    @property
    def ratio(self) -> float:
        return self.seconds / self.bound


def fixed(limit: int, window: float, requests: int, latency: float) -> Setting:
    return Setting(
        name=f"fixed {limit}/{window:g} s",
        make=lambda phase: FixedWindow(limit, window, phase * window),
        bound=lambda phase: bound_fixed(requests, limit, window, phase * window, latency),
        requests=requests,
        latency=latency,
    )


def sliding(
    limit: int, window: float, requests: int, latency: float, *, counted: bool = False
) -> Setting:
    return Setting(
        name=f"sliding {limit}/{window:g} s{', refusals counted' if counted else ''}",
        make=lambda _: SlidingWindow(limit, window, counted),
        bound=lambda _: bound_sliding(requests, limit, window, latency),
        requests=requests,
        latency=latency,
    )


def gcra(rate: float, burst: int, requests: int, latency: float) -> Setting:
    return Setting(
        name=f"token bucket {rate:g}/s, burst {burst}",
        make=lambda _: Gcra(rate, burst),
        bound=lambda _: bound_gcra(requests, rate, burst, latency),
        requests=requests,
        latency=latency,
    )


SETTINGS = (
    fixed(60, 60, 600, 0.2),
    sliding(60, 60, 600, 0.2),
    sliding(60, 60, 600, 0.2, counted=True),
    gcra(1, 10, 600, 0.2),
    gcra(0.4, 10, 600, 0.2),
    gcra(3, 10, 600, 0.2),
    *(fixed(20, window, 300, 0.01) for window in (1, 2, 3, 5, 10, 30, 300)),
    *(sliding(20, window, 300, 0.01) for window in (1, 2, 3, 5, 10, 30, 300)),
    sliding(20, 37, 300, 0.01),
)


def rows() -> Iterator[Row]:
    for setting in SETTINGS:
        for tells in Tells:
            phases = [(k + 0.2) / PHASES for k in range(PHASES)]
            found = [
                extract(setting.make(phase), setting.requests, setting.latency, tells)
                for phase in phases
            ]
            yield Row(
                name=setting.name,
                tells=tells,
                bound=mean(setting.bound(phase) for phase in phases),
                seconds=mean(one.seconds for one in found),
                refusals=mean(one.refusals for one in found),
            )


def main(arguments: Sequence[str] = ()) -> int:
    del arguments
    head = f"{'server':<36}{'tells':<13}{'T* (s)':>9}{'ours (s)':>10}{'ratio':>8}{'refusals':>10}"
    sys.stdout.write(head + "\n")
    for row in rows():
        sys.stdout.write(
            f"{row.name:<36}{row.tells:<13}{row.bound:>9.1f}{row.seconds:>10.1f}"
            f"{row.ratio:>8.3f}{row.refusals:>10.1f}\n"
        )
    return 0
