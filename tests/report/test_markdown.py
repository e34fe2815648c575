"""Markdown: figures and tables of the answers, and nothing that a store's text can make of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from imgindex.query.result import Column
from imgindex.query.saved import Query
from imgindex.report.markdown import MOST_CHARACTERS, cell, code
from imgindex.report.model import Answer, Chart, Definition, Report, Section
from imgindex.report.words import size_in_words
from tests.queries.conftest import Index
from tests.report.conftest import make, written

AT = datetime(2026, 1, 31, 12, tzinfo=UTC)

HOSTILE = [
    "a|b",
    "a\\|b",
    "\\",
    "`code`",
    "``",
    "`` ` ```",
    "<script>alert(1)</script>",
    "<!-- -->",
    "&lt;b&gt;",
    "@octocat please look",
    "see #1 and a/b#2, GH-3",
    "https://evil.example/x",
    "[text](javascript:alert(1))",
    "![](https://evil.example/pixel.png)",
    "**bold** _it_ ~~no~~",
    "line one\nline two\r\n| --- |",
    "# heading",
    "</details></summary>",
    "\u202egpj.exe",
    "\x1b[31mred",
    " padded ",
    ":---:",
    "$(reboot)",
]


class Reader(HTMLParser):
    """The elements of a page, and the text of each cell of its tables."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.rows: list[list[str]] = []
        self._in_cell = False
        self.feed(MarkdownIt("commonmark", {"html": True}).enable("table").render(text))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self._in_cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        if self._in_cell:
            self.rows[-1][-1] += data


OURS = {"h1", "h2", "p", "em", "strong", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "code", "pre"} | {
    "details",
    "summary",
}
"""The elements that a report has."""


def report_of(columns: Sequence[str], rows: Sequence[tuple[Any, ...]], count: int | None = None, **more: Any) -> Report:
    section = Section("Things", "ours/things", **more)
    query = Query("ours/things", Path("things.sql"), "What?", "What?", (), "SELECT 1")
    answer = Answer(
        section,
        query,
        {},
        [Column(*column.split(" ")) for column in columns],
        list(rows),
        len(rows) if count is None else count,
        sql="SELECT 1 AS one",
        call="imgindex query run ours/things",
    )
    definition = Definition("ours", "Our things", "What do we have?", (), (section,))
    return Report(definition, {"source": "`reg`|<b>"}, AT, "index.duckdb", [answer], [("reg|<i>", AT)], "1.2.3")


@pytest.mark.parametrize("text", HOSTILE)
def test_text_of_a_store_stays_text(text: str) -> None:
    page = Reader(written(report_of(["name TEXT", "other TEXT"], [(text, text), ("next", "row")]), "md"))
    assert set(page.tags) <= OURS
    assert [name for name, _ in page.attributes if name != "style" and name != "class"] == []
    header, first, second = page.rows
    assert (["name", "other"], ["next", "row"]) == (header, second)
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    assert [shown.strip(" ")] * 2 == [value.strip(" ") for value in first]


@pytest.mark.parametrize("text", HOSTILE)
def test_every_text_of_a_store_is_a_code_span(text: str) -> None:
    # What is code, no renderer makes a mention, a link or a number of an issue of.
    assert ["code"] == [tag for tag in Reader(code(text)).tags if tag != "p"]


