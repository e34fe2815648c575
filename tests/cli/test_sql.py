"""`imgindex sql`: where the statement comes from, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Invoke

SQL = "SELECT source FROM source_status ORDER BY source"
ANSWER = "source\ndocker-host\nlayout\nregistry\n"


def test_a_statement_is_an_argument_a_file_or_stdin(invoke: Invoke, index: Path, tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text(f"-- Which?\n{SQL};\n")
    for result in (
        invoke("sql", SQL, "--format", "csv"),
        invoke("sql", "-f", "a.sql", "--format", "csv"),
        invoke("sql", "-", "--format", "csv", stdin=SQL),
    ):
        assert (result.exit_code, result.stdout, result.stderr) == (0, ANSWER, "")


@pytest.mark.parametrize("arguments", [["SELECT 1", "-f", "a.sql"], ["--format", "csv"]])
def test_a_statement_comes_from_one_place(invoke: Invoke, arguments: list[str]) -> None:
    result = invoke("sql", *arguments)
    assert result.exit_code == 2
    assert "either a statement or a file" in result.stderr


def test_a_file_that_is_not_there_is_refused(invoke: Invoke) -> None:
    result = invoke("sql", "-f", "nowhere.sql")
    assert result.exit_code == 2
    assert "nowhere.sql cannot be read" in result.stderr


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM images",
        "SELECT 1; DROP TABLE images",
        "COPY images TO 'x.csv'",
        "SELECT nothing",
        "SELEC 1",
        "",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM images WHERE",
    ],
)
def test_what_is_refused_ends_with_6(invoke: Invoke, index: Path, statement: str) -> None:
    before = index.read_bytes()
    result = invoke("sql", statement)
    assert result.exit_code == 6
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert index.read_bytes() == before


def test_the_database_is_named_by_option_or_environment(
    invoke: Invoke, sample_index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert invoke("sql", SQL, "--format", "csv", "--db", str(sample_index)).stdout == ANSWER
    monkeypatch.setenv("IMGINDEX_DB", str(sample_index))
    assert invoke("sql", SQL, "--format", "csv").stdout == ANSWER


def test_a_database_that_is_not_there_is_not_made(invoke: Invoke, tmp_path: Path) -> None:
    assert invoke("sql", "SELECT 1 AS x").exit_code == 5
    assert list(tmp_path.iterdir()) == []
