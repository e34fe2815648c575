"""Where results go: stdout, or a file that appears when it is whole."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import duckdb
import pytest

from tests.cli.conftest import Invoke

SQL = "SELECT range AS n FROM range(3) ORDER BY n"


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.csv", "a.md", "a.parquet", "a.txt"])
def test_a_file_is_written_in_the_format_of_its_name(invoke: Invoke, index: Path, tmp_path: Path, name: str) -> None:
    result = invoke("sql", SQL, "-o", name)
    assert (result.exit_code, result.stdout) == (0, "")
    path = tmp_path / name
    match path.suffix:
        case ".json":
            values = [item["n"] for item in json.loads(path.read_text())]
        case ".jsonl":
            values = [json.loads(line)["n"] for line in path.read_text().splitlines()]
        case ".parquet":
            values = [row[0] for row in duckdb.execute(f"SELECT n FROM '{path}' ORDER BY n").fetchall()]
        case ".csv":
            values = [int(row["n"]) for row in csv.DictReader(path.read_text().splitlines())]
        case _:
            values = [int(line.strip("| ")) for line in path.read_text().splitlines() if line.strip("| ").isdigit()]
    assert values == [0, 1, 2]
    assert sorted(item.name for item in tmp_path.iterdir()) == sorted([name, "imgindex.duckdb"])


def test_the_format_asked_for_wins_over_the_name(invoke: Invoke, index: Path, tmp_path: Path) -> None:
    assert invoke("sql", SQL, "-o", "a.csv", "--format", "jsonl").exit_code == 0
    assert (tmp_path / "a.csv").read_text() == '{"n": 0}\n{"n": 1}\n{"n": 2}\n'


def test_a_file_is_replaced_only_when_all_went_well(invoke: Invoke, index: Path, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("old")
    failing = "SELECT CASE WHEN range < 9000 THEN 1 ELSE error('too far') END AS x FROM range(10000)"
    result = invoke("sql", failing, "-o", "a.csv")
    assert result.exit_code == 6
    assert (tmp_path / "a.csv").read_text() == "old"
    assert sorted(item.name for item in tmp_path.iterdir()) == ["a.csv", "imgindex.duckdb"]
    assert invoke("sql", SQL, "-o", "a.csv").exit_code == 0
    assert (tmp_path / "a.csv").read_text() == "n\n0\n1\n2\n"


def test_a_link_is_followed(invoke: Invoke, index: Path, tmp_path: Path) -> None:
    (tmp_path / "real.csv").write_text("old")
    (tmp_path / "link.csv").symlink_to("real.csv")
    assert invoke("sql", SQL, "-o", "link.csv").exit_code == 0
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_text() == "n\n0\n1\n2\n"


def test_a_device_is_written_to_and_stays(invoke: Invoke, index: Path) -> None:
    assert invoke("sql", SQL, "-o", "/dev/null", "--format", "csv").exit_code == 0
    assert Path("/dev/null").is_char_device()


@pytest.mark.parametrize(("place", "message"), [(".", "is a folder"), ("nowhere/a.csv", "cannot be written")])
def test_a_place_that_takes_no_file_is_refused(invoke: Invoke, index: Path, place: str, message: str) -> None:
    result = invoke("sql", SQL, "-o", place)
    assert result.exit_code == 2
    assert message in result.stderr


def test_parquet_goes_to_another_program_too(invoke: Invoke, index: Path, tmp_path: Path) -> None:
    result = invoke("sql", SQL, "--format", "parquet")
    (tmp_path / "a.parquet").write_bytes(result.stdout_bytes)
    assert duckdb.execute(f"SELECT SUM(n) FROM '{tmp_path / 'a.parquet'}'").fetchall() == [(3,)]


def test_a_cut_result_says_so(invoke: Invoke, index: Path) -> None:
    table = invoke("sql", SQL, "--limit", "2")
    assert table.stdout.splitlines()[-1] == "2 of more than 2 rows shown (--limit N shows N, --limit 0 all)"
    lines = invoke("sql", SQL, "--limit", "2", "--format", "csv")
    assert lines.stdout == "n\n0\n1\n"
    assert lines.stderr == "There are more than these 2 rows; --limit cut them off.\n"
    whole = invoke("sql", SQL, "--limit", "3", "--format", "csv")
    assert (whole.stdout, whole.stderr) == ("n\n0\n1\n2\n", "")


def test_columns_says_how_wide_a_table_is(invoke: Invoke, index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sql = "SELECT repeat('word ', 30) AS x FROM range(2)"
    assert max(map(len, invoke("sql", sql).stdout.splitlines())) > 140
    monkeypatch.setenv("COLUMNS", "40")
    assert max(map(len, invoke("sql", sql).stdout.splitlines()[:-1])) <= 40
