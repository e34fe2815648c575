"""`imgindex query check`, `query new`, what a shell completes, and a call that lacks a parameter."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
import typer

from imgindex.cli.main import app
from imgindex.query.catalog import open_catalog
from imgindex.query.example import VALUES
from tests.cli.conftest import Invoke

GOOD = "-- Which sources are there?\nSELECT s.source FROM source_status AS s ORDER BY s.source\n"
WRONG = {
    "no-order": ("-- What?\nSELECT s.source FROM source_status AS s\n", "no ORDER BY at its end"),
    "undeclared": ("-- What?\nSELECT s.source FROM source_status AS s WHERE s.kind = :kind ORDER BY 1\n", "uses :kind"),
    "no-help": (
        "-- What?\n-- param: kind text\nSELECT s.source FROM source_status AS s WHERE s.kind = :kind ORDER BY 1\n",
        "parameter kind has no help",
    ),
    "not-portable": ("-- What?\nSELECT s.source::TEXT AS t FROM source_status AS s ORDER BY t\n", ":: instead of CAST"),
    "fails": ("-- What?\nSELECT s.nothing FROM source_status AS s ORDER BY s.nothing\n", "does not run: "),
    "ties": (
        "-- What?\nSELECT i.platform FROM image_summary AS i ORDER BY i.platform ASC NULLS LAST\n",
        "is not total",
    ),
}


def write(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / "own/ours").mkdir(parents=True, exist_ok=True)
    (tmp_path / f"own/ours/{name}.sql").write_text(text)


def test_a_good_query_has_no_findings(invoke: Invoke, index: Path, tmp_path: Path) -> None:
    write(tmp_path, "good", GOOD)
    result = invoke("query", "check", "own")
    assert (0, "", "1 checked, 0 with findings.\n") == (result.exit_code, result.stdout, result.stderr)


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_with_a_query_is_found(invoke: Invoke, index: Path, tmp_path: Path, name: str) -> None:
    text, finding = WRONG[name]
    write(tmp_path, name, text)
    write(tmp_path, "good", GOOD)
    result = invoke("query", "check", "--queries", "own")
    assert (6, "2 checked, 1 with findings.\n") == (result.exit_code, result.stderr)
    (line,) = result.stdout.splitlines()
    assert line.startswith(f"ours/{name}: ")
    assert finding in line


def test_without_an_index_queries_are_run_on_an_empty_one(invoke: Invoke, tmp_path: Path) -> None:
    write(tmp_path, "good", GOOD)
    write(tmp_path, "fails", WRONG["fails"][0])
    result = invoke("query", "check", "own")
    assert (6, "2 checked on an empty index, 1 with findings.\n") == (result.exit_code, result.stderr)
    assert [] == [path.name for path in tmp_path.iterdir() if path.name != "own"]


def test_one_query_is_checked_by_its_name(invoke: Invoke, index: Path) -> None:
    assert 0 == invoke("query", "check", "size/sources").exit_code
    assert 2 == invoke("query", "check", "no/such-query").exit_code


def test_a_new_query_is_well_formed_and_is_never_overwritten(invoke: Invoke, index: Path, tmp_path: Path) -> None:
    call = ["query", "new", "ours/images-of-team", "--queries", "made"]
    assert "made/ours/images-of-team.sql\n" == invoke(*call).stdout
    assert 0 == invoke("query", "check", "made").exit_code
    listed = invoke("query", "run", "images-of-team", "--queries", "made", "--format", "csv").stdout.splitlines()
    assert "source,platform,image_count" == listed[0]
    place = tmp_path / "made/ours/images-of-team.sql"
    place.write_text(GOOD)
    refused = invoke(*call)
    assert (2, GOOD) == (refused.exit_code, place.read_text())
    assert "is there already" in refused.stderr


@pytest.mark.parametrize("name", ["nameless", "../out/side", "a b/c", ""])
def test_a_new_query_has_a_topic_and_a_plain_name(invoke: Invoke, tmp_path: Path, name: str) -> None:
    assert 2 == invoke("query", "new", name, "--queries", "made").exit_code
    assert [] == list(tmp_path.iterdir())


def test_a_new_query_needs_a_folder(invoke: Invoke, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert "Say where to write it" in invoke("query", "new", "ours/one").stderr
    monkeypatch.setenv("IMGINDEX_QUERIES", str(tmp_path / "listed"))
    assert 0 == invoke("query", "new", "ours/one").exit_code
    assert (tmp_path / "listed/ours/one.sql").is_file()


def test_a_call_without_its_parameter_is_shown_one_that_answers(invoke: Invoke, index: Path) -> None:
    refused = invoke("query", "run", "size/history")
    assert 2 == refused.exit_code
    first, example = refused.stderr.splitlines()
    assert first.startswith("error: Parameter image (text) must be given: -p image=TEXT.")
    call = example.removeprefix("For example: imgindex ").split()
    assert len(invoke(*call, "--format", "csv").stdout.splitlines()) > 1


def test_each_parameter_that_must_be_given_has_an_example_of_its_own_kind() -> None:
    catalog = open_catalog()
    asked = {parameter.name: parameter for name in catalog.names() for parameter in catalog.find(name).parameters}
    texts = {name for name, parameter in asked.items() if parameter.required and parameter.type == "text"}
    assert set() == texts - VALUES.keys() - {"platform"}


@pytest.mark.parametrize("name", ["drift/lag", "sharing/overlap"])
def test_an_example_names_what_the_index_has(invoke: Invoke, index: Path, name: str) -> None:
    example = invoke("query", "run", name).stderr.splitlines()[-1]
    call = shlex.split(example.removeprefix("For example: imgindex "))
    answered = invoke(*call, "--format", "csv")
    assert (0, "") == (answered.exit_code, answered.stderr)
    assert "linux/amd64" not in example


def test_the_list_is_by_topic_and_one_topic_can_be_chosen(invoke: Invoke) -> None:
    lines = invoke("query", "list", "base", "--db", "nowhere.duckdb").stdout.splitlines()
    names = [name for name in open_catalog().names() if name.startswith("base/")]
    assert names == [line.split()[0] for line in lines if line.startswith("  ")]
    assert (["", "base"], f"{len(names)} queries.") == (lines[:2], " ".join(lines[-1].split()[:2]))
    assert "There are: base, drift" in invoke("query", "list", "bases").stderr


def test_an_unknown_suffix_is_refused_unless_the_format_is_said(invoke: Invoke, index: Path, tmp_path: Path) -> None:
    refused = invoke("query", "run", "size/sources", "-o", "sizes.xlsx")
    assert (2, False) == (refused.exit_code, (tmp_path / "sizes.xlsx").exists())
    assert '"sizes.xlsx" has the suffix of no format. There are .json, ' in refused.stderr
    assert 0 == invoke("query", "run", "size/sources", "-o", "sizes.xlsx", "--format", "csv").exit_code
    assert 0 == invoke("query", "run", "size/sources", "-o", "sizes.txt").exit_code


def completions(arguments: list[str], incomplete: str) -> list[str]:
    from typer._completion_classes import BashComplete

    shell = BashComplete(typer.main.get_command(app), {}, "imgindex", "_IMGINDEX_COMPLETE")
    return [item.value for item in shell.get_completions(arguments, incomplete)]


def test_a_shell_completes_names_and_parameters(invoke: Invoke, tmp_path: Path) -> None:
    write(tmp_path, "good", GOOD)
    assert ["base/stale", "base/stale-bases"] == completions(["query", "run"], "base/stal")
    assert ["ours/good"] == completions(["query", "run", "--queries", "own"], "ours")
    assert ["limit="] == completions(["query", "run", "base/stale", "-p"], "l")
    assert [] == completions(["query", "run", "no/such", "-p"], "")
