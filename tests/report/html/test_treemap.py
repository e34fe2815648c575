"""Areas are as the values are, and nothing is lost."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgindex.report.html.charts.looks import look_closer
from imgindex.report.html.charts.squarify import Box, squarify
from imgindex.report.html.charts.tree import LEAST_AREA, Node, group_small, make_tree
from imgindex.report.html.charts.treemap import draw_treemap, place

COLUMNS = ["repository TEXT", "image TEXT", "size_bytes BIGINT"]
ROWS = [("a", "a:1", 400), ("a", "a:2", 200), ("b", "b:1", 250), ("c", "c:1", 150)]


def overlaps(one: Box, other: Box) -> bool:
    across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    down = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    return across > 1e-6 and down > 1e-6


def test_the_papers_example_is_laid_as_in_the_paper() -> None:
    # Bruls, Huizing, van Wijk, figure 4: 6, 6, 4, 3, 2, 2, 1 in a rectangle of 6 by 4.
    boxes = squarify([6, 6, 4, 3, 2, 2, 1], Box(0, 0, 6, 4))
    assert boxes[0] == Box(0, 0, 3, 2)
    assert boxes[1] == Box(0, 2, 3, 2)
    assert [(round(box.width, 2), round(box.height, 2)) for box in boxes[2:4]] == [(1.71, 2.33), (1.29, 2.33)]


@given(
    values=st.lists(st.integers(1, 10**7), min_size=1, max_size=40),
    width=st.floats(1, 2000),
    height=st.floats(1, 2000),
)
def test_areas_are_as_the_values_and_fill_the_room(values: list[int], width: float, height: float) -> None:
    values.sort(reverse=True)
    room = Box(0, 0, width, height)
    boxes = squarify(values, room)
    for value, box in zip(values, boxes, strict=True):
        assert math.isclose(box.area, room.area * value / sum(values), rel_tol=1e-6, abs_tol=1e-9 * room.area)
        assert -1e-6 <= box.x <= box.x + box.width <= width * (1 + 1e-6)
        assert -1e-6 <= box.y <= box.y + box.height <= height * (1 + 1e-6)
    assert not any(overlaps(one, other) for number, one in enumerate(boxes) for other in boxes[:number])


def test_a_box_of_a_level_within_is_as_large_as_one_outside(make_plot) -> None:
    plot = make_plot(COLUMNS, ROWS, path="repository, image", value="size_bytes")
    leaves = [item for item in place(make_tree(plot), Box(0, 0, 1000, 500)) if item.leaf]
    assert {item.node.hint: round(item.box.area) for item in leaves} == {
        "a:1": 200_000,
        "a:2": 100_000,
        "b:1": 125_000,
        "c:1": 75_000,
    }


def test_every_byte_is_in_some_box(make_plot) -> None:
    rows = [(f"r{number % 90}", f"i{number}", 1 + number * number) for number in range(2000)]
    plot = make_plot(COLUMNS, rows, path="repository, image", value="size_bytes")
    leaves = [item for item in place(make_tree(plot), Box(0, 0, 900, 540)) if item.leaf]
    assert sum(item.node.value for item in leaves) == sum(row[2] for row in rows)
    assert math.isclose(sum(item.box.area for item in leaves), 900 * 540, rel_tol=1e-9)
    assert len(leaves) < 900 * 540 / LEAST_AREA


def test_what_is_too_small_is_one_box_that_counts_it() -> None:
    root = Node("", value=1000)
    root.children = {name: Node(name, name, value) for name, value in [("a", 500), ("b", 497), ("c", 1), ("d", 2)]}
    grouped = group_small(root, Box(0, 0, 100, 1000))
    assert [(node.name, node.value, node.others) for node in grouped] == [
        ("a", 500, 0),
        ("b", 497, 0),
        ("2 others", 3, 2),
    ]


def test_one_that_is_too_small_is_drawn_all_the_same() -> None:
    root = Node("", value=1000, children={"a": Node("a", "a", 999), "b": Node("b", "b", 1)})
    assert [node.name for node in group_small(root, Box(0, 0, 100, 1000))] == ["a", "b"]


def test_a_path_may_end_early(make_plot) -> None:
    rows = [("a", "a:1", 6), ("a", None, 2), (None, None, 1)]
    root = make_tree(make_plot(COLUMNS, rows, path="repository, image", value="size_bytes"))
    assert (root.value, root.own, root.children["a"].value, root.children["a"].own) == (9, 1, 8, 2)
    parts = group_small(root.children["a"], Box(0, 0, 100, 100))
    assert [(part.name, part.value) for part in parts] == [("1", 6), ("other parts", 2)]


def test_a_level_of_one_is_left_out_and_named(make_plot, read_svg) -> None:
    plot = make_plot(COLUMNS, ROWS[:2], path="repository, image", value="size_bytes")
    drawing = draw_treemap(plot, 900)
    assert (
        drawing.summary
        == "size by repository, then image: 600\u202fB in all in a. The largest are 1 400\u202fB, 2 200\u202fB."
    )
    assert [title.text for title in read_svg(drawing).iter("title")] == ["a:1\n400\u202fB", "a:2\n200\u202fB"]


def test_names_say_only_what_the_one_above_does_not(make_plot, read_svg) -> None:
    rows = [("team/a", "team/a:1, team/a:latest", 500), ("team/a", "other/x:1", 400), ("b", "b:1", 300)]
    plot = make_plot(COLUMNS, rows, path="repository, image", value="size_bytes")
    assert [text.text for text in read_svg(draw_treemap(plot, 900)).iter("text")] == [
        "team/a  900\u202fB",
        "1 +1",
        "other/x:1",
        "b  300\u202fB",
        "1",
    ]


def test_the_largest_groups_are_drawn_alone_in_a_closer_look(make_plot, read_svg) -> None:
    rows = [("s", f"team/{name}", f"i{place}", value) for name, value in (("a", 5), ("b", 9)) for place in range(7)]
    rows += [("s", "team/c", "i", 50), ("s", "other repositories", None, 999)]
    columns = ["source TEXT", *COLUMNS]
    looks = look_closer(make_plot(columns, rows, path="source, repository, image", value="size_bytes"))
    # The second and the third largest: team/c has too few rows, and the rest is no group.
    assert [(look.key, look.name, look.value) for look in looks] == [
        ("c1", "team/b", "63\u202fB"),
        ("c3", "team/a", "35\u202fB"),
    ]
    assert [len(list(read_svg(look.narrow).iter("title"))) for look in looks] == [7, 7]


@pytest.mark.parametrize("path", ["image", "repository, image"])
def test_there_is_no_closer_look_without_a_level_below(make_plot, path: str) -> None:
    rows = [("a", f"a:{place}", 5) for place in range(9)]
    assert look_closer(make_plot(COLUMNS, rows, path=path, value="size_bytes")) == []


@pytest.mark.parametrize("rows", [[], [("a", "a:1", None)], [("a", "a:1", 0)]])
def test_nothing_is_drawn_of_nothing(make_plot, rows: list[tuple[object, ...]]) -> None:
    assert draw_treemap(make_plot(COLUMNS, rows, path="repository, image", value="size_bytes"), 900) is None
