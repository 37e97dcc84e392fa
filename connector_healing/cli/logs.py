"""The command `logs`."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from connector_healing.cli.output import at, emit, json_option, table
from connector_healing.cli.project import opened_services

if TYPE_CHECKING:
    from connector_healing.core.failure import Diagnosis
    from connector_healing.core.logs.user_rules import UserRule
    from connector_healing.core.records import RunRecord
    from connector_healing.core.redaction import Redactor
    from connector_healing.core.reproduction import ConnectorRuntime
    from connector_healing.ports import HealStore

#: Executions that are shown.
EXECUTIONS = 20

#: Executions among which the last good one is looked for.
_LOOK_BACK = 10_000


@click.command()
@click.argument("connector")
@click.option(
    "--lines", type=click.IntRange(min=1), default=100, show_default=True, help="Log lines."
)
@json_option
def logs(connector: str, lines: int, *, as_json: bool) -> None:
    """A connector's recent executions, error messages, last success and configuration.

    Each failure is shown with what it means, as the classifier names it.
    """
    services = opened_services()
    services.cases.require_known(connector)
    store = services.store
    runs = store.runs(connector, EXECUTIONS)
    success = _last_success(store, connector)
    diagnoses = {r.record_id: _diagnosis(store, r, services.rules) for r in runs}
    tail = [line for record in reversed(runs) for line in record.log][-lines:]
    configuration = _shown(store.runtime(connector))
    value = {
        "connector": connector,
        "last_success": success.ended_at if success else None,
        "active_version": store.active_version(connector),
        "executions": [_without_log(r) for r in runs],
        "errors": [
            {
                "at": r.ended_at,
                "run_id": r.run_id,
                "case_id": r.case_id,
                "message": r.message,
                "diagnosis": diagnoses[r.record_id],
            }
            for r in runs
            if r.message
        ],
        "log": tail,
        "configuration": configuration,
    }

    def human() -> None:
        last = f"{at(success.ended_at)} UTC" if success else "never"
        click.echo(
            f"{connector}: last success {last}, "
            f"active version {value['active_version'] or 'none recorded'}\n"
        )
        _executions(runs)
        _errors(runs, diagnoses)
        click.echo("\nConfiguration")
        if configuration is None:
            click.echo("  not recorded: only failures of this connector are captured")
        for key, setting in (configuration or {}).items():
            click.echo(f"  {key}: {setting}")
        click.echo(f"\nLast {len(tail)} log lines" if tail else "\nNo log lines")
        for line in tail:
            click.echo(f"  {line}")

    emit(value, human, as_json=as_json)


def _last_success(store: "HealStore", connector: str) -> "RunRecord | None":
    from connector_healing.core.records import RunStatus

    limit = EXECUTIONS
    while True:
        runs = store.runs(connector, limit)
        found = next((r for r in runs if r.status is RunStatus.SUCCEEDED), None)
        if found is not None or len(runs) < limit or limit >= _LOOK_BACK:
            return found
        limit = _LOOK_BACK


def _diagnosis(
    store: "HealStore", record: "RunRecord", rules: "Sequence[UserRule]"
) -> "Diagnosis | None":
    failure = store.failure(record.failure_id) if record.failure_id else None
    if failure is None:
        return None
    from connector_healing.core.classify import classify

    return classify(failure, rules)


def _without_log(record: "RunRecord") -> dict[str, Any]:
    from connector_healing.core.codec import to_plain

    plain: dict[str, Any] = to_plain(record)
    del plain["log"]
    return plain


def _executions(runs: "Sequence[RunRecord]") -> None:
    table(
        "Executions",
        ["ended (UTC)", "status", "version", "rows", "requests", "case"],
        [
            (at(r.ended_at), r.status, r.version_id, sum(r.rows.values()), r.requests, r.case_id)
            for r in runs
        ],
    )


def _errors(runs: "Sequence[RunRecord]", diagnoses: "Mapping[str, Diagnosis | None]") -> None:
    failed = [r for r in runs if r.message]
    if not failed:
        return
    click.echo("\nErrors")
    for record in failed:
        click.echo(f"  {at(record.ended_at)}  {' '.join(record.message.split())}")
        diagnosis = diagnoses[record.record_id]
        if diagnosis is not None:
            click.echo(
                f"{' ' * 23}{diagnosis.category}/{diagnosis.subcategory}: "
                f"{' '.join(diagnosis.cause.split())} {diagnosis.remedy}"
            )


def _shown(runtime: "ConnectorRuntime | None") -> dict[str, Any] | None:
    """The configuration without what its names or its shape say is a secret."""
    if runtime is None:
        return None
    from connector_healing.core.codec import to_plain
    from connector_healing.core.redaction import Redactor
    from connector_healing.runtime.secret_values import environment_secrets

    redactor = Redactor(environment_secrets(runtime.environment))
    masked: dict[str, Any] = _masked(to_plain(runtime), redactor)
    return masked


def _masked(value: Any, redactor: "Redactor") -> Any:  # JSON has no narrower type
    from connector_healing.core.redaction import MASK
    from connector_healing.core.secret_names import Place, hides

    if isinstance(value, Mapping):
        return {
            name: MASK
            if isinstance(inner, str) and hides(name, inner, Place.TEXT)
            else _masked(inner, redactor)
            for name, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [_masked(inner, redactor) for inner in value]
    return redactor.text(value) if isinstance(value, str) else value
