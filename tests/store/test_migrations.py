"""Migrations lead to the declared schema, on both engines, and one that fails leaves nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

from imgindex.errors import SchemaVersionError, StoreError
from imgindex.ingest import IngestOptions, ingest
from imgindex.shipped import folder
from imgindex.store import ddl, frozen, migrate
from imgindex.store.engine import HEAD, connect, current_version, open_engine
from imgindex.store.schema import VIEWS
from tests.builders import Layout, make_image
from tests.postgres import NewDatabase
from tests.stores import Database, Unwatched, new_index

Schema = dict[str, list[tuple[Any, ...]]]

DUCKDB = {
    "tables": "SELECT table_name, comment, has_primary_key, estimated_size FROM duckdb_tables()",
    "columns": "SELECT table_name, column_name, column_index, comment, data_type, is_nullable, column_default "
    "FROM duckdb_columns() WHERE NOT internal",
    "constraints": "SELECT table_name, constraint_type, constraint_text FROM duckdb_constraints()",
    "views": "SELECT view_name, comment, column_count, sql FROM duckdb_views() WHERE NOT internal",
    "indexes": "SELECT table_name, index_name, sql FROM duckdb_indexes()",
}
POSTGRESQL = {
    "relations": "SELECT c.relname, c.relkind, obj_description(c.oid, 'pg_class') FROM pg_class AS c "
    "JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = 'public'",
    "columns": "SELECT c.relname, a.attname, a.attnum, col_description(c.oid, a.attnum), "
    "format_type(a.atttypid, a.atttypmod), a.attnotnull, k.collname FROM pg_class AS c "
    "JOIN pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_attribute AS a ON a.attrelid = c.oid "
    "LEFT JOIN pg_collation AS k ON k.oid = a.attcollation WHERE n.nspname = 'public' AND a.attnum > 0",
    "constraints": "SELECT c.relname, k.conname, k.contype, pg_get_constraintdef(k.oid) FROM pg_constraint AS k "
    "JOIN pg_class AS c ON c.oid = k.conrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace "
    "WHERE n.nspname = 'public'",
    "views": "SELECT viewname, definition FROM pg_views WHERE schemaname = 'public'",
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
}
"""Queries on the engines' own catalogs: nothing is reflected."""


@pytest.fixture(params=["duckdb", "postgresql"])
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> NewDatabase:
    """Names an empty database at each call."""
    if request.param == "postgresql":
        made: NewDatabase = request.getfixturevalue("new_postgresql_database")
        return made
    names = iter(range(9))
    return lambda: str(tmp_path / f"{next(names)}.duckdb")


@contextmanager
def engine_of(db: str, *, read_only: bool = True) -> Iterator[Engine]:
    engine = connect(db, read_only=read_only)
    try:
        yield engine
    finally:
        engine.dispose()


def schema_of(db: str) -> Schema:
    with engine_of(db) as engine, engine.connect() as connection:
        queries = DUCKDB if engine.dialect.name == "duckdb" else POSTGRESQL
        return {
            name: sorted((tuple(row) for row in connection.execute(text(query))), key=repr)
            for name, query in queries.items()
        }


def migrated(db: str) -> str:
    """An empty database after every migration."""
    with engine_of(db, read_only=False) as engine:
        migrate.run_migrations(engine)
    return db


def without_sizes(schema: Schema) -> Schema:
    return {**schema, "tables": [row[:3] for row in schema.get("tables", [])]}


def test_migrations_lead_to_the_schema_that_a_new_index_is_made_with(new_database: NewDatabase) -> None:
    made = new_database()
    migrate.upgrade(made)
    expected, found = without_sizes(schema_of(made)), without_sizes(schema_of(migrated(new_database())))
    assert len(expected["columns"]) > 200
    for kind in expected:
        assert expected[kind] == found[kind], kind


def test_the_frozen_views_of_the_newest_migration_are_what_the_schema_renders() -> None:
    (newest,) = (folder("migrations") / "versions").glob(f"{HEAD}_*/{frozen.VIEWS}")
    statements = [statement for view in VIEWS for statement in ddl.render_view(view)]
    assert newest.read_text(encoding="utf-8") == frozen.SEPARATOR.join(statements) + frozen.SEPARATOR


