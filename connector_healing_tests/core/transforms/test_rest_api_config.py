"""Configuration edits, accepted and run by dlt itself."""

from typing import Any

import pytest
from dlt.sources.rest_api import rest_api_source

from connector_healing.core.drift.mapping import FieldMapping, MappingVerdict
from connector_healing.core.patch import Patch, Unpatchable, apply_edits
from connector_healing.core.transforms.rest_api_config import add_record_alias
from connector_healing.runtime.aliases import alias_fields
from connector_healing_tests.core.transforms.observing import code_of

MAPPINGS = [
    FieldMapping(old="delay", new="times.delay", verdict=MappingVerdict.RENAMED),
    FieldMapping(old="id", new="id", verdict=MappingVerdict.SAME),
]
ALIAS = 'alias_fields({"delay": "times.delay"})'

CONFIGURATION = '''"""A connector."""

from dlt.sources.rest_api import RESTAPIConfig, rest_api_source

BASE = "http://127.0.0.1/"

planes = {"name": "planes", "endpoint": {"path": "planes"}}


def source():
    config: RESTAPIConfig = {
        "client": {"base_url": BASE},  # no auth
        "resource_defaults": {"endpoint": {"data_selector": "data"}},
        "resources": [
            "airports",
            planes,
            {
                "name": "flights",
                "primary_key": "id",
                "endpoint": {
                    "path": "flights",
                    "params": {"per_page": 100},
                },  # the big one
            },
            {
                "name": "weather",
                "processing_steps": [{"filter": lambda row: row["id"] > 0}]
            },
        ],
    }
    return rest_api_source(config)
'''


def patched(result: object, text: str = CONFIGURATION) -> str:
    assert isinstance(result, Patch), result
    return apply_edits(code_of(text), result.edits).modules[0].text


def rows(text: str, api: str, dlt_resource: str) -> list[dict[str, Any]]:
    text = text.replace("http://127.0.0.1/", api)
    lines = [line for line in text.splitlines() if not line.startswith("from ")]
    namespace: dict[str, Any] = {
        "alias_fields": alias_fields,
        "rest_api_source": rest_api_source,
        "RESTAPIConfig": dict,
    }
    exec("\n".join(lines), namespace)
    return list(namespace["source"]().with_resources(dlt_resource))


@pytest.mark.parametrize("dlt_resource", ["airports", "planes", "flights", "weather"])
def test_a_record_alias_runs_in_dlt(dlt_resource: str, api: str) -> None:
    code = code_of(CONFIGURATION)
    result = add_record_alias(code, dlt_resource, MAPPINGS)
    text = patched(result)
    assert f'{{"map": {ALIAS}}}' in text
    assert "from connector_healing.runtime.aliases import alias_fields\n" in text
    found = rows(text, api, dlt_resource)
    assert [r["delay"] for r in found] == [r["id"] for r in found]
    assert len(found) == (2 if dlt_resource == "weather" else 3)
    again = add_record_alias(code_of(text), dlt_resource, MAPPINGS)
    assert isinstance(again, Unpatchable)
    assert "already there" in again.reason


def test_a_new_entry_keeps_the_layout() -> None:
    text = patched(add_record_alias(code_of(CONFIGURATION), "flights", MAPPINGS))
    assert (
        "                },  # the big one\n"
        f'                "processing_steps": [{{"map": {ALIAS}}}],\n'
        "            },\n"
    ) in text
    text = patched(add_record_alias(code_of(CONFIGURATION), "weather", MAPPINGS))
    assert f'"processing_steps": [{{"map": {ALIAS}}}, {{"filter": lambda' in text


def test_a_long_alias_is_broken_into_lines(api: str) -> None:
    many = [
        FieldMapping(old=f"old_field_{n}", new=f"new_field_{n}", verdict=MappingVerdict.RENAMED)
        for n in range(4)
    ]
    text = patched(add_record_alias(code_of(CONFIGURATION), "flights", many))
    assert max(len(line) for line in text.splitlines()) <= 100
    assert len(rows(text, api, "flights")) == 3
    assert isinstance(add_record_alias(code_of(text), "flights", many), Unpatchable)


def test_an_older_alias_comes_after_the_new_one() -> None:
    once = patched(add_record_alias(code_of(CONFIGURATION), "flights", MAPPINGS))
    newer = [FieldMapping(old="op_code", new="airline", verdict=MappingVerdict.RENAMED)]
    text = patched(add_record_alias(code_of(once), "flights", newer), once)
    first, second = '{"map": alias_fields({"op_code": "airline"})}', f'{{"map": {ALIAS}}}'
    assert f"[{first}, {second}]" in text


@pytest.mark.parametrize(
    ("text", "dlt_resource"),
    [
        (CONFIGURATION, "unknown"),
        ("config = {}\n", "flights"),
        (CONFIGURATION.replace('"resources": [', '"resources": [*more, ').replace("planes,", "f(),"), "planes"),
        (CONFIGURATION.replace('"airports",', '"airports", "airports",'), "airports"),
        (CONFIGURATION.replace('"processing_steps": [', '"processing_steps": steps or ['), "weather"),
        ("def (", "flights"),
    ],
)  # fmt: skip
def test_what_is_no_literal_is_refused(text: str, dlt_resource: str) -> None:
    assert isinstance(add_record_alias(code_of(text), dlt_resource, MAPPINGS), Unpatchable)
