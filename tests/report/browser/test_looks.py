"""Pages in light and dark, on paper and on a phone, and what axe-core says of them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

from tests.report.browser.chromium import DESKTOP, PHONE
from tests.report.browser.conftest import Open
from tests.report.browser.made import Made

pytestmark = pytest.mark.xdist_group(name="browser")

RUN_AXE = """(rules) => axe.run(document, {resultTypes: ["violations"], ...rules}).then((found) => found.violations
    .filter((violation) => ["serious", "critical"].includes(violation.impact))
    .map((violation) => [violation.id, violation.nodes.map((node) => node.html.slice(0, 90))]))"""
COLOURS = {"runOnly": ["color-contrast"]}
"""What changes from light to dark, and what takes axe-core longest."""
BUT_COLOURS = {"rules": {"color-contrast": {"enabled": False}}}


def judge(page: Page, rules: dict[str, Any] | None = None) -> list[Any]:
    """What axe-core finds serious or critical."""
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(AXE_SCRIPT)
    found: list[Any] = page.evaluate(RUN_AXE, rules or {})
    return found


OPEN_ALL = "for (const details of document.querySelectorAll('details')) details.open = true"


def test_axe_finds_no_serious_fault(look: Open, made: Made) -> None:
    page = look(made.path, color_scheme="light")
    assert judge(page) == []
    page.emulate_media(color_scheme="dark")
    assert judge(page, COLOURS) == []
    page.set_viewport_size(PHONE)
    assert judge(page, BUT_COLOURS) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_axe_finds_no_serious_fault_in_what_was_folded(
    look: Open, drift: Made, viewport: dict[str, int], scheme: str
) -> None:
    page = look(drift.path, viewport=viewport, color_scheme=scheme)
    page.evaluate(OPEN_ALL)
    assert judge(page) == []


def background(page: Page) -> tuple[int, ...]:
    """Red, green and blue of the page behind its words."""
    colour = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    return tuple(int(number) for number in re.findall(r"\d+", colour)[:3])


def test_a_page_is_light_or_dark_as_the_reader_has_it(look: Open, sharing: Made) -> None:
    light = background(look(sharing.path, color_scheme="light"))
    dark = background(look(sharing.path, color_scheme="dark"))
    assert min(light) > 200
    assert max(dark) < 60


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_button_changes_the_colours_and_is_remembered(look: Open, sharing: Made, scheme: str) -> None:
    page = look(sharing.path, color_scheme=scheme)
    before = background(page)
    button = page.get_by_role("button", name=re.compile("colours"))
    label = button.text_content()
    button.click()
    assert (max(background(page)) < 60) == (scheme == "light")
    assert judge(page, COLOURS) == []
    assert button.text_content() != label
    page.reload()
    assert background(page) != before
    button.click()
    assert background(page) == before


def test_paper_has_no_buttons_and_shows_what_was_folded(look: Open, made: Made) -> None:
    page = look(made.path)
    page.emulate_media(media="print", color_scheme="dark")
    controls = page.evaluate(
        """() => [...document.querySelectorAll("button, input, .skip, .tip")]
            .filter((node) => node.checkVisibility({visibilityProperty: true}))
            .map((node) => node.outerHTML.slice(0, 80))"""
    )
    # The words of a heading are those of its button.
    assert [control for control in controls if 'class="sort"' not in control] == []
    assert min(background(page)) > 200
    cut = page.evaluate(
        """() => [...document.querySelectorAll(".scroll")].filter((box) => box.scrollHeight > box.clientHeight + 1)
            .map((box) => box.getAttribute("aria-labelledby"))"""
    )
    assert cut == []


def test_a_page_makes_a_pdf_of_a_few_sheets(look: Open, sharing: Made) -> None:
    document = look(sharing.path).pdf(format="A4")
    assert document.startswith(b"%PDF-")
    sheets = max(int(number) for number in re.findall(rb"/Type /Pages\s*/Count (\d+)", document))
    assert 5 <= sheets <= 40


def test_a_page_fits_a_phone(look: Open, made: Made) -> None:
    page = look(made.path, viewport=PHONE)
    page.evaluate(OPEN_ALL)
    width, room = page.evaluate("[document.scrollingElement.scrollWidth, innerWidth]")
    assert width <= room
    wide = page.evaluate(
        """() => [...document.querySelectorAll("table, pre")].filter((node) => node.checkVisibility())
            .filter((node) => {
                const box = node.closest(".scroll, pre");
                return box.scrollWidth > box.clientWidth && !/auto|scroll/.test(getComputedStyle(box).overflowX)
                    || box.getBoundingClientRect().right > innerWidth;
            }).map((node) => node.outerHTML.slice(0, 80))"""
    )
    assert wide == []


def test_letters_are_large_enough_on_a_phone(look: Open, made: Made) -> None:
    page = look(made.path, viewport=PHONE)
    smallest = page.evaluate(
        """() => Math.min(...[...document.querySelectorAll("text")].filter((text) => text.checkVisibility())
            .map((text) => parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a), 99)"""
    )
    assert smallest >= 9


def test_a_page_can_be_read_at_twice_the_size(look: Open, sharing: Made) -> None:
    page = look(sharing.path, viewport={"width": 640, "height": 450})
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
