"""The colours of a page stand out from what they lie on, in light and dark.

https://www.w3.org/TR/WCAG21/#contrast-minimum
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import imgindex.report.html

STYLE = Path(imgindex.report.html.__file__).parent / "page/base.css"


def luminance(colour: str) -> float:
    """https://www.w3.org/TR/WCAG21/#dfn-relative-luminance"""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


MARKS = ["rest", *(f"c{number}" for number in range(7)), *(f"t{number}" for number in range(4))]
LETTERS = [
    *((name, ground) for name in ("ink", "soft", "link") for ground in ("paper", "raised")),
    *(("on-mark", mark) for mark in MARKS),
    ("warn", "warn-paper"),
    ("on-light", "s1"),
    ("on-light", "s2"),
    ("ink", "s3"),
    ("on-dark", "s4"),
    ("on-dark", "s5"),
    ("paper", "ink"),
]
SHAPES = [*((mark, "paper") for mark in [*MARKS, "bar", "part", "line", "focus"]), ("part", "bar")]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_letters_and_marks_stand_out(theme: str) -> None:
    found = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", STYLE.read_text("utf-8"))
    colours = {name: light if theme == "light" else dark for name, light, dark in found}
    weak = [
        (one, other, round(contrast(colours[one], colours[other]), 2))
        for least, pairs in ((4.5, LETTERS), (3, SHAPES))
        for one, other in pairs
        if contrast(colours[one], colours[other]) < least
    ]
    assert weak == []
