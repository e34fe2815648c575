"""Reports of Docker's official images of 2018: 1,910 images of 76 repositories, whose sizes are known.

They lie outside the project; without them, all is skipped.
"""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.report.browser.chromium import DESKTOP, PHONE, Visit
from tests.report.browser.made import Made, Program
from tests.report.browser.read import read_figures, read_parts
from tests.report.browser.test_charts import DRAWN
from tests.report.browser.test_looks import judge

pytestmark = pytest.mark.xdist_group(name="browser")

REPORTS = {
    "layer-sharing": ("layer-sharing",),
    "tag-drift": ("tag-drift",),
    "image": ("image", "registry.example/debian:stretch", "-p", "platform=linux/amd64"),
}


@pytest.fixture(scope="session")
def library(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Program:
    maker = shared / "data/rehydrate.py"
    if not maker.is_file():
        pytest.skip("rehydrate.py is not in the folder of further stores")
    folder = tmp_path_factory.mktemp("library")
    made = [sys.executable, maker, folder / "store", "--mode", "consistent"]
    subprocess.run(made, check=True, capture_output=True, timeout=300)
    program = Program(folder)
    program.ingest("library", f"registry-root:{folder / 'store'}", "--registry", "registry.example")
    return program


@pytest.fixture(params=sorted(REPORTS))
def page(request: pytest.FixtureRequest, library: Program) -> Made:
    return library.make(*REPORTS[request.param])


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_official_images_make_a_sound_page(
    visit: Callable[..., Visit], page: Made, viewport: dict[str, int]
) -> None:
    seen = visit(page.path, viewport=viewport)
    assert seen.complaints == []
    assert seen.outside() == []
    assert seen.page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    drawings = seen.page.evaluate(DRAWN)
    assert len(drawings) == seen.page.locator("figure.chart").count()
    assert [drawing["kind"] for drawing in drawings if drawing["bad"] or not drawing["marks"]] == []
    assert judge(seen.page) == []
    assert page.path.stat().st_size < 2_000_000


def test_the_bytes_of_the_official_images_are_those_that_are_known(
    visit: Callable[..., Visit], library: Program, shared: Path
) -> None:
    with gzip.open(shared / "data/docker-library-2018/layers.jsonl.gz", "rt") as lines:
        layers = [json.loads(line) for line in lines]
    # A registry does not hold what is foreign.
    held = [layer["size"] for layer in layers if "foreign" not in layer["type"]]
    page = visit(library.make("layer-sharing").path).page
    figures = dict(read_figures(page))
    (total,) = read_parts(page)[0].rows
    assert int(figures["image count"]) == 1910
    assert int(figures["layer count"]) == len(held)
    assert total["distinct_bytes"] == sum(held)
