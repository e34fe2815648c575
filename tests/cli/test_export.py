"""`imgindex export`: what is printed, and what is refused; what is written is in tests/export."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from imgindex.store.schema import VIEWS, metadata
from tests.cli.conftest import Invoke

PUBLIC = {view.name for view in VIEWS if not view.internal}


def written(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.name != "_manifest"}


def test_a_folder_gets_views_and_tables_and_says_so(invoke: Invoke, index: Path, tmp_path: Path) -> None:
    result = invoke("export", "lake")
    key = json.loads(next((tmp_path / "lake/_manifest").iterdir()).read_text())["index_key"]
    assert result.exit_code == 0
    first, last = result.stderr.splitlines()
    assert (first, last.startswith("lake: 0."), last.endswith(f" MB of the index {key}.")) == (
        "Exporting to lake",
        True,
        True,
    )
    assert written(tmp_path / "lake") == PUBLIC | set(metadata.tables)
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines[0] == ["name", "kind", "row_count", "size_bytes"]
    with duckdb.connect() as alone:
        (count,) = alone.sql(f"SELECT COUNT(*) FROM '{tmp_path}/lake/image_sizes/*.parquet'").fetchall()[0]
    size = (tmp_path / f"lake/image_sizes/{key}.parquet").stat().st_size
    assert ["image_sizes", "view", f"{count}", f"{size:,}"] in lines


def test_what_is_chosen_is_written(invoke: Invoke, index: Path, tmp_path: Path) -> None:
    assert invoke("export", "tables", "--tables").exit_code == 0
    assert written(tmp_path / "tables") == set(metadata.tables)
    assert invoke("export", "few", "--format", "csv", "--only", "tags", "--only", "source_status").exit_code == 0
    assert written(tmp_path / "few") == {"tags", "source_status"}
    assert {path.suffix for path in (tmp_path / "few/tags").iterdir()} == {".csv"}


def test_a_snapshot_answers_as_the_index_does(invoke: Invoke, index: Path) -> None:
    result = invoke("export", "fleet.duckdb")
    assert (result.exit_code, result.stdout.splitlines()[0].split()) == (0, ["name", "kind", "row_count"])
    ask = ("query", "run", "size/images", "--format", "csv")
    assert invoke(*ask, "--db", "fleet.duckdb").stdout == invoke(*ask).stdout
    assert invoke("export", "fleet.duckdb").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["fleet.duckdb", "--format", "csv"], 2, "are for a folder"),
        (["fleet.duckdb", "--only", "tags"], 2, "are for a folder"),
        (["fleet.duckdb", "--tables"], 2, "are for a folder"),
        (["imgindex.duckdb"], 2, "is the index itself"),
        (["lake", "--only", "tag"], 2, 'There is no table or view "tag"'),
        (["lake", "--only", "image_sizes", "--tables"], 2, "is a view"),
        (["lake", "--format", "xlsx"], 2, "xlsx"),
        (["."], 2, "holds other things"),
        (["lake", "--db", "nowhere.duckdb"], 5, "There is no index at nowhere.duckdb"),
        (["fleet.duckdb", "--db", "nowhere.duckdb"], 5, "There is no index at nowhere.duckdb"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_made(
    invoke: Invoke, index: Path, tmp_path: Path, arguments: list[str], code: int, said: str
) -> None:
    result = invoke("export", *arguments)
    assert (result.exit_code, said in result.stderr) == (code, True), result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["imgindex.duckdb"]
