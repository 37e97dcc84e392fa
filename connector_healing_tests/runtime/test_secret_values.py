from collections.abc import Callable
from pathlib import Path

import pytest

from connector_healing.runtime.secret_values import environment_secrets, secret_values


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PWD", "/data/project")
    monkeypatch.setenv("OLDPWD", "/data")
    monkeypatch.setenv("VENDOR_PWD", "pwd-of-the-vendor")
    monkeypatch.setenv("VENDOR_API_KEY", "key-of-the-vendor")
    monkeypatch.setenv("STORE_URL_SECRET", "postgresql://anna:pa55word@db/store")
    monkeypatch.setenv("API_BASE", "declared-value")
    monkeypatch.setenv("VENDOR_REGION", "europe-west")


@pytest.mark.parametrize("found", [environment_secrets, secret_values])
def test_secrets_are_found_by_name_or_because_they_are_declared(
    found: Callable[..., frozenset[str]],
) -> None:
    values = found(["API_BASE"])

    assert {"pwd-of-the-vendor", "key-of-the-vendor", "pa55word", "declared-value"} <= values
    assert "europe-west" not in values
    assert "declared-value" not in found()


def test_the_working_directory_is_no_password() -> None:
    assert not {"/data/project", "/data"} & secret_values()


def test_of_an_address_the_password_alone_is_a_secret() -> None:
    assert not any("db/store" in value for value in environment_secrets())


def test_what_variables_hold_whose_names_say_little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_SESSION", "sess-3e5d7c9b1a2f")
    monkeypatch.setenv("GITHUB_PAT", "pat-of-the-vendor")
    monkeypatch.setenv("DATABASE_URL", "postgresql://anna:of-the-address@db/store")
    monkeypatch.setenv("BLOBS", "AccountName=x;AccountKey=of-the-blobs==;")
    monkeypatch.setenv("DESKTOP_SESSION", "ubuntu-22x04")
    found = environment_secrets()

    assert {"sess-3e5d7c9b1a2f", "pat-of-the-vendor", "of-the-address", "of-the-blobs=="} <= found
    assert not {"ubuntu-22x04", "x"} & found


def test_what_dlt_keeps_as_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dlt.common.configuration.container import Container
    from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

    (tmp_path / ".dlt").mkdir()
    (tmp_path / ".dlt" / "secrets.toml").write_text('[sources]\ntoken = "token-of-dlt"\n')
    context = Container()[PluggableRunContext]
    monkeypatch.chdir(tmp_path)
    context.reload(str(tmp_path))
    try:
        assert "token-of-dlt" in secret_values()
        assert "token-of-dlt" not in environment_secrets()
    finally:
        monkeypatch.undo()
        context.reload()