TAG_ROW = """
INSERT INTO tags (
    index_key, source_key, scope_key, repository_key, tag, target_key, target_kind, evidence, valid_from, first_seen_at
) VALUES ('{key}', 1, 4, 2, '1', 3, 'manifest', 'observed', '{at}', '{at}')
"""


def test_an_upgrade_keeps_what_an_older_index_holds(new_database: NewDatabase) -> None:
    db = new_database()
    with engine_of(db, read_only=False) as engine:
        migrate.run_migrations(engine, "0001")
    key, at = "11111111-2222-3333-4444-555555555555", "2026-03-01T12:00:00Z"
    with engine_of(db, read_only=False) as engine, engine.begin() as connection:
        for statement in (
            f"INSERT INTO index_info VALUES ('{key}', '{at}', FALSE)",
            f"INSERT INTO sources VALUES ('{key}', 1, 's', 'oci', 'oci:/s', 'f', NULL, '{at}', NULL)",
            "INSERT INTO repositories VALUES (2, 'web', NULL, 'web')",
            "INSERT INTO blobs VALUES (3, 'sha256:aa', NULL)",
            TAG_ROW.format(key=key, at=at),
        ):
            connection.exec_driver_sql(statement)
    assert migrate.status(db) == migrate.Status("0001", HEAD)
    migrate.upgrade(db)
    assert migrate.status(db) == migrate.Status(HEAD, HEAD)
    with engine_of(db) as engine, engine.connect() as connection:
        assert [("s", "web", "1", "sha256:aa")] == [
            tuple(row)
            for row in connection.execute(text("SELECT source, repository, tag, target_digest FROM tag_history"))
        ]
        assert [(key, None)] == [
            (str(row[0]), row[1]) for row in connection.execute(text("SELECT index_key, merged_at FROM index_info"))
        ]


def test_the_program_needs_the_newest_migration() -> None:
    scripts = ScriptDirectory(str(folder("migrations")))
    assert scripts.get_heads() == [HEAD]


def test_an_upgraded_database_is_at_the_newest_migration(new_database: NewDatabase) -> None:
    db = new_database()
    with engine_of(db, read_only=False) as engine:
        assert current_version(engine) is None
    migrate.upgrade(db)
    assert migrate.status(db) == migrate.Status(HEAD, HEAD)
    with engine_of(migrated(new_database())) as engine:
        assert current_version(engine) == HEAD


def test_another_upgrade_changes_nothing(new_database: NewDatabase) -> None:
    db = new_database()
    migrate.upgrade(db)
    with engine_of(db) as engine, engine.connect() as connection:
        before = connection.execute(text("SELECT index_key, created_at, keep_env FROM index_info")).fetchall()
    schema = schema_of(db)
    migrate.upgrade(db, keep_env=True)
    with engine_of(db) as engine, engine.connect() as connection:
        assert before == connection.execute(text("SELECT index_key, created_at, keep_env FROM index_info")).fetchall()
    assert len(before) == 1
    assert schema == schema_of(db)


def test_two_indexes_have_two_keys(tmp_path: Path) -> None:
    keys = set()
    for name in ("a", "b"):
        migrate.upgrade(str(tmp_path / name))
        with engine_of(str(tmp_path / name)) as engine, engine.connect() as connection:
            keys.add(connection.execute(text("SELECT index_key FROM index_info")).scalar())
    assert len(keys) == 2


