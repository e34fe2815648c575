"""What a chart is given, and what it gives back: a pure step from columns, rows and roles to SVG.

Plot(columns, rows, {"label": "source", "value": "stored_bytes"}, now).shown("value", 1024) -> "1.00 KiB"
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from imgindex.query.result import Column, Row
from imgindex.report.html.shown import cut, heading, one_line, short, show

WIDE = 900
"""How wide a chart is drawn for a screen or paper, in its own units."""
NARROW = 360
"""How wide it is drawn for a phone, where shrinking it would make its text too small to read."""


@dataclass(frozen=True, slots=True)
class Plot:
    """An answer, and which of its columns plays which part."""

    columns: list[Column]
    rows: list[Row]
    roles: Mapping[str, str]
    now: datetime
    """Until when a span lasts that has no end."""

    def has(self, role: str) -> bool:
        return role in self.roles

    def column(self, role: str) -> Column:
        return self.columns[self._place(self.roles[role])]

    def value(self, row: Row, role: str) -> Any:
        """The row's value in a role, None where the chart has no such role."""
        return row[self._place(self.roles[role])] if role in self.roles else None

    def number(self, row: Row, role: str) -> float | int | None:
        """The row's value as a length: nothing is negative, and what is no number is None."""
        value = self.value(row, role)
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            return None
        if value != value or value in (Decimal("Infinity"), float("inf")):
            return None
        return max(0, value if isinstance(value, int) else int(value) if value == int(value) else float(value))

    def label(self, row: Row, role: str) -> str:
        """The row's value in a role as a short label."""
        return short(self.value(row, role), self.column(role))

    def whole(self, row: Row, role: str) -> str:
        """The row's value in a role, whole and on one line: labels may be the same where values are not."""
        return one_line(self.value(row, role), self.column(role))

    def shown(self, role: str, value: object) -> str:
        """A value as the table shows it."""
        return show(value, self.column(role)).text

    def hint(self, row: Row, *roles: str) -> str:
        """What a reader is told about a row: a line a role."""
        return "\n".join(self._lines(row, roles))

    def path(self) -> list[Column]:
        """The columns of a path, outermost first."""
        return [self.columns[self._place(name.strip())] for name in self.roles["path"].split(",")]

    def _place(self, name: str) -> int:
        return next(number for number, column in enumerate(self.columns) if column.name == name)

    def _lines(self, row: Row, roles: tuple[str, ...]) -> Iterator[str]:
        for number, role in enumerate(role for role in roles if role in self.roles):
            words = cut(self.whole(row, role))
            yield words if number == 0 else f"{heading(self.column(role))}: {words}"


@dataclass(frozen=True, slots=True)
class Drawing:
    """One chart at one width."""

    width: float
    height: float
    body: Markup
    summary: str
    """What it shows, in a sentence, for who cannot see it."""
    left_out: str = ""
    """What is not drawn, counted."""
    legend: tuple[tuple[str, str], ...] = field(default=())
    """The class of each colour, and what it stands for."""
