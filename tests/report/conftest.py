"""Reports of indexes whose answers are known, made by the program's own parts; and reports of a user."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from imgindex import shipped
from imgindex.cli.demo import read_samples
from imgindex.errors import ReportError
from imgindex.query.catalog import Catalog
from imgindex.query.formats.sink import Sink
from imgindex.report.answer import make_report
from imgindex.report.model import Definition, Report
from imgindex.report.shelf import Shelf
from imgindex.report.write import write_report
from imgindex.store.engine import open_engine
from tests.queries.conftest import CATALOG, Index, Open, open_duckdb, open_index, open_postgresql, small

__all__ = ["Open", "open_duckdb", "open_index", "open_postgresql", "small"]

SHELF = Shelf([shipped.folder("reports")])

Define = Callable[[str], Definition]


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The folder of a user's reports."""
    folder = tmp_path / "own"
    folder.mkdir()
    return folder


@pytest.fixture
def define(own: Path) -> Define:
    """The report that a file with this text defines, judged against the shipped queries."""

    def read(text: str) -> Definition:
        (own / "ours.toml").write_text(text)
        return Shelf([own]).find("ours", CATALOG)

    return read


@pytest.fixture
def refusal(define: Define, own: Path) -> Callable[[str], str]:
    """Why a file with this text is refused, without the file's name in front, which must be there."""

    def refuse(text: str) -> str:
        with pytest.raises(ReportError) as refused:
            define(text)
        assert 2 == refused.value.exit_code
        assert str(own / "ours.toml") == refused.value.path
        named, _, reason = str(refused.value).partition("ours.toml: ")
        assert str(own) == named.rstrip("/")
        return reason

    return refuse


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Index:
    """An index of the sample stores that ship."""
    folder = tmp_path_factory.mktemp("samples")
    read_samples(folder, str(folder / "imgindex.duckdb"))
    for name in ("docker-host", "layout", "registry"):
        shutil.rmtree(folder / name, ignore_errors=True)
    return Index(open_engine(str(folder / "imgindex.duckdb"), read_only=True))


def make(index: Index, definition: Definition | str, catalog: Catalog = CATALOG, **values: str) -> Report:
    """A report with its answers; a name is that of one that ships."""
    if isinstance(definition, str):
        definition = SHELF.find(definition, catalog)
    return make_report(index.engine, definition, catalog, values)


def written(report: Report, format_name: str) -> str:
    stream = io.StringIO()
    write_report(report, format_name, Sink(stream))
    return stream.getvalue()


def as_object(report: Report) -> dict[str, Any]:
    """The report's JSON, read."""
    loaded: dict[str, Any] = json.loads(written(report, "json"))
    return loaded
