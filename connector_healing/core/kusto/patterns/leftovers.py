"""What is left behind: operations that are not found any more, temporary tables."""

import re

from connector_healing.core.kusto.commands import Command
from connector_healing.core.kusto.facts import Facts
from connector_healing.core.kusto.lint import Finding
from connector_healing.core.kusto.pattern import Detail, Pattern, Place, Written, sig
from connector_healing.core.kusto.patterns.conditions import (
    OPERATION,
    both,
    either,
    no_failure,
    opposite,
    told,
)
from connector_healing.core.kusto.saying import Saying, says
from connector_healing.core.kusto.vocabulary import Ask, Mode, Operation, Surface

_EMPTY_LOOKUP = (
    "0 rows", "no rows", "empty", "nothing", "no records", "no results", "(0 record", "returned no",
    "[]", "no result",
)  # fmt: skip
_TEMP_NAME = re.compile(r"sparkTempTable_\w{1,240}", re.ASCII)


def _temp_stands(facts: Facts) -> bool:
    """A list of temporary tables, or the user's word of one, and no failure."""
    named = _TEMP_NAME.search(facts.text + "\n" + facts.case.user_text) is not None
    listed = "tablename" in facts.lower or not any(
        word in facts.lower for word in ("kustoconnector", "ingestionsourcepath")
    )
    return named and listed and no_failure(facts)


def _streamed(facts: Facts) -> bool:
    return facts.option("format").endswith("KustoSinkProvider") or (
        "checkpointlocation" in facts.options or "streaming query" in facts.said
    )


_BATCH = Detail(re.compile(r"sparkTempTable_\w{1,150}?[A-Za-z](\d{1,12})_[0-9a-f]{8}_"), "n")


def _says_left(facts: Facts) -> bool:
    """The user asks about temporary tables, and no option that was ignored explains them."""
    ignored = any(f.finding in {Finding.UNKNOWN, Finding.CONSTANT} for f in facts.findings)
    if ignored or not says(facts.said, Saying.TEMP_TABLE):
        return False
    alone = not facts.options and not facts.lower.strip()
    return says(facts.said, Saying.LEFT) or (alone and not says(facts.said, Saying.TROUBLE))


LEFTOVERS = (
    Pattern(
        id="diag.operation_too_old",
        cause="The operation is not found any more: `.show operations <id>` keeps six hours.",
        fix=(
            (
                "Use the filter form, .show operations | where OperationId == ...: it covers two"
                " weeks; an empty answer can also mean that the principal may not see it."
            ),
        ),
        retryable=None,
        written=Written.UNDECIDED,
        signatures=(
            sig(
                "show operations",
                some=_EMPTY_LOOKUP,
                when=both(no_failure, lambda f: not f.rows.state),
            ),
            sig("show operations", when=told(Saying.NOT_FOUND), place=Place.SAID),
            sig(when=told(Saying.OPERATION, Saying.NOT_FOUND, Saying.AGO)),
        ),
        commands=(*OPERATION, Command.COMMANDS),
        surface=Surface.OPERATIONS,
        asks_standing=False,
    ),
    Pattern(
        id="write.orphan_temp_table",
        cause="A temporary table of a transactional write was left: the driver died, its drop "
        "failed, or the write is still running.",
        fix=(
            (
                "See that no run is active (of a streaming query the number before the request id is"
                " the batch id {batch}), look what the table holds, then drop table by hand."
            ),
        ),
        retryable=None,
        written=Written.UNDECIDED,
        signatures=(
            sig(when=_temp_stands),
            sig(when=both(_says_left, no_failure)),
        ),
        details={"batch": _BATCH},
        ask_when=(
            (Ask.STREAMING_QUERY_RUNNING, _streamed),
            (Ask.RUN_ACTIVE, opposite(_streamed)),
            (Ask.DRIVER_ALIVE, opposite(either(_streamed, told(Saying.DIED)))),
        ),
        commands=(
            Command.TEMP_LIST,
            Command.TEMP_EXACT,
            Command.TEMP_ROWS,
            Command.TEMP_BY_REQUEST,
        ),
        surface=Surface.USER_REPORT,
        operation=Operation.WRITE,
        mode=Mode.TRANSACTIONAL,
    ),
)
