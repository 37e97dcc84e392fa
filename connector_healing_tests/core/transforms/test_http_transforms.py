"""Limiter, retry and timeout patches: the patched text still runs against a real server."""

import ast
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import requests

from connector_healing.core.connector import ConnectorCode, SourceModule
from connector_healing.core.failure import CodePosition
from connector_healing.core.patch import Patch, PatchResult, Unpatchable, apply_edits
from connector_healing.core.transforms.rate_limit import limit_rate
from connector_healing.core.transforms.retry import retry_for
from connector_healing.core.transforms.timeouts import set_timeout
from connector_healing_tests.core.transforms.observing import MODULE, code_of

LIMIT = timedelta(seconds=90)
FIVE_MINUTES = timedelta(minutes=5)

TEXTS = {
    "function": 'import requests\n\n\ndef read(url):\n    return requests.get(url + "a").json()["data"]\n',
    "renamed": 'import requests as rq\n\n\ndef read(url):\n    return rq.request("GET", url).json()["data"]\n',
    "imported": "from requests import get as fetch\n\n\ndef read(url):\n    return fetch(url).json()['data']\n",
    "helper": 'from dlt.sources.helpers import requests\n\n\ndef read(url):\n    return requests.get(url).json()["data"]\n',
    "session": (
        "import requests\n\n\ndef read(url):\n    with requests.Session() as session:\n"
        '        return session.get(url).json()["data"]\n'
    ),
    "client": (
        "from dlt.sources.helpers.rest_client import RESTClient\n\n\ndef read(url):\n"
        "    client = RESTClient(\n        base_url=url,  # the vendor's\n    )\n"
        '    return [row for page in client.paginate("x", data_selector="data") for row in page]\n'
    ),
    "configuration": (
        "from dlt.sources.rest_api import rest_api_source\n\n\ndef read(url):\n"
        '    client = {"base_url": url}\n'
        "    source = rest_api_source(\n"
        '        {"client": client, "resource_defaults": {"endpoint": {"data_selector": "data"}},'
        ' "resources": ["rows"]}\n    )\n    return list(source)\n'
    ),
}

TRANSFORMS: dict[str, Callable[[ConnectorCode], PatchResult]] = {
    "limit": limit_rate,
    "retry": lambda code: retry_for(code, None, FIVE_MINUTES),
    "timeout": lambda code: set_timeout(code, LIMIT),
}


def patched(result: PatchResult, text: str) -> str:
    assert isinstance(result, Patch), result
    return apply_edits(code_of(text), result.edits).modules[0].text


def ran(text: str, url: str) -> Any:
    namespace: dict[str, Any] = {"__name__": MODULE}
    exec(compile(text, MODULE, "exec"), namespace)
    return namespace["read"](url)


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("name", TEXTS)
def test_the_patched_text_runs_and_is_patched_once(name: str, transform: str, api: str) -> None:
    change = TRANSFORMS[transform]
    text = patched(change(code_of(TEXTS[name])), TEXTS[name])
    rows = ran(text, api)
    assert [row["id"] for row in rows] == [0, 1, 2]
    again = change(code_of(text))
    assert isinstance(again, Unpatchable), again
    changed = [line for line in TEXTS[name].splitlines() if line not in text.splitlines()]
    assert len(changed) <= 1


def test_one_module_gets_one_session() -> None:
    text = (
        '"""A connector."""\n\nimport requests\n\n\ndef a():\n    return requests.get("a")\n\n\n'
        'def b():\n    return requests.post("b")  # kept\n'
    )
    assert patched(limit_rate(code_of(text)), text) == (
        '"""A connector."""\n\nimport requests\n'
        "from connector_healing.runtime.session import rate_limited_session\n\n"
        "http = rate_limited_session()\n\n\n"
        'def a():\n    return http.get("a")\n\n\ndef b():\n    return http.post("b")  # kept\n'
    )


def test_the_helper_goes_on_raising_for_bad_statuses(api: str) -> None:
    text = patched(limit_rate(code_of(TEXTS["helper"])), TEXTS["helper"])
    assert "raise_for_status" in text
    with pytest.raises(requests.HTTPError):
        ran(text, api + "status/404")


def test_all_modules_of_a_connector_are_patched() -> None:
    modules = tuple(
        SourceModule(name=n, path=f"{n}.py", text=TEXTS["function"]) for n in ("one", "two")
    )
    patch = limit_rate(ConnectorCode(modules=modules))
    assert isinstance(patch, Patch)
    assert {e.module for e in patch.edits} == {"one", "two"}


