"""Running queries: types, values, streaming, what is refused, and what is said when the database refuses."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine

from imgindex.errors import QueryError, QueryParameterError
from imgindex.query.result import Column, Result, make_result, type_name
from imgindex.query.run import BATCH_ROWS, run_query, run_sql
from imgindex.query.saved import Query, parse_query
from imgindex.store.engine import connect
from tests.query.conftest import MakeEngine

HEADER = """\
-- What?
-- param: source text = null  Only this source.
-- param: least integer = 0  At least so many bytes.
-- param: since timestamp = null  Seen since then.
-- param: listed boolean = true  Listed ones only.
"""
SQL = """
SELECT source, CAST(SUM(size_bytes) AS BIGINT) AS total_bytes FROM layers
WHERE (:source IS NULL OR source = :source) AND (size_bytes >= :least OR size_bytes IS NULL)
    AND (:since IS NULL OR seen_at >= :since) AND (listed OR NOT :listed)
GROUP BY source ORDER BY source
"""
# The table of the `engine` fixture, for PostgreSQL.
TABLE = """
WITH layers(source, size_bytes, seen_at, listed) AS (VALUES
    ('a', CAST(10 AS BIGINT), CAST('2026-01-01 00:00:00+00' AS TIMESTAMPTZ), TRUE),
    ('a', 20, '2026-02-01 00:00:00+00', FALSE), ('b', NULL, NULL, TRUE))
