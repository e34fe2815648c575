"""The program in this process, and an index of the sample stores for commands that read."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from imgindex.cli.demo import read_samples
from imgindex.cli.main import app

Invoke = Callable[..., Result]


@pytest.fixture
def invoke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """Runs a command in an empty folder, without what the environment may say."""
    for name in ("IMGINDEX_DB", "IMGINDEX_QUERIES", "IMGINDEX_DEBUG", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, stdin: str | None = None) -> Result:
        result = CliRunner().invoke(app, list(arguments), input=stdin)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


@pytest.fixture(scope="session")
def sample_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of all sample stores. Tests read it and never write to it."""
    folder = tmp_path_factory.mktemp("samples")
    read_samples(folder, str(folder / "imgindex.duckdb"))
    return folder / "imgindex.duckdb"


@pytest.fixture
def index(sample_index: Path, tmp_path: Path) -> Path:
    """A copy of it as the test's own, where the program looks for one."""
    return Path(shutil.copy(sample_index, tmp_path / "imgindex.duckdb"))
