"""An export that does not come to its end, as a process of its own: what was there before stays whole."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from tests.stores import Database, new_index

ROWS = 2_000_000
DEADLINE_SECONDS = 60


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index whose export takes long enough to be stopped in the middle."""
    db = new_index(tmp_path_factory.mktemp("large"))
    with duckdb.connect(str(db.path)) as connection:
        connection.execute(
            f"INSERT INTO image_labels SELECT hash(range) % 1000000, range, hash(range) FROM range({ROWS})"
        )
    return db.path


def command(db: Path, target: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "imgindex", "export", str(target), "--db", str(db), *options]


def of_files(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def limit_files(size: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@pytest.mark.parametrize("target", ["lake", "fleet.duckdb"])
def test_a_full_disk_is_told_and_leaves_the_old_files(large: Path, tmp_path: Path, target: str) -> None:
    small = Database(Path(shutil.copy(large, tmp_path / "small.duckdb")))
    with small.writing() as run:
        run("DELETE FROM image_labels WHERE length(name) > 2")
    first = subprocess.run(command(small.path, tmp_path / target), capture_output=True, text=True, check=False)
    assert first.returncode == 0, first.stderr
    small.path.unlink()
    before = of_files(tmp_path)
    done = subprocess.run(
        command(large, tmp_path / target),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: limit_files(4_000_000),
    )
    assert done.returncode == 5, done.stderr
    assert "error: The export into " in done.stderr
    assert "What was there before is as it was." in done.stderr
    assert "Traceback" not in done.stderr
    assert of_files(tmp_path) == before


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
@pytest.mark.parametrize("target", ["lake", "fleet.duckdb"])
def test_a_signal_in_the_middle_leaves_nothing(
    large: Path, tmp_path: Path, target: str, number: int, code: int
) -> None:
    running = subprocess.Popen(
        command(large, tmp_path / target), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    parent = tmp_path / "lake" if target == "lake" else tmp_path
    until = time.monotonic() + DEADLINE_SECONDS
    while not any(parent.glob(".imgindex-export-*/*")) and time.monotonic() < until and running.poll() is None:
        time.sleep(0.01)
    os.kill(running.pid, number)
    _, said = running.communicate(timeout=DEADLINE_SECONDS)
    assert (running.returncode, "Traceback" in said) == (code, False), said
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert list(tmp_path.rglob(".imgindex-export-*")) == []
