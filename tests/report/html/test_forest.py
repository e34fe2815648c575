"""What stands on what."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgindex.query.result import Column
from imgindex.report.html.charts.forest import MOST, MOST_CHILDREN, Tree, draw_forest, make_forest, make_lines
from imgindex.report.html.charts.plot import Plot

COLUMNS = ["chain_id TEXT", "parent_id TEXT", "names TEXT", "image_count BIGINT"]
ROLES = {"node": "chain_id", "parent": "parent_id", "label": "names", "value": "image_count"}


def outline(trees: list[Tree]) -> list[object]:
    return [(tree.row[0], outline(tree.children)) if tree.children else tree.row[0] for tree in trees]


def test_trees_stand_by_their_parents_the_largest_first(make_plot) -> None:
    rows = [
        ("a", None, "a", 9),
        ("b", "a", "b", 3),
        ("c", "a", "c", 5),
        ("d", "b", "d", 2),
        ("e", None, "e", 10),
        ("f", "gone", "f", 1),
    ]
    assert outline(make_forest(make_plot(COLUMNS, rows, **ROLES))) == ["e", ("a", ["c", ("b", ["d"])]), "f"]


def test_every_child_is_a_step_to_the_right(make_plot) -> None:
    rows = [("a", None, "a", 9), ("b", "a", "b", 9), ("c", "b", "c", 9), ("d", "c", "d", 5), ("e", "c", "e", 4)]
    lines = list(make_lines(make_plot(COLUMNS, rows, **ROLES)))
    assert [(line.row[0], line.depth, line.parent) for line in lines] == [
        ("a", 0, None),
        ("b", 1, 0),
        ("c", 2, 1),
        ("d", 3, 2),
        ("e", 3, 2),
    ]


def test_children_beyond_the_most_are_counted(make_plot, read_svg) -> None:
    rows = [("a", None, "a", 99), *((f"c{place}", "a", f"c{place}", 50 - place) for place in range(MOST_CHILDREN + 4))]
    drawing = draw_forest(make_plot(COLUMNS, rows, **ROLES), 900)
    assert [text.text for text in read_svg(drawing).iter("text")][-1] == "4 others"
    assert drawing.left_out == "9 of 13 are drawn."


@given(edges=st.lists(st.tuples(st.integers(0, 12), st.none() | st.integers(0, 12), st.integers(0, 99)), max_size=20))
def test_every_thing_is_drawn_once_however_parents_point(edges: list[tuple[int, int | None, int]]) -> None:
    nodes = {node: (node, parent, str(node), value) for node, parent, value in reversed(edges)}
    columns = [Column("node", "BIGINT"), Column("parent", "BIGINT"), Column("label", "TEXT"), Column("value", "BIGINT")]
    plot = Plot(columns, list(nodes.values()), {name: name for name in ("node", "parent", "label", "value")}, None)  # type: ignore[arg-type]
    lines = list(make_lines(plot))
    drawn = [line.row[0] for line in lines if line.row is not None]
    left = sum(line.left_out for line in lines)
    assert len(drawn) == len(set(drawn))
    assert set(drawn) <= set(nodes)
    assert left or set(drawn) == set(nodes)


@pytest.mark.parametrize("width", [900, 360])
def test_bars_are_as_long_as_their_values(make_plot, read_svg, find_classes, width: int) -> None:
    rows = [("a", None, "a", 80), ("b", "a", "b", 20)]
    bars = find_classes(read_svg(draw_forest(make_plot(COLUMNS, rows, **ROLES), width)), "bar")
    assert float(bars[1].get("width")) == pytest.approx(float(bars[0].get("width")) / 4, abs=0.01)


def test_a_large_forest_is_cut_and_counted(make_plot) -> None:
    rows = [(str(place), None, str(place), 5) for place in range(2000)]
    drawing = draw_forest(make_plot(COLUMNS, rows, **ROLES), 900)
    assert drawing.left_out == f"{MOST} of 2\u202f000 are drawn."


def test_what_is_called_the_same_is_told_apart_by_its_node(make_plot, read_svg) -> None:
    rows = [("chain-one", None, "debian:8", 5), ("other-two", None, "debian:8", 4), ("c", None, "alone", 3)]
    svg = read_svg(draw_forest(make_plot(COLUMNS, rows, **ROLES), 900))
    assert [text.text for text in svg.iter("text")][::2] == ["chain-o debian:8", "other-t debian:8", "alone"]
