"""The copy of an index's tables: which tables a view needs, and that all rows are of one moment."""

from __future__ import annotations

from pathlib import Path

import sqlglot
from sqlalchemy import text
from sqlglot import exp

from imgindex.query.export.copy import tables_of
from imgindex.query.export.folder import choose, export_folder
from imgindex.store import migrate
from imgindex.store.engine import connect
from imgindex.store.schema import VIEWS, metadata
from tests.export.conftest import Unwatched
from tests.stores import Database


def test_the_tables_of_a_view_are_those_that_its_sql_names() -> None:
    sql = {view.name: view.sql for view in VIEWS}
    named = {
        name: {table.name for table in sqlglot.parse_one(query, read="duckdb").find_all(exp.Table)}
        for name, query in sql.items()
    }

    def reach(name: str) -> set[str]:
        below = [reach(other) for other in named[name] if other in sql]
        return (named[name] & set(metadata.tables)).union(*below)

    for name in sql:
        assert reach(name), name
        assert reach(name) <= set(tables_of([name])), name
    assert tables_of(["tags"]) == ["tags"]
    assert len(tables_of(["image_layer_detail"])) < 10


def test_one_view_from_postgresql_needs_its_tables_alone(full: Database, full_on_server: str, tmp_path: Path) -> None:
    for name in ("source_sizes", "tag_history"):
        manifests = [
            export_folder(db, tmp_path / f"{name}-{number}", "parquet", choose([name], tables_only=False), Unwatched())
            for number, db in enumerate((str(full.path), full_on_server))
        ]
        digests = [manifest["relations"][0]["sha256"] for manifest in manifests]
        assert digests[0] == digests[1]


class Meddler(Unwatched):
    """Somebody who writes to the index while its tables are copied."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.wrote = 0

    def advance(self, documents: int, bytes_read: int) -> None:
        with connect(self.url, read_only=False).begin() as connection:
            for statement in (
                "INSERT INTO repositories (repository_key, name) VALUES (:key, 'late')",
                "INSERT INTO layers (layer_key, diff_id) VALUES (:key, 'late')",
            ):
                connection.execute(text(statement), {"key": self.wrote})
        self.wrote += 1


def test_what_is_written_meanwhile_is_not_seen(postgresql_url: str, tmp_path: Path) -> None:
    migrate.upgrade(postgresql_url)
    meddler = Meddler(postgresql_url)
    manifest = export_folder(postgresql_url, tmp_path / "lake", "csv", choose([], tables_only=True), meddler)
    assert meddler.wrote >= len(metadata.tables)
    rows = {item["name"]: item["rows"] for item in manifest["relations"]}
    assert (rows["repositories"], rows["layers"], rows["index_info"]) == (0, 0, 1)
