"""What recording costs each request.

Run with ``python -m connector_healing_tests.benchmarks recorder``: once with the network taken
away, so that only the recorder is left, and once over loopback.
"""

import sys
from collections.abc import Callable, Sequence
from statistics import median
from time import perf_counter

import requests

from connector_healing.runtime.hooks import SEND
from connector_healing.runtime.recorder import recording
from connector_healing_tests.runtime.loopback import Answer, LoopbackApi

ROUNDS = 15
PAGE = Answer({"data": [{"id": i, "name": "x" * 50} for i in range(200)]})


def microseconds(call: Callable[[int], object], times: int) -> float:
    begun = perf_counter()
    for number in range(times):
        call(number)
    return (perf_counter() - begun) / times * 1e6


def compared(call: Callable[[int], object], times: int) -> tuple[float, float]:
    """Microseconds a call without and with a recording, rounds of both in turn."""
    bare, recorded = [], []
    for _ in range(ROUNDS):
        bare.append(microseconds(call, times))
        with recording():
            recorded.append(microseconds(call, times))
    return median(bare), median(recorded)


def without_network() -> tuple[float, float]:
    response = requests.Response()
    response.status_code, response.reason, response._content = 200, "OK", b"x" * 20_000
    session = requests.Session()
    prepared = requests.Request("GET", "https://api.example.com/v1/flights/123?page=1").prepare()

    def instead(*_: object, **__: object) -> requests.Response:
        return response

    # A recording that is opened later stands in front of this one.
    with SEND.intercepted(instead):
        return compared(lambda _: session.send(prepared), 2_000)


def over_loopback() -> tuple[float, float]:
    session = requests.Session()
    with LoopbackApi(lambda _: PAGE) as api:
        url = f"{api.url}/flights?page="
        return compared(lambda number: session.get(f"{url}{number}"), 100)


def main(arguments: Sequence[str] = ()) -> int:
    del arguments
    for name, measure in (("no network", without_network), ("loopback", over_loopback)):
        bare, recorded = measure()
        sys.stdout.write(
            f"{name:<12} bare {bare:9.1f} us   recorded {recorded:9.1f} us   "
            f"cost {recorded - bare:7.1f} us a request\n"
        )
    return 0
