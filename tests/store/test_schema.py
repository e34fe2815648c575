"""The schema as users and BI tools see it: comments, types and keys, on both engines."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import text

from imgindex.records.rows import PastTag, Record
from imgindex.store import migrate
from imgindex.store.batch import TABLE_OF
from imgindex.store.engine import connect
from imgindex.store.schema import PRESENCE, VIEWS, describe, metadata
from tests.postgres import administer
from tests.stores import Database

TABLES = [table.name for table in metadata.sorted_tables]
VIEW_NAMES = [view.name for view in VIEWS]

CONTRACT = {
    "image_summary": "source image_id platform os architecture variant created_at layer_count history_count listed "
    "tag_count names",
    "image_sizes": "source basis image_id size_bytes shared_bytes unique_bytes split_bytes unknown_layers",
    "image_layer_detail": "image_id position diff_id chain_id instruction created_by",
    "image_layer_sizes": "source basis image_id position size_bytes",
    "image_history_detail": "image_id position created_at created_by instruction empty_layer diff_id chain_id comment",
    "layer_usage": "source basis store unit diff_id blob_digest chain_id size_bytes image_count repository_count",
    "layer_blob_detail": "diff_id blob_digest size_bytes evidence",
    "current_tags": "source repository tag target_digest target_kind valid_from set_at first_seen_at last_seen_at "
    "evidence",
    "tag_history": "source repository tag target_digest valid_from target_kind set_at first_seen_at last_seen_at "
    "valid_to evidence dated_by",
    "tag_moves": "source repository tag first_seen_to to_digest from_digest last_seen_from evidence moved_at dated_by",
    "tag_platform_moves": "source repository tag first_seen_to to_digest platform from_digest last_seen_from evidence "
    "change moved_at dated_by",
    "tag_images": "source repository tag position platform os_version manifest_digest image_id missing",
    "manifest_detail": "source repository manifest_digest media_type kind artifact_type image_id subject_digest "
    "layer_count size_bytes",
    "manifest_reachability": "source repository manifest_digest by_tag by_index by_subject",
    "index_detail": "index_digest position manifest_digest role platform os_version",
    "referrers": "source repository subject_digest manifest_digest artifact_type how",
    "repository_sizes": "source repository tag_count image_count layer_bytes config_bytes manifest_bytes "
    "exclusive_layer_bytes untagged_manifest_count untagged_bytes",
    "source_sizes": "source basis image_count layer_count referenced_bytes distinct_bytes stored_bytes document_bytes "
    "artifact_bytes untagged_bytes orphan_bytes",
    "base_images": "source image_id base_image_id base_layer_count tie_count evidence",
    "container_usage": "source container_id name image_id image_ref chain_id state created_at",
    "problem_detail": "source locator kind digest detail first_seen_at scanned_at",
    "source_status": "source kind address last_complete_at last_outcome image_count tag_count problem_count",
}
"""The views that users rely on: columns may be added, never renamed or taken away."""

KEYS = {
    "image_summary": 2,
    "image_sizes": 3,
    "image_layer_detail": 2,
    "image_layer_sizes": 4,
    "image_history_detail": 2,
    "layer_usage": 4,
    "layer_blob_detail": 2,
    "current_tags": 3,
    "tag_history": 5,
    "tag_moves": 5,
    "tag_platform_moves": 6,
    "tag_images": 4,
    "manifest_detail": 3,
    "manifest_reachability": 3,
    "index_detail": 2,
    "referrers": 4,
    "repository_sizes": 2,
    "source_sizes": 2,
    "base_images": 2,
    "container_usage": 2,
    "problem_detail": 4,
    "source_status": 1,
}
"""How many of the contract's columns, from the first on, are a view's key."""

KINDS = {
    "bigint": "BIGINT",
    "text": "TEXT",
    "varchar": "TEXT",
    "boolean": "BOOLEAN",
    "timestamp with time zone": "TIMESTAMPTZ",
    "uuid": "UUID",
}
"""What the engines call the promised types."""

SelectRows = Callable[[str], list[tuple[Any, ...]]]


def selecting(db: str) -> Iterator[SelectRows]:
    engine = connect(db, read_only=True)
    with engine.connect() as connection:
        yield lambda sql: [tuple(row) for row in connection.execute(text(sql))]
    engine.dispose()


@pytest.fixture(scope="module", params=["duckdb", "postgresql"])
def schema(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SelectRows]:
    """An index of no sources, on each engine."""
    if request.param == "duckdb":
        db = str(tmp_path_factory.mktemp("schema") / "index.duckdb")
        migrate.upgrade(db)
        yield from selecting(db)
        return
    server: sqlalchemy.URL = request.getfixturevalue("postgresql_server")
    name = f"schema_{tmp_path_factory.getbasetemp().name.replace('-', '_')}"
    administer(server, f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
    try:
        db = server.set(database=name).render_as_string(hide_password=False)
        migrate.upgrade(db)
        yield from selecting(db)
    finally:
        administer(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def comments(select: SelectRows, kind: str) -> dict[tuple[str, str], str | None]:
    """By (relation, column), the comment in the database; the column "" is the relation itself."""
    if select("SELECT version()")[0][0].startswith("PostgreSQL"):
        letter = "r" if kind == "table" else "v"
        found = select(
            "SELECT c.relname, '', obj_description(c.oid, 'pg_class') FROM pg_class AS c "
            "JOIN pg_namespace AS n ON n.oid = c.relnamespace "
            f"WHERE n.nspname = 'public' AND c.relkind = '{letter}'"
        )
        found += select(
            "SELECT c.relname, a.attname, col_description(c.oid, a.attnum) FROM pg_class AS c "
            "JOIN pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_attribute AS a ON a.attrelid = c.oid "
            f"WHERE n.nspname = 'public' AND c.relkind = '{letter}' AND a.attnum > 0"
        )
    else:
        found = select(f"SELECT {kind}_name, '', comment FROM duckdb_{kind}s() WHERE NOT internal")
        names = ", ".join(f"'{name}'" for name in {name for name, _, _ in found})
        found += select(f"SELECT table_name, column_name, comment FROM duckdb_columns() WHERE table_name IN ({names})")
    return {(relation, column): comment for relation, column, comment in found if relation != "alembic_version"}


def test_the_views_are_those_of_the_contract_with_their_columns(schema: SelectRows) -> None:
    for view, columns in CONTRACT.items():
        found = [
            name
            for (name,) in schema(f"SELECT column_name FROM information_schema.columns WHERE table_name = '{view}'")
        ]
        assert set(columns.split()) - set(found) == set(), view


def test_every_table_view_and_column_is_commented_in_the_database(schema: SelectRows) -> None:
    assert comments(schema, "table") == {
        (table.name, name): comment
        for table in metadata.sorted_tables
        for name, comment in [("", table.comment), *((column.name, column.comment) for column in table.columns)]
    }
    assert comments(schema, "view") == {
        (view.name, name): comment
        for view in VIEWS
        for name, comment in [("", view.comment), *((column, comment) for column, _, comment in view.columns)]
    }
    said = {**comments(schema, "table"), **comments(schema, "view")}
    assert [place for place, comment in said.items() if not (comment or "").strip()] == []


def test_a_views_comment_starts_with_its_key(schema: SelectRows) -> None:
    said = comments(schema, "view")
    for view, columns in CONTRACT.items():
        key = ", ".join(columns.split()[: KEYS[view]])
        comment = said[view, ""] or ""
        assert re.match(rf"(Key: )?{re.escape(key)}\W", comment), (view, comment)


def test_the_types_of_views_are_the_promised_ones(schema: SelectRows) -> None:
    promised = {(view.name, column): kind for view in VIEWS for column, kind, _ in view.columns}
    found = {
        (view, column): KINDS[kind.lower()]
        for view, column, kind in schema(
            "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_name IN "
            f"({', '.join(repr(name) for name in VIEW_NAMES)})"
        )
    }
    assert promised == found
    outside = {place: kind for place, kind in found.items() if place[0] in CONTRACT}
    assert set(outside.values()) == {"BIGINT", "TEXT", "BOOLEAN", "TIMESTAMPTZ"}
    assert {kind for (_, column), kind in outside.items() if column.endswith(("_bytes", "_count"))} == {"BIGINT"}
    assert {kind for (_, column), kind in outside.items() if column.endswith("_at")} == {"TIMESTAMPTZ"}


def test_the_types_of_tables_are_the_promised_ones(schema: SelectRows) -> None:
    found = {
        (table, column): (KINDS[kind.lower()], nullable == "YES")
        for table, column, kind, nullable in schema(
            "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns "
            f"WHERE table_name IN ({', '.join(repr(name) for name in TABLES)})"
        )
    }
    told = {
        (relation.name, column.name): column.type
        for relation in describe()
        if relation.kind == "table"
        for column in relation.columns
    }
    assert told == {place: kind for place, (kind, _) in found.items()}
    assert {place for place, (kind, _) in found.items() if kind == "UUID"} == {
        place for place in found if place[1] == "index_key"
    }
    assert {
        (table.name, column.name): column.nullable for table in metadata.sorted_tables for column in table.columns
    } == {place: nullable for place, (_, nullable) in found.items()}


def test_no_name_is_a_reserved_word(schema: SelectRows) -> None:
    # On PostgreSQL `SELECT user` answers with the database's user.
    if schema("SELECT version()")[0][0].startswith("PostgreSQL"):
        reserved = {word for (word,) in schema("SELECT word FROM pg_get_keywords() WHERE catcode IN ('R', 'T')")}
    else:
        reserved = {
            word
            for (word,) in schema(
                "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category IN ('reserved', 'type_function')"
            )
        }
    assert "user" in reserved or "select" in reserved
    names = {name for relation in describe() for name in (relation.name, *(column.name for column in relation.columns))}
    assert names & reserved == set()


def test_what_the_program_describes_is_what_is_there(schema: SelectRows) -> None:
    assert sorted(relation.name for relation in describe()) == sorted(TABLES + VIEW_NAMES)
    assert {relation.name for relation in describe() if relation.kind == "view"} == set(VIEW_NAMES)
    there = {
        name
        for (name,) in schema(
            "SELECT table_name FROM information_schema.tables WHERE table_schema IN ('public', 'main')"
        )
    }
    assert {relation.name for relation in describe()} == there - {"alembic_version"}


@pytest.mark.parametrize("record", TABLE_OF, ids=lambda record: record.__name__)
def test_the_fields_of_a_record_are_columns_of_its_table(record: type[Record]) -> None:
    added = {
        "index_key",
        "source_key",
        "scan_key",
        "first_seen_at",
        "last_seen_at",
        "ended_at",
        "end_reason",
        "valid_from",
    }
    added |= {"as_of"} if TABLE_OF[record] == "scan_scopes" else set()
    # What a scope's end says to the loader alone.
    told = {"closure", "unchanged", "sparse", "declares", "more_held", "tags_like"}
    added |= {"basis", "dated_at"} if record is PastTag else set()
    told |= {"set_at"} if record is PastTag else set()  # is dated_at, where it is a time
    fields = set(record.__struct_fields__)
    columns = {column.name for column in metadata.tables[TABLE_OF[record]].columns}
    assert fields - columns <= told
    assert columns - fields <= added


def test_every_record_has_a_table_of_its_own() -> None:
    def kinds(kind: type[Record]) -> Iterator[type[Record]]:
        for below in kind.__subclasses__():
            yield below
            yield from kinds(below)

    assert set(kinds(Record)) == set(TABLE_OF)
    assert len(set(TABLE_OF.values())) == len(TABLE_OF)


@pytest.mark.parametrize("view", VIEWS, ids=VIEW_NAMES)
def test_a_views_key_is_unique_on_all_sample_stores(full: Database, view: Any) -> None:
    keys = ", ".join(view.key)
    rows, different = full.rows(
        f"SELECT (SELECT COUNT(*) FROM {view.name}), COUNT(*) FROM (SELECT DISTINCT {keys} FROM {view.name}) AS d"
    )[0]
    assert rows == different
    if view.name not in ("tag_moves", "tag_platform_moves"):  # one look shows no move
        assert rows > 0


def test_an_observation_is_told_apart_by_columns_that_it_has() -> None:
    for table, presence in PRESENCE.items():
        columns = metadata.tables[table].columns
        assert set(presence.identity) | set(presence.values) <= {column.name for column in columns}
        assert set(presence.identity) & set(presence.values) == set()
        key = {column.name for column in metadata.tables[table].primary_key.columns}
        assert key == {"index_key", "source_key", "scope_key", "first_seen_at", *presence.identity}
