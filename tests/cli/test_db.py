"""`imgindex db`: schema and soundness."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb

from imgindex.store.engine import HEAD
from tests.cli.conftest import Invoke


def test_a_database_is_made_and_its_status_told(invoke: Invoke, tmp_path: Path) -> None:
    result = invoke("db", "upgrade", "--db", "new.duckdb")
    assert (result.exit_code, result.stderr) == (0, f"The schema is at {HEAD}.\n")
    assert (tmp_path / "new.duckdb").exists()
    status = invoke("db", "status", "--db", "new.duckdb")
    assert (status.exit_code, status.stdout, status.stderr) == (0, f"database: {HEAD}\nprogram:  {HEAD}\n", "")


def test_a_database_of_something_else_has_no_schema(invoke: Invoke, tmp_path: Path) -> None:
    duckdb.connect(str(tmp_path / "other.duckdb")).close()
    status = invoke("db", "status", "--db", "other.duckdb")
    assert status.stdout == f"database: none\nprogram:  {HEAD}\n"
    assert "imgindex db upgrade" in status.stderr


def test_a_newer_database_is_left_to_the_program_that_made_it(invoke: Invoke, tmp_path: Path) -> None:
    invoke("db", "upgrade", "--db", "newer.duckdb")
    with duckdb.connect(str(tmp_path / "newer.duckdb")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    status = invoke("db", "status", "--db", "newer.duckdb")
    assert (status.exit_code, status.stdout) == (0, f"database: 9999\nprogram:  {HEAD}\n")
    assert "upgrade" not in status.stderr
    upgrade = invoke("db", "upgrade", "--db", "newer.duckdb")
    assert upgrade.exit_code == 5
    assert f"at version 9999, newer than this program's {HEAD}." in upgrade.stderr


def test_a_missing_database_is_not_made_by_a_look(invoke: Invoke, tmp_path: Path) -> None:
    for command in ("status", "check"):
        assert invoke("db", command, "--db", "nowhere.duckdb").exit_code == 5
    assert list(tmp_path.iterdir()) == []


def test_a_sound_index_is_called_so(invoke: Invoke, index: Path) -> None:
    result = invoke("db", "check")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "The index is sound.\n")
    assert invoke("db", "check", "--format", "json").stdout == "[]\n"


def test_a_broken_rule_is_shown_and_ends_with_5(invoke: Invoke, index: Path) -> None:
    with duckdb.connect(str(index)) as connection:
        connection.execute("DELETE FROM images WHERE image_key = (SELECT MIN(image_key) FROM image_layers)")
    result = invoke("db", "check", "--format", "json")
    assert result.exit_code == 5
    findings = json.loads(result.stdout)
    assert "image_layers" in {finding["relation"] for finding in findings}
    assert f"The index breaks {len(findings)} of its rules" in result.stderr


def test_pruning_says_what_it_drops(invoke: Invoke, index: Path) -> None:
    result = invoke("db", "prune", "--keep", "90d", "--dry-run")
    assert (result.exit_code, result.stderr) == (0, "Nothing was dropped.\n")
    result = invoke("db", "prune", "--before", "2020-01-01")
    assert (result.exit_code, result.stderr) == (0, "0 rows were dropped.\n")


def test_pruning_needs_one_bound_that_is_one(invoke: Invoke, index: Path) -> None:
    for options in ([], ["--keep", "1y", "--before", "2020-01-01"], ["--keep", "soon"], ["--before", "soon"]):
        assert invoke("db", "prune", *options).exit_code == 2
