"""Settles where the evidence shows the failure first."""

import re
from collections.abc import Callable

from connector_healing.core.kusto.facts import Facts
from connector_healing.core.kusto.saying import Saying, says
from connector_healing.core.kusto.vocabulary import Surface

_EXCEPTION_LINE = re.compile(
    r"^(?:caused by: |: |# |[\w.$]{0,80}py4jjavaerror)?[\w.$]{0,200}(?:exception|error)\b",
    re.MULTILINE,
)
_DRIVER_SIGNS = (
    "py4j",
    "pyspark.errors",
    'exception in thread "main"',
    "job aborted due to stage failure",
    "streamingqueryexception",
    "traceback (most recent call last)",
    "an error occurred while calling",
)
_OF_DATA = (Saying.MISSING, Saying.TWICE, Saying.SHIFTED)
_EXECUTOR_SIGNS = ("error executor", "tasksetmanager: lost task", "executor: exception in task")
_WORKER_REPORTERS = ("kustowriter$: caught", "create tempstorage, cluster", "in partition")
_LEVELS = ("info", "warn", "error", "fatal", "debug")
_MISSING_WORDS = (
    "missing",
    "no error",
    "not in",
    "fewer",
    "less rows",
    "lost",
    "twice",
    "duplicate",
    "wrong column",
    "nulls",
    "not there",
    "green",
    "succeeded",
    "no exception",
    "shifted",
    "ignored",
    "no rows",
    "not visible",
    "empty",
)


def _of_data(facts: Facts) -> bool:
    """The user speaks of data that are missing, doubled or displaced, not of an error."""
    if any(says(facts.said, saying) for saying in _OF_DATA):
        return True
    words = any(word in facts.said for word in _MISSING_WORDS)
    return words and not says(facts.said, Saying.STUCK)


def _logs(facts: Facts) -> bool:
    return any(f" {level} " in facts.lower or facts.lower.startswith(level) for level in _LEVELS)


def _driver(facts: Facts) -> bool:
    return any(sign in facts.failing for sign in _DRIVER_SIGNS)


#: The first that holds decides.
_RULES: tuple[tuple[Callable[[Facts], bool], Surface], ...] = (
    (
        lambda f: not f.lower.strip() and _of_data(f),
        Surface.DATA_MISSING,
    ),
    (lambda f: not f.lower.strip(), Surface.USER_REPORT),
    (lambda f: f.rows.shows_failures, Surface.INGESTION_FAILURES),
    (lambda f: f.rows.shows_commands and not _driver(f), Surface.COMMANDS),
    (lambda f: f.rows.shows_operations and not _driver(f), Surface.OPERATIONS),
    (lambda f: _driver(f) and "error executor" not in f.lower, Surface.DRIVER_EXCEPTION),
    (lambda f: any(sign in f.lower for sign in _EXECUTOR_SIGNS), Surface.EXECUTOR_LOG),
    (
        lambda f: not _logs(f) and _EXCEPTION_LINE.search(f.failing) is not None,
        Surface.DRIVER_EXCEPTION,
    ),
    (lambda f: not _logs(f), Surface.USER_REPORT),
    (lambda f: any(sign in f.failing for sign in _WORKER_REPORTERS), Surface.EXECUTOR_LOG),
)


def surface_of(facts: Facts) -> Surface:
    """The first place where the evidence shows the failure."""
    return next((surface for holds, surface in _RULES if holds(facts)), Surface.DRIVER_LOG)
