"""The Dagster resource of a heal: store, registry and one sandbox for all ops of a process."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Optional

from dagster import ConfigurableResource, DagsterLogManager, EnvVar, InitResourceContext
from pydantic import Field, PrivateAttr

from connector_healing.core.case import Step
from connector_healing.healing.services import CaseServices, HealServices
from connector_healing.healing.workflow import HealWorkflow
from connector_healing.orchestration.services import RunServices, heal_services, run_services
from connector_healing.runtime.rule_files import rules_of_text


class _LoggedProgress:
    """Tells Dagster's log of each step."""

    def __init__(self, log: DagsterLogManager | None) -> None:
        self._log = log

    @contextlib.contextmanager
    def step(self, case_id: str, step: Step, text: str) -> Iterator[None]:
        if self._log is not None:
            self._log.info(f"case {case_id}: {step.value} ({text})")
        yield


def _resolved(setting: str | None) -> str | None:
    """A setting's value also where Dagster did not resolve it: in sensors and checks."""
    return setting.get_value() if isinstance(setting, EnvVar) else setting


class HealingResource(ConfigurableResource["HealingResource"]):
    """Opens what a heal needs, and ends the sandbox with the run."""

    home: Optional[str] = Field(  # noqa: UP045  # Dagster's configuration does not read `str | None`
        default=None,
        description="The plugin's folder; left out: .connector_healing or DAGSTER_HOME.",
    )
    store_url: Optional[str] = Field(  # noqa: UP045  # Dagster's configuration does not read `str | None`
        default=None,
        description="SQLAlchemy URL of the store; left out: CONNECTOR_HEALING_STORE_URL or SQLite.",
    )
    rules: Optional[str] = Field(  # noqa: UP045  # Dagster's configuration does not read `str | None`
        default=None,
        description="The user's own rules for the classifier, as YAML or JSON text.",
    )
    _services: HealServices | None = PrivateAttr(default=None)

    @contextlib.contextmanager
    def yield_for_execution(self, context: InitResourceContext) -> Iterator["HealingResource"]:
        """Open the services for one run."""
        with heal_services(
            self.opened(),
            holder=context.run.run_id if context.run else None,
            progress=_LoggedProgress(context.log),
        ) as services:
            self._services = services
            yield self
            self._services = None

    def opened(self) -> RunServices:
        """Store and registry alone, as sensors and checks need them."""
        home = _resolved(self.home)
        return run_services(
            Path(home).expanduser().resolve() if home else None,
            _resolved(self.store_url),
            rules_of_text(self.rules, "rules") if self.rules else (),
        )

    @property
    def cases(self) -> CaseServices:
        """What looking at cases and moving them on takes."""
        return self.opened().cases

    @property
    def services(self) -> HealServices:
        """Everything that a heal needs; only within a run."""
        if self._services is None:
            raise RuntimeError("HealingResource.services is for ops: Dagster opens it for a run")
        return self._services

    @property
    def workflow(self) -> HealWorkflow:
        """The heal; only within a run."""
        return HealWorkflow(self.services)
