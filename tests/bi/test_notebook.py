"""The example notebook, executed: pandas and polars read the DuckDB file, a Parquet export and PostgreSQL."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlalchemy

from tests.bi.tools import installed, versions
from tests.conftest import ROOT
from tests.stores import Database

pytestmark = pytest.mark.xdist_group(name="bi-notebook")

NOTEBOOK = ROOT / "docs/examples/notebook/imgindex.ipynb"


@pytest.fixture(scope="module")
def exported(index: Database, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `imgindex export` writes: a folder a view, with a Parquet file an index."""
    folder = tmp_path_factory.mktemp("export") / "parquet"
    export = [sys.executable, "-m", "imgindex", "export", str(folder), "--format", "parquet", "--db", str(index.path)]
    done = subprocess.run(export, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    if "No such command" in done.stderr:
        for view in ("image_sizes", "current_tags"):
            (folder / view).mkdir(parents=True)
            with duckdb.connect(str(index.path), read_only=True) as connection:
                connection.execute(f"COPY {view} TO '{folder / view}/index.parquet' (FORMAT parquet, COMPRESSION zstd)")
        return folder
    assert 0 == done.returncode, done.stderr
    return folder


@pytest.fixture(scope="module")
def executed(
    index: Database, exported: Path, postgresql_index: sqlalchemy.URL, tmp_path_factory: pytest.TempPathFactory
) -> list[Any]:
    """What each cell of code answered: a text, in the order of the cells."""
    home = tmp_path_factory.mktemp("notebook")
    done = installed("notebook").run(
        *("jupyter-nbconvert", "--to", "notebook", "--execute", str(NOTEBOOK), "--output-dir", str(home)),
        home=home,
        IMGINDEX_DB=str(index.path),
        IMGINDEX_EXPORT=str(exported),
        IMGINDEX_PG=postgresql_index.set(drivername="postgresql").render_as_string(hide_password=False),
    )
    assert 0 == done.returncode, done.stderr[-3000:]
    cells = json.loads((home / NOTEBOOK.name).read_text())["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return ["".join(output["data"]["text/plain"]) for output in outputs if output["output_type"] == "execute_result"]


def test_bytes_are_64_bits_and_times_are_utc_in_pandas_and_polars(executed: list[str]) -> None:
    utc = "Datetime(time_unit='us', time_zone='UTC')"
    assert [
        {"size_bytes": "int64", "valid_from": "datetime64[us, UTC]"},
        {"size_bytes": "Int64", "valid_from": utc},
        {"size_bytes": ["int64", "Int64"], "valid_from": utc, "rows": [65, 65]},
        {"size_bytes": "Int64", "valid_from": utc, "the same rows": True},
        {"size_bytes": "int64", "the same rows": True},
    ] == [ast.literal_eval(text) for text in executed if text.startswith("{")]


def test_pandas_and_polars_add_up_as_the_index_does(executed: list[str], index: Database) -> None:
    expected = index.rows("SELECT source, SUM(size_bytes) FROM image_sizes GROUP BY source ORDER BY source")
    assert 3 == len(expected)
    pandas_sum, polars_sum = (text for text in executed if not text.startswith("{"))
    for source, size in expected:
        for text in (pandas_sum, polars_sum):
            assert any(source in line and f" {size} " in line for line in text.splitlines()), f"{source} {size}\n{text}"


def test_what_the_notebook_answers_is_kept(executed: list[str], keep: Callable[[str, str], None]) -> None:
    keep("notebook.txt", "\n\n".join([versions("notebook", "duckdb", "pandas", "polars", "psycopg"), *executed]))
