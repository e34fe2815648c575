"""Tables are sorted and filtered by the mouse and by the keyboard, and what is copied is whole."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.report.browser.conftest import Open
from tests.report.browser.made import REPORTS, Made, Program
from tests.report.browser.read import read_parts

pytestmark = pytest.mark.xdist_group(name="browser")


def section(page: Page, title: str) -> Locator:
    return page.locator("section.part").filter(has=page.get_by_role("heading", name=title, exact=True))


def rows_of(page: Page, title: str) -> list[dict[str, Any]]:
    """The rows as they stand now, with exact values."""
    (part,) = [part for part in read_parts(page) if part.title == title]
    return part.rows


def head_of(part: Locator, column: str) -> Locator:
    return part.locator(f'thead th[title="{column}"]')


SIZES = "Images by size"


@pytest.fixture
def host(look: Open, samples: Program) -> Page:
    """A page with a table of images, some of which differ by a few bytes of megabytes."""
    return look(samples.make(*REPORTS["host docker"]).path)


@pytest.mark.parametrize("by", ["mouse", "keyboard"])
def test_a_table_is_sorted_by_exact_values_both_ways(host: Page, by: str) -> None:
    part = section(host, SIZES)
    before = rows_of(host, SIZES)
    head = head_of(part, "unique_bytes")
    assert head.get_attribute("aria-sort") in (None, "none")

    def press() -> str | None:
        button = head.get_by_role("button")
        if by == "mouse":
            button.click()
        else:
            button.focus()
            host.keyboard.press("Enter")
        return head.get_attribute("aria-sort")

    orders = {press(): rows_of(host, SIZES) for _ in range(2)}
    assert set(orders) == {"ascending", "descending"}
    up = [row["unique_bytes"] for row in orders["ascending"]]
    assert up == sorted(up)
    assert [row["unique_bytes"] for row in orders["descending"]] == sorted(up, reverse=True)
    # Some are shown as the same text, and yet in order: 0.01 MB more is not 12 bytes more.
    sizes = [row["size_bytes"] for row in before]
    assert len(set(sizes)) > len({f"{size / 1e6:.2f}" for size in sizes})
    for rows in orders.values():
        assert sorted(map(repr, rows)) == sorted(map(repr, before))
        place = {repr(row): number for number, row in enumerate(before)}
        for one, other in pairwise(rows):
            if one["unique_bytes"] == other["unique_bytes"] and rows is next(iter(orders.values())):
                assert place[repr(one)] < place[repr(other)]


def test_only_one_column_at_a_time_says_that_it_sorts(host: Page) -> None:
    part = section(host, SIZES)
    for column in ("size_bytes", "created_at", "names"):
        head_of(part, column).get_by_role("button").click()
        told = part.locator("thead th").evaluate_all(
            "(heads) => heads.filter((head) => head.matches('[aria-sort$=ending]')).map((head) => head.title)"
        )
        assert told == [column]


def test_a_column_of_times_is_sorted_by_time_and_of_words_by_words(host: Page) -> None:
    part = section(host, SIZES)
    for column in ("created_at", "names"):
        head_of(part, column).get_by_role("button").click()
        direction = head_of(part, column).get_attribute("aria-sort")
        rows = rows_of(host, SIZES)
        found = [row[column] for row in rows if row[column] is not None]
        words = [re.sub(r"\d+", lambda number: f"{int(number[0]):09}", str(value)).casefold() for value in found]
        assert len(set(words)) > 5
        if column == "created_at":
            assert found == sorted(found, reverse=direction == "descending")
        # Where nothing is known comes last, whatever the direction.
        empty = [row[column] is None for row in rows]
        assert empty == sorted(empty)


def test_numbers_beyond_what_a_script_counts_exactly_are_in_order(look: Open, samples: Program) -> None:
    """2^53 and its neighbours, which as floats of JavaScript are the same."""
    made = write_numbers(samples)
    page = look(made.path)
    part = section(page, "Numbers")
    head = head_of(part, "size_bytes")
    head.get_by_role("button").click()
    if head.get_attribute("aria-sort") != "ascending":
        head.get_by_role("button").click()
    found = [row["size_bytes"] for row in rows_of(page, "Numbers")]
    assert found == sorted(BIG)


BIG = [2**53 + 1, 2**53, 2**53 + 3, 2**53 + 2, 2**62 + 1, 2**62, 999, 1001, 1000]


def write_numbers(program: Program) -> Made:
    """A report of a query that answers just `BIG`."""
    rows = " UNION ALL ".join(f"SELECT CAST({number} AS BIGINT), {place}" for place, number in enumerate(BIG))
    (program.folder / "queries/our/numbers.sql").write_text(
        "-- Which numbers are there?\n"
        f"WITH n(size_bytes, place) AS ({rows})\nSELECT n.size_bytes, n.place FROM n ORDER BY n.place\n"
    )
    (program.folder / "reports/numbers.toml").write_text(
        'title = "Numbers"\nquestion = "Which?"\n\n[[section]]\ntitle = "Numbers"\nquery = "our/numbers"\n'
    )
    return program.make("numbers")


def test_rows_are_filtered_by_words_and_the_count_is_said(host: Page) -> None:
    part = section(host, SIZES)
    rows = part.locator("tbody tr")
    count = rows.count()
    word = "team/worker"
    matching = [text for text in rows.all_text_contents() if word in text]
    assert 0 < len(matching) < count
    field = part.get_by_role("searchbox")
    field.press_sequentially(word.upper())
    assert [row.text_content() for row in rows.all() if row.is_visible()] == matching
    status = part.get_by_role("status")
    assert re.findall(r"\d+", status.text_content() or "") == [str(len(matching)), str(count)]
    field.fill("no image is called this")
    assert [row for row in rows.all() if row.is_visible()] == []
    assert re.findall(r"\d+", status.text_content() or "") == ["0", str(count)]
    field.fill("")
    assert sum(row.is_visible() for row in rows.all()) == count
    assert status.text_content() == ""


def test_a_whole_digest_finds_its_row_though_it_is_shown_cut(host: Page) -> None:
    part = section(host, SIZES)
    wanted = rows_of(host, SIZES)[3]["image_id"]
    part.get_by_role("searchbox").fill(wanted)
    shown = [row for row in part.locator("tbody tr").all() if row.is_visible()]
    assert [row.locator(".digest").get_attribute("title") for row in shown] == [wanted]


def test_a_filter_holds_while_rows_are_sorted(host: Page) -> None:
    part = section(host, SIZES)
    part.get_by_role("searchbox").fill("worker")
    before = {row.text_content() for row in part.locator("tbody tr").all() if row.is_visible()}
    head_of(part, "unique_bytes").get_by_role("button").click()
    assert {row.text_content() for row in part.locator("tbody tr").all() if row.is_visible()} == before


def test_every_table_of_some_rows_has_its_tools(look: Open, made: Made) -> None:
    page = look(made.path)
    for rows, heads, buttons, fields in page.evaluate(
        """() => [...document.querySelectorAll("section.part")].filter((part) => part.querySelector("table"))
            .map((part) => [part.querySelectorAll("tbody tr").length, part.querySelectorAll("thead th").length,
                part.querySelectorAll("thead th button").length, part.querySelectorAll("input").length])"""
    ):
        assert buttons == (heads if rows > 1 else 0)
        assert fields == 1 or rows < 10


def test_a_button_copies_the_whole_digest(browser: Browser, sharing: Made) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    try:
        page.goto(sharing.path.as_uri())
        digests = page.locator("section.part .digest")
        digest = digests.nth(4)
        whole = digest.get_attribute("title")
        assert re.fullmatch(r"sha256:[0-9a-f]{64}", whole or "")
        digest.get_by_role("button").click()
        assert page.evaluate("navigator.clipboard.readText()") == whole
        expect(page.get_by_role("status").filter(has_text="Copied")).to_have_count(1)
        part = page.locator("section.part").first
        part.locator("details.query > summary").click()
        part.get_by_role("button", name="Copy SQL").click()
        assert page.evaluate("navigator.clipboard.readText()") == part.locator("pre[aria-label=SQL]").text_content()
    finally:
        context.close()


def test_a_browser_without_a_clipboard_copies_all_the_same(look: Open, sharing: Made) -> None:
    page = look(sharing.path)
    page.evaluate(
        """() => {
            Object.defineProperty(navigator, "clipboard", { value: undefined });
            addEventListener("copy", () => { window.copied = document.activeElement.value ?? String(getSelection()); });
        }"""
    )
    digest = page.locator("section.part .digest").first
    digest.get_by_role("button").click()
    assert page.evaluate("window.copied") == digest.get_attribute("title")
