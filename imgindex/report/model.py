"""What a report is made of: its definition, an ordered list of saved queries, and what these answered.

A definition says nothing of how it looks: writers (HTML, Markdown, JSON) take a `Report` and nothing else. A chart
names the columns of its section's answer by the part they play.

    Section("What is stored", "size/sources", chart=Chart("bars", {"label": "source", "value": "stored_bytes"}))
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from imgindex.query.parameters import Parameter
from imgindex.query.result import Column, Row
from imgindex.query.saved import Query

CHARTS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "bars": (("label", "value"), ("detail", "part")),
    "columns": (("time", "value"), ("series",)),
    "treemap": (("path", "value"), ("detail",)),
    "matrix": (("row", "column", "value"), ("detail",)),
    "forest": (("node", "parent", "label", "value"), ("detail",)),
    "timeline": (("lane", "start", "end", "label"), ("detail",)),
}
"""Each kind of chart: the roles that it must have, and those that it may have.

bars: one bar a row; `part` is the share of `value` in the stronger colour. columns: one column a day or month. treemap:
`path` names its levels, outermost first, parted by commas. matrix: one cell a row. forest: `parent` is the `node` of
another row, NULL for a root. timeline: one span a row; `end` NULL lasts until now.
"""

DEFAULT_ROWS = 50
"""How many rows a section's table has where its definition does not say."""


@dataclass(frozen=True, slots=True)
class Chart:
    """How a section's answer is drawn."""

    kind: str
    roles: Mapping[str, str]
    """Role -> column of the answer; `path` may name several, parted by commas."""


@dataclass(frozen=True, slots=True)
class Section:
    """One saved query of a report."""

    title: str
    query: str
    text: str = ""
    """What a reader should know before the numbers: one paragraph."""
    nothing: str = ""
    """What is said where the query answers no row; a writer has words of its own, if this is empty."""
    values: Mapping[str, str] = field(default_factory=dict)
    """Parameters of the query; `:name` stands for the report's parameter of that name."""
    chart: Chart | None = None
    figures: tuple[str, ...] = ()
    """Columns whose values are shown as large figures: of the one row, or their sums where there are several. An answer
    has them as `figures`."""
    columns: tuple[str, ...] = ()
    """The columns that the table shows; all, if empty."""
    rows: int = DEFAULT_ROWS
    """The most rows that the table has."""


@dataclass(frozen=True, slots=True)
class Definition:
    """A report as its file has it."""

    name: str
    title: str
    question: str
    """What it answers, in one sentence."""
    parameters: tuple[Parameter, ...]
    sections: tuple[Section, ...]
    choices: Mapping[str, str] = field(default_factory=dict)
    """Parameter -> the saved query whose first column lists the values that it may have."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A section with what its query answered."""

    section: Section
    query: Query
    values: Mapping[str, str | None]
    """The query's parameters as they were bound, as text."""
    columns: list[Column]
    rows: list[Row]
    """At most `MOST_ROWS`: charts draw these, the table has the first `section.rows`."""
    count: int
    """How many rows the query answers; more than `rows` where the answer was cut."""
    figures: Mapping[str, Any] = field(default_factory=dict)
    """The section's figures by column, of all rows, those that were cut, too; none, if there is no row."""
    sql: str = ""
    """What was asked, the values written into it: `imgindex sql` answers the same."""
    call: str = ""
    """The same as a command: `imgindex query run size/images -p source=registry`."""


@dataclass(frozen=True, slots=True)
class Report:
    """All that a writer is given."""

    definition: Definition
    values: Mapping[str, str | None]
    """The report's parameters, as text."""
    made_at: datetime
    database: str
    """The index, without a password."""
    answers: list[Answer]
    sources: list[tuple[str, datetime | None]]
    """Each source that the index has, and when it was last looked at to the end."""
    version: str
    subject: str = ""
    """What it was asked about, as it was asked: the value of the parameter that must be given, if there is one."""
