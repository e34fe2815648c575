"""The program as a process: its exit codes, and what it prints when something goes wrong."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from imgindex import __version__
from imgindex.errors import ImgindexError, SourceError, UsageError
from tests.cli.conftest import Invoke


def command(*arguments: str, before: str = "") -> list[str]:
    return [sys.executable, "-c", f"from imgindex.cli.main import run\n{before}\nrun()", *arguments]


def environment(**extra: str) -> dict[str, str]:
    """That of the tests, without what would say how to run or how wide to print."""
    unset = ("IMGINDEX_", "COLUMNS", "LINES", "NO_COLOR")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unset)}
    return kept | extra


FAILING = """
import imgindex.store.migrate
def fail(db): raise {error}
imgindex.store.migrate.status = fail
"""


def test_the_version_is_said(invoke: Invoke) -> None:
    result = invoke("--version")
    assert (result.exit_code, result.stdout) == (0, f"imgindex {__version__}\n")


def test_help_lists_the_commands_in_the_order_of_their_use(invoke: Invoke) -> None:
    names = [line.split()[0] for line in invoke("--help").stdout.partition("Commands:\n")[2].splitlines() if line]
    order = ["ingest", "show", "query", "sql", "report", "export", "merge", "schema", "source", "db", "demo"]
    assert names == [name for name in order if name in names]
    assert {"ingest", "query", "sql", "schema", "source", "db", "demo"} <= set(names)


@pytest.mark.parametrize("arguments", [["nope"], ["sql", "--nope"], ["query", "run"], ["ingest", "a", "--jobs", "0"]])
def test_a_wrong_call_ends_with_2_and_says_where_help_is(invoke: Invoke, arguments: list[str]) -> None:
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert "--help" in result.stderr or "-h" in result.stderr
    assert result.stdout == ""


def test_a_failure_is_one_line_and_its_exit_code(invoke: Invoke) -> None:
    result = invoke("sql", "SELECT 1 AS x", "--db", "nowhere.duckdb")
    assert result.exit_code == 5
    assert result.stderr.startswith("error: There is no index at nowhere.duckdb")
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


@pytest.mark.parametrize("error", [UsageError("x"), SourceError("x"), ImgindexError("x")])
def test_each_kind_of_failure_has_its_exit_code(
    invoke: Invoke, monkeypatch: pytest.MonkeyPatch, error: ImgindexError
) -> None:
    def fail(db: str) -> None:
        raise error

    monkeypatch.setattr("imgindex.store.migrate.status", fail)
    result = invoke("db", "status")
    assert (result.exit_code, result.stderr) == (error.exit_code, "error: x\n")


def test_a_defect_is_one_line_and_exit_code_70() -> None:
    before = FAILING.format(error="KeyError('canary\\x1b')")
    done = subprocess.run(
        command("db", "status", before=before), env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 70
    assert done.stderr.startswith("error: imgindex has a defect: KeyError: ")
    assert done.stderr.count("\n") == 1
    assert "\x1b" not in done.stderr


@pytest.mark.parametrize("error", ["KeyError('canary')", "imgindex.errors.StoreError('canary')"])
def test_debugging_shows_where_it_failed(error: str) -> None:
    done = subprocess.run(
        command("db", "status", before="import imgindex.errors" + FAILING.format(error=error)),
        env=environment(IMGINDEX_DEBUG="1"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "canary" in done.stderr


@pytest.mark.parametrize("error", ["KeyboardInterrupt", "RuntimeError('Query interrupted')"])
def test_an_interrupt_ends_quietly_with_130(error: str) -> None:
    before = FAILING.format(error=error)
    done = subprocess.run(
        command("db", "status", before=before), env=environment(), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_a_runtime_error_that_is_no_interrupt_is_a_defect() -> None:
    before = FAILING.format(error="RuntimeError('canary')")
    done = subprocess.run(
        command("db", "status", before=before), env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 70
    assert done.stderr.startswith("error: imgindex has a defect: RuntimeError: canary")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("rows", ["1", "1000000"])
@pytest.mark.parametrize("place", [[], ["-o", "/dev/full"]])
def test_a_full_disk_is_said_and_no_defect(sample_index: Path, rows: str, place: list[str]) -> None:
    sql = f"SELECT range AS n FROM range({rows})"
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command("sql", sql, "--format", "csv", "--db", str(sample_index), *place),
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (2, "error: There is no room to write to: No space left on device\n")


def test_a_reader_who_stops_reading_is_no_failure(sample_index: Path) -> None:
    sql = "SELECT range AS n FROM range(1000000)"
    process = subprocess.Popen(
        command("sql", sql, "--format", "csv", "--db", str(sample_index)),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline() == b"n\n"
    process.stdout.close()
    stderr = process.stderr.read()
    process.stderr.close()
    assert (process.wait(), stderr) == (0, b"")


def test_what_goes_on_to_a_program_is_utf8_whatever_the_locale(sample_index: Path) -> None:
    done = subprocess.run(
        command("sql", "SELECT 'gr' || chr(246) || chr(9731) AS x", "--format", "jsonl", "--db", str(sample_index)),
        env=environment(LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0", PYTHONIOENCODING="ascii"),
        capture_output=True,
        check=False,
    )
    assert done.stdout.decode() == '{"x": "grö☃"}\n'


@pytest.mark.parametrize("name", ["table", "csv", "json", "jsonl", "markdown"])
def test_a_terminal_gets_text_that_fits_and_cannot_move_its_cursor(sample_index: Path, name: str) -> None:
    sql = (
        "SELECT 'evil ' || chr(27) || '[2J' || chr(155) || '2J' AS a, repeat('long ', 40) AS b, NULL AS c FROM range(2)"
    )
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 60))
    process = subprocess.Popen(
        command("sql", sql, "--format", name, "--db", str(sample_index)), env=environment(), stdout=theirs
    )
    os.close(theirs)
    printed = read_all(ours)
    os.close(ours)
    assert process.wait() == 0
    for style in ("\x1b[1m", "\x1b[2m", "\x1b[0m"):
        printed = printed.replace(style, "")
    lines = printed.replace("\r\n", "\n").splitlines()
    assert "evil" in printed
    assert not any("\x1b" in line or "\x9b" in line for line in lines)
    if name == "table":
        assert max(map(len, lines)) <= 60


def read_all(terminal: int) -> str:
    """What was printed to a terminal; reading fails with EIO once the other side is closed."""
    printed = b""
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:
            return printed.decode()
        if not part:
            return printed.decode()
        printed += part
