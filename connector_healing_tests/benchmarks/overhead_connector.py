"""The connector that the overhead is measured with: one incremental table of twelve columns."""

from collections.abc import Iterator
from typing import Any

import dlt
import requests


@dlt.source(name="overhead")
def overhead_source(base: str) -> Any:
    """Rows of the loopback API, after the last id that was loaded."""

    @dlt.resource(name="rows", primary_key="id", write_disposition="append")
    def rows(
        number: Any = dlt.sources.incremental("id", initial_value=0),  # noqa: B008  # dlt's way
    ) -> Iterator[list[dict[str, Any]]]:
        since = number.last_value
        while True:
            answer = requests.get(f"{base}/rows", params={"since": since}, timeout=60)
            answer.raise_for_status()
            records = answer.json()["data"]
            if not records:
                return
            since = records[-1]["id"]
            yield records

    return rows
