"""Stopping DuckDB, which works within this process; PostgreSQL is in test_postgresql."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest
from sqlalchemy import Engine

from imgindex.errors import QueryTimeoutError
from imgindex.query.run import run_sql
from tests.conftest import ROOT
from tests.stores import new_index

ENDLESS = "SELECT SUM(hash(a.range * b.range)) AS x FROM range(100000000) AS a, range(100000000) AS b"
ENDLESS_ROWS = "SELECT a.range AS x FROM range(100000000) AS a, range(100000000) AS b"


def test_a_query_is_stopped_when_its_time_is_over(engine: Engine) -> None:
    for sql in (ENDLESS, f"EXPLAIN ANALYZE {ENDLESS}"):
        with pytest.raises(QueryTimeoutError, match=r"stopped after 0\.2 s.*--timeout"):
            list(run_sql(engine, sql, timeout=0.2).rows())
    assert list(run_sql(engine, "SELECT 1 AS x", timeout=60).rows()) == [(1,)]


def test_a_query_is_stopped_between_its_rows(engine: Engine) -> None:
    with pytest.raises(QueryTimeoutError):
        for _ in run_sql(engine, ENDLESS_ROWS, timeout=0.5).rows():
            pass


def test_a_result_that_is_left_early_is_given_back(engine: Engine) -> None:
    with run_sql(engine, ENDLESS_ROWS, timeout=60) as result:
        assert next(result.rows()) == (0,)
    assert list(run_sql(engine, "SELECT 1 AS x").rows()) == [(1,)]


def test_ctrl_c_ends_a_query(tmp_path: Path) -> None:
    db = new_index(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-m", "imgindex", "sql", ENDLESS, "--db", str(db.path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as running:
        while running.poll() is None and not is_open(db.path, running.pid):
            time.sleep(0.05)
        time.sleep(0.5)  # it opens the index twice: to see its version, and to ask
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=30)
    assert (running.returncode, said) == (130, "")
    duckdb.connect(str(db.path)).close()  # nobody holds it


def is_open(file: Path, pid: int) -> bool:
    """Whether the process has the file open."""
    try:
        return any(link.resolve() == file for link in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False
