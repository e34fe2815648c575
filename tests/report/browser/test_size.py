"""A page stays small however many images there are: summaries come first, and long tails are cut and counted."""

from __future__ import annotations

import re

import pytest

from tests.builders import Layout, make_image
from tests.report.browser.conftest import Open
from tests.report.browser.made import Program
from tests.report.browser.read import read_parts

pytestmark = pytest.mark.xdist_group(name="browser")

CAP = 5_000_000
"""Bytes that a page may have at most."""


@pytest.fixture(scope="session")
def many(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """An index of 900 images in 300 repositories, with many more rows than a page shows."""
    folder = tmp_path_factory.mktemp("many")
    layout = Layout(folder / "layout")
    layout.write = lambda: None  # type: ignore[method-assign]
    bases = [make_image(10_000 + number, 2) for number in range(20)]
    for number in range(900):
        image = make_image(number, 2, bases[number % 20], Labels={"number": str(number)})
        layout.add(image, f"registry.example/team-{number % 300}/a-name-of-some-length:{number}.0")
    del layout.write  # type: ignore[method-assign]
    layout.write()
    program = Program(folder)
    program.ingest("many", f"oci:{layout.path}")
    return program


def test_a_page_of_many_images_is_cut_and_counted(look: Open, many: Program) -> None:
    made = many.make("layer-sharing")
    assert made.path.stat().st_size < CAP / 4
    page = look(made.path)
    parts = {part.title: part for part in read_parts(page)}
    costs = parts["What each repository costs"]
    assert len(costs.rows) < 300
    assert re.findall(r"\d+", costs.note.partition(" row")[0]) == [str(len(costs.rows)), "300"]
    assert len(many.ask("query", "run", "size/by-repository", "-p", "basis=compressed")) == 300
    assert max(len(part.rows) for part in parts.values()) <= 200
    assert page.evaluate("document.querySelectorAll('.mark').length") < 10_000


def test_the_page_of_an_image_that_many_share_with_is_cut(look: Open, many: Program) -> None:
    made = many.make("image", "registry.example/team-0/a-name-of-some-length:0.0")
    assert made.path.stat().st_size < CAP / 4
    parts = {part.title: part for part in read_parts(look(made.path))}
    shared = parts["Who shares its layers"]
    # The base of the image is that of every twentieth.
    assert re.findall(r"\d+", shared.note.partition(" row")[0])[-1] == "44"
