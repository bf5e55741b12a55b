"""The schema: made by migrations, equal to the models, there and back again."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, inspect, text

from portal.accounts.models import Installation
from portal.database import Database
from portal.errors import DatabaseUnavailable
from portal.migrations import HEAD
from portal.migrations.run import FOLDER, StaleSchema, migrate, require_current_schema, schema_revision
from portal.migrations.tables import belongs, metadata
from portal.tokens.models import TokenUsage


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request, tmp_path):
    """A database without tables. On PostgreSQL one of its own, beside the one that all tests share."""
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path / 'empty.db'}")
        Path(tmp_path / "empty.db").touch()
        yield database
        database.close()
        return
    shared = Database(request.getfixturevalue("postgres_url"))
    anywhere = shared.engine.execution_options(isolation_level="AUTOCOMMIT")
    with anywhere.connect() as connection:
        connection.execute(text("CREATE DATABASE migrated"))
    database = Database(shared.url.set(database="migrated").render_as_string(hide_password=False))
    yield database
    database.close()
    with anywhere.connect() as connection:
        connection.execute(text("DROP DATABASE migrated WITH (FORCE)"))
    shared.close()


@pytest.fixture
def migrated(empty):
    migrate(empty)
    return empty


def run_alembic(database, name, revision):
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    with database.engine.connect() as connection, connection.begin():
        config.attributes["connection"] = connection
        getattr(command, name)(config, revision)


def tables(database):
    with database.engine.connect() as connection:
        return set(inspect(connection).get_table_names())


def set_revision(database, revision):
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})


def test_models_and_migrations_are_equal(migrated):
    with migrated.engine.connect() as connection:
        there = belongs(connection.dialect.name)
        options = {"compare_type": True, "compare_server_default": True, "include_object": there}
        context = MigrationContext.configure(connection, opts=options)

        assert compare_metadata(context, metadata) == []


def test_checks_are_equal_too(migrated):
    # Alembic does not compare these.
    with migrated.engine.connect() as connection:
        inspector = inspect(connection)
        found = {check["name"] for table in metadata.tables for check in inspector.get_check_constraints(table)}

    assert found == {
        constraint.name
        for table in metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint)
    }


def test_ids_are_never_used_twice_on_sqlite():
    numbered = {table.name for table in metadata.tables.values() if table.dialect_options["sqlite"]["autoincrement"]}

    assert set(metadata.tables) - numbered == {Installation.__tablename__, TokenUsage.__tablename__}


def test_the_head_is_alembics_head():
    config = Config()
    config.set_main_option("script_location", str(FOLDER))

    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_up_down_and_up_again(empty):
    assert migrate(empty) is None
    run_alembic(empty, "downgrade", "base")
    assert tables(empty) == {"alembic_version"}

    migrate(empty)

    assert schema_revision(empty) == HEAD
    assert tables(empty) == {*metadata.tables, "alembic_version"}


def test_migrating_twice_changes_nothing(migrated):
    with migrated.engine.connect() as connection:
        before = connection.scalar(text("SELECT setup_id FROM installation"))

    assert migrate(migrated) == HEAD

    with migrated.engine.connect() as connection:
        assert connection.scalar(text("SELECT setup_id FROM installation")) == before


def test_two_that_migrate_at_once_wait_for_each_other(empty):
    others = [Database(empty.url.render_as_string(hide_password=False)) for _ in range(3)]

    with ThreadPoolExecutor() as pool:
        list(pool.map(migrate, others))

    assert schema_revision(empty) == HEAD
    for other in others:
        other.close()


def test_a_current_schema_is_taken(migrated):
    require_current_schema(migrated)


def test_an_empty_database_is_told_what_to_run(empty):
    with pytest.raises(StaleSchema, match="portal migrate"):
        require_current_schema(empty)


def test_an_older_schema_is_told_what_to_run(migrated):
    set_revision(migrated, "0000")

    with pytest.raises(StaleSchema, match="portal migrate"):
        require_current_schema(migrated)


@pytest.mark.parametrize("use", [require_current_schema, migrate], ids=["start", "migrate"])
def test_a_newer_schema_is_refused(use, migrated):
    set_revision(migrated, "9999")

    with pytest.raises(StaleSchema, match="9999, newer than this portal knows"):
        use(migrated)

    assert schema_revision(migrated) == "9999"


def test_a_new_database_is_in_wal_mode(sqlite_template):
    with Database(f"sqlite:///{sqlite_template}").engine.connect() as connection:
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"


def test_a_new_file_is_made_for_its_owner_alone(tmp_path):
    path = tmp_path / "portal.db"
    database = Database(f"sqlite:///{path}")

    migrate(database)

    assert path.stat().st_mode & 0o077 == 0
    database.close()


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(DatabaseUnavailable):
        migrate(Database(f"sqlite:///{tmp_path / 'nowhere' / 'portal.db'}"))


def test_a_server_that_is_away_is_told():
    with pytest.raises(DatabaseUnavailable):
        migrate(Database("postgresql://portal@127.0.0.1:1/portal"))
