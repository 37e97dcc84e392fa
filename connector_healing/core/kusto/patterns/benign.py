"""Lines of the log that look like failures and are none."""

from connector_healing.core.kusto.commands import Command
from connector_healing.core.kusto.pattern import Pattern, Place, Written, any_of
from connector_healing.core.kusto.patterns.conditions import (
    OPERATION,
    no_failure,
    unknown_operation,
)
from connector_healing.core.kusto.vocabulary import Ask, Mode, Operation, Surface

BENIGN = (
    Pattern(
        id="read.fallback_to_distributed",
        cause="The single query failed, and the connector read by export instead: no failure.",
        fix=("Benign: set readMode to choose the way at once.",),
        retryable=False,
        written=Written.NOTHING,
        signatures=(any_of("falling back to distributed mode", place=Place.WHOLE),),
        commands=(Command.QUERIES, Command.COMMANDS),
        surface=Surface.DRIVER_LOG,
        operation=Operation.READ,
        mode=Mode.DISTRIBUTED,
    ),
    Pattern(
        id="async_op.monitor_transient",
        cause="The state of the operation could not be read for a while; what came of it is cut off.",
        fix=("Look at the operation with .show operations; raise timeoutLimit if it timed out.",),
        retryable=True,
        written=Written.UNDECIDED,
        signatures=(any_of("to retrieve export status", place=Place.WHOLE, when=no_failure),),
        ask_when=((Ask.OPERATION_ID, unknown_operation),),
        commands=(*OPERATION, Command.COMMANDS, Command.EXPORTS),
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="benign.empty_partition",
        cause="A partition without rows: no failure.",
        fix=("Benign: nothing to do; repartition if most partitions are empty.",),
        retryable=False,
        written=Written.NOTHING,
        signatures=(any_of("no rows to write on partition", place=Place.WHOLE),),
        surface=Surface.EXECUTOR_LOG,
        operation=Operation.WRITE,
    ),
    Pattern(
        id="benign.polling_advice",
        cause="The connector advises to poll on the driver: no failure.",
        fix=("Benign: set pollingOnDriver=true so that no worker core waits.",),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            any_of("recommended to set pollingondriver", place=Place.WHOLE, when=no_failure),
        ),
        surface=Surface.DRIVER_LOG,
        operation=Operation.WRITE,
    ),
)
