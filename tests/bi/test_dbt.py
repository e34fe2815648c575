"""dbt builds the example project and tests the views, on both engines; its sources are what the schema says now."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

from tests.bi.tools import installed, table, versions
from tests.conftest import ROOT
from tests.stores import Database

pytestmark = pytest.mark.xdist_group(name="bi-dbt")

PROJECT = ROOT / "docs/examples/dbt"
LABEL = "org.opencontainers.image.title"
MODELS = {
    "label_sizes_by_month": ["source", "basis", "label_value", "month", "image_count", "split_bytes"],
    "tag_drift_by_week": ["source", "repository", "week", "move_count", "tag_count"],
}

COUNTS = ["image_count", "split_bytes", "move_count", "tag_count"]

Row = tuple[Any, ...]


@dataclass
class Built:
    """What `dbt build` did."""

    engine: str
    statuses: dict[str, str]
    """By the name of a model or test."""
    summary: str
    rows: dict[str, list[Row]]
    """Of each model, in a total order."""
    types: dict[str, str]
    """Of the models' columns."""


@pytest.fixture(scope="module", params=["duckdb", "postgresql"])
def built(request: pytest.FixtureRequest, index: Database, tmp_path_factory: pytest.TempPathFactory) -> Built:
    home = tmp_path_factory.mktemp("dbt")
    if request.param == "duckdb":
        marts, schema = sqlalchemy.make_url(f"duckdb:///{home}/marts.duckdb"), "main"
        variables = {"IMGINDEX_DB": str(index.path), "IMGINDEX_MARTS": str(marts.database)}
    else:
        reader: sqlalchemy.URL = request.getfixturevalue("postgresql_index")
        marts, schema = reader.set(username=str(reader.username).replace("_reader_", "_dbt_")), "marts"
        variables = {"PGHOST": str(marts.host), "PGPORT": str(marts.port), "PGPASSWORD": str(marts.password)}
        variables |= {"PGUSER": str(marts.username), "PGDATABASE": str(marts.database)}
    code, printed, statuses = run_dbt(home, "build", "--target", request.param, **variables)
    assert 0 == code, printed
    (summary,) = re.findall(r"Done\. PASS=.*", printed)
    return Built(request.param, statuses, summary, *read(marts, schema))


def run_dbt(home: Path, *arguments: str, **variables: str) -> tuple[int, str, dict[str, str]]:
    """The exit code, what dbt printed, and the status of each model and test."""
    done = installed("dbt").run(
        *("dbt", "--no-use-colors", *arguments, "--vars", json.dumps({"label": LABEL})),
        *("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)),
        *("--target-path", str(home / "target"), "--log-path", str(home / "log")),
        home=home,
        **variables,
    )
    results = json.loads((home / "target/run_results.json").read_text())["results"]
    statuses = {result["unique_id"].split(".")[2]: result["status"] for result in results}
    return done.returncode, done.stdout, statuses


def read(marts: sqlalchemy.URL, schema: str) -> tuple[dict[str, list[Row]], dict[str, str]]:
    """The rows of each model, and the types of their columns."""
    columns = "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = :schema"
    engine = sqlalchemy.create_engine(marts, poolclass=sqlalchemy.NullPool)
    with engine.connect() as connection:
        rows = {
            model: [
                tuple(row) for row in connection.exec_driver_sql(f"SELECT {', '.join(names)} FROM {schema}.{model}")
            ]
            for model, names in MODELS.items()
        }
        types = connection.execute(sqlalchemy.text(columns), {"schema": schema})
        return {model: sorted(found) for model, found in rows.items()}, {name: kind.upper() for name, kind in types}


def test_every_model_is_built_and_every_test_of_the_views_passes(built: Built) -> None:
    assert Counter(built.statuses.values()).keys() == {"success", "pass"}
    views = {"image_sizes", "layer_usage", "tag_history", "current_tags"}
    for view in views:
        assert any(name.startswith(f"source_unique_together_imgindex_{view}_") for name in built.statuses)
    assert {"label_sizes_by_month", "tag_drift_by_week"} <= {
        n for n, status in built.statuses.items() if status == "success"
    }
    assert 60 <= len(built.statuses)


def test_split_bytes_add_up_to_the_distinct_bytes_of_each_source(built: Built, index: Database) -> None:
    found: Counter[Row] = Counter()
    for source, basis, _label, _month, _count, split in built.rows["label_sizes_by_month"]:
        found[source, basis] += split
    expected = index.rows(
        "SELECT source, basis, distinct_bytes FROM source_sizes WHERE basis <> 'total' AND image_count > 0"
    )
    assert sorted((source, basis, size) for (source, basis), size in found.items()) == sorted(expected)


def test_moves_are_counted_by_week(built: Built, index: Database) -> None:
    found = {row[:3]: row[3] for row in built.rows["tag_drift_by_week"]}
    expected: Counter[Row] = Counter()
    for source, repository, moved_at in index.rows("SELECT source, repository, moved_at FROM tag_moves"):
        expected[source, repository or "none", monday(moved_at)] += 1
    assert 2 <= sum(expected.values())
    assert expected == found


def test_bytes_stay_bigint(built: Built) -> None:
    assert ["BIGINT"] * 4 == [built.types[name] for name in COUNTS]


def test_a_view_whose_key_is_not_unique_fails(index: Database, tmp_path: Path) -> None:
    broken = index.copy(tmp_path / "broken.duckdb")
    with broken.writing() as write:
        write("INSERT INTO source_image_sizes SELECT * FROM source_image_sizes")
    variables = {"IMGINDEX_DB": str(broken.path), "IMGINDEX_MARTS": str(tmp_path / "marts.duckdb")}
    code, _, statuses = run_dbt(tmp_path, "test", "--select", "source:imgindex.image_sizes", **variables)
    failed = {name for name, status in statuses.items() if status == "fail"}
    assert (1, {"source_unique_together_imgindex_image_sizes_source__basis__image_id"}) == (code, failed)


def test_what_dbt_answers_is_kept(built: Built, keep: Callable[[str, str], None]) -> None:
    engine = {"duckdb": ("dbt-duckdb", "duckdb"), "postgresql": ("dbt-postgres", "psycopg2-binary")}[built.engine]
    parts = [versions("dbt", "dbt-core", *engine), f"$ dbt build --target {built.engine}\n{built.summary}\n"]
    for model, columns in MODELS.items():
        parts.append(f"{model}\n{table(columns, built.rows[model])}")
    keep(f"dbt-{built.engine}.txt", "\n".join(parts))


def test_the_sources_are_as_the_schema_says(tmp_path: Path) -> None:
    fresh = tmp_path / "sources.yml"
    command = [sys.executable, str(ROOT / "scripts/generate-dbt-sources"), str(fresh)]
    done = subprocess.run(command, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert (0, "") == (done.returncode, done.stderr)
    assert (PROJECT / "models/sources.yml").read_text().splitlines() == fresh.read_text().splitlines()


def monday(moment: datetime) -> date:
    day = moment.astimezone(UTC).date()
    return day - timedelta(days=day.weekday())
