"""Every report opens from a file as it is: silent, whole without scripts, deaf to scripts that are not its own."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest

from tests.report.browser.chromium import Visit
from tests.report.browser.conftest import Open
from tests.report.browser.made import Made

pytestmark = pytest.mark.xdist_group(name="browser")

PARTS = """() => [...document.querySelectorAll("section.part")].map((part) => [
    part.querySelector("h2").textContent, part.querySelectorAll("tbody tr").length,
    [...part.querySelectorAll(".drawing, table")].filter((thing) => thing.checkVisibility()).length])"""
"""By section, its title, its rows, and the drawings and tables that are seen."""

FOCUSED = """() => {
    const look = (node) => [node, ...node.querySelectorAll("*")].map((each) => {
        const style = getComputedStyle(each);
        return [style.outline, style.boxShadow, style.stroke, style.strokeWidth, style.borderColor].join();
    }).join(";");
    const nodes = [...document.querySelectorAll("a[href], button, input, summary, [tabindex='0']")]
        .filter((node) => node.checkVisibility());
    document.activeElement.blur();
    const before = nodes.map(look);
    const same = nodes.filter((node, place) => {
        node.focus();
        return document.activeElement !== node || look(node) === before[place];
    });
    return [nodes.length, same.map((node) => node.outerHTML.slice(0, 90))];
}"""
"""How many controls there are, and those that look the same with the focus as without."""


def test_a_page_is_silent_and_asks_for_nothing_but_itself(visit: Callable[..., Visit], made: Made) -> None:
    seen = visit(made.path)
    seen.page.wait_for_load_state("networkidle")
    assert seen.complaints == []
    assert seen.outside() == []
    assert seen.requests[0] == made.path.as_uri()


def test_a_page_without_scripts_has_all_that_it_has_with_them(look: Open, made: Made) -> None:
    with_scripts = look(made.path)
    silent = look(made.path, java_script_enabled=False)
    assert [page.locator("html.js").count() for page in (silent, with_scripts)] == [0, 1]
    found = silent.evaluate(PARTS)
    assert found
    assert with_scripts.evaluate(PARTS) == found


def test_a_script_that_is_not_the_pages_own_does_not_run(visit: Callable[..., Visit], sharing: Made) -> None:
    seen = visit(sharing.path)
    seen.page.evaluate(
        """async () => {
            document.body.insertAdjacentHTML("beforeend", "<button id=b onclick='window.pwned = 1'>b</button>");
            document.querySelector("#b").click();
            const script = document.createElement("script");
            script.textContent = "window.pwned = 2";
            document.body.append(script);
            document.body.insertAdjacentHTML("beforeend", "<img src='http://127.0.0.1:9/x.png' onerror='pwned = 3'>");
            await new Promise((done) => setTimeout(done, 100));
        }"""
    )
    assert seen.page.evaluate("typeof window.pwned") == "undefined"
    refused = [complaint for complaint in seen.complaints if "Content Security Policy" in complaint]
    assert len(refused) >= 3


def test_headings_go_down_one_step_at_a_time(look: Open, made: Made) -> None:
    levels = look(made.path).evaluate(
        "() => [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map((head) => Number(head.tagName[1]))"
    )
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))


def test_every_link_leads_to_a_place_on_the_page(look: Open, made: Made) -> None:
    targets, places, sections = look(made.path).evaluate(
        """() => [[...document.querySelectorAll("a[href]")].map((link) => link.getAttribute("href")),
            [...document.querySelectorAll("[id]")].map((node) => node.id),
            [...document.querySelectorAll("section.part")].map((part) => part.id)]"""
    )
    assert len(places) == len(set(places))
    assert {target.removeprefix("#") for target in targets} <= set(places)
    assert [target for target in targets if not target.startswith("#")] == []
    assert set(sections) <= {target.removeprefix("#") for target in targets}


def test_the_tab_key_reaches_the_way_past_the_contents_first(look: Open, made: Made) -> None:
    page = look(made.path)
    page.keyboard.press("Tab")
    link = page.locator(":focus")
    assert link.get_attribute("href") == "#main"
    box = link.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["y"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_the_tab_key_goes_on_and_is_never_caught(look: Open, sharing: Made) -> None:
    page = look(sharing.path)
    page.locator("#part-3 summary").last.focus()
    walked = []
    for _ in range(40):
        page.keyboard.press("Tab")
        walked.append(page.evaluate("[...document.querySelectorAll('*')].indexOf(document.activeElement)"))
    assert walked == sorted(set(walked))


def test_whatever_has_the_focus_looks_so(look: Open, made: Made) -> None:
    page = look(made.path)
    page.keyboard.press("Tab")  # from now on, what gets the focus gets it as by the keyboard
    count, same = page.evaluate(FOCUSED)
    assert count > 10
    assert same == []
