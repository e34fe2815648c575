"""One file and several programs: what the second is told, and how it waits. The first is a process of its own."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from imgindex.errors import quote
from tests.cli.conftest import Invoke
from tests.conftest import ROOT

HOLDER = """
import sys, duckdb
held = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == "read")
print("held", flush=True)
sys.stdin.read()
"""
"""A program that holds an index until its stdin ends."""

COMMANDS = [
    ["sql", "SELECT 1 AS x"],
    ["query", "run", "inventory/sources"],
    ["query", "check", "inventory/sources"],
    ["show", "team/web:1.2"],
    ["source", "list"],
    ["source", "show", "registry"],
    ["source", "forget", "registry"],
    ["db", "status"],
    ["db", "check"],
    ["db", "upgrade"],
    ["db", "prune", "--keep", "1y"],
    ["export", "lake"],
    ["export", "fleet.duckdb"],
    ["merge", "other.duckdb"],
]


@contextmanager
def held(index: Path, how: str = "write", *words: str) -> Iterator[subprocess.Popen[str]]:
    """A process that has the index open; it ends when it is told to."""
    program = [sys.executable, "-c", HOLDER, str(index), how, *words]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            release(process)


def release(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    process.wait(30)


def start(*arguments: str, index: Path, wait: str = "60") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "imgindex", *arguments, "--db", str(index), "--wait", wait],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def test_the_second_is_told_who_holds_the_index_and_what_to_do(invoke: Invoke, index: Path) -> None:
    shutil.copy(index, index.with_name("other.duckdb"))
    with held(index) as process:
        told = (
            f"error: imgindex.duckdb is in use by process {process.pid} ({shown(process)}). DuckDB lets one process "
            "write a file, or several read it. Wait for it with --wait SECONDS, read a copy that `imgindex export "
            "FILE.duckdb` makes, or keep the index in PostgreSQL."
        )
        for arguments in COMMANDS:
            result = invoke(*arguments)
            assert (result.exit_code, result.stderr.splitlines()[-1]) == (5, told), arguments
    assert sorted(path.name for path in index.parent.iterdir()) == ["imgindex.duckdb", "other.duckdb"]


def shown(process: subprocess.Popen[str]) -> str:
    """The command line as a message has it: quoted as a shell wants it, escaped, and cut."""
    assert isinstance(process.args, list)
    return quote(shlex.join(map(str, process.args)), 160)


def test_readers_share_and_a_writer_waits_for_them(invoke: Invoke, index: Path) -> None:
    with held(index, "read"):
        assert invoke("source", "list").exit_code == 0
        for arguments in (["source", "forget", "registry"], ["db", "upgrade"], ["db", "prune", "--keep", "1y"]):
            assert "is in use by process" in invoke(*arguments).stderr


def test_waiting_ends_when_the_file_is_free(index: Path) -> None:
    with held(index) as process:
        waiting = start("sql", "SELECT COUNT(*) AS n FROM source_status", index=index)
        assert waiting.stderr is not None
        assert waiting.stderr.readline().startswith(
            f"Waiting up to 60 s: imgindex.duckdb is in use by process {process.pid} ("
        )
        release(process)
        printed, said = waiting.communicate(timeout=60)
        assert (waiting.returncode, printed.split(), said) == (0, ["n", "─", "3", "1", "row"], "")


def test_waiting_ends_when_its_time_is_over(invoke: Invoke, index: Path) -> None:
    with held(index):
        result = invoke("sql", "SELECT 1 AS x", "--wait", "0.2")
    assert result.exit_code == 5
    first, second = result.stderr.splitlines()
    assert first.startswith("Waiting up to 0.2 s: imgindex.duckdb is in use by process ")
    assert second.startswith("error: imgindex.duckdb is in use by process ")


def test_the_environment_may_say_how_long(invoke: Invoke, index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMGINDEX_WAIT", "0.1")
    with held(index):
        assert "Waiting up to 0.1 s" in invoke("source", "list").stderr


def test_secrets_on_the_holders_command_line_are_not_shown(invoke: Invoke, index: Path) -> None:
    with held(index, "write", "--password", "hunter2-canary", "postgresql://me:canary2pass@db.example/x"):
        said = invoke("sql", "SELECT 1 AS x").stderr
    assert "canary" not in said


def test_another_index_that_is_held_is_named_itself(invoke: Invoke, index: Path, sample_index: Path) -> None:
    other = Path(shutil.copy(sample_index, index.with_name("other.duckdb")))
    with held(other):
        assert "error: other.duckdb is in use by process " in invoke("merge", "other.duckdb").stderr


def test_exports_and_ingests_of_one_index_wait_for_each_other(index: Path, skopeo_layout: Path, tmp_path: Path) -> None:
    running = [
        start("export", str(tmp_path / "fleet.duckdb"), index=index),
        start("ingest", f"oci:{skopeo_layout}", "--name", "layout", "--adopt", index=index),
        start("export", str(tmp_path / "lake"), index=index),
    ]
    said = [process.communicate(timeout=120)[1] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], said
