"""`imgindex source`: the stores in an index."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Invoke


def test_the_sources_are_listed(invoke: Invoke, index: Path) -> None:
    listed = json.loads(invoke("source", "list", "--format", "json").stdout)
    assert [(item["source"], item["kind"], item["last_outcome"]) for item in listed] == [
        ("docker-host", "docker-root", "complete"),
        ("layout", "oci", "complete"),
        ("registry", "registry-root", "complete"),
    ]


def test_one_is_shown_with_status_sizes_scans_and_problems(invoke: Invoke, index: Path) -> None:
    shown = invoke("source", "show", "registry")
    assert shown.exit_code == 0
    headings = ["Status", "Sizes in bytes, by basis", "Last scans", "Problems by kind"]
    assert [line for line in shown.stdout.splitlines() if line in headings] == headings
    assert "registry-root:" in shown.stdout
    assert "compressed" in shown.stdout


def test_an_unknown_source_is_refused_with_near_ones(invoke: Invoke, index: Path) -> None:
    for command in ("show", "forget"):
        result = invoke("source", command, "registri")
        assert result.exit_code == 2
        assert "Did you mean registry?" in result.stderr


def test_a_forgotten_source_counts_no_more(invoke: Invoke, index: Path) -> None:
    result = invoke("source", "forget", "layout")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.startswith("layout is forgotten; ")
    listed = json.loads(invoke("source", "list", "--format", "json").stdout)
    assert "layout" not in {item["source"] for item in listed if item["image_count"]}
    assert json.loads(invoke("sql", "SELECT COUNT(*) AS n FROM images", "--format", "json").stdout)[0]["n"] > 0
