import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import make_url

from connector_healing.errors import MissingExtraError, StoreUnavailableError
from connector_healing.store import default_store_url, open_store
from connector_healing.store.location import locate

SECRET = "hunter2"


def refusal(url: str) -> str:
    with pytest.raises(StoreUnavailableError) as raised:
        open_store(url)
    assert raised.value.__cause__ is None or SECRET not in str(raised.value.__cause__)
    assert "\n" not in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "It is not a database URL."),
        ("store.db", "It is not a database URL."),
        ("sqlite:///", "It names no database."),
        ("sqlite://", "It names no database."),
        ("sqlite:///a.db?mode=ro", "A SQLite URL takes no options."),
        ("postgresql+psycopg://host", "It names no database."),
        ("mysql://host/db", "'mysql' is none of the databases"),
        ("postgresql+asyncpg://host/db", "'postgresql+asyncpg' is none of the databases"),
    ],
)
def test_a_wrong_url_is_refused_in_one_line(url: str, reason: str) -> None:
    assert reason in refusal(url)


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql+psycopg://user:{SECRET}@127.0.0.1:1/db",
        f"postgresql://user:{SECRET}@127.0.0.1:1/db",
        f"postgresql+psycopg://user:{SECRET}@127.0.0.1:port/db",
        f"postgresql+psycopg://user:{SECRET}@127.0.0.1",
        f"postgresql+psycopg://user:p@{SECRET}@127.0.0.1:1/db",
        f"postgresql+psycopg://user:{SECRET}@p@127.0.0.1:1/db",
        f"postgresql+psycopg:/user:{SECRET}@127.0.0.1/db",
        f"postgresql+psycopg://127.0.0.1:1/db?user=u&password={SECRET}",
        f"postgresql+psycopg://127.0.0.1:port/db?password={SECRET}",
        f"postgresql+psycopg://127.0.0.1:1/db?sslpassword={SECRET}",
        f"postgresql+psycopg://127.0.0.1:1/db?no_such_option={SECRET}",
        f"mysql://user:{SECRET}@127.0.0.1/db",
        f"user:{SECRET}@127.0.0.1/db",
    ],
)
def test_no_text_holds_the_password(url: str) -> None:
    assert SECRET not in refusal(url)


def test_an_unreachable_server_is_named(unused_port: int) -> None:
    said = refusal(f"postgresql+psycopg://user:{SECRET}@127.0.0.1:{unused_port}/db")

    assert f"user:***@127.0.0.1:{unused_port}/db" in said
    assert "refused" in said


@pytest.mark.service
def test_an_unknown_database_of_a_server_is_named(postgres_server: str) -> None:
    url = make_url(postgres_server).set(database="nothing", password=SECRET)

    said = refusal(url.render_as_string(hide_password=False))

    assert 'database "nothing" does not exist' in said
    assert SECRET not in said


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    (tmp_path / "folder").mkdir()

    assert "Its folder cannot be made" in refusal(f"sqlite:///{tmp_path}/file/store.db")
    assert "Its folder cannot be made" in refusal("sqlite:////proc/connector_healing/store.db")
    assert "It is no file" in refusal(f"sqlite:///{tmp_path}/folder")


def test_a_file_of_something_else_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_text("dear diary, " * 1000)

    assert "file is not a database" in refusal(f"sqlite:///{path}")
    assert path.read_text() == "dear diary, " * 1000
    assert list(tmp_path.iterdir()) == [path]


def test_without_the_driver_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)

    with pytest.raises(MissingExtraError, match=r"pip install '\.\[postgres\]'"):
        open_store(f"postgresql+psycopg://user:{SECRET}@127.0.0.1/db")


NAMES = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1)


@given(name=NAMES.filter(lambda name: name not in {".", ".."}))
def test_any_folder_can_be_home(name: str) -> None:
    home = Path("/somewhere") / name

    assert locate(default_store_url(home)).path == home / "store.db"


def test_the_default_store_is_made_with_its_folder(tmp_path: Path) -> None:
    home = tmp_path / "a home" / "with % and #"

    with open_store(default_store_url(home)) as store:
        store.set_note("a", "1")

    assert (home / "store.db").is_file()


def test_a_store_names_itself_without_its_password() -> None:
    assert repr(open_store("sqlite:///:memory:")) == "SqlStore('sqlite:///:memory:')"
    shown = locate(f"postgresql://user:{SECRET}@host/db?sslmode=require&passfile={SECRET}")

    assert SECRET not in repr(shown)
    assert shown.shown == "postgresql+psycopg://user:***@host/db?sslmode=require passfile=***"
    assert shown.secrets == (SECRET,)


def test_stores_in_memory_are_apart() -> None:
    with open_store("sqlite:///:memory:") as one, open_store("sqlite:///:memory:") as other:
        one.set_note("a", "1")

        assert other.get_note("a") is None


def test_a_server_that_goes_away_is_told_without_its_password(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path}/store.db") as store:
        for path in tmp_path.iterdir():
            path.unlink()
        (tmp_path / "store.db").mkdir()
        store._database._engine.dispose()

        with pytest.raises(StoreUnavailableError, match="unable to open database file"):
            store.get_note("a")