def test_a_migration_that_fails_leaves_nothing(new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    db = new_database()
    with engine_of(db, read_only=False) as engine:
        before = len(tables_of(engine))
    broken = Path.read_text

    def read_text(self: Path, *arguments: Any, **options: Any) -> str:
        found = broken(self, *arguments, **options)
        return found + "SELECT nothing FROM nowhere\n;\n" if self.suffix == ".sql" else found

    monkeypatch.setattr(Path, "read_text", read_text)
    with engine_of(db, read_only=False) as engine, pytest.raises(Exception, match="nowhere"):
        migrate.run_migrations(engine)
    monkeypatch.undo()
    with engine_of(db, read_only=False) as engine:
        assert (len(tables_of(engine)), current_version(engine)) == (before, None)
    migrate.upgrade(db)
    assert migrate.status(db).current == HEAD


def test_a_creation_that_fails_leaves_nothing(new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    db = new_database()
    statements = ddl.render
    monkeypatch.setattr(migrate, "render", lambda dialect: [*statements(dialect), "SELECT nothing FROM nowhere"])
    with pytest.raises(StoreError, match="nowhere"):
        migrate.upgrade(db)
    monkeypatch.undo()
    with engine_of(db, read_only=False) as engine:
        assert (tables_of(engine), current_version(engine)) == ([], None)
    migrate.upgrade(db)
    assert migrate.status(db).current == HEAD


def tables_of(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return sorted(
            row[0]
            for row in connection.execute(
                text("SELECT table_name FROM information_schema.tables WHERE table_schema IN ('public', 'main')")
            )
        )


def test_an_index_of_another_version_is_refused(new_database: NewDatabase, tmp_path: Path) -> None:
    db = new_database()
    migrate.upgrade(db)
    with engine_of(db, read_only=False) as engine, engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaVersionError, match="9999"):
        open_engine(db, read_only=True)
    layout = Layout(tmp_path / "layout")
    layout.add(make_image(1), "1")
    with pytest.raises(StoreError):
        ingest(db, [str(layout.path)], IngestOptions(), Unwatched())
    with engine_of(db) as engine:
        assert current_version(engine) == "9999"


def test_where_there_is_no_index_the_message_says_how_to_make_one(tmp_path: Path, postgresql_url: str) -> None:
    with pytest.raises(StoreError, match="imgindex ingest"):
        open_engine(str(tmp_path / "none.duckdb"), read_only=True)
    assert not (tmp_path / "none.duckdb").exists()
    with pytest.raises(StoreError, match="imgindex ingest"):
        open_engine(postgresql_url, read_only=True)


def test_a_reader_can_neither_write_nor_reach_a_file(tmp_path: Path) -> None:
    db = str(tmp_path / "index.duckdb")
    migrate.upgrade(db)
    secret = tmp_path / "secret.csv"
    secret.write_text("a,b\n1,2\n")
    engine = open_engine(db, read_only=True)
    for refused in (
        "INSERT INTO sources SELECT * FROM sources",
        "DELETE FROM index_info",
        "DROP VIEW image_summary",
        f"SELECT * FROM read_csv('{secret}')",
        f"SELECT * FROM '{secret}'",
        f"COPY sources TO '{tmp_path / 'out.csv'}'",
        f"ATTACH '{tmp_path / 'other.duckdb'}'",
        "SET enable_external_access = true",
        "INSTALL httpfs",
    ):
        with engine.connect() as connection, pytest.raises(Exception, match=r"(?s)."):
            connection.exec_driver_sql(refused)
    engine.dispose()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["index.duckdb", "secret.csv"]


@pytest.mark.parametrize(
    ("version", "tables"),
    [("0001", ["source_image_summaries", "source_image_units"]), ("0002", ["source_tag_intervals"])],
)
def test_an_older_index_gets_the_derived_tables_that_it_lacks(
    sample_stores: list[Path], tmp_path: Path, version: str, tables: list[str]
) -> None:
    full = new_index(tmp_path, "full.duckdb")
    for store in sample_stores:
        full.look(store)
    older = tmp_path / "older.duckdb"
    expected = full.dump(tables)
    assert all(len(expected[table]) > 5 for table in tables)
    with engine_of(str(older), read_only=False) as engine:
        migrate.run_migrations(engine, version)
        with engine.begin() as connection:
            connection.exec_driver_sql(f"ATTACH '{full.path}' AS newer (READ_ONLY)")
            there = (
                "SELECT table_name, column_name FROM duckdb_columns() WHERE database_name = 'older' AND NOT internal"
            )
            columns: dict[str, list[str]] = {}
            for table, column in connection.exec_driver_sql(there):
                columns.setdefault(table, []).append(column)
            views = {name for (name,) in connection.exec_driver_sql("SELECT view_name FROM duckdb_views()")}
            for table in columns.keys() - views - {"alembic_version"}:
                names = ", ".join(columns[table])
                connection.exec_driver_sql(f"INSERT INTO {table} ({names}) SELECT {names} FROM newer.{table}")
    migrate.upgrade(str(older))
    assert expected == Database(older).dump(tables)
