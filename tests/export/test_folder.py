"""A folder of Parquet or CSV, read back by what did not write it: DuckDB alone, and Python's csv."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from imgindex.errors import StoreError, UsageError
from imgindex.query.export.folder import choose, export_folder
from imgindex.query.export.relation import exportables
from imgindex.query.run import run_sql
from imgindex.store.engine import open_engine
from imgindex.store.merge import merge
from tests.export.conftest import Rows, Unwatched, select_of
from tests.stores import Database, new_index

RELATIONS = choose([], tables_only=False)
PARQUET_TYPES = {"BIGINT": "BIGINT", "TEXT": "VARCHAR", "UUID": "VARCHAR", "BOOLEAN": "BOOLEAN"}
PARQUET_TYPES["TIMESTAMPTZ"] = "TIMESTAMP WITH TIME ZONE"
PHYSICAL = {"BIGINT": "INT64", "TEXT": "BYTE_ARRAY", "UUID": "BYTE_ARRAY", "BOOLEAN": "BOOLEAN", "TIMESTAMPTZ": "INT64"}


def export(db: str, folder: Path, format_name: str = "parquet", *only: str, tables: bool = False) -> dict[str, Any]:
    return export_folder(db, folder, format_name, choose(only, tables_only=tables), Unwatched())


def of_files(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.fixture(scope="module")
def lake(index_url: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lake")
    export(index_url, folder)
    return folder


def test_parquet_equals_every_relation_with_its_types_and_order(lake: Path, answers: dict[str, Rows]) -> None:
    with duckdb.connect() as alone:
        alone.execute("SET TimeZone = 'UTC'")
        for relation in RELATIONS:
            files = f"'{lake}/{relation.name}/*.parquet'"
            read = alone.sql(f"SELECT * FROM {files}")
            assert read.columns == [name for name, _ in relation.columns]
            assert [str(kind) for kind in read.types] == [PARQUET_TYPES[kind] for _, kind in relation.columns]
            kinds = alone.sql(f"SELECT name, type FROM parquet_schema({files})").fetchall()
            assert kinds[1:] == [(name, PHYSICAL[kind]) for name, kind in relation.columns]
            assert read.fetchall() == answers[relation.name], relation.name


def test_every_file_is_compressed_with_zstd_and_its_times_are_utc(lake: Path) -> None:
    with duckdb.connect() as alone:
        found = alone.sql(f"SELECT DISTINCT compression FROM parquet_metadata('{lake}/*/*.parquet')").fetchall()
        assert found == [("ZSTD",)]
        times = alone.sql(
            f"SELECT DISTINCT logical_type FROM parquet_schema('{lake}/*/*.parquet') WHERE ends_with(name, '_at')"
        ).fetchall()
        assert len(times) == 1
        assert "isAdjustedToUTC=1" in times[0][0].replace("true", "1")


def test_the_sample_stores_fill_every_relation_but_moves(answers: dict[str, Rows]) -> None:
    assert {name for name, rows in answers.items() if not rows} <= {"tag_moves", "tag_platform_moves"}


def test_the_manifest_says_what_is_there(index_url: str, lake: Path) -> None:
    (file,) = (lake / "_manifest").iterdir()
    manifest = json.loads(file.read_text())
    ((key, schema),) = [
        (str(row[0]), row[1])
        for row in run_sql(
            open_engine(index_url, read_only=True), "SELECT index_key, version_num FROM index_info, alembic_version"
        ).rows()
    ]
    assert (file.stem, manifest["index_key"], manifest["index_keys"], manifest["schema_version"]) == (
        key,
        key,
        [key],
        schema,
    )
    assert (manifest["format"], manifest["keep_env"]) == ("parquet", False)
    assert [relation["name"] for relation in manifest["relations"]] == [relation.name for relation in RELATIONS]
    for entry in manifest["relations"]:
        content = (lake / entry["path"]).read_bytes()
        assert (entry["bytes"], entry["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
        assert entry["rows"] == duckdb.sql(f"SELECT COUNT(*) FROM '{lake / entry['path']}'").fetchall()[0][0]
        relation = exportables()[entry["name"]]
        assert entry["key"] == list(relation.key)
        assert list(entry["columns"]) == [name for name, _ in relation.columns]
    assert {str(path.relative_to(lake)) for path in lake.rglob("*.parquet")} == {
        entry["path"] for entry in manifest["relations"]
    }
    status = {
        row[0]: row[1:]
        for row in run_sql(
            open_engine(index_url, read_only=True), "SELECT source, last_complete_at, last_outcome FROM source_status"
        ).rows()
    }
    assert {
        item["source"]: (datetime.fromisoformat(item["last_complete_at"]), item["last_outcome"])
        for item in manifest["sources"]
    } == status
    assert (datetime.now(UTC) - datetime.fromisoformat(manifest["made_at"])).total_seconds() >= 0


def as_csv(value: Any) -> str:
    """A value as docs/export.md says that a cell has it."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case str():
            return "'" + value if re.match(r"[=+\-@\t\r\n]", value) else value
        case _:
            return str(value)


