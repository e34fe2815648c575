"""Folding, padding and sharing a terminal's width."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from imgindex.query.formats.layout import cell_width, fold, pad, share_width


@pytest.mark.parametrize(("text", "width"), [(None, 4), ("", 0), ("abc", 3), ("日本", 4), ("a\nbcd\n", 3)])
def test_a_cell_is_as_wide_as_its_widest_line(text: str | None, width: int) -> None:
    assert width == cell_width(text)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("", [""]),
        ("short", ["short"]),
        ("exactly 10", ["exactly 10"]),
        ("one two three four", ["one two", "three four"]),
        ("abcdefghijklm", ["abcdefghij", "klm"]),
        ("a bcdefghijklm", ["a bcdefghi", "jklm"]),
        ("a\nb", ["a", "b"]),
        ("exclusive_layer_bytes", ["exclusive_", "layer_", "bytes"]),
        ("127.0.0.1:5055/team/web", ["127.0.0.1:", "5055/team/", "web"]),
        ("0123456789 x", ["0123456789", "x"]),
        ("日本語日本語", ["日本語日本", "語"]),
    ],
)
def test_text_is_folded_at_blanks_or_anywhere(text: str, folded: list[str]) -> None:
    assert folded == fold(text, 10, None)


def test_what_is_too_long_ends_with_an_ellipsis() -> None:
    assert fold("0123456789abcdefghijklmno", 10, 2) == ["0123456789", "abcdefghi…"]
    assert fold("0123456789abcdefghij", 10, 2) == ["0123456789", "abcdefghij"]
    assert fold("a\nb", 10, 1) == ["a…"]


@given(st.text(), st.integers(4, 30), st.integers(1, 5))
def test_folded_text_keeps_to_its_room(text: str, width: int, lines: int) -> None:
    folded = fold(text, width, lines)
    assert len(folded) <= lines
    assert all(cell_len(line) <= width for line in folded)


@given(st.text(st.characters(exclude_categories=["C", "Z"])), st.integers(4, 30))
def test_folding_loses_nothing_but_blanks(text: str, width: int) -> None:
    assert text == "".join(fold(text, width, None))


@given(st.text(st.characters(exclude_categories=["C"])), st.integers(4, 30), st.booleans())
def test_padded_text_has_the_width(text: str, width: int, right: bool) -> None:
    assert width == cell_len(pad(text, width, right=right))


def test_room_goes_to_the_narrowest_first() -> None:
    assert share_width([4, 4], [5, 5], 100) == [5, 5]
    assert share_width([4, 4], [20, 20], 16) == [8, 8]
    assert share_width([4, 4], [5, 20], 16) == [5, 11]
    assert share_width([4, 4], [20, 20], 8) == [4, 4]
    assert share_width([4, 4], [20, 20], 7) is None
    assert share_width([], [], 10) == []
