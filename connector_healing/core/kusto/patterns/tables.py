"""Tables and columns that do not fit the write."""

import re

from connector_healing.core.kusto.commands import Command
from connector_healing.core.kusto.facts import Facts
from connector_healing.core.kusto.pattern import Detail, Pattern, Written, any_of, sig
from connector_healing.core.kusto.patterns.conditions import (
    is_write,
    no_failure,
)
from connector_healing.core.kusto.saying import Saying, says
from connector_healing.core.kusto.vocabulary import Mode, Operation, Surface

_COLUMNS = Detail(
    re.compile(r"not present in the target: ([^\n]{1,300}?)\.?(?:\n|$)"), "the extra columns"
)


def _table(facts: Facts) -> str:
    return (facts.option("kustoTable") or facts.parameters.get("table", "")).lower()


def _hyphen(facts: Facts) -> bool:
    return "-" in _table(facts) and "kustoquery" not in facts.options


def _hyphen_only(facts: Facts) -> bool:
    """The user tells of a write to such a table, and not that it does not end."""
    silent = bool(facts.said) and not facts.lower.strip()
    return silent and _hyphen(facts) and not says(facts.said, Saying.STUCK)


def _normalised(facts: Facts) -> bool:
    return _hyphen(facts) and _table(facts).replace("-", "_") in facts.lower + facts.said


TABLES = (
    Pattern(
        id="config.temp_table_missing",
        cause="The temporary table that tempTableName names does not exist.",
        fix=("Create the table beforehand, or drop the option tempTableName.",),
        retryable=False,
        written=Written.NOTHING,
        signatures=(any_of("temp table name provided but the table does not exist"),),
        commands=(Command.TEMP_EXISTS,),
        operation=Operation.WRITE,
        mode=Mode.TRANSACTIONAL,
    ),
    Pattern(
        id="schema.extra_source_columns",
        cause="The DataFrame has columns that the target table has not.",
        fix=("Drop columns that the table has not ({columns}), or add them: .alter-merge table.",),
        retryable=False,
        written=Written.NOTHING,
        signatures=(any_of("source schema has columns that are not present in the target"),),
        commands=(Command.SCHEMA,),
        details={"columns": _COLUMNS},
        operation=Operation.WRITE,
    ),
    Pattern(
        id="schema.order_mismatch",
        cause="The DataFrame's columns differ from the target's in names or order.",
        fix=("Select columns in target order, or set adjustSchema to GenerateDynamicCsvMapping.",),
        retryable=False,
        written=Written.NOTHING,
        signatures=(any_of("target table schema does not match", "schemamatchexception"),),
        commands=(Command.SCHEMA,),
        operation=Operation.WRITE,
    ),
    Pattern(
        id="config.table_name_hyphen",
        cause="The connector turns '-' in a table's name into '_': it writes to another table.",
        fix=(
            (
                "Rename the table without a hyphen, or look for the data in the table with an"
                " underscore (normalizeTableName)."
            ),
        ),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            sig(when=_normalised),
            sig("doesn't exist", when=_hyphen),
            sig(when=_hyphen_only),
            # A write that went well, of a table that the connector calls otherwise.
            sig("kustowriter", when=lambda f: _hyphen(f) and no_failure(f)),
        ),
        commands=(Command.TABLE_EXISTS, Command.NORMALISED_EXISTS, Command.SCHEMA),
        operation=Operation.WRITE,
    ),
    Pattern(
        id="config.table_missing",
        cause="The target table does not exist and is not to be created.",
        fix=(
            (
                "Set tableCreateOptions to CreateIfNotExist, or create table beforehand; check"
                " kustoDatabase and kustoTable."
            ),
        ),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            any_of("tablecreateoptions is set to failifnotexist"),
            sig("table '", "doesn't exist in database"),
        ),
        commands=(Command.TABLE_EXISTS,),
        operation=Operation.WRITE,
    ),
    Pattern(
        id="write.temp_table_create_failed",
        cause="The engine refused the command that creates the temporary (or the new) table: "
        "nothing was written.",
        fix=(
            (
                "Look at the create table command's answer: column names or types that Kusto refuses,"
                " or a missing right."
            ),
        ),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            sig("initializetablesbyschema", "dataserviceexception"),
            any_of(
                ".create table sparktemptable",
                "create-merge table sparktemptable",
                ".create table ['sparktemp",
            ),
            any_of("is unsupported for entities of kind", "uses unsupported data type"),
            sig(
                some=("syntax error", "syn00", "badrequest_syntaxerror", "semantic error"),
                when=lambda f: (
                    is_write(f)
                    and "processing partition" not in f.segment
                    and "kustoquery" not in f.options
                ),
            ),
        ),
        commands=(Command.COMMANDS, Command.SCHEMA),
        operation=Operation.WRITE,
        surface=Surface.DRIVER_EXCEPTION,
    ),
)
