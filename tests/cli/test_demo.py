"""`imgindex demo`: what a newcomer sees first."""

from __future__ import annotations

from pathlib import Path

import pytest

from imgindex.cli.demo import KINDS, QUESTIONS, REPORTS, SUFFIX
from imgindex.query.catalog import open_catalog
from imgindex.shipped import folder
from tests.cli.conftest import Invoke


def test_the_demo_answers_its_questions_and_leaves_nothing(
    invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    result = invoke("demo")
    assert result.exit_code == 0
    questions = [open_catalog().find(question.query).question for question in QUESTIONS]
    lines = result.stdout.splitlines()
    assert [line for line in lines if line in questions] == questions
    assert "0 rows" not in lines
    assert max(map(len, lines)) <= 120
    assert "imgindex query list" in result.stderr
    assert list((tmp_path / "temporary").iterdir()) == []
    assert list(tmp_path.iterdir()) == [tmp_path / "temporary"]


def test_the_demo_can_be_kept(invoke: Invoke, tmp_path: Path) -> None:
    result = invoke("demo", "--keep", "kept")
    assert result.exit_code == 0
    assert "--db kept/imgindex.duckdb" in result.stderr
    for report in REPORTS:
        assert f"kept/{report}.html" in result.stderr
        assert (tmp_path / f"kept/{report}.html").read_text().startswith("<!doctype html>")
    sql = "SELECT source FROM source_status ORDER BY source"
    counted = invoke("sql", sql, "--format", "csv", "--db", "kept/imgindex.duckdb")
    assert counted.stdout == "source\ndocker-host\nlayout\nregistry\n"


def test_a_folder_with_something_in_it_is_left_alone(invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/file").touch()
    result = invoke("demo", "--keep", "mine")
    assert result.exit_code == 2
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["file"]


def test_a_host_and_its_registry_share_layers_and_repositories(invoke: Invoke, index: Path) -> None:
    sql = """
        SELECT COUNT(*) AS n
        FROM current_tags AS h JOIN current_tags AS r ON r.repository = h.repository AND r.tag = h.tag
        WHERE h.source = 'docker-host' AND r.source = 'registry'
    """
    assert int(invoke("sql", sql, "--format", "csv").stdout.splitlines()[1]) > 5


def test_every_sample_has_its_kind() -> None:
    assert {path.name.removesuffix(SUFFIX) for path in folder("samples").glob(f"*{SUFFIX}")} == set(KINDS)


def test_the_columns_that_are_shown_exist(invoke: Invoke, index: Path) -> None:
    for question in QUESTIONS:
        values = [part for name, value in question.values.items() for part in ("-p", f"{name}={value}")]
        header = invoke("query", "run", question.query, *values, "--format", "csv").stdout.splitlines()[0]
        assert set(question.columns) <= set(header.split(","))