def test_csv_read_by_python_equals_the_relations(index_url: str, answers: dict[str, Rows], tmp_path: Path) -> None:
    export(index_url, tmp_path, "csv")
    for relation in RELATIONS:
        (file,) = (tmp_path / relation.name).iterdir()
        with file.open(encoding="utf-8", newline="") as stream:
            header, *found = csv.reader(stream, strict=True)
        assert header == [name for name, _ in relation.columns]
        assert found == [[as_csv(value) for value in row] for row in answers[relation.name]], relation.name


def test_hard_text_survives_in_csv_and_parquet(tmp_path: Path) -> None:
    db = new_index(tmp_path)
    texts = [
        'a,"b"',
        "two\nlines",
        "cr\r\nlf",
        "",
        " blank ",
        "=1+1",
        "-x",
        "@y",
        "\ttab",
        "ü€𝄞",
        "'",
        "\\",
        "+1",
        "NULL",
    ]
    times = ["0001-01-01 00:00:00+00", "2026-01-31 12:00:00.5+00", "9999-12-31 23:59:59.999999+00"]
    with db.writing() as run:
        for number, written in enumerate(texts):
            run(
                "INSERT INTO image_labels VALUES (:number, :written, :written)",
                number=number,
                written=written,
            )
        for number, moment in enumerate(times):
            run(
                "INSERT INTO image_history (image_key, position, created_at, empty_layer) "
                "VALUES (1, :number, CAST(:moment AS TIMESTAMPTZ), true)",
                number=number,
                moment=moment,
            )
    for format_name in ("csv", "parquet"):
        export(str(db.path), tmp_path / format_name, format_name, "image_labels", "image_history")
    labels, history = exportables()["image_labels"], exportables()["image_history"]
    (file,) = (tmp_path / "parquet/image_labels").iterdir()
    assert [row[1] for row in duckdb.sql(f"SELECT * FROM '{file}'").fetchall()] == texts
    for relation in (labels, history):
        (file,) = (tmp_path / "csv" / relation.name).iterdir()
        with file.open(encoding="utf-8", newline="") as stream:
            found = list(csv.reader(stream, strict=True))[1:]
        assert found == [[as_csv(value) for value in row] for row in db.rows(select_of(relation))]


def test_an_export_again_replaces_all_of_its_index_and_nothing_else(full: Database, tmp_path: Path) -> None:
    export(str(full.path), tmp_path / "lake")
    other = tmp_path / "lake/image_sizes/other.parquet"
    other.write_bytes(b"another index's")
    first = of_files(tmp_path / "lake")
    manifest = export(str(full.path), tmp_path / "lake", "csv", "image_sizes", "tags")
    key = manifest["index_key"]
    assert len(first) > 50
    assert sorted(of_files(tmp_path / "lake")) == [
        f"_manifest/{key}.json",
        f"image_sizes/{key}.csv",
        "image_sizes/other.parquet",
        f"tags/{key}.csv",
    ]


