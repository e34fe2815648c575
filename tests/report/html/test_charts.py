"""What holds for every kind of chart: it is XML, the same each time, and small; it escapes what it is given."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

import pytest

from imgindex.query.result import Column
from imgindex.report.html.charts import DRAW, draw_chart
from imgindex.report.html.charts.svg import fit, fit_end, text_width
from imgindex.report.model import CHARTS, Chart

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
COLUMNS = [
    Column("one", "TEXT"),
    Column("other", "TEXT"),
    Column("size_bytes", "BIGINT"),
    Column("part_bytes", "BIGINT"),
    Column("start", "TIMESTAMPTZ"),
    Column("end", "TIMESTAMPTZ"),
]
ROLES = {
    "bars": {"label": "one", "value": "size_bytes", "part": "part_bytes", "detail": "other"},
    "columns": {"time": "start", "value": "size_bytes", "series": "one"},
    "treemap": {"path": "one, other", "value": "size_bytes", "detail": "end"},
    "matrix": {"row": "one", "column": "other", "value": "size_bytes", "detail": "part_bytes"},
    "forest": {"node": "one", "parent": "other", "label": "one", "value": "size_bytes", "detail": "end"},
    "timeline": {"lane": "one", "start": "start", "end": "end", "label": "other", "detail": "size_bytes"},
}
KINDS = list(CHARTS)


def make_rows(count: int, text: str = "") -> list[tuple[Any, ...]]:
    return [
        (
            f"{text}one{place % 97}",
            f"{text}other{place % 89}",
            10**6 * (place % 1013) + 1,
            place,
            NOW - timedelta(hours=place + 1),
            NOW - timedelta(hours=place) if place % 3 else None,
        )
        for place in range(count)
    ]


def test_every_kind_of_the_model_is_drawn_and_tried_here() -> None:
    assert sorted(DRAW) == sorted(CHARTS) == sorted(ROLES)


@pytest.mark.parametrize("kind", KINDS)
def test_a_chart_is_the_same_each_time(kind: str) -> None:
    first, second = (draw_chart(Chart(kind, ROLES[kind]), COLUMNS, make_rows(300), NOW) for _ in range(2))
    assert first is not None
    assert first == second


@pytest.mark.parametrize("kind", KINDS)
def test_a_chart_shows_markup_as_text(kind: str, hostile: str) -> None:
    figure = draw_chart(Chart(kind, ROLES[kind]), COLUMNS, make_rows(7, hostile), NOW)
    assert figure is not None
    for drawing in figure[:2]:
        svg = ElementTree.fromstring(f"<svg>{drawing.body}</svg>")
        words = "".join(svg.itertext())
        assert "<script>alert('1')</script>&\"></title>\\u202egpj\\x07\\u2028" in words
        assert {element.tag for element in svg.iter()} <= {
            "svg",
            "g",
            "title",
            "rect",
            "text",
            "line",
            "path",
            "circle",
        }
        assert not [
            name for element in svg.iter() for name in element.attrib if name.startswith("on") or name == "style"
        ]


@pytest.mark.parametrize("kind", KINDS)
def test_a_chart_of_many_rows_is_small_and_says_what_it_lacks(kind: str) -> None:
    figure = draw_chart(Chart(kind, ROLES[kind]), COLUMNS, make_rows(2000), NOW)
    assert figure is not None
    for drawing in figure[:2]:
        assert len(drawing.body) < 500_000
        assert drawing.left_out


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("others", [0, 2])
@pytest.mark.parametrize(
    "row",
    [
        (None, None, None, None, None, None),
        ("", "", 0, 0, datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)),
        ("", "", 5, 0, datetime.max.replace(tzinfo=UTC), None),
        ("a", "a", Decimal("NaN"), float("nan"), NOW, NOW),
        ("a", "b", Decimal("Infinity"), float("inf"), NOW + timedelta(days=9), None),
        ("a", "b", -5, -9, NOW, NOW - timedelta(days=9)),
        ("a", "b", 2**200, 5, NOW, None),
    ],
    ids=["nulls", "ends of time", "end of time", "not a number", "infinite", "below nothing", "beyond 64 bits"],
)
def test_odd_values_are_drawn_or_left_out(kind: str, row: tuple[Any, ...], others: int) -> None:
    figure = draw_chart(Chart(kind, ROLES[kind]), COLUMNS, [row, *make_rows(others)], NOW)
    for drawing in figure[:2] if figure else ():
        svg = ElementTree.fromstring(f"<svg>{drawing.body}</svg>")
        lengths = [
            float(each.get(name, 0)) for each in svg.iter() for name in ("x", "y", "width", "height", "x1", "y1")
        ]
        assert all(-1 <= length <= max(drawing.width, drawing.height) for length in lengths)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_drawn_of_no_rows(kind: str) -> None:
    assert draw_chart(Chart(kind, ROLES[kind]), COLUMNS, [], NOW) is None


def test_text_that_does_not_fit_is_cut_where_it_says_least() -> None:
    assert fit("docker.io/library/redis", 90) == "docker.io/li…"
    assert fit_end("docker.io/library/redis", 90) == "…ibrary/redis"
    assert fit_end("RUN apt-get install", 90) == "RUN apt-get…"
    assert fit("docker.io", 20) == ""
    assert fit("redis", 90) == "redis"
    assert text_width(fit("m" * 100, 90)) <= 90
