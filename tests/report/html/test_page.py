"""The page: one file, well formed, that shows what it was given and nothing else."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from datetime import datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import imgindex.report.html
from imgindex.query.formats.sink import Sink
from imgindex.report.html import render_page, write_html
from imgindex.report.model import Chart

PAGE = Path(imgindex.report.html.__file__).parent / "page"
DIGEST = "sha256:" + "0123456789abcdef" * 4
VOID = {"meta", "link", "br", "input"}
COLUMNS = ["names TEXT", "diff_id TEXT", "size_bytes BIGINT", "created_at TIMESTAMPTZ"]


class Page(HTMLParser):
    """The elements of a page, and their text; an end tag that closes nothing is an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append((self.open[-1] if self.open else "", data))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def text_of(self, tag: str) -> list[str]:
        return [text for name, text in self.texts if name == tag]


@pytest.fixture
def answer(make_answer, now):
    rows = [("team/web:1", DIGEST, 1_234_567_890, now), (None, None, None, None)]
    chart = Chart("bars", {"label": "names", "value": "size_bytes"})
    return make_answer(COLUMNS, rows, chart=chart, figures={"size_bytes": 1_234_567_890}, text="Some words.")


@pytest.fixture
def page(make_report, answer) -> Page:
    return Page(render_page(make_report(answer, answer)))


def test_the_page_is_written_to_the_sink(make_report, answer) -> None:
    stream = io.StringIO()
    write_html(make_report(answer), Sink(stream))
    assert stream.getvalue() == render_page(make_report(answer))


def test_the_same_report_gives_the_same_page(make_report, answer) -> None:
    assert render_page(make_report(answer)) == render_page(make_report(answer))


def test_the_policy_allows_the_one_style_and_the_one_script(make_report, answer) -> None:
    text = render_page(make_report(answer))
    (policy,) = [meta["content"] for meta in Page(text).all("meta") if "http-equiv" in meta]
    allowed = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert allowed["default-src"] == "'none'"
    for directive, tag in (("style-src", "style"), ("script-src", "script")):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert allowed[directive] == f"'sha256-{digest}'"


def test_nothing_is_loaded_or_styled_from_within_the_markup(page: Page) -> None:
    links = [value for _, attributes in page.elements for name, value in attributes.items() if name in ("src", "href")]
    assert all(link.startswith(("#", "data:image/svg+xml,")) for link in links)
    assert not [
        name for _, attributes in page.elements for name in attributes if name == "style" or name.startswith("on")
    ]
    style = "".join((PAGE / name.name).read_text("utf-8") for name in PAGE.glob("*.css"))
    assert not re.search(r"url\(|@import|@font-face", style)


