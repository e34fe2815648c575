"""A snapshot: an index in a DuckDB file that takes its place by a rename."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from imgindex.errors import UsageError
from imgindex.query.export.relation import exportables
from imgindex.query.export.snapshot import export_snapshot
from imgindex.store.check import check
from imgindex.store.engine import open_engine
from imgindex.store.merge import merge
from imgindex.store.schema import VIEWS, metadata
from tests.export.conftest import Rows, Unwatched, select_of
from tests.stores import Database, new_index

READER = """
import sys, duckdb
held = duckdb.connect(sys.argv[1], read_only=True)
count = lambda: print(held.execute("SELECT COUNT(*) FROM sources").fetchone()[0], flush=True)
count()
for line in sys.stdin:
    count()
"""
"""A program that holds a file open, and counts its sources whenever it is asked."""


def snapshot(db: str, file: Path) -> dict[str, Any]:
    return export_snapshot(db, file, Unwatched())


@pytest.fixture(scope="module")
def exported(index_url: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("snapshot") / "fleet.duckdb"
    snapshot(index_url, file)
    return file


def test_every_table_and_view_is_there_as_in_the_index(exported: Path, answers: dict[str, Rows]) -> None:
    with duckdb.connect(str(exported), read_only=True) as alone:
        alone.execute("SET TimeZone = 'UTC'")
        for relation in exportables().values():
            assert alone.execute(select_of(relation)).fetchall() == answers[relation.name], relation.name


def test_types_and_comments_are_there(exported: Path) -> None:
    words = {"BIGINT": "BIGINT", "TEXT": "VARCHAR", "UUID": "UUID", "BOOLEAN": "BOOLEAN"}
    words["TIMESTAMPTZ"] = "TIMESTAMP WITH TIME ZONE"
    with duckdb.connect(str(exported), read_only=True) as alone:
        found = alone.execute("SELECT table_name, column_name, data_type, comment FROM duckdb_columns()").fetchall()
        said = dict(alone.execute("SELECT view_name, comment FROM duckdb_views() WHERE NOT internal").fetchall())
        said |= dict(alone.execute("SELECT table_name, comment FROM duckdb_tables()").fetchall())
    types = {(table, column): kind for table, column, kind, _ in found}
    for relation in exportables().values():
        for name, kind in relation.columns:
            assert types[relation.name, name] == words[kind]
    comments = {(table, column): comment for table, column, _, comment in found}
    for view in VIEWS:
        assert said[view.name] == view.comment
        assert {comments[view.name, name] for name, _, _ in view.columns} == {comment for *_, comment in view.columns}
    assert all(said[table.name] == table.comment for table in metadata.sorted_tables)


def test_a_snapshot_is_a_sound_index_that_merges(exported: Path, full: Database, tmp_path: Path) -> None:
    assert check(open_engine(str(exported), read_only=True)) == []
    merge(str(tmp_path / "all.duckdb"), [str(exported)])
    names = [table.name for table in metadata.sorted_tables if table.name != "index_info"]
    merged = Database(tmp_path / "all.duckdb").dump(names)
    assert merged == full.dump(names)


def test_it_is_compact_and_any_client_from_1_1_on_opens_it(exported: Path, full: Database) -> None:
    with duckdb.connect(str(exported), read_only=True) as alone:
        assert alone.execute("SELECT tags FROM duckdb_databases() WHERE database_name = 'fleet'").fetchone() == (
            {"storage_version": "v1.0.0+"},
        )
    assert exported.stat().st_size * 3 < full.path.stat().st_size


def test_its_manifest_lies_beside_it(exported: Path, answers: dict[str, Rows]) -> None:
    assert sorted(path.name for path in exported.parent.iterdir()) == ["fleet.duckdb", "fleet.duckdb.manifest.json"]
    manifest = json.loads(exported.with_name("fleet.duckdb.manifest.json").read_text())
    content = exported.read_bytes()
    assert (manifest["path"], manifest["bytes"]) == ("fleet.duckdb", len(content))
    assert manifest["sha256"] == hashlib.sha256(content).hexdigest()
    assert {item["name"]: item["rows"] for item in manifest["relations"]} == {
        table: len(answers[table]) for table in metadata.tables
    }


def test_who_holds_the_old_one_goes_on_reading_it(docker_host: Path, skopeo_layout: Path, tmp_path: Path) -> None:
    db, file = new_index(tmp_path), tmp_path / "fleet.duckdb"
    db.look(docker_host)
    snapshot(str(db.path), file)
    program = [sys.executable, "-c", READER, str(file)]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdin is not None
        assert reader.stdout is not None
        assert reader.stdout.readline() == "1\n"
        db.look(skopeo_layout)  # nobody holds the index itself
        snapshot(str(db.path), file)
        reader.stdin.write("\n")
        reader.stdin.close()
        assert reader.stdout.readline() == "1\n"
    assert Database(file).value("SELECT COUNT(*) FROM sources") == 2


def test_what_is_no_snapshot_of_this_index_is_left_alone(full: Database, tmp_path: Path) -> None:
    copied = full.copy(tmp_path / "index.duckdb")
    other = new_index(tmp_path, "other.duckdb")
    with other.writing() as run:
        run("UPDATE index_info SET index_key = CAST('00000000-0000-0000-0000-00000000000f' AS UUID)")
    (tmp_path / "text.duckdb").write_text("no database")
    (tmp_path / "folder.duckdb").mkdir()
    (tmp_path / "link.duckdb").symlink_to("index.duckdb")
    with duckdb.connect(str(tmp_path / "mine.duckdb")) as mine:
        mine.execute("CREATE TABLE mine AS SELECT 1 AS x")
    (tmp_path / "written.duckdb").write_bytes(copied.path.read_bytes())
    (tmp_path / "written.duckdb.wal").write_bytes(b"")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    for name, why in {
        "index.duckdb": "is the index itself",
        "link.duckdb": "is the index itself",
        "other.duckdb": "is no snapshot of this index",
        "mine.duckdb": "is no snapshot of this index",
        "text.duckdb": "is no snapshot of this index",
        "written.duckdb": "is no snapshot",
        "folder.duckdb": "is a folder",
        "nowhere/x.duckdb": "does not exist",
    }.items():
        with pytest.raises(UsageError, match=why):
            snapshot(str(copied.path), tmp_path / name)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before