def test_the_same_index_gives_the_same_files(full: Database, tmp_path: Path) -> None:
    for name in ("one", "two"):
        export(str(full.path), tmp_path / name)
    one, two = of_files(tmp_path / "one"), of_files(tmp_path / "two")
    assert {name: hashlib.sha256(content).digest() for name, content in one.items() if name.endswith("t")} == {
        name: hashlib.sha256(content).digest() for name, content in two.items() if name.endswith("t")
    }


def test_several_indexes_share_a_folder(docker_host: Path, skopeo_layout: Path, tmp_path: Path) -> None:
    keys = ["00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-00000000000b"]
    for key, store in zip(keys, (docker_host, skopeo_layout), strict=True):
        db = new_index(tmp_path, f"{key}.duckdb")
        with db.writing() as run:
            run("UPDATE index_info SET index_key = CAST(:key AS UUID)", key=key)
        db.look(store)
        export(str(db.path), tmp_path / "lake", tables=True)
    with duckdb.connect() as alone:
        found = alone.sql(f"SELECT index_key FROM '{tmp_path}/lake/sources/*.parquet' ORDER BY 1").fetchall()
        assert found == [(key,) for key in keys]
    both = new_index(tmp_path, "both.duckdb")
    with both.writing() as run:
        run("UPDATE index_info SET index_key = CAST('00000000-0000-0000-0000-00000000000c' AS UUID)")
    merge(str(both.path), [str(tmp_path / f"{key}.duckdb") for key in keys])
    before = of_files(tmp_path / "lake")
    with pytest.raises(UsageError, match="would be there twice"):
        export(str(both.path), tmp_path / "lake")
    assert of_files(tmp_path / "lake") == before


def test_a_folder_of_other_things_is_refused(full: Database, tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes/mine.txt").write_text("mine")
    (tmp_path / "file").write_text("a file")
    for place, why in (("notes", "holds other things"), ("file", "is a file"), ("file/below", "cannot be written")):
        with pytest.raises(UsageError, match=why):
            export(str(full.path), tmp_path / place)
    assert of_files(tmp_path) == {"notes/mine.txt": b"mine", "file": b"a file"}


def test_names_are_checked(full: Database, tmp_path: Path) -> None:
    for name in ("image_size", "tags'; DROP TABLE tags; --", "../tags"):
        with pytest.raises(UsageError, match="There is no table or view"):
            export(str(full.path), tmp_path / "lake", "parquet", name)
    assert not (tmp_path / "lake").exists()


@pytest.mark.parametrize("name", ["it's", 'a"b', "x'); COPY tags TO 'y", "a:b", "s3:", "~", "*?[1]", "ü ", "-x"])
def test_a_folder_may_have_any_name(full: Database, tmp_path: Path, name: str) -> None:
    before = {path.name for path in tmp_path.iterdir()}
    copied = full.copy(tmp_path / f"{name}.duckdb")
    manifest = export(str(copied.path), tmp_path / name, "parquet", "source_status")
    assert {path.name for path in tmp_path.iterdir()} - before == {name, f"{name}.duckdb"}
    assert (tmp_path / name / manifest["relations"][0]["path"]).read_bytes()[:4] == b"PAR1"


def test_what_a_killed_export_left_is_removed(full: Database, tmp_path: Path) -> None:
    left = tmp_path / "lake/.imgindex-export-left"
    left.mkdir(parents=True)
    (left / "image_sizes.parquet").write_bytes(b"half")
    export(str(full.path), tmp_path / "lake", "parquet", "image_sizes")
    assert sorted(path.name for path in (tmp_path / "lake").iterdir()) == ["_manifest", "image_sizes"]


def test_an_index_of_another_version_is_refused(full: Database, tmp_path: Path) -> None:
    old = full.copy(tmp_path / "old.duckdb")
    with old.writing() as run:
        run("UPDATE alembic_version SET version_num = '0001'")
    with pytest.raises(StoreError, match="db upgrade"):
        export(str(old.path), tmp_path / "lake")
