"""What a page says is what the saved queries answer when they are asked by themselves, and it adds up on the page."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from datetime import datetime
from typing import Any

import pytest

from tests.conftest import ROOT, TESTS
from tests.report.browser.conftest import Open
from tests.report.browser.made import REPORTS, Made, Program
from tests.report.browser.read import Part, alike, bytes_of, read_figures, read_parts

pytestmark = pytest.mark.xdist_group(name="browser")

TRUTH = TESTS / "data/truth/docker"


def section_files(made: Made) -> list[dict[str, Any]]:
    """The sections as the report's file has them."""
    folder = made.program.folder if made.name == "ours" else ROOT
    sections: list[dict[str, Any]] = tomllib.loads((folder / f"reports/{made.name}.toml").read_text())["section"]
    return sections


def part_of(parts: list[Part], title: str) -> Part:
    (found,) = [part for part in parts if part.title == title]
    return found


def answer(program: Program, command: str) -> list[dict[str, Any]]:
    """The rows that a command on the page answers, with their values as `read_parts` gives them."""
    rows = program.ask(*shlex.split(command)[1:])
    return [{column: alike(value) for column, value in row.items()} for row in rows]


def same_value(shown: Any, asked: Any) -> bool:
    if isinstance(shown, datetime):
        return shown == datetime.fromisoformat(asked)
    return bool(shown == asked)


def test_every_section_shows_what_its_command_answers(look: Open, made: Made) -> None:
    parts = read_parts(look(made.path))
    sections = section_files(made)
    assert [part.title for part in parts] == [section["title"] for section in sections]
    for part, section in zip(parts, sections, strict=True):
        assert part.command.startswith(f"imgindex query run {section['query']}")
        rows = answer(made.program, part.command)
        assert bool(rows) == (part.nothing == "")
        if not rows:
            assert part.nothing == section["nothing"]
            assert part.rows == []
            continue
        counted = [int(number) for number in re.findall(r"\d+", part.note.partition(" row")[0].replace("\u202f", ""))]
        assert counted == ([len(rows)] if len(part.rows) == len(rows) else [len(part.rows), len(rows)])
        for shown, asked in zip(part.rows, rows, strict=False):
            assert [(name, asked[name]) for name, value in shown.items() if not same_value(value, asked[name])] == []
        # A column that has one value in all rows may be told once, below the table.
        left_out = [name for name in section.get("columns", rows[0]) if name not in part.columns]
        assert [name for name in left_out if len({str(row[name]) for row in rows}) > 1] == []
        assert [name for name in left_out if rows[0][name] is not None and str(rows[0][name]) not in part.same] == []


def test_the_sql_that_is_shown_answers_the_rows_that_are_shown(look: Open, sharing: Made) -> None:
    for part in read_parts(look(sharing.path)):
        asked = sharing.program.ask("sql", part.sql)
        rows = [{column: alike(value) for column, value in row.items()} for row in asked]
        shown = [{name: value for name, value in row.items() if not isinstance(value, datetime)} for row in part.rows]
        assert shown == [{name: row[name] for name in first} for first, row in zip(shown, rows, strict=False)]


def test_the_figures_at_the_top_are_those_of_their_sections(look: Open, made: Made) -> None:
    page = look(made.path)
    figures = read_figures(page)
    expected = []
    for part, section in zip(read_parts(page), section_files(made), strict=True):
        rows = answer(made.program, part.command)
        columns = section.get("figures", []) if rows else []
        # Of several rows it is their sum; a percentage has but one.
        expected += [sum(row[column] for row in rows if row[column] is not None) for column in columns]
    assert [float(value) for _, value in figures] == [float(value) for value in expected]


def test_the_json_of_a_report_has_the_rows_of_the_page(look: Open, made: Made) -> None:
    words = next(words for name, words in REPORTS.items() if made.program.make(*words) == made)
    document = json.loads(made.program.call("report", *words, "--format", "json"))
    parts = read_parts(look(made.path))
    assert [section["title"] for section in document["sections"]] == [part.title for part in parts]
    for section, part in zip(document["sections"], parts, strict=True):
        columns = [column["name"] for column in section["columns"]]
        told = [dict(zip(columns, map(alike, row), strict=True)) for row in section["rows"]]
        assert len(told) >= len(part.rows)
        for shown, row in zip(part.rows, told, strict=False):
            assert [name for name, value in shown.items() if not same_value(value, row[name])] == []


