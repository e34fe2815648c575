"""`imgindex merge`: one index out of several."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.cli.conftest import Invoke


def test_indexes_are_merged_into_a_new_one(invoke: Invoke, index: Path, tmp_path: Path) -> None:
    shutil.copyfile(index, tmp_path / "other.duckdb")
    result = invoke("merge", "other.duckdb", "--db", "all.duckdb")
    assert (0, "") == (result.exit_code, result.stdout)
    assert result.stderr.startswith("New indexes: 1; sources brought up to date: ")
    assert (
        invoke("source", "list", "--format", "csv").stdout
        == invoke("source", "list", "--format", "csv", "--db", "all.duckdb").stdout
    )
    again = invoke("merge", "other.duckdb", "--db", "all.duckdb")
    assert "New indexes: 0; sources brought up to date: 0; new documents: 0.\n" == again.stderr


def test_what_is_not_there_is_not_merged(invoke: Invoke, tmp_path: Path) -> None:
    assert invoke("merge", "nowhere.duckdb", "--db", "all.duckdb").exit_code == 5
    assert not (tmp_path / "all.duckdb").exists()
