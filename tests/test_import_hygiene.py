"""What the program imports before it has anything to do: help and version must not cost what a database costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"alembic", "duckdb", "duckdb_engine", "msgspec", "numpy", "pandas", "psycopg", "pyarrow", "rich"}
HEAVY |= {"sqlalchemy", "sqlglot", "tarfile"}

CODE = """
import sys
from imgindex.cli.main import app
try:
    app(sys.argv[1:], prog_name="imgindex")
except SystemExit as ended:
    print(*sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
    sys.exit(ended.code)
"""

CALLS = [
    ["--help"],
    ["--version"],
    ["ingest", "--help"],
    ["query", "--help"],
    ["query", "run", "--help"],
    ["sql", "--help"],
    ["export", "--help"],
    ["schema", "--help"],
    ["source", "--help"],
    ["db", "--help"],
    ["demo", "--help"],
]


@pytest.mark.parametrize("arguments", CALLS, ids=" ".join)
def test_help_and_version_import_nothing_heavy(arguments: list[str]) -> None:
    done = subprocess.run([sys.executable, "-c", CODE, *arguments], capture_output=True, text=True, check=True)
    imported = set(done.stderr.split())
    assert "typer" in imported
    assert imported & HEAVY == set()


def test_the_check_sees_what_is_imported() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE, "schema", "image_sizes"], capture_output=True, text=True, check=True
    )
    assert {"sqlalchemy", "typer"} <= set(done.stderr.split())


def test_the_query_room_is_light_until_it_is_asked() -> None:
    code = (
        "import sys, imgindex.query.catalog, imgindex.query.run, imgindex.query.formats\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) & HEAVY == set()