"""


def saved(sql: str, header: str = "-- What?\n") -> Query:
    return parse_query("topic/name", Path("queries/topic/name.sql"), header + sql)


def rows(result: Result) -> list[object]:
    with result:
        return list(result.rows())


VALUES = {
    "defaults": ({}, [("a", 10), ("b", None)]),
    "text": ({"source": "b"}, [("b", None)]),
    "integer and boolean": ({"least": "15", "listed": "false", "source": "a"}, [("a", 20)]),
    "timestamp": ({"since": "2026-01-15", "listed": "no"}, [("a", 20)]),
    "timestamp with an offset": ({"since": "2026-02-01T01:00:00+01:00", "listed": "no"}, [("a", 20)]),
    "SQL as a value": ({"source": "' OR 1 = 1 --"}, []),
}


@pytest.mark.parametrize(("values", "expected"), VALUES.values(), ids=VALUES.keys())
def test_values_are_bound_as_their_types(engine: Engine, values: dict[str, str], expected: object) -> None:
    result = run_query(engine, saved(SQL, HEADER), values)
    assert [Column("source", "TEXT"), Column("total_bytes", "BIGINT")] == result.columns
    assert expected == rows(result)


@pytest.mark.parametrize(("values", "expected"), VALUES.values(), ids=VALUES.keys())
def test_values_are_bound_as_their_types_on_postgresql(
    postgresql_url: str, values: dict[str, str], expected: object
) -> None:
    result = run_query(connect(postgresql_url, read_only=True), saved(TABLE + SQL, HEADER), values)
    assert [Column("source", "TEXT"), Column("total_bytes", "BIGINT")] == result.columns
    assert expected == rows(result)


def test_a_value_of_the_wrong_type_is_refused_before_the_database_is_asked(engine: Engine) -> None:
    with pytest.raises(QueryParameterError, match="least"):
        run_query(engine, saved(SQL, HEADER), {"least": "many"})


def test_types_have_the_contracts_names(make_engine: MakeEngine) -> None:
    result = run_sql(
        make_engine(),
        "SELECT CAST(1 AS BIGINT) AS a, 'x' AS b, TRUE AS c, TIMESTAMPTZ '2026-01-01 00:00:00+00' AS d, 1 AS e, "
        "CAST(1 AS DOUBLE) AS f, CAST(1 AS DECIMAL(9, 2)) AS g, SUM(1) AS h, [1] AS i, {'x': 1} AS j, "
        "CAST('00000000-0000-0000-0000-000000000001' AS UUID) AS k, CAST(['x'] AS VARCHAR[]) AS l",
    )
    expected = ["BIGINT", "TEXT", "BOOLEAN", "TIMESTAMPTZ", "INTEGER", "DOUBLE", "DECIMAL(9,2)", "HUGEINT"]
    expected += ["INTEGER[]", "STRUCT(x INTEGER)", "UUID", "TEXT[]"]
    assert expected == [column.type for column in result.columns]
    result.close()


def test_types_have_the_contracts_names_on_postgresql(postgresql_url: str) -> None:
    result = run_sql(
        connect(postgresql_url, read_only=True),
        "SELECT CAST(1 AS BIGINT) AS a, 'x' AS b, TRUE AS c, TIMESTAMPTZ '2026-01-01 02:00:00+02' AS d, 1 AS e, "
        "CAST(1 AS DOUBLE PRECISION) AS f, CAST(1 AS DECIMAL(9, 2)) AS g, SUM(CAST(1 AS BIGINT)) AS h, ARRAY[1] AS i, "
        "CAST('x' AS VARCHAR(9)) AS j, CAST('00000000-0000-0000-0000-000000000001' AS UUID) AS k",
    )
    expected = ["BIGINT", "TEXT", "BOOLEAN", "TIMESTAMPTZ", "INTEGER", "DOUBLE", "DECIMAL(9,2)", "DECIMAL"]
    assert [*expected, "INTEGER[]", "TEXT", "UUID"] == [column.type for column in result.columns]
    moment, key = datetime(2026, 1, 1, tzinfo=UTC), UUID(int=1)
    assert [(1, "x", True, moment, 1, 1.0, Decimal("1.00"), Decimal(1), [1], "x", key)] == rows(result)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("varchar(42)", "TEXT"),
        ("numeric(10, 4)", "DECIMAL(10,4)"),
        ("int8[]", "BIGINT[]"),
        ("jsonb", "JSON"),
        ("MAP(VARCHAR, INTEGER)", "MAP(VARCHAR, INTEGER)"),
        ("ENUM('a', 'b')", "ENUM('a', 'b')"),
        ("inet", "INET"),
    ],
)
def test_a_type_is_named_as_the_contract_does(written: str, name: str) -> None:
    assert name == type_name(written)


def test_rows_come_before_all_are_made(make_engine: MakeEngine) -> None:
    result = run_sql(make_engine(), "SELECT range AS n FROM range(1000000000000)")
    assert list(islice(result.rows(), 2)) == [(0,), (1,)]
    result.close()


def test_rows_come_before_all_are_made_on_postgresql(postgresql_url: str) -> None:
    engine = connect(postgresql_url, read_only=True)
    result = run_query(engine, saved("SELECT generate_series(1, 1000000000) AS n"))
    assert list(islice(result.rows(), 2)) == [(1,), (2,)]
    result.close()


def test_batches_are_bounded(make_engine: MakeEngine) -> None:
    result = run_sql(make_engine(), f"SELECT range AS n FROM range({2 * BATCH_ROWS + 1})")
    assert [len(batch) for batch in result.batches] == [BATCH_ROWS, BATCH_ROWS, 1]


def test_ad_hoc_sql_is_run_as_it_stands(make_engine: MakeEngine) -> None:
    sql = "SELECT 'a :b %s %% %(c)s' AS x, 7 % 4 AS y, 1::BIGINT AS z;"
    assert rows(run_sql(make_engine(), sql)) == [("a :b %s %% %(c)s", 3, 1)]


def test_ad_hoc_sql_is_run_as_it_stands_on_postgresql(postgresql_url: str) -> None:
    sql = "SELECT 'a :b %s %% %(c)s' AS x, 7 % 4 AS y, 1::BIGINT AS z;"
    assert rows(run_sql(connect(postgresql_url, read_only=True), sql)) == [("a :b %s %% %(c)s", 3, 1)]


PERCENT = "SELECT 7 % 4 AS x, '%s' AS y, 'ab' LIKE 'a%' AS z ORDER BY x"


def test_saved_sql_may_hold_percent_signs(make_engine: MakeEngine) -> None:
    assert rows(run_query(make_engine(), saved(PERCENT))) == [(3, "%s", True)]


def test_saved_sql_may_hold_percent_signs_on_postgresql(postgresql_url: str) -> None:
    assert rows(run_query(connect(postgresql_url, read_only=True), saved(PERCENT))) == [(3, "%s", True)]


@pytest.mark.parametrize(
    "sql", ["EXPLAIN SELECT 1", "SHOW TABLES", "DESCRIBE layers", "SUMMARIZE layers", "FROM layers"]
)
def test_duckdb_answers_what_reads(engine: Engine, sql: str) -> None:
    assert rows(run_sql(engine, sql))


@pytest.mark.parametrize("sql", ["EXPLAIN SELECT 1", "SHOW server_version", "VALUES (1)"])
def test_postgresql_answers_what_reads(postgresql_url: str, sql: str) -> None:
    assert rows(run_sql(connect(postgresql_url, read_only=True), sql))


@pytest.mark.parametrize(
    "sql",
    [
        "EXPLAIN ANALYZE INSERT INTO layers (source) VALUES ('x')",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT content FROM read_text('/etc/passwd')",
        "EXPLAIN ANALYZE COPY layers TO 'layers.csv'",
    ],
)
def test_what_slips_past_the_check_is_refused_by_duckdb(
    engine: Engine, sql: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(QueryError):
        rows(run_sql(engine, sql))
    assert rows(run_sql(engine, "SELECT COUNT(*) AS n FROM layers")) == [(3,)]
    assert not (tmp_path / "layers.csv").exists()


def test_what_slips_past_the_check_leaves_nothing_in_postgresql(postgresql_url: str) -> None:
    engine = connect(postgresql_url, read_only=True)
    # PostgreSQL 15 lets this through in a read-only transaction; but nothing is ever committed.
    with contextlib.suppress(QueryError):
        rows(run_sql(engine, "EXPLAIN ANALYZE CREATE TABLE t AS SELECT 1 AS a"))
    with pytest.raises(QueryError, match='relation "t" does not exist'):
        run_sql(engine, "SELECT * FROM t")


def test_an_error_names_the_query_and_the_databases_first_line(engine: Engine) -> None:
    with pytest.raises(QueryError) as raised:
        run_query(engine, saved("SELECT nothing FROM layers ORDER BY 1"))
    message = str(raised.value)
    assert message.startswith("topic/name (queries/topic/name.sql): Binder Error: ")
    assert "nothing" in message
    assert "\n" not in message
    assert "sqlalche.me" not in message
    assert (raised.value.name, raised.value.path) == ("topic/name", "queries/topic/name.sql")


def test_a_saved_query_is_one_statement(engine: Engine) -> None:
    """DuckDB would run both and answer the last."""
    with pytest.raises(QueryError, match=r"^topic/name .*: There are 2 statements"):
        run_query(engine, saved("SELECT 1 AS a; SELECT 2 AS b"))
    assert [(";",)] == rows(run_query(engine, saved("SELECT ';' AS a -- one; not two")))


def test_an_error_keeps_the_line_that_helps(engine: Engine) -> None:
    with pytest.raises(QueryError, match=r"Did you mean .*layers"):
        run_sql(engine, "SELECT * FROM layer")


def test_an_error_does_not_show_the_values(engine: Engine) -> None:
    query = saved("SELECT CAST(:n AS INTEGER) + nothing AS x FROM layers", "-- What?\n-- param: n text  N.\n")
    with pytest.raises(QueryError) as raised:
        run_query(engine, query, {"n": "canary"})
    assert "canary" not in str(raised.value)


def test_an_error_on_the_way_is_translated_too(make_engine: MakeEngine) -> None:
    sql = f"SELECT CASE WHEN range < {3 * BATCH_ROWS} THEN 1 ELSE error('too far') END AS x FROM range(100000)"
    with pytest.raises(QueryError, match="too far"):
        rows(run_sql(make_engine(), sql))


def test_an_error_on_postgresql_is_its_first_line(postgresql_url: str) -> None:
    with pytest.raises(QueryError) as raised:
        run_sql(connect(postgresql_url, read_only=True), "SELECT * FROM nowhere")
    assert str(raised.value) == 'relation "nowhere" does not exist'


def test_the_connection_is_given_back(engine: Engine) -> None:
    given_back: list[object] = []
    from sqlalchemy import event

    event.listen(engine, "close", lambda *arguments: given_back.append(arguments))
    rows(run_sql(engine, "SELECT 1 AS x"))
    assert len(given_back) == 1
    run_sql(engine, "SELECT 1 AS x").close()
    assert len(given_back) == 2
    with pytest.raises(QueryError):
        run_sql(engine, "SELECT x")
    assert len(given_back) == 3


def test_a_result_of_rows_at_hand_is_like_any_other() -> None:
    result = make_result([("name", "TEXT"), ("n", "BIGINT")], [("a", 1), ("b", None)])
    assert [column.is_number for column in result.columns] == [False, True]
    assert rows(result) == [("a", 1), ("b", None)]
