"""``python -m connector_healing_tests.benchmarks NAME [options]``."""

import importlib
import sys
from collections.abc import Callable, Mapping, Sequence

#: Each is a module of this package with ``main(arguments) -> exit status``.
BENCHMARKS: Mapping[str, str] = {
    "mutation": "the heal mutation score: which corruptions the data checks reject",
    "overhead": "HealingDltResource beside DagsterDltResource on the same source",
    "classify": "the classifier of texts: how right on recorded cases, how many MB a second",
    "drift": "the field-mapping engine on renamed and moved fields",
    "limiter": "the adaptive limiter against the shortest possible time, in simulated time",
    "recorder": "what recording costs each request",
    "kusto": "the Kusto triage: patterns, modes, questions, commands, look-alikes",
    "faults": "every fault of the sample API, healed or refused, held against the truth",
}


def main(arguments: Sequence[str]) -> int:
    if not arguments or arguments[0] not in BENCHMARKS:
        known = "\n".join(f"  {name:<10} {text}" for name, text in BENCHMARKS.items())
        sys.stderr.write(f"usage: python -m connector_healing_tests.benchmarks NAME\n{known}\n")
        return 2
    module = importlib.import_module(f"connector_healing_tests.benchmarks.{arguments[0]}")
    run: Callable[[Sequence[str]], int] = module.main
    return run(arguments[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
