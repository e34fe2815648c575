"""What a page says, read as a program would read it: each section's rows with exact values, and its figures."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, NamedTuple

from playwright.sync_api import Page

READ = """() => {
    const exact = (cell) => {
        if (cell.querySelector(".none")) return null;
        const time = cell.querySelector("time");
        if (time) return ["time", time.dateTime];
        const digest = cell.querySelector(".digest");
        if (digest) return ["text", digest.title];
        const long = cell.querySelector("details .words");
        if (long) return ["text", long.textContent];
        const words = cell.querySelector(".words");
        if (words) return ["text", words.textContent];
        return ["number", cell.dataset.v ?? cell.textContent.trim()];
    };
    return [...document.querySelectorAll("section.part")].map((part) => {
        const text = (selector) => part.querySelector(selector)?.textContent ?? "";
        return {
            title: text("h2"), command: text("pre[aria-label=Command]"), sql: text("pre[aria-label=SQL]"),
            note: text(".count"), same: text(".same"), nothing: text(".nothing"), caption: text("figcaption"),
            columns: [...part.querySelectorAll("thead th")].map((head) => head.title),
            rows: [...part.querySelectorAll("tbody tr")].map((row) => [...row.cells].map(exact)),
        };
    });
}"""
UNITS = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
SIZE = re.compile(r"(?<![\w.:])(\d[\d., \u202f]*?)[ \u202f](B|kB|MB|GB|TB)\b")


class Part(NamedTuple):
    """A section of a page."""

    title: str
    command: str
    """How to ask for its rows with the program."""
    sql: str
    note: str
    same: str
    """What it says of columns that have one value in all rows."""
    nothing: str
    """What it says where there are no rows."""
    caption: str
    columns: list[str]
    rows: list[dict[str, Any]]
    """By column, the exact value."""


def read_parts(page: Page) -> list[Part]:
    return [
        Part(**{**found, "rows": [dict(zip(found["columns"], map(_value, row), strict=True)) for row in found["rows"]]})
        for found in page.evaluate(READ)
    ]


def read_figures(page: Page) -> list[tuple[str, str]]:
    """Words and exact value of each figure at the top."""
    return [
        (words, value)
        for words, value in page.evaluate(
            """() => [...document.querySelectorAll(".figures > div")].map((figure) =>
                [figure.querySelector("dt a").textContent, figure.querySelector("data").value])"""
        )
    ]


def bytes_of(words: str) -> float:
    """The size that is written as `1.09 MB`, its last one where there are several."""
    number, unit = SIZE.findall(words)[-1]
    return float(re.sub(r"[^\d.]", "", number)) * UNITS[unit]


def alike(asked: Any) -> Any:
    """A value of a JSON answer as `read_parts` gives it, but for times, which JSON has as text."""
    if isinstance(asked, bool):
        return str(asked).lower()
    return " ".join(asked.split()) if isinstance(asked, str) else asked


def _value(cell: list[str] | None) -> Any:
    if cell is None:
        return None
    kind, text = cell
    if kind == "time":
        return datetime.fromisoformat(text)
    if kind == "text":
        return " ".join(text.split())
    if text in ("yes", "no", "true", "false"):
        return {"yes": "true", "no": "false"}.get(text, text)
    number = text.replace("%", "").replace("\u202f", "").replace(",", "").strip()
    return float(number) if "." in number else int(number)
