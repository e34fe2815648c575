"""dbt builds the example project and tests the views, on both engines; its sources are what the schema says now."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlalchemy

from tests.bi.tools import installed, table, versions
from tests.conftest import ROOT
from tests.stores import Database

pytestmark = pytest.mark.xdist_group(name="bi-dbt")

PROJECT = ROOT / "docs/examples/dbt"
LABEL = "org.opencontainers.image.title"
MODELS = {
    "label_sizes_by_month": "source, basis, label_value, month, image_count, split_bytes",
    "tag_drift_by_week": "source, repository, week, move_count, tag_count",
}
BYTES = {"label_sizes_by_month": "split_bytes", "tag_drift_by_week": "move_count"}

Row = tuple[Any, ...]


@dataclass
class Built:
    """What `dbt build` did."""

    engine: str
    statuses: dict[str, str]
    """By the name of a model or test."""
    printed: str
    rows: dict[str, list[Row]]
    """Of each model."""
    types: set[Any]
    """Of the columns that count bytes or moves."""


@pytest.fixture(scope="module", params=["duckdb", "postgresql"])
def built(request: pytest.FixtureRequest, index: Database, tmp_path_factory: pytest.TempPathFactory) -> Built:
    home = tmp_path_factory.mktemp("dbt")
    marts = home / "marts.duckdb"
    variables = {"IMGINDEX_DB": str(index.path), "IMGINDEX_MARTS": str(marts)}
    if request.param == "postgresql":
        url: sqlalchemy.URL = request.getfixturevalue("postgresql_index")
        url = url.set(username=str(url.username).replace("_reader_", "_dbt_"))
        variables = {"PGHOST": url.host, "PGPORT": str(url.port), "PGUSER": url.username, "PGDATABASE": url.database}
    done = installed("dbt").run(
        "dbt",
        "--no-use-colors",
        "build",
        "--target",
        request.param,
        "--vars",
        json.dumps({"label": LABEL}),
        "--project-dir",
        str(PROJECT),
        "--profiles-dir",
        str(PROJECT),
        "--target-path",
        str(home / "target"),
        "--log-path",
        str(home / "log"),
        home=home,
        **variables,
    )
    results = json.loads((home / "target/run_results.json").read_text())["results"]
    statuses = {result["unique_id"].split(".")[2]: result["status"] for result in results}
    assert 0 == done.returncode, done.stdout
    engine = sqlalchemy.create_engine(f"duckdb:///{marts}" if request.param == "duckdb" else url)
    schema = "main" if request.param == "duckdb" else "marts"
    with engine.connect() as connection:
        rows = {
            model: [
                tuple(row)
                for row in connection.execute(
                    sqlalchemy.text(f"SELECT {columns} FROM {schema}.{model} ORDER BY 1, 2, 3, 4")
                )
            ]
            for model, columns in MODELS.items()
        }
        types = {
            connection.execute(
                sqlalchemy.text(
                    "SELECT data_type FROM information_schema.columns WHERE table_schema = :schema AND table_name = :model "
                    "AND column_name = :column"
                ),
                {"schema": schema, "model": model, "column": column},
            ).scalar()
            for model, column in BYTES.items()
        }
    engine.dispose()
    return Built(request.param, statuses, done.stdout, rows, {str(name).upper() for name in types})


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
    assert {"BIGINT"} == built.types


def test_what_dbt_answers_is_kept(built: Built, keep: Callable[[str, str], None]) -> None:
    engine = {"duckdb": ("dbt-duckdb", "duckdb"), "postgresql": ("dbt-postgres", "psycopg2-binary")}[built.engine]
    (summary,) = [line.partition("  ")[2] for line in built.printed.splitlines() if "PASS=" in line]
    parts = [versions("dbt", "dbt-core", *engine), f"$ dbt build --target {built.engine}\n{summary.strip()}\n"]
    for model, columns in MODELS.items():
        parts.append(f"{model}\n{table(columns.split(', '), built.rows[model])}")
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
