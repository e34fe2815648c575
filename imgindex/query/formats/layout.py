"""The room that text takes on a terminal: how wide it is, and how it is folded and padded.

Widths are in terminal cells: a CJK character takes two, a combining accent none.
"""

from __future__ import annotations

from rich.cells import cell_len, chop_cells, set_cell_size

BREAKS = (" ", "_/:,-")
"""After what a line is folded, if possible: a blank, else what parts the words of names."""


def cell_width(text: str | None) -> int:
    """How wide the widest line of a cell is; NULL is a word."""
    if text is None:
        return 4
    return cell_len(text) if "\n" not in text else max(cell_len(line) for line in text.split("\n"))


def pad(text: str, width: int, *, right: bool = False) -> str:
    """The text filled up with blanks to the width, on its left if it is to stand right."""
    room = width - cell_len(text)
    if room <= 0:
        return set_cell_size(text, width)
    return " " * room + text if right else text + " " * room


def fold(text: str, width: int, lines: int | None) -> list[str]:
    """The lines of a text, none wider than the width, at most `lines` of them; an ellipsis ends what is cut."""
    folded: list[str] = []
    for line in text.split("\n"):
        folded += _fold_line(line, width)
        if lines is not None and len(folded) > lines:
            return [*folded[: lines - 1], set_cell_size(folded[lines - 1], width - 1).rstrip() + "…"]
    return folded


def share_width(least: list[int], wanted: list[int], available: int) -> list[int] | None:
    """Widths that fill the room: each column gets its least, the narrowest grow first. None if that is too wide."""
    widths = [min(pair) for pair in zip(least, wanted, strict=True)]
    room = available - sum(widths)
    if room < 0:
        return None
    while room > 0:
        growing = [number for number, width in enumerate(widths) if width < wanted[number]]
        if not growing:
            break
        widths[min(growing, key=lambda number: widths[number])] += 1
        room -= 1
    return widths


def _fold_line(line: str, width: int) -> list[str]:
    """Fold after a blank or a sign that parts names, where there is one in the second half of the width."""
    parts: list[str] = []
    while cell_len(line) > width:
        head = chop_cells(line, width)[0]
        if not line[len(head) :].startswith(" "):
            places = (max(head.rfind(sign) for sign in signs) + 1 for signs in BREAKS)
            head = head[: next((place for place in places if place > len(head) // 2), None)]
        parts.append(head.rstrip(" ") or head)
        line = line[len(head) :].removeprefix(" ")
    return [*parts, line]