def test_a_report_for_a_person() -> None:
    digest = "sha256:" + "0123456789abcdef" * 4
    report = report_of(
        [
            "image_id TEXT",
            "size_bytes BIGINT",
            "tag_count BIGINT",
            "percent DECIMAL(5,2)",
            "listed BOOLEAN",
            "at TIMESTAMPTZ",
        ],
        [(digest, 1_234_567, 1000, Decimal("12.30"), True, AT), (None, None, 0, None, False, None)],
        count=3,
        text="Of all.",
    )
    assert f"""\
# Our things

What do we have?

Asked with source `` `reg`\\|<b> ``.

Made 2026-01-31 12:00 UTC by imgindex 1.2.3 from `index.duckdb`. Sources, and when each was last looked at to the end: \
`reg\\|<i>` (2026-01-31 12:00).

## Things

Of all.

| image | size | tag count | percent | listed | at |
| --- | ---: | ---: | ---: | --- | --- |
| `0123456789ab` | 1.23 MB | 1,000 | 12.30 | yes | 2026-01-31 12:00 |
| – | – | 0 | – | no | – |

2 of 3 rows.

<details><summary>Digests in full</summary>

```
{digest}
```

</details>

<details><summary>Query</summary>

```sh
imgindex query run ours/things
```

```sql
SELECT 1 AS one
```

</details>

Long texts are cut to fit; `--format json` has them whole, and `--format html` has charts.
""" == written(report, "md")


def test_no_row_is_said_in_words() -> None:
    assert "*No tag was ever moved.*" in written(report_of(["tag TEXT"], [], nothing="No tag was ever moved."), "md")
    assert "*There is nothing to show.*" in written(report_of(["tag TEXT"], []), "md")


def test_commands_are_told_as_in_a_dockerfile() -> None:
    column = Column("created_by", "TEXT")
    assert "`ADD file:1 in /`" == cell("/bin/sh -c #(nop) ADD file:1 in / ", column)
    assert "`RUN make`" == cell("/bin/sh -c make", column)
    assert "`/bin/sh -c make`" == cell("/bin/sh -c make", Column("entrypoint", "TEXT"))


def test_long_text_is_cut_and_fences_are_long_enough() -> None:
    page = written(report_of(["name TEXT"], [("x" * 500,)]), "md")
    assert max(len(run) for run in re.findall("x+…", page)) == 160
    assert "```` ``` ````" == code("```")


def test_a_report_fits_into_a_comment() -> None:
    wide = [tuple(f"{letter * 150}" for letter in "abcdefgh")] * 50
    text = written(report_of([f"{letter} TEXT" for letter in "abcdefgh"], wide), "md")
    assert len(text) <= MOST_CHARACTERS
    assert "15 of 50 rows." in text or "40 of 50 rows." in text


def matrix(rows: Sequence[tuple[Any, ...]]) -> str:
    chart = Chart("matrix", {"row": "one", "column": "other", "value": "shared_bytes"})
    return written(report_of(["one TEXT", "other TEXT", "shared_bytes BIGINT"], rows, chart=chart), "md")


def test_a_matrix_is_one() -> None:
    cells = [("a|", "a|", 5), ("a|", None, 30_000), (None, "a|", 30_000), (None, None, 0)]
    assert """\
| # | one | 1 | 2 |
| ---: | --- | ---: | ---: |
| 1 | `a\\|` | 5 B | 30.0 kB |
| 2 | – | 30.0 kB | – |
""" in matrix(cells)


def test_what_is_too_wide_for_a_matrix_is_a_list() -> None:
    assert "| `a` | `b` | 5 B |" in matrix([("a", "b", 5), ("a", "b", 6)])
    assert "| `0` | `0` | 1 B |" in matrix([(str(n), str(n), 1) for n in range(16)])


def test_tables_and_figures_equal_the_answers(samples: Index) -> None:
    report = make(samples, "layer-sharing")
    page = Reader(written(report, "md"))
    answer = report.answers[0]
    names = [column.name for column in answer.columns]
    (row,) = answer.rows
    expected = [cell(value, column).strip("`") for value, column in zip(row, answer.columns, strict=True)]
    assert expected == page.rows[1]
    assert size_in_words(row[names.index("stored_bytes")]) in page.rows[1]
    assert {"stored_bytes", "referenced_bytes", "saved_bytes"} <= answer.figures.keys()
    summary = written(report, "md").split("##")[0]
    assert f"stored **{size_in_words(answer.figures['stored_bytes'])}**" in summary
