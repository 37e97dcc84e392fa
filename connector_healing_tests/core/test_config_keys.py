import pytest

from connector_healing.core.config_keys import used_keys
from connector_healing.core.connector import ConnectorCode, SourceModule


def code(text: str) -> ConnectorCode:
    module = SourceModule(name="vendor", path="vendor.py", text=text, is_package=False)
    return ConnectorCode(modules=(module,))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('token = dlt.secrets["vendor.token"]', "vendor.token"),
        ('token = dlt.secrets.get("vendor.token", str)', "vendor.token"),
        ('base = dlt.config["vendor.base"]', "vendor.base"),
        ('from dlt import secrets\ntoken = secrets["token"]', "token"),
    ],
)
def test_what_the_code_reads_by_itself_is_used(text: str, key: str) -> None:
    assert used_keys(code(text), []) == {key}


@pytest.mark.parametrize(
    "text", ['record["vendor.token"]', "dlt.secrets[name]", 'os.environ.get("TOKEN")', "def ("]
)
def test_other_look_ups_and_broken_code_name_no_key(text: str) -> None:
    assert used_keys(code(text), []) == frozenset()


def test_of_what_dlt_saw_other_connectors_keys_are_left_out() -> None:
    text = 'token = dlt.secrets[f"vendor.{region}.token"]'
    seen = ["vendor.eu.token", "other.password", "sources.vendor.page_size", "api_key"]

    assert used_keys(code(text), seen) == {
        "vendor.eu.token",
        "sources.vendor.page_size",
        "api_key",
    }