def test_headings_ids_and_references_are_in_order(page: Page) -> None:
    headings = [tag for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert headings[0] == "h1"
    assert set(headings[1:]) == {"h2"}
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    named = {link["href"].removeprefix("#") for link in page.all("a")}
    for _, attributes in page.elements:
        for name in ("aria-labelledby", "aria-describedby"):
            named |= set((attributes.get(name) or "").split())
    assert named <= set(ids)
    assert page.all("html") == [{"lang": "en"}]


def test_markup_in_a_name_is_text_everywhere(make_report, make_answer, now, hostile: str) -> None:
    columns = ["names TEXT", "size_bytes BIGINT", f"{'<b>x</b>'} TEXT"]
    chart = Chart("bars", {"label": "names", "value": "size_bytes"})
    long = hostile * 20
    answer = make_answer(
        columns,
        [(hostile, 5, long)],
        chart=chart,
        title=hostile,
        text=hostile,
        values={"<i>": hostile},
        sql=hostile,
        call=hostile,
    )
    empty = make_answer(columns, [], nothing=hostile)
    report = make_report(
        answer, empty, title=hostile, database=hostile, sources=[(hostile, now)], values={hostile: hostile}
    )
    text = render_page(report)
    page = Page(text)
    assert len(page.all("script")) == 1
    assert not page.all("b") + page.all("i")
    shown = "<script>alert('1')</script>&\"></title>\\u202egpj\\x07\\u2028"
    assert page.text_of("h1") == [shown]
    assert page.text_of("title")[0] == shown
    assert shown in page.text_of("span")
    assert not re.search("[\u202e\u2028\x07]", text)


def test_a_cell_has_the_exact_value_behind_the_short_one(make_report, make_answer, now) -> None:
    page = Page(render_page(make_report(make_answer(COLUMNS, [("web", DIGEST, 1_234_567_890, now)]))))
    (size,) = [cell for cell in page.all("td") if "data-v" in cell]
    assert size == {"class": "n", "data-v": "1234567890", "title": "1\u202f234\u202f567\u202f890 bytes"}
    assert {"class": "digest", "title": DIGEST} in page.all("span")
    assert {"datetime": "2026-01-31T12:00:00Z"} in page.all("time")
    assert [head["scope"] for head in page.all("th")] == ["col", "col", "col", "col", "row"]


def test_null_is_a_dash_that_is_said_aloud(make_report, make_answer) -> None:
    page = Page(render_page(make_report(make_answer(["names TEXT", "size_bytes BIGINT"], [(None, None), ("", 0)]))))
    assert page.all("span").count({"class": "none", "aria-hidden": "true"}) == 2
    assert [text for text in page.text_of("span") if text in ("–", "none")] == ["–", "none", "–", "none"]


def test_a_cut_table_says_so_and_how_to_get_the_whole(make_report, make_answer) -> None:
    rows = [(f"r{place}", place) for place in range(40)]
    answer = make_answer(
        ["names TEXT", "size_bytes BIGINT"],
        rows,
        rows=10,
        count=12345,
        values={"limit": "40"},
        call="imgindex query run own/layers -p limit=40",
    )
    page = Page(render_page(make_report(answer)))
    assert len(page.all("tr")) == 11
    assert any(text.strip().startswith("10 of 12\u202f345 rows. The whole:") for text in page.text_of("p"))
    assert "imgindex query run own/layers -p limit=12345 --format csv" in page.text_of("code")


def test_a_chart_of_a_cut_answer_says_of_how_many_rows_it_is(make_report, make_answer) -> None:
    chart = Chart("bars", {"label": "names", "value": "size_bytes"})
    answer = make_answer(["names TEXT", "size_bytes BIGINT"], [("a", 1), ("b", 2)], chart=chart, count=12345)
    (caption,) = Page(render_page(make_report(answer))).text_of("figcaption")
    assert "It is drawn of the first 2 of 12\u202f345 rows." in caption


def test_a_column_that_says_the_same_everywhere_is_said_once(make_report, make_answer) -> None:
    rows = [("registry", f"r{place}", 5) for place in range(3)]
    columns = ["source TEXT", "repository TEXT", "size_bytes BIGINT"]
    page = Page(render_page(make_report(make_answer(columns, rows))))
    assert [head.get("title") for head in page.all("th")][:2] == ["repository", "size_bytes"]
    assert page.text_of("span").count("registry") == 2  # Once as a source, once below the table.


def test_what_a_chart_draws_stays_in_the_table_of_a_cut_answer(make_report, make_answer) -> None:
    rows = [("registry", "team/web", place) for place in range(3)]
    columns = ["source TEXT", "repository TEXT", "size_bytes BIGINT"]
    chart = Chart("bars", {"label": "repository", "value": "size_bytes"})
    page = Page(render_page(make_report(make_answer(columns, rows, chart=chart, count=9))))
    assert [head.get("title") for head in page.all("th")][:2] == ["repository", "size_bytes"]
    assert any(text.startswith("In every row shown: source ") for text in page.text_of("span"))


def test_no_row_is_said_in_words(make_report, make_answer) -> None:
    page = Page(render_page(make_report(make_answer(COLUMNS, [], nothing="Every tag is fresh."))))
    assert "Every tag is fresh." in page.text_of("p")
    assert not page.all("table")


SOURCES = {
    "fresh": (timedelta(days=7), []),
    "old": (timedelta(days=8), ["8 days old"]),
    "never": (None, ["incomplete"]),
}


@pytest.mark.parametrize("case", SOURCES)
def test_a_source_is_warned_of_where_its_last_look_is_old(make_report, answer, now, case: str) -> None:
    age, warnings = SOURCES[case]
    seen: Any = None if age is None else now - age
    assert Page(render_page(make_report(answer, sources=[("registry", seen)]))).text_of("strong") == warnings


def test_large_figures_are_those_of_the_answers(page: Page) -> None:
    assert page.all("data") == [{"value": "1234567890", "title": "1\u202f234\u202f567\u202f890 bytes"}] * 2
    assert page.text_of("data") == ["1.23", "1.23"]
    assert page.text_of("small") == ["GB", "GB"]


def test_a_chart_is_told_to_who_cannot_see_it(page: Page) -> None:
    drawings = [svg for svg in page.all("svg") if svg.get("role") == "img"]
    assert [svg["class"] for svg in drawings] == ["drawing wide bars", "drawing narrow bars"] * 2
    assert "size by image. The most is 1.23\u202fGB, team/web:1." in [
        text.strip() for text in page.text_of("figcaption")
    ]


def test_a_page_of_the_largest_answers_stays_below_five_megabytes(make_report, make_answer, now) -> None:
    names = ["a TEXT", "b TEXT", "c TEXT", "size_bytes BIGINT", "start TIMESTAMPTZ", "end TIMESTAMPTZ"]
    rows = [
        (
            f"{place % 400:04}<" + "&" * 3000,
            f"{place:05}",
            "x" * 70_000 if place < 50 else "",
            place * 977 + 1,
            now,
            None,
        )
        for place in range(2000)
    ]
    kinds = {
        "bars": {"label": "a", "value": "size_bytes", "detail": "c"},
        "columns": {"time": "start", "value": "size_bytes", "series": "a"},
        "treemap": {"path": "a, b", "value": "size_bytes", "detail": "c"},
        "matrix": {"row": "a", "column": "b", "value": "size_bytes", "detail": "c"},
        "forest": {"node": "b", "parent": "c", "label": "a", "value": "size_bytes", "detail": "c"},
        "timeline": {"lane": "a", "start": "start", "end": "end", "label": "b", "detail": "c"},
    }
    answers = [make_answer(names, rows, chart=Chart(kind, roles), count=10**6) for kind, roles in kinds.items()]
    # The largest of our reports have fifteen sections.
    assert len(render_page(make_report(*answers)).encode()) * 15 / len(kinds) < 5_000_000


def test_what_was_asked_is_in_the_title_and_only_its_source_is_listed(make_report, now: datetime) -> None:
    report = make_report(values={"source": "web1"}, subject="web1", sources=[("web1", now), ("web2", now)])
    page = Page(render_page(report))
    assert [page.text_of("h1"), page.text_of("title")] == [[f"{report.definition.title} web1"]] * 2
    assert "web2" not in "".join(page.text_of("li"))
