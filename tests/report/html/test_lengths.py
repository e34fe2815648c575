"""Bars, columns, spans and cells: what is drawn is as long, high, far and dark as the answer says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from imgindex.report.html.charts.bars import MOST as MOST_BARS
from imgindex.report.html.charts.bars import draw_bars
from imgindex.report.html.charts.columns import draw_columns
from imgindex.report.html.charts.matrix import MOST_NARROW, draw_matrix, scale
from imgindex.report.html.charts.timeline import draw_timeline, make_lanes

BARS = ["repository TEXT", "size_bytes BIGINT", "unique_bytes BIGINT"]
WIDTHS = [900, 360]


def number(element, name: str) -> float:
    return float(element.get(name))


@pytest.mark.parametrize("width", WIDTHS)
def test_bars_are_as_long_as_their_values(make_plot, read_svg, find_classes, width: int) -> None:
    plot = make_plot(
        BARS,
        [("a", 400, 100), ("b", 100, 100), ("c", 0, 0)],
        label="repository",
        value="size_bytes",
        part="unique_bytes",
    )
    svg = read_svg(draw_bars(plot, width))
    whole = [number(bar, "width") for bar in find_classes(svg, "bar")]
    parts = [number(part, "width") for part in find_classes(svg, "part")]
    assert whole[1] == pytest.approx(whole[0] / 4, abs=0.01)
    assert whole[2] == 0.5  # The least that can be seen.
    assert parts == pytest.approx([whole[0] / 4, whole[1]], abs=0.01)
    assert all(number(bar, "x") + number(bar, "width") <= width for bar in find_classes(svg, "bar"))


def test_bars_beyond_the_most_are_counted(make_plot, read_svg, find_classes) -> None:
    rows = [(f"r{place}", 1000 - place, 1) for place in range(MOST_BARS + 5)]
    drawing = draw_bars(make_plot(BARS, rows, label="repository", value="size_bytes"), 900)
    assert len(find_classes(read_svg(drawing), "mark")) == MOST_BARS
    assert drawing.left_out == "30 of 35 rows are drawn."
    assert drawing.summary == "size by repository. The most is 1\u202f000\u202fB, r0."


COLUMNS = ["month_start TIMESTAMPTZ", "move_count BIGINT", "source TEXT"]
MONTHS = [datetime(2025, month, 1, tzinfo=UTC) for month in (1, 2, 5)]


@pytest.mark.parametrize("width", WIDTHS)
def test_columns_are_as_high_as_their_values_and_months_without_one_are_gaps(
    make_plot, read_svg, find_classes, width: int
) -> None:
    rows = [(MONTHS[0], 40, "a"), (MONTHS[1], 10, "a"), (MONTHS[2], 20, "a")]
    svg = read_svg(draw_columns(make_plot(COLUMNS, rows, time="month_start", value="move_count"), width))
    bars = find_classes(svg, "c1")
    heights = [number(bar, "height") for bar in bars]
    assert heights == pytest.approx([heights[0], heights[0] / 4, heights[0] / 2], abs=0.02)
    places = [number(bar, "x") for bar in bars]
    assert (places[2] - places[0]) / (places[1] - places[0]) == pytest.approx(120 / 31, abs=0.01)
    assert places[2] + number(bars[2], "width") <= width


def test_series_stand_upon_each_other(make_plot, read_svg, find_classes) -> None:
    rows = [(MONTHS[0], 30, "a"), (MONTHS[0], 10, "b"), (MONTHS[1], 20, "b")]
    drawing = draw_columns(make_plot(COLUMNS, rows, time="month_start", value="move_count", series="source"), 900)
    svg = read_svg(drawing)
    (a,), b = find_classes(svg, "c1")[:1], find_classes(svg, "c2")
    # Both have 30 in all: the first by name comes first.
    assert drawing.legend == (("c1", "a"), ("c2", "b"))
    assert number(b[0], "y") + number(b[0], "height") == pytest.approx(number(a, "y"), abs=0.02)
    assert number(b[1], "height") == pytest.approx(2 * number(b[0], "height"), abs=0.02)


def test_many_series_are_others(make_plot, read_svg, find_classes) -> None:
    rows = [(MONTHS[0], 10 + place, f"s{place}") for place in range(9)]
    drawing = draw_columns(make_plot(COLUMNS, rows, time="month_start", value="move_count", series="source"), 900)
    heights = {class_: number(find_classes(read_svg(drawing), class_)[0], "height") for class_ in ("c0", "c1")}
    assert drawing.legend[-1] == ("c0", "others")
    assert heights["c0"] / heights["c1"] == pytest.approx((10 + 11 + 12) / 18, abs=0.01)


SPANS = ["name TEXT", "valid_from TIMESTAMPTZ", "valid_to TIMESTAMPTZ", "target TEXT"]
ROLES = {"lane": "name", "start": "valid_from", "end": "valid_to", "label": "target"}


@pytest.mark.parametrize("width", WIDTHS)
def test_spans_lie_where_their_time_is_and_last_until_now_without_an_end(
    make_plot, read_svg, find_classes, now: datetime, width: int
) -> None:
    start, middle = datetime(2026, 1, 1, 12, tzinfo=UTC), datetime(2026, 1, 16, 12, tzinfo=UTC)
    rows = [("web:1", start, middle, "x"), ("web:1", middle, None, "y"), ("web:2", middle, now, "x")]
    spans = [
        span
        for span in find_classes(read_svg(draw_timeline(make_plot(SPANS, rows, **ROLES), width)), r"t\d")
        if span.tag == "rect"
    ]
    first, second, other = ([number(span, "x"), number(span, "x") + number(span, "width") + 0.75] for span in spans)
    # January from noon of the 1st to noon of the 31st: 30 days, parted in the middle.
    assert first[1] == pytest.approx(second[0], abs=0.02)
    assert first[1] - first[0] == pytest.approx(second[1] - second[0], abs=0.02)
    assert other == pytest.approx(second, abs=0.02)
    assert second[1] <= width


def test_what_came_back_has_its_colour_again(make_plot, read_svg, find_classes) -> None:
    days = [datetime(2026, 1, day, tzinfo=UTC) for day in range(1, 5)]
    rows = [("web", *pair, label) for pair, label in zip(pairwise(days), "xyx", strict=True)]
    spans = find_classes(read_svg(draw_timeline(make_plot(SPANS, rows, **ROLES), 900)), r"t\d")
    assert [span.get("class") for span in spans] == ["t0", "t1", "t0"]


def test_lanes_whose_labels_are_the_same_stay_apart(make_plot, read_svg, find_classes, now: datetime) -> None:
    rows = [("a, b", now - timedelta(1), None, "x"), ("a, c", now - timedelta(2), None, "x")]
    spans = find_classes(read_svg(draw_timeline(make_plot(SPANS, rows, **ROLES), 900)), "mark")
    assert len({span.find("rect").get("y") for span in spans}) == 2


def test_spans_without_a_start_are_counted(make_plot) -> None:
    rows = [("web", datetime(2026, 1, 1, tzinfo=UTC), None, "x"), ("web", None, None, "y")]
    assert draw_timeline(make_plot(SPANS, rows, **ROLES), 900).left_out == "1 row without a start is not drawn."
    assert draw_timeline(make_plot(SPANS, rows[1:], **ROLES), 900) is None


PAIRS = ["repository TEXT", "other TEXT", "shared_bytes BIGINT"]
PAIR = {"row": "repository", "column": "other", "value": "shared_bytes"}


def test_a_pair_is_drawn_both_ways_and_a_thing_with_itself_apart(make_plot, read_svg) -> None:
    rows = [("a", "a", 10**9), ("a", "b", 30), ("a", "c", 0), ("b", "c", 10)]
    svg = read_svg(draw_matrix(make_plot(PAIRS, rows, **PAIR), 900))
    told = [(mark.find("title").text, mark.find("rect").get("class")) for mark in svg.iter("g")]
    assert told == [
        ("a, with itself\nshared: 1.00\u202fGB", "cell self"),
        ("a\nb\nshared: 30\u202fB", "cell s5"),
        ("b\na\nshared: 30\u202fB", "cell s5"),
        ("b\nc\nshared: 10\u202fB", "cell s4"),
        ("c\nb\nshared: 10\u202fB", "cell s4"),
    ]


def test_the_steps_have_as_many_pairs_each() -> None:
    assert scale([float(value) for value in range(101)]) == [21, 41, 61, 81, 100]
    assert scale([7, 7, 7]) == [7]
    assert scale([0]) == []


def test_a_phone_has_room_for_fewer(make_plot) -> None:
    names = [f"r{place:02}" for place in range(20)]
    plot = make_plot(PAIRS, [(one, other, 5) for one in names for other in names], **PAIR)
    assert draw_matrix(plot, 900).left_out == ""
    assert draw_matrix(plot, 360).left_out == f"{MOST_NARROW} of 20 are drawn."


def test_one_thing_alone_makes_no_matrix(make_plot) -> None:
    assert draw_matrix(make_plot(PAIRS, [("a", "a", 5)], **PAIR), 900) is None


def test_each_basis_has_bars_of_its_own_scale(make_plot, read_svg, find_classes) -> None:
    columns = ["source TEXT", "basis TEXT", "size_bytes BIGINT"]
    rows = [("a", "on_disk", 4000), ("b", "compressed", 10), ("c", "on_disk", 1000), ("d", "compressed", 5)]
    svg = read_svg(draw_bars(make_plot(columns, rows, label="source", value="size_bytes"), 900))
    assert [head.text for head in find_classes(svg, "head")] == ["on disk", "compressed"]
    lengths = [float(bar.get("width")) for bar in find_classes(svg, "bar")]
    assert lengths == pytest.approx([lengths[0], lengths[0] / 4, lengths[0], lengths[0] / 2], abs=0.01)


def test_what_lasts_at_the_same_time_lies_on_lanes_of_its_own(make_plot) -> None:
    day = [datetime(2026, 1, number, tzinfo=UTC) for number in range(1, 5)]
    rows = [("a", day[0], day[2], "x"), ("a", day[1], day[3], "y"), ("a", day[2], day[3], "z")]
    lanes = make_lanes(make_plot(SPANS, rows, **ROLES))
    assert [(name, [span.row[3] for span in lane]) for name, lane in lanes.items()] == [
        (("a", 0), ["x", "z"]),
        (("a", 1), ["y"]),
    ]


def test_one_day_is_no_slab_and_has_no_hours(make_plot, read_svg, find_classes) -> None:
    columns = ["day_start TIMESTAMPTZ", "move_count BIGINT"]
    rows = [(datetime(2025, 11, 24, tzinfo=UTC), 6)]
    svg = read_svg(draw_columns(make_plot(columns, rows, time="day_start", value="move_count"), 900))
    assert [float(bar.get("width")) for bar in find_classes(svg, "c1")] == [39]
    assert [tick.text for tick in find_classes(svg, "tick")][-1] == "24 Nov"