@pytest.mark.parametrize(
    "text",
    [
        "def read(url):\n    return 1\n",
        "import httpx\n\n\ndef read(url):\n    return httpx.get(url)\n",
        "from dlt.sources.helpers.rest_client import RESTClient\n\nclient = RESTClient(**options)\n",
        "from dlt.sources.helpers.rest_client import RESTClient\n\nclient = RESTClient(session=mine)\n",
        "import requests\n\n\ndef rate_limited_session():\n    return requests.Session()\n",
        "def (",
    ],
    ids=["no http", "another library", "unpacked", "own session", "name taken", "no python"],
)
def test_what_cannot_be_limited_is_an_answer(text: str) -> None:
    assert isinstance(limit_rate(code_of(text)), Unpatchable)


PLAIN = """import requests

SEEN = []


def fetch(url, params):
    \"\"\"One page.\"\"\"
    rows = []
    response = requests.get(url, params=params)
    response.raise_for_status()
    rows.extend(response.json()["data"])
    return rows


def read(url):
    return fetch(url, {})
"""


def at(line: int, text: str = PLAIN) -> CodePosition:
    return CodePosition(module=MODULE, path="sample/connector.py", line=line, function="fetch")


def test_a_function_that_sends_the_request_is_repeated_for_a_time(api: str) -> None:
    text = patched(retry_for(code_of(PLAIN), at(10), FIVE_MINUTES), PLAIN)
    assert "stop=stop_after_delay(timedelta(minutes=5))" in text
    assert "stop_after_attempt" not in text
    assert [row["id"] for row in ran(text, api)] == [0, 1, 2]
    assert len(ran(text, api + "flaky/two")) == 3
    with pytest.raises(requests.HTTPError):
        ran(text, api + "status/404")


def test_a_bounded_time_ends(api: str) -> None:
    text = patched(retry_for(code_of(PLAIN), at(10), timedelta(seconds=0.2)), PLAIN)
    with pytest.raises(requests.HTTPError):
        ran(text, api + "status/503")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("    return rows", "    yield rows"),
        ("    return rows", "    SEEN.append(rows)\n    return rows"),
        ("    return rows", '    params["page"] = 2\n    return rows'),
        ("    return rows", "    fetch.last = rows\n    return rows"),
        ("requests.get(url, params=params)", "requests.post(url, params=params)"),
        ("def fetch", "@cached\ndef fetch"),
        ("    rows = []", "    global SEEN\n    rows = []"),
    ],
)
def test_a_function_that_is_not_safe_to_repeat_gets_a_session(before: str, after: str) -> None:
    text = PLAIN.replace(before, after)
    line = next(n for n, row in enumerate(text.splitlines(), 1) if "raise_for_status" in row)
    changed = patched(retry_for(code_of(text), at(line), FIVE_MINUTES), text)
    assert "retrying_session(timedelta(minutes=5))" in changed
    assert "tenacity" not in changed
    ast.parse(changed)


def test_a_failure_elsewhere_gets_a_session() -> None:
    changed = patched(retry_for(code_of(PLAIN), at(16), FIVE_MINUTES), PLAIN)
    assert "retrying_session" in changed


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("requests.get(url)", "requests.get(url, timeout=90)"),
        ("requests.get(url, timeout=10)", "requests.get(url, timeout=90)"),
        ("requests.get(url, timeout=(3, 10))", "requests.get(url, timeout=(3, 90))"),
        ("requests.get(\n    url,  # x\n)", "requests.get(\n    url,  # x\n    timeout=90,\n)"),
        ("requests.get(\n    url  # x\n)", "requests.get(\n    url,  # x\n    timeout=90\n)"),
        ("requests.get()", "requests.get(timeout=90)"),
    ],
)
def test_a_timeout_is_added_or_raised(given: str, wanted: str) -> None:
    text = f"import requests\n\nurl = 'x'\n{given}\n"
    assert wanted in patched(set_timeout(code_of(text), LIMIT), text)


@pytest.mark.parametrize("given", ["requests.get(url, timeout=120)", "requests.get(url, **more)"])
def test_a_longer_or_unknown_timeout_stays(given: str) -> None:
    result = set_timeout(code_of(f"import requests\n\nurl = 'x'\n{given}\n"), LIMIT)
    assert isinstance(result, Unpatchable)


def test_a_timeout_held_in_a_constant_is_raised_there() -> None:
    text = "import requests\n\nWAIT = 5\n\n\ndef read(url):\n    return requests.get(url, timeout=WAIT)\n"
    assert "WAIT = 90\n" in patched(set_timeout(code_of(text), LIMIT), text)
