"""`imgindex report`: reports are made, listed and shown, the user's own among them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer._completion_classes import BashComplete

from imgindex.cli.main import app
from tests.cli.conftest import Invoke

OWN = """\
title = "Sources"
question = "Which sources are there?"
parameters = ["source text = null  Only this source."]

[[section]]
title = "All sources"
query = "inventory/sources"

[[section]]
title = "Sizes"
query = "ours"
"""
QUERY = """\
-- What is stored?
-- param: source text = null  Only this source.
SELECT source, stored_bytes FROM source_sizes
WHERE CAST(:source AS TEXT) IS NULL OR source = CAST(:source AS TEXT) ORDER BY source, basis
"""


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IMGINDEX_REPORTS", raising=False)
    for name, text in (("reports/ours.toml", OWN), ("queries/ours.sql", QUERY)):
        place = tmp_path / name
        place.parent.mkdir()
        place.write_text(text)


def test_the_list_has_shipped_and_own_reports(invoke: Invoke) -> None:
    found = json.loads(invoke("report", "list", "--reports", "reports", "--format", "json").stdout)
    assert ["host", "image", "layer-sharing", "ours", "tag-drift"] == [item["name"] for item in found]
    assert {
        "name": "ours",
        "question": "Which sources are there?",
        "parameters": "source=null",
        "sections": 2,
    } == found[3]


def test_show_has_parameters_sections_and_queries(invoke: Invoke) -> None:
    result = invoke("report", "show", "layer-sharing")
    assert "-p source=null  (text) Only this source" in result.stdout
    assert "Where the bytes go, drawn as treemap\n     size/where-it-goes source=:source basis=:basis" in result.stdout
    assert "reports/layer-sharing.toml" in result.stderr


def test_an_own_report_of_an_own_query(invoke: Invoke, index: Path) -> None:
    call = ["ours", "registry", "--reports", "reports", "--queries", "queries"]
    result = invoke("report", *call)
    assert 0 == result.exit_code
    assert result.stdout.startswith("# Sources\n\nWhich sources are there?\n")
    assert "Section 1 of 2: All sources\nSection 2 of 2: Sizes\n" == result.stderr
    assert "docker-host" not in result.stdout.partition("## Sizes")[2]
    assert invoke("report", "run", *call).stdout.partition("Made ")[0] == result.stdout.partition("Made ")[0]


@pytest.mark.parametrize(
    ("file", "start"),
    [("r.md", "# Layer sharing"), ("r.JSON", '{\n  "report": "layer-sharing"'), ("r.html", "<!doctype html>")],
)
def test_the_suffix_of_the_file_is_the_format(invoke: Invoke, index: Path, file: str, start: str) -> None:
    result = invoke("report", "layer-sharing", "-o", file)
    assert (0, "") == (result.exit_code, result.stdout)
    assert Path(file).read_text("utf-8").lower().startswith(start.lower())
    assert [file] == [path.name for path in Path().iterdir() if path.name.startswith(("r.", ".r"))]


def test_a_format_that_is_said_comes_before_the_suffix(invoke: Invoke, index: Path) -> None:
    invoke("report", "host", "-o", "host.html", "--format", "json")
    assert "host" == json.loads(Path("host.html").read_text())["report"]
    assert "host" == json.loads(invoke("report", "host", "--format", "json").stdout)["report"]


def test_one_image(invoke: Invoke, index: Path) -> None:
    result = invoke("report", "image", "team/web:1.2")
    assert 0 == result.exit_code
    assert "127.0.0.1:5055/team/web:1.2" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (["layer-shring"], 2, 'error: There is no report "layer-shring". Did you mean layer-sharing?'),
        (["host", "-o", "host.pdf"], 2, 'error: "host.pdf" has the suffix of no format. There are .html'),
        (["host", "registry"], 2, 'error: source cannot be "registry". The index has: docker-host.'),
        (["host", "x", "-p", "source=y"], 2, "error: Parameter source is given twice."),
        (["layer-sharing", "-p", "source"], 2, 'error: "source" has no value; write it as -p source=VALUE'),
        (["layer-sharing", "-p", "sources=x"], 2, "error: The report layer-sharing has no parameter"),
        (["layer-sharing", "nowhere"], 2, 'error: There is no source "nowhere". There are: docker-host'),
        (["image"], 2, "error: Parameter image (text) must be given: -p image=TEXT. The image: a tag"),
        (["image", "no/such:1"], 2, 'error: The index has no tag "no/such:1"'),
        (["host", "--reports", "nowhere"], 2, 'error: --reports names "nowhere", which is no folder.'),
        (["host", "--db", "nowhere.duckdb"], 5, "error: There is no index at nowhere.duckdb."),
        (["ours", "--reports", "reports"], 2, 'section 2, query: There is no saved query "ours"'),
    ],
)
def test_what_is_refused(invoke: Invoke, index: Path, arguments: list[str], exit_code: int, message: str) -> None:
    result = invoke("report", *arguments)
    assert (exit_code, "") == (result.exit_code, result.stdout)
    assert message in result.stderr
    assert [] == [path.name for path in Path().iterdir() if path.name.startswith(("host.", ".host"))]


def test_help_tells_how_to_call_it(invoke: Invoke) -> None:
    text = invoke("report", "--help").stdout
    assert "imgindex report layer-sharing -o sharing.html" in text
    assert all(command in text for command in ("run", "list", "show"))


def completions(arguments: list[str], incomplete: str) -> list[str]:
    shell = BashComplete(typer.main.get_command(app), {}, "imgindex", "_IMGINDEX_COMPLETE")
    return [item.value for item in shell.get_completions(arguments, incomplete)]


def test_a_shell_completes_reports_and_their_parameters(invoke: Invoke) -> None:
    assert ["layer-sharing"] == completions(["report", "run"], "lay")
    assert ["list", "layer-sharing"] == completions(["report"], "l")
    assert ["ours"] == completions(["report", "run", "--reports", "reports"], "ou")
    assert ["since=", "source="] == sorted(completions(["report", "run", "tag-drift", "-p"], "s"))
    assert ["since="] == completions(["report", "tag-drift", "-p", "source=reg", "-p"], "s")
    assert [] == completions(["report", "run", "no-such", "-p"], "")
