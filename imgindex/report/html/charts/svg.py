"""The parts that charts are drawn from: escaped SVG elements, text that fits its room, and marks to point at.

No element has a style of its own: what it looks like is said by classes, so that a page's one style sheet gives light,
dark and print their colours, and no policy has to allow styles within the markup.

    mark("local/redis\\n1.20 GB", element("rect", x=0, y=0, width=10, height=5, class_="c1"))
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from markupsafe import Markup, escape

SIZE = 12.5
"""How large a chart's text is, in its own units."""
SMALL = 11.0

_NARROW = frozenset("iIjlftr.,:;|!'`()[]{} /-\u202f")
_BROAD = frozenset("mwMW%@…")


def element(name: str, *children: str, **attributes: str | float) -> Markup:
    """One element. `class_` is class, other names have hyphens for underscores; text is escaped."""
    written = Markup("").join(
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), _written(value))
        for key, value in attributes.items()
    )
    inner = Markup("").join(escape(child) for child in children)
    if not inner:
        return Markup("<{}{}/>").format(name, written)
    return Markup("<{0}{1}>{2}</{0}>").format(name, written, inner)


def mark(hint: str, *shapes: str, key: str = "") -> Markup:
    """What stands for one row: its shapes, and what a reader is told who points at it."""
    extra = {"data_key": key} if key else {}
    return element("g", element("title", hint), *shapes, class_="mark", **extra)


def rect(x: float, y: float, width: float, height: float, class_: str) -> Markup:
    """A rectangle; never thinner than can be seen."""
    return element("rect", x=x, y=y, width=max(width, 0.5), height=max(height, 0.5), class_=class_)


def text(x: float, y: float, words: str, class_: str = "", anchor: str = "start") -> Markup:
    """A line of text upon the baseline y."""
    extra = {} if anchor == "start" else {"text_anchor": anchor}
    named = {"class_": class_} if class_ else {}
    return element("text", words, x=x, y=y, **named, **extra)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    """A straight line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def text_width(words: str, size: float = SIZE) -> float:
    """How wide the text is at most in the usual fonts: they differ, and a wide one must fit, too."""
    return size * sum(_width(character) for character in words)


def fit(words: str, width: float, size: float = SIZE) -> str:
    """The text if it fits, else its start and an ellipsis; nothing, where not even three characters have room."""
    if text_width(words, size) <= width:
        return words
    left, kept = width - size * _width("…"), 0
    for character in words:
        left -= size * _width(character)
        if left < 0:
            break
        kept += 1
    return words[:kept].rstrip() + "…" if kept >= 3 else ""


def fit_end(words: str, width: float, size: float = SIZE) -> str:
    """As `fit`, but of a name the end is kept, which says most; text of several words keeps its start."""
    if " " in words:
        return fit(words, width, size)
    if text_width(words, size) <= width:
        return words
    cut = fit(words[::-1], width, size)
    return "…" + cut[:-1][::-1] if cut else ""


def joined(parts: Iterable[Markup]) -> Markup:
    """Elements one after the other."""
    return Markup("").join(parts)


def _width(character: str) -> float:
    if character in _NARROW:
        return 0.4
    if character in _BROAD:
        return 0.98
    if unicodedata.combining(character):
        return 0.0
    if unicodedata.east_asian_width(character) in "WF":
        return 1.05
    return 0.7 if character.isupper() else 0.62


def _written(value: str | float) -> str:
    if isinstance(value, str):
        return value
    written = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if written == "-0" else written
