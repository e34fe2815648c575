"""Charts draw: their marks are on the drawing, their numbers are numbers, and their words do not cover each other."""

from __future__ import annotations

from typing import Any

import pytest

from tests.report.browser.chromium import DESKTOP, PHONE
from tests.report.browser.conftest import Open
from tests.report.browser.made import Made

pytestmark = pytest.mark.xdist_group(name="browser")

DRAWN = """() => [...document.querySelectorAll("figure.chart > .drawing")]
    .filter((drawing) => drawing.checkVisibility()).map((drawing) => {
        const round = ({left, top, right, bottom}) => ({left, top, right, bottom});
        return {
            kind: drawing.getAttribute("class"),
            box: round(drawing.getBoundingClientRect()),
            marks: [...drawing.querySelectorAll(".mark")].map((mark) => round(mark.getBoundingClientRect())),
            texts: [...drawing.querySelectorAll("text")].filter((text) => text.checkVisibility())
                .map((text) => ({...round(text.getBoundingClientRect()), words: text.textContent})),
            bad: drawing.outerHTML.match(/[a-z-]+="[^"]*(NaN|undefined|Infinity|None)[^"]*"/g) ?? [],
            names: [...drawing.querySelectorAll(".mark")].map((mark) => mark.getAttribute("aria-label") ?? ""),
            seen: [...drawing.querySelectorAll(".mark > :is(rect, path, circle):not(.hit)")].some((shape) =>
                getComputedStyle(shape).fill !== "none" || getComputedStyle(shape).stroke !== "none"),
        };
    })"""
SLACK = 1.5
"""Pixels by which a mark may stand out of its drawing, as half of a line's width does."""


def covers(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two texts cover each other by more than the empty part of a line."""
    across = min(one["right"], other["right"]) - max(one["left"], other["left"])
    down = min(one["bottom"], other["bottom"]) - max(one["top"], other["top"])
    height = min(one["bottom"] - one["top"], other["bottom"] - other["top"])
    return across > 1 and down > 0.35 * height


def covered(texts: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """The texts that cover each other."""
    pairs = ((one, other) for place, one in enumerate(texts) for other in texts[place + 1 :])
    return [(one["words"], other["words"]) for one, other in pairs if covers(one, other)]


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_charts_draw(look: Open, made: Made, viewport: dict[str, int]) -> None:
    page = look(made.path, viewport=viewport)
    figures = page.locator("figure.chart").count()
    drawings = page.evaluate(DRAWN)
    assert len(drawings) == figures
    if made.name != "image":
        assert drawings
    for drawing in drawings:
        box = drawing["box"]
        assert box["right"] - box["left"] > 200
        assert box["bottom"] - box["top"] > 20
        assert box["left"] >= 0
        assert box["right"] <= viewport["width"]
        assert drawing["bad"] == []
        assert drawing["seen"]
        assert drawing["marks"]
        # The last word of an axis is a little more than the frame allows on a phone, where the times have hours.
        slack = 2 * SLACK + 0.5 if "timeline" in drawing["kind"] and viewport == PHONE else SLACK
        for mark in (*drawing["marks"], *drawing["texts"]):
            assert mark["left"] >= box["left"] - SLACK, mark
            assert mark["top"] >= box["top"] - SLACK, mark
            assert mark["right"] <= box["right"] + slack, mark
            assert mark["bottom"] <= box["bottom"] + SLACK, mark
        assert all(drawing["names"])
        assert covered(drawing["texts"]) == []


def test_the_arrow_keys_go_from_mark_to_mark(look: Open, sharing: Made) -> None:
    page = look(sharing.path)
    chart = page.locator("figure.chart > .drawing:visible").first
    marks = chart.locator(".mark")
    marks.first.focus()
    told = []
    for key in ("ArrowDown", "ArrowDown", "ArrowUp", "End", "Home"):
        page.keyboard.press(key)
        told.append(page.evaluate("document.activeElement.getAttribute('aria-label')"))
    names = [mark.get_attribute("aria-label") for mark in marks.all()]
    assert told == [names[1], names[2], names[1], names[-1], names[0]]


def test_a_mark_tells_what_it_stands_for_when_it_is_pointed_at(look: Open, sharing: Made) -> None:
    page = look(sharing.path)
    mark = page.locator("figure.chart > .drawing:visible .mark").first
    mark.scroll_into_view_if_needed()
    # What is told of a mark goes when the page scrolls: let that be over.
    page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50)))")
    mark.hover()
    tip = page.locator(".tip")
    assert tip.is_visible()
    assert (tip.text_content() or "").replace("\n", ", ") == mark.get_attribute("aria-label")
    page.keyboard.press("Escape")
    assert not tip.is_visible()


def test_a_treemap_opens_a_closer_look(look: Open, sharing: Made) -> None:
    page = look(sharing.path)
    figure = page.locator("figure.chart:has(.treemap)").first
    looks = figure.locator(".looks > details")
    assert looks.count() >= 2
    figure.locator("> .drawing:visible .mark").first.click()
    (opened,) = [each for each in looks.all() if each.evaluate("(details) => details.open")]
    assert opened.locator(".drawing:visible .mark").count() > 0
