"""What `HealingDltResource` costs over `DagsterDltResource` on the same source.

``python -m connector_healing_tests.benchmarks overhead [--rounds N] [--json]``

Both load the same rows of the same loopback API into DuckDB files of their own, in turns, each in
a run of its own within this process. A small daily load adds a few hundred rows to a table; a
large one loads 25,000 new rows each time. As installed means that ours writes load files which
DuckDB loads faster than dlt's default (insert_values); the other variants have both write the
same format, so that only the judging and recording is left of the difference. (DuckDB needs
2 GB for 25,000 rows of insert_values: once is enough.)
"""

import argparse
import gc
import json
import logging
import os
import statistics
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter, process_time
from types import SimpleNamespace
from typing import Any

import dagster as dg
import dlt
from dagster_dlt import DagsterDltResource, dlt_assets

from connector_healing.core.connector import Connector
from connector_healing.orchestration.assets import healing_dlt_assets
from connector_healing.orchestration.dlt_resource import HealingDltResource
from connector_healing.runtime.loading import build_source
from connector_healing_tests.benchmarks.overhead_api import OverheadApi

ENTRY_POINT = "connector_healing_tests.benchmarks.overhead_connector:overhead_source"

#: The aim: ours over theirs.
AIM = 1.03


@dataclass(frozen=True)
class Variant:
    """One comparison."""

    name: str
    rows: int  #: New rows of each run.
    file_format: str | None  #: Of both; None: each its own default.


VARIANTS = (
    Variant("small daily load, as installed", 300, None),
    Variant("small daily load, both jsonl", 300, "jsonl"),
    Variant("small daily load, both insert_values", 300, "insert_values"),
    Variant("25,000 rows, as installed", 25_000, None),
    Variant("25,000 rows, both jsonl", 25_000, "jsonl"),
)

#: Keeps Dagster's own lines off the terminal.
_SILENT = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}

#: A run of so many rows takes seconds: a third of the rounds tells as much.
MANY_ROWS = 10_000


@dataclass(frozen=True)
class Measured:
    """Medians of one comparison, in seconds, and their ratio."""

    variant: str
    theirs: float
    ours: float
    ratio: float  #: Median of the ratios of neighbouring runs.
    processor_ratio: float  #: The same of processor time, which other processes touch less.
    rounds: int


@dataclass(frozen=True)
class Took:
    """Seconds that one run took."""

    wall: float
    processor: float


def compare(variant: Variant, rounds: int, folder: Path) -> Measured:
    """Run both in turns; the first round of each warms up and does not count."""
    with OverheadApi().serving() as api, dg.DagsterInstance.ephemeral() as instance:
        theirs = _theirs(folder, api.url, variant)
        ours = _ours(folder, api.url, variant)
        seconds: list[tuple[Took, Took]] = []
        for number in range(rounds + 1):
            api.grow(variant.rows)
            pair = [(0, theirs), (1, ours)] if number % 2 else [(1, ours), (0, theirs)]
            took = {which: _timed(assets, resource, instance) for which, (assets, resource) in pair}
            seconds.append((took[0], took[1]))
    counted = seconds[1:]
    return Measured(
        variant=variant.name,
        theirs=statistics.median(t.wall for t, _ in counted),
        ours=statistics.median(o.wall for _, o in counted),
        ratio=statistics.median(o.wall / t.wall for t, o in counted),
        processor_ratio=statistics.median(o.processor / t.processor for t, o in counted),
        rounds=rounds,
    )


def _timed(
    assets: dg.AssetsDefinition, resource: DagsterDltResource, instance: dg.DagsterInstance
) -> Took:
    gc.collect()
    begun, worked = perf_counter(), process_time()
    dg.materialize([assets], resources={"dlt": resource}, instance=instance, run_config=_SILENT)
    return Took(perf_counter() - begun, process_time() - worked)


def _pipeline(folder: Path, name: str) -> dlt.Pipeline:
    return dlt.pipeline(
        pipeline_name=name,
        destination=dlt.destinations.duckdb(str(folder / f"{name}.duckdb")),
        dataset_name="overhead",
        pipelines_dir=str(folder / "pipelines"),
    )


def _connector(url: str) -> Connector:
    return Connector(id="overhead", entry_point=ENTRY_POINT, arguments={"base": url})


def _theirs(
    folder: Path, url: str, variant: Variant
) -> tuple[dg.AssetsDefinition, DagsterDltResource]:
    source = build_source(_connector(url))

    @dlt_assets(dlt_source=source, dlt_pipeline=_pipeline(folder, "theirs"), name="theirs")
    def assets(context: dg.AssetExecutionContext, dlt: DagsterDltResource) -> Iterator[Any]:
        yield from dlt.run(context=context, loader_file_format=variant.file_format)

    return assets, _MendedResource()


def _ours(
    folder: Path, url: str, variant: Variant
) -> tuple[dg.AssetsDefinition, DagsterDltResource]:
    @healing_dlt_assets(connector=_connector(url), dlt_pipeline=_pipeline(folder, "ours"))
    def assets(context: dg.AssetExecutionContext, dlt: HealingDltResource) -> Iterator[Any]:
        yield from dlt.run(context=context, loader_file_format=variant.file_format)

    return assets, HealingDltResource(home=str(folder / "healing"))


class _MendedResource(DagsterDltResource):
    """Theirs, but for the defect that fails a second run in one process (dagster#34052)."""

    @classmethod
    def _is_dagster_maintained(cls) -> bool:
        return False

    def _extract_table_schema_metadata(self, table_name: str, schema: dlt.Schema) -> Any:
        columns = schema.get_table_columns(table_name)
        copied = {name: dict(column) for name, column in columns.items()}
        stand_in: Any = SimpleNamespace(get_table_columns=lambda _: copied)
        return super()._extract_table_schema_metadata(table_name, stand_in)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print both medians and the ratio of each variant."""
    parser = argparse.ArgumentParser(prog="overhead", description="HealingDltResource's cost.")
    parser.add_argument("--rounds", type=int, default=9, help="runs of each that count")
    parser.add_argument("--only", default="", help="variants whose name holds this")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args(arguments)
    _be_quiet()
    found = []
    for variant in VARIANTS:
        if given.only in variant.name:
            rounds = given.rounds if variant.rows < MANY_ROWS else max(3, given.rounds // 3)
            with tempfile.TemporaryDirectory(prefix="overhead-") as folder:
                found.append(compare(variant, rounds, Path(folder)))
    if given.json:
        plain = {"aim": AIM, "variants": [asdict(one) for one in found]}
        sys.stdout.write(json.dumps(plain) + "\n")
        return 0
    for one in found:
        sys.stdout.write(
            f"{one.variant:<37} DagsterDltResource {one.theirs:7.3f} s   "
            f"HealingDltResource {one.ours:7.3f} s   ratio {one.ratio:.3f}   "
            f"processor {one.processor_ratio:.3f}\n"
        )
    sys.stdout.write(f"Medians of runs in turns; the aim is a ratio <= {AIM}.\n")
    return 0


def _be_quiet() -> None:
    os.environ.setdefault("RUNTIME__LOG_LEVEL", "CRITICAL")
    os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")
    os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
    warnings.simplefilter("ignore")
    logging.getLogger("dagster").setLevel(logging.CRITICAL)


if __name__ == "__main__":
    raise SystemExit(main())
