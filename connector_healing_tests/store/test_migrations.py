import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, NullPool, create_engine, inspect, text

from connector_healing.core.failure import SuspicionKind
from connector_healing.errors import StoreUnavailableError
from connector_healing.store import default_store_url, open_store
from connector_healing.store.engine import Database
from connector_healing.store.file_lock import folder_lock
from connector_healing.store.location import locate
from connector_healing.store.schema import metadata
from connector_healing.store.upgrade import (
    _MIGRATIONS,
    REVISIONS,
    VERSION_TABLE,
    ensure_schema,
    migrate,
    stored_revision,
)
from connector_healing_tests.store.builders import NOW, failure, open_case, suspicion


@pytest.fixture
def connection(new_url: str) -> Iterator[Connection]:
    database = Database(locate(new_url))
    with database.writing() as opened:
        yield opened
    database.close()


def described(connection: Connection) -> dict[str, object]:
    """Everything that the database says of each table."""
    inspector = inspect(connection)
    found: dict[str, object] = {}
    for table in sorted(set(inspector.get_table_names()) - {VERSION_TABLE}):
        columns = [
            (c["name"], str(c["type"]), c["nullable"], c["default"])
            for c in inspector.get_columns(table)
        ]
        checks = sorted(
            (str(c["name"]), c["sqltext"]) for c in inspector.get_check_constraints(table)
        )
        uniques = sorted(tuple(c["column_names"]) for c in inspector.get_unique_constraints(table))
        references = sorted(
            (tuple(c["constrained_columns"]), c["referred_table"], tuple(c["referred_columns"]))
            for c in inspector.get_foreign_keys(table)
        )
        key = inspector.get_pk_constraint(table)["constrained_columns"]
        indexes = sorted(
            (str(i["name"]), tuple(i["column_names"]), bool(i["unique"]), _condition(dict(i)))
            for i in inspector.get_indexes(table)
        )
        found[table] = (columns, key, checks, uniques, references, indexes)
    return found


def _condition(index: dict[str, object]) -> str:
    options = index.get("dialect_options")
    if not isinstance(options, dict):
        return ""
    return str(options.get("sqlite_where", options.get("postgresql_where", "")))


def test_the_migrations_make_the_tables_of_the_schema(connection: Connection) -> None:
    migrate(connection)
    migrated = described(connection)
    migrate_back(connection)
    assert described(connection) == {}

    metadata.create_all(connection)

    assert described(connection) == migrated
    assert set(migrated) == set(metadata.tables)
    assert str(migrated).count("dlt_resource IS NULL") == 1  # the conditions were compared too


def migrate_back(connection: Connection, revision: str = "base") -> None:
    from alembic import command

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes.update(connection=connection, version_table=VERSION_TABLE)
    command.downgrade(config, revision)


def test_alembic_finds_nothing_to_migrate(connection: Connection) -> None:
    migrate(connection)
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})

    changes = compare_metadata(context, metadata)

    # The two conditional indexes are plain SQL beside the tables' own, see `schema`.
    assert [(kind, index.name) for kind, index in changes] == [
        ("remove_index", "ux_healing_cases_open_of_connector"),
        ("remove_index", "ux_healing_cases_open_of_resource"),
    ]


def test_each_migration_is_named_in_order() -> None:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)

    assert tuple(s.revision for s in reversed(list(scripts.walk_revisions()))) == REVISIONS


def test_an_empty_database_is_upgraded_and_then_left_alone(new_url: str) -> None:
    with open_store(new_url) as store:
        case = open_case(store)
    with open_store(new_url) as store:
        assert store.cases() == (case,)
        with store._database.reading() as connection:
            assert stored_revision(connection) == REVISIONS[-1]


def test_rows_outlive_a_migration_and_its_way_back(new_url: str) -> None:
    with open_store(new_url) as store:
        case = open_case(store)
        repeated = replace(suspicion(), kind=SuspicionKind.KEY_REPEATED)
        store.save_waiver(case.case_id, [suspicion(), repeated], NOW)
        assert len(store.waivers("flights")) == 2
        with store._database.writing() as connection:
            migrate_back(connection, "0001")
    with open_store(new_url) as store:
        assert [kind for _, kind, *_ in store.waivers("flights")] == [SuspicionKind.TABLE_HALVED]
        with store._database.reading() as connection:
            assert stored_revision(connection) == REVISIONS[-1]


def test_a_store_is_not_opened_while_another_process_makes_it(tmp_path: Path) -> None:
    url = default_store_url(tmp_path)

    with ThreadPoolExecutor(1) as pool:
        with folder_lock(tmp_path, exclusive=True):
            opening = pool.submit(open_store, url)
            with pytest.raises(TimeoutError):
                opening.result(timeout=0.3)
        opening.result(timeout=30).close()


def test_an_interrupted_upgrade_leaves_no_table(new_url: str) -> None:
    database = Database(locate(new_url))
    with pytest.raises(InterruptedError):
        _migrate_and_fail(database)
    with database.reading() as connection:
        assert described(connection) == {}

    ensure_schema(database)

    with database.reading() as connection:
        assert set(described(connection)) == set(metadata.tables)
    database.close()


def _migrate_and_fail(database: Database) -> None:
    with database.writing() as connection:
        migrate(connection)
        raise InterruptedError


def test_a_store_of_a_later_release_is_refused_and_left_as_it_is(new_url: str) -> None:
    open_store(new_url).close()
    engine = create_engine(new_url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))

    with pytest.raises(StoreUnavailableError, match=r"9999.*later release"):
        open_store(new_url)

    with engine.connect() as connection:
        assert stored_revision(connection) == "9999"


def test_dagsters_own_alembic_table_is_not_touched(new_url: str) -> None:
    open_store(new_url).close()
    engine = create_engine(new_url, poolclass=NullPool)
    names = inspect(engine).get_table_names()

    assert all(name.startswith("healing_") for name in names)


def test_opening_a_current_store_loads_neither_alembic_nor_the_other_database(
    new_url: str,
) -> None:
    open_store(new_url).close()
    other = "sqlalchemy.dialects.postgresql" if new_url.startswith("sqlite") else "no such module"
    program = (
        "import sys\n"
        "from connector_healing.store import open_store\n"
        "with open_store(sys.argv[1]) as store:\n"
        "    assert store.cases() == ()\n"
        "print(sorted({'alembic', 'dagster', 'dlt', 'duckdb', sys.argv[2]} & set(sys.modules)))\n"
    )

    ended = subprocess.run(
        [sys.executable, "-c", program, new_url, other], capture_output=True, text=True, check=True
    )

    assert ended.stdout == "[]\n"


def test_a_sqlite_file_is_in_wal_mode_with_foreign_keys(new_url: str) -> None:
    if not new_url.startswith("sqlite"):
        return
    with open_store(new_url) as store, store._database.writing() as connection:
        settings = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "foreign_keys", "busy_timeout", "synchronous")
        ]

    assert settings == ["wal", 1, 30_000, 2]


def test_a_failure_is_there_for_its_case(new_url: str) -> None:
    with open_store(new_url) as store:
        open_case(store)
        assert store.failure("f1") == failure("f1")
