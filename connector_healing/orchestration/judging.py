"""Judging a normalised load package before it is loaded."""

from collections.abc import Mapping
from dataclasses import dataclass

from dlt import Pipeline

from connector_healing.core.failure import Suspicion
from connector_healing.core.judge import HISTORY, judge
from connector_healing.core.profile import Churn, PackageProfile
from connector_healing.orchestration.run_facts import RunFacts
from connector_healing.orchestration.services import RunServices
from connector_healing.sandbox.churn import churn_of_package
from connector_healing.sandbox.package_files import PackageTable, package_tables
from connector_healing.sandbox.packages import profile_package


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a package looks like, and what is wrong with it."""

    package: Mapping[str, PackageTable]
    profile: PackageProfile
    suspicions: tuple[Suspicion, ...]  #: Those that no person waived.
    waived: tuple[str, ...]  #: Cases whose waivers this package uses up once it is loaded.
    released: frozenset[str]  #: dlt resources that look wrong, as a person allowed.


def judge_package(services: RunServices, facts: RunFacts, pipeline: Pipeline) -> Judgement:
    """Profile the package that waits to be loaded and ask the judge."""
    package = package_tables(pipeline, facts.selected)
    profile = _selected(
        profile_package(pipeline, package=package, row_counts=facts.normalized), facts.selected
    )
    baselines = {
        name: services.store.baselines(facts.connector.id, name, HISTORY)
        for name in {t.dlt_resource for t in profile.tables.values() if t.dlt_resource}
    }
    declared = facts.runtime.connector if facts.runtime else facts.connector
    found = judge(profile, baselines, declared.resources)
    waivers = services.store.waivers(facts.connector.id)
    waived = {(kind, table, column) for _, kind, table, column in waivers}
    return Judgement(
        package=package,
        profile=profile,
        suspicions=tuple(s for s in found if (s.kind, s.table, s.column) not in waived),
        released=frozenset(s.dlt_resource for s in found if (s.kind, s.table, s.column) in waived),
        # A waiver is for the next run of its table, whether it turns out to be needed or not.
        waived=tuple(sorted({case for case, _, table, _ in waivers if table in profile.tables})),
    )


def measured_churn(
    facts: RunFacts, pipeline: Pipeline, judgement: Judgement
) -> Mapping[str, Churn | None]:
    """How the load is about to change what is there, by dlt resource; before the load."""
    runtime, place = facts.runtime, facts.place
    found: dict[str, Churn | None] = {}
    if runtime is None or place is None:
        return found
    for table in judgement.profile.tables.values():
        if table.parent is not None or table.dlt_resource is None or not table.rows:
            continue
        expected = runtime.connector.resources.get(table.dlt_resource)
        if expected and expected.primary_key:
            found[table.dlt_resource] = churn_of_package(
                pipeline,
                table.table,
                expected.primary_key,
                place.path,
                package=judgement.package,
                dataset=place.schema,
            )
    return found


def _selected(profile: PackageProfile, selected: tuple[str, ...]) -> PackageProfile:
    if not selected:
        return profile
    wanted = {n: t for n, t in profile.tables.items() if t.dlt_resource in selected}
    return PackageProfile(tables=wanted)