def test_what_is_stored_is_the_sum_of_what_it_is_for(look: Open, sharing: Made) -> None:
    parts = read_parts(look(sharing.path))
    kinds = ("distinct", "document", "artifact", "untagged", "orphan")
    by_source = part_of(parts, "Each source, and what its bytes are for").rows
    assert len(by_source) >= 5
    for row in by_source:
        assert row["stored_bytes"] == sum(row[f"{kind}_bytes"] for kind in kinds)
    (total,) = part_of(parts, "What is stored, and what it would be without sharing").rows
    of_basis = [row for row in by_source if row["basis"] == total["basis"]]
    for column in ("stored_bytes", "referenced_bytes", "distinct_bytes"):
        assert total[column] == sum(row[column] for row in of_basis)
    assert total["saved_bytes"] == total["referenced_bytes"] - total["distinct_bytes"]
    assert total["saved_percent"] == pytest.approx(100 * total["saved_bytes"] / total["referenced_bytes"], abs=0.006)


def test_groups_of_layers_sum_to_what_is_stored_and_saved(look: Open, sharing: Made) -> None:
    parts = read_parts(look(sharing.path))
    (total,) = part_of(parts, "What is stored, and what it would be without sharing").rows
    groups = part_of(parts, "How many images use a layer").rows
    assert sum(row["layer_bytes"] for row in groups if row["used_by"] != "no image") == total["distinct_bytes"]
    assert sum(row["saved_bytes"] for row in groups) == total["saved_bytes"]


def test_the_leaves_of_the_treemap_are_all_that_is_stored_for_images(look: Open, sharing: Made) -> None:
    page = look(sharing.path, java_script_enabled=False)
    parts = read_parts(page)
    (total,) = part_of(parts, "What is stored, and what it would be without sharing").rows
    part = part_of(parts, "Where the bytes go")
    assert sum(row["split_bytes"] for row in answer(sharing.program, part.command)) == total["distinct_bytes"]
    assert bytes_of(part.caption.partition(" in all")[0]) == pytest.approx(total["distinct_bytes"], rel=0.005)
    for width in ("wide", "narrow"):
        leaves, whole = page.evaluate(
            """(width) => {
                const drawing = document.querySelector(`figure > .drawing.treemap.${width}`);
                const area = (rect) => rect.width.baseVal.value * rect.height.baseVal.value;
                const {width: x, height: y} = drawing.viewBox.baseVal;
                return [[...drawing.querySelectorAll(".mark")].map((mark) =>
                    [mark.querySelector("title").textContent, area(mark.querySelector("rect"))]), x * y];
            }""",
            width,
        )
        sizes = [bytes_of(title) for title, _ in leaves]
        assert sum(sizes) == pytest.approx(total["distinct_bytes"], rel=0.01)
        # What is drawn is in proportion to what it stands for, and nothing of the whole is left out.
        assert sum(area for _, area in leaves) == pytest.approx(whole, rel=0.01)
        per_byte = whole / total["distinct_bytes"]
        drawn = [(title, area, size * per_byte) for (title, area), size in zip(leaves, sizes, strict=True)]
        assert [leaf for leaf in drawn if abs(leaf[1] - leaf[2]) > 0.02 * leaf[2] + 4] == []


def test_a_hosts_sizes_are_those_that_docker_states(look: Open, samples: Program) -> None:
    made = samples.make(*REPORTS["host docker"])
    page = look(made.path)
    told = json.loads((TRUTH / "system_df.json").read_text())
    figures = dict(read_figures(page))
    assert int(figures["size"]) == told["LayersSize"]
    assert int(figures["image count"]) == len(told["Images"])
    assert int(figures["container count"]) == len(told["Containers"])
    sizes = {row["image_id"]: row["size_bytes"] for row in part_of(read_parts(page), "Images by size").rows}
    assert sizes == {image["Id"]: image["Size"] for image in told["Images"]}


def test_what_to_delete_first_frees_more_and_more(look: Open, sharing: Made) -> None:
    rows = part_of(read_parts(look(sharing.path)), "What to delete first").rows
    sources = {row["source"] for row in rows}
    assert sources
    for source in sources:
        turns = [row for row in rows if row["source"] == source]
        assert [row["turn"] for row in turns] == list(range(1, len(turns) + 1))
        freed = [row["so_far_bytes"] for row in turns]
        assert freed == sorted(freed)
        assert all(row["alone_bytes"] <= row["size_bytes"] for row in turns)
