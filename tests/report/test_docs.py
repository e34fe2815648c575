"""What docs/reports.md says of reports is so."""

from __future__ import annotations

import re

import pytest

from imgindex.report.definition import MOST_TABLE_ROWS
from imgindex.report.markdown import MOST_CHARACTERS
from imgindex.report.model import CHARTS, DEFAULT_ROWS
from tests.conftest import ROOT
from tests.queries.conftest import CATALOG
from tests.report.conftest import SHELF, Define

TEXT = (ROOT / "docs/reports.md").read_text()


@pytest.mark.parametrize("name", [name for name, _ in SHELF.places()])
def test_the_sections_of_a_report_are_listed(name: str) -> None:
    definition = SHELF.find(name, CATALOG)
    part = TEXT.partition(f"\n### {name}\n")[2].partition("\n#")[0]
    listed = re.findall(r"^\d+\. (.*): `(.*)`$", part, re.MULTILINE)
    assert [(section.title, section.query) for section in definition.sections] == listed
    assert part.strip().replace("\n", " ").startswith(definition.question)


def test_the_example_of_an_own_report_is_one(define: Define) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    assert "Our images" == define(example).title
    assert len(example.splitlines()) <= 10


def test_the_charts_and_their_roles_are_listed() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) \| ", TEXT.partition("| chart |")[2], re.MULTILINE)
    roles = {kind: tuple(tuple(re.findall(r"`(\w+)`", cell)) for cell in (must, may)) for kind, must, may in rows}
    assert {kind: (tuple(must), tuple(may)) for kind, (must, may) in CHARTS.items()} == roles


def test_the_limits_are_those_of_the_code() -> None:
    assert f"{DEFAULT_ROWS} if not said, at most {MOST_TABLE_ROWS:,}" in TEXT
    assert f"below {MOST_CHARACTERS:,} characters" in TEXT
