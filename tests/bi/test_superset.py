"""Apache Superset, started and asked through its REST API: datasets, charts and SQL Lab, over both engines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

from imgindex.store.schema import describe
from tests.bi.superset import Superset, running_superset
from tests.bi.tools import documented, installed, table, versions
from tests.stores import Database

pytestmark = pytest.mark.xdist_group(name="bi-superset")

DATASETS = ["image_sizes", "layer_usage", "tag_history"]
VIEWS = {relation.name: relation for relation in describe()}
TYPES = {
    "duckdb": {"TEXT": "VARCHAR", "BIGINT": "BIGINT", "TIMESTAMPTZ": "TIMESTAMP WITHOUT TIME ZONE"},
    "postgresql": {"TEXT": "TEXT", "BIGINT": "BIGINT", "TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE"},
}
"""What Superset calls the types of the contract. duckdb-engine does not tell it of the time zone, which is UTC here."""


@dataclass
class Connected:
    """An index in Superset."""

    superset: Superset
    engine: str
    database: int
    schema: str
    datasets: dict[str, dict[str, Any]]
    """What Superset knows of each view."""

    def chart(self, view: str, **query: Any) -> dict[str, Any]:
        return self.superset.chart(self.datasets[view]["id"], **query)

    def run(self, sql: str) -> tuple[list[dict[str, Any]], str]:
        return self.superset.run(self.database, self.schema, sql)


@pytest.fixture(scope="module")
def superset(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Superset]:
    with running_superset(installed("superset"), tmp_path_factory.mktemp("superset")) as server:
        yield server


@pytest.fixture(scope="module", params=["duckdb", "postgresql"])
def there(request: pytest.FixtureRequest, superset: Superset, index: Database) -> Iterator[Connected]:
    """The index of one engine, connected by the URI that docs/bi.md gives."""
    (uri,) = documented("text", f"superset-{request.param}")
    if request.param == "duckdb":
        uri, schema = uri.strip().replace("/srv/imgindex.duckdb", str(index.path)), "main"
    else:
        url: sqlalchemy.URL = request.getfixturevalue("postgresql_index")
        given = sqlalchemy.make_url(uri.strip())
        same = given.set(username=url.username, host=url.host, port=url.port, database=url.database)
        uri, schema = same.render_as_string(hide_password=False), "public"
    database = superset.add_database(f"imgindex in {request.param}", uri)
    datasets = {view: superset.add_dataset(database, schema, view) for view in DATASETS}
    yield Connected(superset, request.param, database, schema, datasets)
    # In SQLite, where this Superset keeps what it knows, a name can be a dataset's once, whichever database it is of.
    for dataset in datasets.values():
        superset.delete(f"dataset/{dataset['id']}")


def bytes_of(column: str, label: str) -> dict[str, Any]:
    """The metric that docs/bi.md gives for a column of bytes."""
    (metric,) = documented("text", "superset-metric")
    return {"expressionType": "SQL", "sqlExpression": metric.strip().replace("size_bytes", column), "label": label}


BY_SOURCE = {
    "columns": ["source", "basis"],
    "metrics": [bytes_of("size_bytes", "size"), bytes_of("unique_bytes", "unique")],
    "orderby": [["source", True], ["basis", True]],
}
MOST_SHARED = {
    "columns": ["unit", "image_count"],
    "metrics": [bytes_of("size_bytes", "size")],
    "filters": [{"col": "source", "op": "==", "val": "registry"}, {"col": "image_count", "op": ">", "val": 1}],
    "orderby": [["image_count", False], ["unit", True]],
}
WEEK = {
    "timeGrain": "P1W",
    "columnType": "BASE_AXIS",
    "sqlExpression": "valid_from",
    "label": "week",
    "expressionType": "SQL",
}
BY_WEEK = {
    "columns": ["repository", WEEK],
    "metrics": [{"expressionType": "SQL", "sqlExpression": "COUNT(*)", "label": "targets"}],
    "filters": [{"col": "source", "op": "==", "val": "registry"}],
    "orderby": [["repository", True]],
}
CHARTS = {"image_sizes": BY_SOURCE, "layer_usage": MOST_SHARED, "tag_history": BY_WEEK}

WRITES = [
    "DELETE FROM tags",
    "UPDATE sources SET name = 'x'",
    "DROP VIEW image_sizes",
    "CREATE TABLE planted AS SELECT 1 AS a",
]
REACHES = {
    "duckdb": [
        "SELECT content FROM read_text('/etc/passwd')",
        "SELECT * FROM read_csv('/etc/passwd')",
        "ATTACH '/tmp/imgindex-bi.duckdb'",
        "SET enable_external_access = true",
    ],
    "postgresql": ["SELECT pg_read_file('/etc/passwd')"],
}
COPY = "COPY (SELECT 1 AS a) TO '/tmp/imgindex-bi.csv'"
REFUSALS = ["disabled by configuration", "Cannot enable external access", "COPY to a file", "disallowed function"]
"""What DuckDB, PostgreSQL and, for some functions of PostgreSQL, Superset itself say."""


def test_a_chart_over_image_sizes_has_the_index_s_own_numbers(there: Connected, index: Database) -> None:
    answer = there.chart("image_sizes", **BY_SOURCE)
    expected = index.rows(
        "SELECT source, basis, CAST(SUM(size_bytes) AS BIGINT), CAST(SUM(unique_bytes) AS BIGINT) "
        "FROM image_sizes GROUP BY source, basis ORDER BY source, basis"
    )
    assert 3 == len(expected)
    assert expected == [tuple(row.values()) for row in answer["data"]]
    assert {int} == {type(row[label]) for row in answer["data"] for label in ("size", "unique")}


def test_a_chart_over_layer_usage_has_the_index_s_own_numbers(there: Connected, index: Database) -> None:
    answer = there.chart("layer_usage", **MOST_SHARED)
    expected = index.rows(
        "SELECT unit, image_count, size_bytes FROM layer_usage WHERE source = 'registry' AND image_count > 1 "
        "ORDER BY image_count DESC, unit"
    )
    assert 2 <= len(expected)
    assert expected == [tuple(row.values()) for row in answer["data"]]


def test_a_chart_by_week_counts_in_utc(there: Connected, index: Database) -> None:
    answer = there.chart("tag_history", **BY_WEEK)
    expected = index.rows(
        "SELECT repository, date_trunc('week', valid_from), COUNT(*) FROM tag_history WHERE source = 'registry' "
        "GROUP BY 1, 2 ORDER BY 1"
    )
    milliseconds = [(repository, week.timestamp() * 1000, count) for repository, week, count in expected]
    assert 10 <= len(expected)
    assert milliseconds == [tuple(row.values()) for row in answer["data"]]


@pytest.mark.parametrize("view", DATASETS)
def test_columns_have_their_types_and_comments(there: Connected, view: str) -> None:
    types = TYPES[there.engine]
    expected = [(column.name, types[column.type], column.comment) for column in VIEWS[view].columns]
    found = there.datasets[view]["columns"]
    assert expected == [(column["column_name"], column["type"], column["description"]) for column in found]


def test_sql_lab_shows_the_view_s_comment(there: Connected) -> None:
    told = there.superset.get(f"database/{there.database}/table_metadata/?name=image_sizes&schema={there.schema}")
    assert VIEWS["image_sizes"].comment == told["comment"]


def test_sql_lab_cannot_write(there: Connected) -> None:
    for statement in WRITES:
        rows, error = there.run(statement)
        assert ([], True) == (rows, "read-only" in error), f"{statement}: {error}"


def test_sql_lab_reaches_no_file(there: Connected) -> None:
    for statement in (*REACHES[there.engine], COPY):
        rows, error = there.run(statement)
        assert ([], True) == (rows, any(reason in error for reason in REFUSALS)), f"{statement}: {error}"


def test_sql_lab_reads(there: Connected, index: Database) -> None:
    rows, error = there.run("SELECT source, image_count FROM source_status ORDER BY source")
    assert ("", index.rows("SELECT source, image_count FROM source_status ORDER BY source")) == (
        error,
        [tuple(row.values()) for row in rows],
    )


def test_a_file_that_is_replaced_is_read_by_the_next_query(superset: Superset, index: Database, tmp_path: Path) -> None:
    place = tmp_path / "snapshot.duckdb"
    index.copy(place)
    (uri,) = documented("text", "superset-duckdb")
    database = superset.add_database("a snapshot", uri.strip().replace("/srv/imgindex.duckdb", str(place)))
    ask = "SELECT source FROM source_status ORDER BY source"
    before = superset.run(database, "main", ask)
    newer = index.copy(tmp_path / "newer.duckdb")
    with newer.writing() as write:
        write("UPDATE sources SET name = 'renamed' WHERE name = 'layout'")
    newer.path.rename(place)
    after = superset.run(database, "main", ask)
    assert [
        ([{"source": name} for name in ("docker-host", "layout", "registry")], ""),
        ([{"source": name} for name in ("docker-host", "registry", "renamed")], ""),
    ] == [before, after]


def test_what_superset_answers_is_kept(there: Connected, keep: Callable[[str, str], None]) -> None:
    driver = {"duckdb": ("duckdb-engine", "duckdb"), "postgresql": ("psycopg2-binary",)}[there.engine]
    parts = [versions("superset", "apache-superset", "sqlalchemy", *driver)]
    for view, query in CHARTS.items():
        answer = there.chart(view, **query)
        rows = [tuple(row.values()) for row in answer["data"]]
        if "week" in answer["colnames"]:
            rows = [(name, datetime.fromtimestamp(week / 1000, UTC).date(), count) for name, week, count in rows]
        parts.append(f"A chart over {view}:\n\n{answer['query'].strip()}\n\n{table(answer['colnames'], rows)}")
    for statement in (*WRITES, *REACHES[there.engine]):
        error = there.run(statement)[1].partition("\n")[0].partition(": {")[0]  # a list in no order
        parts.append(f"SQL Lab: {statement}\n{error}\n")
    keep(f"superset-{there.engine}.txt", "\n".join(parts))
