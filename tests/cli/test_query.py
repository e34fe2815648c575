"""`imgindex query`: saved queries are listed, shown and run, the user's own among them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from imgindex.query.catalog import open_catalog
from tests.cli.conftest import Invoke

OWN = """\
-- Which sources have at least so many images?
-- Counts listed images only.
-- param: least integer = 1  At least so many.
-- param: kind text  Of this kind.
SELECT source, image_count FROM source_status
WHERE image_count >= :least AND kind = :kind ORDER BY source
"""


@pytest.fixture(autouse=True)
def own(tmp_path: Path) -> None:
    (tmp_path / "own/ours").mkdir(parents=True)
    (tmp_path / "own/ours/stores-of-kind.sql").write_text(OWN)


def test_the_list_has_shipped_and_own_queries(invoke: Invoke) -> None:
    result = invoke("query", "list", "--queries", "own", "--format", "json")
    found = {item["name"]: item for item in json.loads(result.stdout)}
    assert set(found) == {*open_catalog().names(), "ours/stores-of-kind"}
    assert found["ours/stores-of-kind"] == {
        "name": "ours/stores-of-kind",
        "question": "Which sources have at least so many images?",
        "parameters": "least=1 kind=TEXT",
    }


def test_the_list_is_never_cut(invoke: Invoke) -> None:
    lines = invoke("query", "list").stdout.splitlines()
    assert open_catalog().names() == [line.split()[0] for line in lines if line.startswith("  ")]


def test_a_query_is_shown_with_its_parameters_and_sql(invoke: Invoke) -> None:
    result = invoke("query", "show", "stores-of-kind", "--queries", "own")
    assert result.stdout == (
        "ours/stores-of-kind\n\nWhich sources have at least so many images?\nCounts listed images only.\n\n"
        "  -p least=1  (integer) At least so many.\n  -p kind=TEXT  (text) Of this kind.\n\n"
        "SELECT source, image_count FROM source_status\n"
        "WHERE image_count >= :least AND kind = :kind ORDER BY source\n"
    )
    assert result.stderr.startswith("From ")


def test_a_query_is_run_with_its_parameters(invoke: Invoke, index: Path) -> None:
    call = ["query", "run", "ours/stores-of-kind", "--queries", "own", "-p", "kind=registry-root", "--format", "csv"]
    assert invoke(*call).stdout == "source,image_count\nregistry,24\n"
    assert invoke(*call, "-p", "least=25").stdout == "source,image_count\n"


def test_the_environment_names_folders_too(invoke: Invoke, index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMGINDEX_QUERIES", "own")
    assert (
        invoke("query", "run", "stores-of-kind", "-p", "kind=oci", "--format", "csv").stdout
        == "source,image_count\nlayout,14\n"
    )


WRONG = {
    "unknown query": (["nothing/like-it"], "There is no saved query"),
    "missing parameter": (["stores-of-kind"], "Parameter kind (text) must be given: -p kind="),
    "unknown parameter": (["stores-of-kind", "-p", "kin=x"], 'no parameter "kin"'),
    "no value": (["stores-of-kind", "-p", "kind"], "-p kind=VALUE"),
    "twice": (["stores-of-kind", "-p", "kind=a", "-p", "kind=b"], "kind is given twice"),
    "limit below nothing": (["size/images", "-p", "limit=-1"], "limit says how many: from 0 to 2,147,483,647, not -1."),
    "limit beyond all": (
        ["size/images", "-p", "limit=2147483648"],
        "limit says how many: from 0 to 2,147,483,647, not 2147483648.",
    ),
    "a count by another name": (["drift/timeline", "-p", "tags=-1"], "Parameter tags says how many: from 0 to"),
    "wrong type": (["stores-of-kind", "-p", "kind=a", "-p", "least=x"], "Parameter least is an integer"),
}


@pytest.mark.parametrize(("arguments", "message"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_call_ends_with_2(invoke: Invoke, arguments: list[str], message: str) -> None:
    result = invoke("query", "run", *arguments, "--queries", "own")
    assert result.exit_code == 2
    assert message in result.stderr


UNKNOWN = {
    "source": (["size/images", "-p", "source=regsitry"], 'There is no source "regsitry". Did you mean registry?'),
    "host": (["size/pull-cost", "-p", "image=team/web:1.2", "-p", "host=x"], 'There is no source "x".'),
    "repository": (["size/untagged", "-p", "repository=team/web"], 'There is no repository "team/web".'),
    "image": (["size/history", "-p", "image=team/web:none"], 'There is no image "team/web:none"'),
    "image by too short a start": (["size/history", "-p", "image=abc"], 'There is no image "abc"'),
}


@pytest.mark.parametrize(("arguments", "message"), UNKNOWN.values(), ids=UNKNOWN.keys())
def test_an_answer_of_no_rows_says_which_name_the_index_does_not_know(
    invoke: Invoke, index: Path, arguments: list[str], message: str
) -> None:
    result = invoke("query", "run", *arguments, "--format", "jsonl")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.startswith(message)


def test_an_answer_of_no_rows_about_what_is_known_says_nothing_more(invoke: Invoke, index: Path) -> None:
    for arguments in (
        ["size/untagged", "-p", "source=layout", "-p", "limit=0"],
        ["inventory/containers", "-p", "source=layout"],
    ):
        result = invoke("query", "run", *arguments, "--format", "jsonl")
        assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")


def test_a_value_may_hold_an_equals_sign(invoke: Invoke, index: Path) -> None:
    result = invoke("query", "run", "stores-of-kind", "--queries", "own", "-p", "kind=a=b", "--format", "csv")
    assert (result.exit_code, result.stdout) == (0, "source,image_count\n")


def test_a_query_that_the_database_refuses_ends_with_6_and_is_named(
    invoke: Invoke, index: Path, tmp_path: Path
) -> None:
    (tmp_path / "own/ours/broken.sql").write_text("-- What?\nSELECT nothing FROM source_status ORDER BY 1\n")
    result = invoke("query", "run", "broken", "--queries", "own")
    assert result.exit_code == 6
    assert result.stderr.startswith("error: ours/broken (")


def test_every_shipped_query_that_asks_for_nothing_runs(invoke: Invoke, index: Path) -> None:
    asking = {query.name for query in open_catalog().all() if any(item.required for item in query.parameters)}
    failed = {}
    for name in open_catalog().names():
        if name not in asking and (result := invoke("query", "run", name, "--format", "csv")).exit_code:
            failed[name] = result.stderr
    assert failed == {}
