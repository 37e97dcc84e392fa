"""Failures of asynchronous writes, which never reach the driver."""

import re

from connector_healing.core.kusto.commands import Command
from connector_healing.core.kusto.facts import Facts
from connector_healing.core.kusto.pattern import Pattern, Place, Written, any_of, sig
from connector_healing.core.kusto.patterns.conditions import FAILURES, TEMP
from connector_healing.core.kusto.vocabulary import Ask, Mode, Operation, Surface

#: Spark names what the last try threw behind the executor.
_LAST_TRY = re.compile(r"most recent failure: [^\n]{0,200}\): [\w.$]{3,200}(?:exception|error)\b")
_IN_DRIVER = ("py4j", "pyspark.errors", "exception in thread")


def _hidden(facts: Facts) -> bool:
    """An asynchronous write failed in its tasks, and no exception reached the driver."""
    asynchronous = (
        facts.option("writeEnableAsync").lower() == "true" or "'async': true" in facts.lower
    )
    tasks = any(mark in facts.failing for mark in ("exception in task", "lost task"))
    return asynchronous and tasks and not any(mark in facts.failing for mark in _IN_DRIVER)


HIDDEN = (
    Pattern(
        id="write.async_hidden_failure",
        cause="With writeEnableAsync the write failed behind the driver's back: save() had returned.",
        fix=(
            "Set writeEnableAsync=false to see the exception in the driver.",
            "Look into the executor log of the failed stage for the cause.",
        ),
        retryable=None,
        written=Written.BY_MODE,
        signatures=(
            any_of(
                "not visible in the driver since we're in async mode",
                "not visible in the driver since we",
                place=Place.WHOLE,
            ),
        ),
        ask_when=(
            (
                Ask.EXECUTOR_LOG,
                lambda f: (
                    "caused by" not in f.lower
                    and _LAST_TRY.search(f.lower) is None
                    and "error executor" not in f.lower
                ),
            ),
        ),
        commands=(Command.COMMANDS, *TEMP, Command.FAILURES_BY_PATH),
        surface=Surface.DRIVER_LOG,
        operation=Operation.WRITE,
        mode=Mode.TRANSACTIONAL,
    ),
    Pattern(
        id="write.async_hidden_failure",
        cause="With writeEnableAsync the tasks failed behind the driver's back: save() had "
        "returned, and the connector logs nothing of it in the modes Queued and KustoStreaming.",
        fix=(
            "Set writeEnableAsync=false to see the exception in the driver.",
            "Act on the cause in the executor log of the failed stage.",
        ),
        retryable=None,
        written=Written.BY_MODE,
        signatures=(sig(when=_hidden),),
        commands=(Command.COMMANDS, *FAILURES),
        surface=Surface.EXECUTOR_LOG,
        operation=Operation.WRITE,
    ),
)
