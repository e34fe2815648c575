"""Answers made by hand, and readers of what is drawn of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from imgindex.query.result import Column
from imgindex.query.saved import Query
from imgindex.report.html.charts.plot import Drawing, Plot
from imgindex.report.model import Answer, Chart, Definition, Report, Section

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
HOSTILE = "<script>alert('1')</script>&\"></title>\u202egpj\x07\u2028"

MakePlot = Callable[..., Plot]
ReadSvg = Callable[[Drawing], ElementTree.Element]


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def hostile() -> str:
    """Text with markup, an override of the direction, a control character and a line separator."""
    return HOSTILE


@pytest.fixture
def make_plot() -> MakePlot:
    """A plot of rows whose columns are `name TYPE`, each in the role that is named before it."""

    def make(columns: Sequence[str], rows: Sequence[tuple[Any, ...]], **roles: str) -> Plot:
        return Plot([Column(*column.split(" ")) for column in columns], list(rows), roles, NOW)

    return make


@pytest.fixture
def read_svg() -> ReadSvg:
    """The drawing as XML, which it must be."""
    return lambda drawing: ElementTree.fromstring(f"<svg>{drawing.body}</svg>")


@pytest.fixture
def make_answer() -> Callable[..., Answer]:
    """An answer of a query of our own."""

    def make(columns: Sequence[str], answered: Sequence[tuple[Any, ...]], **more: Any) -> Answer:
        own = {key: more.pop(key) for key in ("count", "figures", "values", "sql", "call") if key in more}
        section = Section(more.pop("title", "Layers"), "own/layers", **more)
        query = Query("own/layers", Path("layers.sql"), "Which layers?", "Which layers?", (), "SELECT 1")
        answer = {"values": {}, "count": len(answered), "call": "imgindex query run own/layers", **own}
        return Answer(
            section, query, columns=[Column(*each.split(" ")) for each in columns], rows=list(answered), **answer
        )

    return make


@pytest.fixture
def make_report() -> Callable[..., Report]:
    """A report of these answers."""

    def make(*answers: Answer, **more: Any) -> Report:
        sections = tuple(answer.section for answer in answers)
        definition = Definition("own", more.pop("title", "Our images"), "What do they cost?", (), sections)
        settings = {"values": {}, "database": "imgindex.duckdb", "sources": [("registry", NOW)], "version": "1.2.3"}
        return Report(definition, made_at=NOW, answers=list(answers), **(settings | more))

    return make


@pytest.fixture
def make_chart() -> Callable[..., Chart]:
    return lambda kind, **roles: Chart(kind, roles)


@pytest.fixture
def find_classes() -> Callable[[ElementTree.Element, str], list[ElementTree.Element]]:
    """The elements that have this class, or one that fits the pattern, in the order of the drawing."""

    def find(svg: ElementTree.Element, pattern: str) -> list[ElementTree.Element]:
        return [
            each for each in svg.iter() if any(re.fullmatch(pattern, word) for word in each.get("class", "").split())
        ]

    return find
