"""Harlequin opens an index read-only: the catalog, a query and a refused statement on its screen; and `hsql`."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from imgindex.store.schema import VIEWS
from tests.bi.tools import Tool, documented, installed, versions
from tests.stores import Database

pytestmark = pytest.mark.xdist_group(name="bi-harlequin")

QUERY = """\
SELECT source, basis, COUNT(*) AS image_count,
  CAST(SUM(size_bytes) AS BIGINT) AS size_bytes
FROM image_sizes GROUP BY ALL ORDER BY ALL"""
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def harlequin() -> Tool:
    return installed("harlequin")


@pytest.fixture
def hsql(harlequin: Tool, index: Database, tmp_path: Path) -> Run:
    """Runs `hsql` on the index with the options that docs/bi.md gives."""
    (script,) = documented("sql", "harlequin-init")
    start = tmp_path / "imgindex.sql"
    start.write_text(script)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        options = ["--read-only", "--init-path", str(start), "--limit", "-1"]
        return harlequin.run("hsql", *options, *arguments, str(index.path), home=tmp_path)

    return run


@pytest.fixture(scope="module")
def screens(harlequin: Tool, index: Database, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Harlequin's screen after a query, and after a statement that writes."""
    driver = str(Path(__file__).parent / "drive_harlequin.py")
    home = tmp_path_factory.mktemp("harlequin")
    done = harlequin.run("python", driver, str(index.path), QUERY, "DELETE FROM tags", home=home)
    assert 0 == done.returncode, done.stderr + done.stdout
    return done.stdout.split("\f")[1:]


def test_the_screen_shows_the_catalog_and_the_answer(screens: list[str], index: Database) -> None:
    answer = screens[0]
    for column in ("size_bytes ##", "image_id s"):
        assert column in answer
    expected = index.rows(
        "SELECT source, basis, COUNT(*), CAST(SUM(size_bytes) AS BIGINT) FROM image_sizes GROUP BY 1, 2"
    )
    assert 3 == len(expected)
    lines = [line.split() for line in answer.splitlines()]
    for row in expected:
        assert any(list(map(str, row)) == line[-5:-1] or list(map(str, row)) == line[-4:] for line in lines), row


def test_the_screen_shows_that_it_is_read_only(screens: list[str]) -> None:
    assert "read-only mode" in screens[1]


def test_the_screens_are_kept(screens: list[str], keep: Callable[[str, str], None]) -> None:
    # Without the keys, which depend on where the focus is, and the scroll bars, on how many things a list has.
    answer = "\n".join(screens[0].splitlines()[:-1]).translate(dict.fromkeys(range(0x2580, 0x2590), " "))
    keep("harlequin.txt", "\n".join([versions("harlequin", "harlequin", "duckdb"), answer, dialog(screens[1])]))


def dialog(screen: str) -> str:
    """The box that the database's refusal is shown in."""
    lines = screen.splitlines()
    top = next(number for number, line in enumerate(lines) if "─ Query Error ─" in line)
    left = lines[top].index("╭─ Query Error")
    right = lines[top].index("╮", left)
    bottom = next(number for number in range(top, len(lines)) if lines[number][left] == "╰")
    box = [line[left : right + 1] for line in lines[top : bottom + 1]]
    return "\n".join(line for line in box if line.strip("│ "))


def test_the_catalog_lists_every_view(hsql: Run) -> None:
    done = hsql("--catalog", "--path", "imgindex.main", "--json")
    views = {item["name"] for item in json.loads(done.stdout) if item["type"] == "VIEW"}
    assert {view.name for view in VIEWS} == views


def test_bytes_are_whole_numbers(hsql: Run, index: Database) -> None:
    done = hsql("--json", "--command", QUERY)
    expected = index.rows("SELECT source, basis, COUNT(*), SUM(size_bytes) FROM image_sizes GROUP BY ALL ORDER BY ALL")
    assert [(*row[:3], int(row[3])) for row in expected] == [tuple(row.values()) for row in json.loads(done.stdout)]
    assert {int} == {type(row["size_bytes"]) for row in json.loads(done.stdout)}


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("DELETE FROM tags", "read-only mode"),
        ("SELECT content FROM read_text('/etc/passwd')", "disabled by configuration"),
        ("SET enable_external_access = true", "configuration has been locked"),
    ],
)
def test_it_neither_writes_nor_reaches_files(hsql: Run, statement: str, reason: str) -> None:
    done = hsql("--command", statement)
    assert (1, "", True) == (done.returncode, done.stdout, reason in done.stderr), done.stderr
