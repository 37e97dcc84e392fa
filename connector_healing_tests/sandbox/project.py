"""A small project with a connector in it, and requests to run that connector in the sandbox."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from textwrap import dedent
from typing import Any

from connector_healing.core.connector import Connector, ConnectorCode, SourceModule
from connector_healing.core.reproduction import ConnectorRuntime, SandboxRequest, Traffic

PAGES = """
    import dlt
    import requests

    from flightco.shapes import shape


    def pages(base):
        page = 1
        while page:
            answer = requests.get(f"{base}/v1/flights", params={"page": page}, timeout=20)
            body = answer.json()
            yield [shape(record) for record in body["data"]]
            page = body.get("next")


    @dlt.source(name="flights_api")
    def source(base):
        @dlt.resource(name="flights", primary_key="id", write_disposition="merge")
        def flights():
            yield from pages(base)

        return flights
"""
SHAPES = """
    def shape(record):
        return {
            "id": record["id"],
            "carrier": record["carrier"],
            "delay": record["departure"]["delay"],
        }
"""


def one_resource(body: str, arguments: str = "base", imports: str = "") -> str:
    """A module with one source of one resource `things`, whose function has this body."""
    head = f"import dlt\nimport requests\n{dedent(imports)}\n\n"
    resource = "    @dlt.resource(name='things')\n    def things():\n"
    inner = "".join(f"        {line}\n" for line in dedent(body).strip().splitlines())
    source = f"@dlt.source(name='things_api')\ndef source({arguments}):\n"
    return f"{head}{source}{resource}{inner}    return things\n"


@dataclass(frozen=True)
class Project:
    """A project's folder with the package ``flightco``."""

    folder: Path

    def write(self, texts: Mapping[str, str]) -> ConnectorCode:
        """Write the package's modules; returns them as a connector's code."""
        package = self.folder / "flightco"
        package.mkdir(exist_ok=True)
        (package / "__init__.py").write_text("")
        modules = []
        for name, text in sorted(texts.items()):
            plain = dedent(text).lstrip("\n")
            (package / f"{name}.py").write_text(plain)
            modules.append(
                SourceModule(name=f"flightco.{name}", path=f"flightco/{name}.py", text=plain)
            )
        return ConnectorCode(modules=tuple(modules))

    def runtime(self, module: str = "flights", **arguments: Any) -> ConnectorRuntime:
        return ConnectorRuntime(
            connector=Connector(
                id="flights", entry_point=f"flightco.{module}:source", arguments=arguments
            ),
            pipeline_name="flights_production",
            dataset_name="flights_data",
            destination_type="dlt.destinations.duckdb",
            destination_name="duckdb",
            destination_path=str(self.folder / "warehouse.duckdb"),
            project_dir=str(self.folder),
            import_paths=(str(self.folder),),
            dlt_source_name="flights_api",
            dlt_resources=(),
        )

    def request(
        self,
        texts: Mapping[str, str],
        arguments: Mapping[str, object],
        *,
        module: str = "flights",
        runtime: Mapping[str, Any] | None = None,
        **changes: Any,
    ) -> SandboxRequest:
        """A live run of 50 requests at most, changed as told."""
        request = SandboxRequest(
            runtime=replace(self.runtime(module, **arguments), **(runtime or {})),
            code=self.write(texts),
            dlt_resources=(),
            traffic=Traffic.LIVE,
            live_requests=50,
            timeout=timedelta(seconds=60),
        )
        return replace(request, **changes)

    def flights(self, base: str, **changes: Any) -> SandboxRequest:
        """The connector that pages through the API's flights."""
        return self.request({"flights": PAGES, "shapes": SHAPES}, {"base": base}, **changes)

    def things(
        self, body: str, base: str = "", *, imports: str = "", **changes: Any
    ) -> SandboxRequest:
        """A connector whose one resource does what the body says."""
        text = one_resource(body, imports=imports)
        return self.request({"flights": text}, {"base": base}, **changes)
