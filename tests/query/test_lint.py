"""The rules of portable saved SQL, each with a text that breaks it and one that keeps it."""

from __future__ import annotations

from pathlib import Path

import pytest

from imgindex.query.lint import lint
from imgindex.query.saved import Query, parse_query


def query(sql: str, *, override: str | None = None, header: str = "-- What?") -> Query:
    return parse_query("topic/name", Path("topic/name.sql"), f"{header}\n{sql}", override)


KEPT = {
    "plain": "SELECT l.source, COUNT(*) AS n FROM layers AS l GROUP BY l.source ORDER BY n DESC NULLS LAST, 1",
    "common table expression": "WITH a AS (SELECT 1 AS x) SELECT a.x FROM a ORDER BY a.x",
    "common table expression with columns": "WITH a(x) AS (SELECT 1) SELECT b.x FROM a AS b ORDER BY b.x",
    "values": "SELECT t.x FROM (VALUES (1), (2)) AS t(x) ORDER BY t.x",
    "union": "SELECT 1 AS x UNION ALL SELECT 2 AS x ORDER BY x",
    "cast sum": "SELECT CAST(SUM(x) AS BIGINT) AS s FROM t ORDER BY s",
    "cast sum over nothing": "SELECT CAST(COALESCE(SUM(x), 0) AS BIGINT) AS s FROM t ORDER BY s",
    "cast difference of sums": "SELECT CAST(SUM(x) - SUM(y) AS BIGINT) AS s FROM t ORDER BY s",
    "cast filtered sum": "SELECT CAST(SUM(x) FILTER (WHERE y) AS BIGINT) AS s FROM t ORDER BY s",
    "cast window sum": "SELECT CAST(SUM(x) OVER (ORDER BY y) AS BIGINT) AS s FROM t ORDER BY s",
    "quotient of a double": "SELECT CAST(x AS DOUBLE PRECISION) / NULLIF(y, 0) AS q FROM t ORDER BY q",
    "quotient by a decimal": "SELECT x / CAST(y AS DECIMAL(18, 4)) AS q FROM t ORDER BY q",
    "quotient within parentheses": "SELECT (100 * CAST(x AS DOUBLE PRECISION)) / y AS q FROM t ORDER BY q",
    "digest in a literal": "SELECT x FROM t WHERE x LIKE 'sha256:%' ORDER BY x",
    "quoted alias": 'SELECT x AS "a b" FROM t ORDER BY x',
    "slash in a literal": "SELECT x FROM t WHERE x = 'a/b' ORDER BY x",
    "SUM in a literal": "SELECT 'SUM(x) DESC' AS s FROM t ORDER BY s",
    "window": "SELECT ROW_NUMBER() OVER (PARTITION BY a ORDER BY b DESC NULLS LAST) AS n FROM t ORDER BY n",
}

BROKEN = {
    "column alias without AS": ("SELECT 1 one ORDER BY 1", "alias one without AS (line 1)"),
    "table alias without AS": ("SELECT l.x\nFROM layers l ORDER BY 1", "alias l without AS (line 2)"),
    "subquery alias without AS": ("SELECT s.x FROM (SELECT 1 AS x) s ORDER BY 1", "alias s without AS (line 1)"),
    "quoted alias without AS": ('SELECT x "a b" FROM t ORDER BY x', "alias a b without AS (line 1)"),
    "sum": ("SELECT SUM(x) AS s FROM t ORDER BY s", "SUM(x) is not cast to BIGINT"),
    "sum over nothing": ("SELECT COALESCE(SUM(x), 0) AS s FROM t ORDER BY s", "SUM(x) is not cast to BIGINT"),
    "sum whose argument alone is cast": (
        "SELECT SUM(CAST(x AS BIGINT)) AS s FROM t ORDER BY s",
        "SUM(CAST(x AS BIGINT)) is not cast to BIGINT",
    ),
    "sum within a cast of something else": (
        "SELECT CAST((SELECT SUM(x) AS s FROM t) AS BIGINT) AS y ORDER BY y",
        "SUM(x) is not cast to BIGINT",
    ),
    "integer quotient": (
        "SELECT x / 2 AS q FROM t ORDER BY q",
        "x / 2 divides without a cast of one side to DOUBLE PRECISION or DECIMAL",
    ),
    "DESC": ("SELECT x FROM t\nORDER BY x DESC", "DESC without NULLS LAST (line 2)"),
    "DESC NULLS FIRST": ("SELECT x FROM t ORDER BY x DESC NULLS FIRST", "DESC without NULLS LAST (line 1)"),
    "DESC in a window": (
        "SELECT ROW_NUMBER() OVER (ORDER BY x DESC) AS n FROM t ORDER BY n",
        "DESC without NULLS LAST (line 1)",
    ),
    "double colon": ("SELECT x::TEXT AS y FROM t ORDER BY y", ":: instead of CAST (line 1)"),
    "no ORDER BY": ("SELECT x FROM t", "no ORDER BY at its end"),
    "ORDER BY only within": ("SELECT s.x FROM (SELECT x FROM t ORDER BY x) AS s", "no ORDER BY at its end"),
    "two statements": ("SELECT 1 AS x ORDER BY x; SELECT 2 AS x ORDER BY x", "2 statements; a query is one"),
}


@pytest.mark.parametrize("sql", KEPT.values(), ids=KEPT.keys())
def test_portable_sql_has_no_finding(sql: str) -> None:
    assert lint(query(sql)) == []


@pytest.mark.parametrize(("sql", "finding"), BROKEN.values(), ids=BROKEN.keys())
def test_each_rule_is_found_broken(sql: str, finding: str) -> None:
    assert [finding] == lint(query(sql))


def test_a_parameter_within_a_literal_is_found() -> None:
    sql = "SELECT ' :n' AS a, :n AS b ORDER BY a"
    found = lint(query(sql, header="-- What?\n-- param: n integer = 1  N."))
    assert found == [":n within a literal is taken for a parameter (line 1)"]


def test_a_parameter_needs_help() -> None:
    found = lint(query("SELECT :n AS b ORDER BY b", header="-- What?\n-- param: n integer = 1"))
    assert found == ["parameter n has no help"]


def test_sql_that_does_not_parse_is_a_finding() -> None:
    (finding,) = lint(query("SELECT FROM WHERE ORDER"))
    assert finding.startswith("does not parse as postgres: ")


def test_a_literal_that_does_not_end_is_a_finding() -> None:
    (finding,) = lint(query("SELECT 'x ORDER BY 1"))
    assert finding.startswith("does not parse as postgres: ")


def test_a_sibling_lets_the_main_text_be_duckdbs_own() -> None:
    own = "SELECT x FROM t QUALIFY ROW_NUMBER() OVER (ORDER BY x) = 1 AND x // 2 > 1 ORDER BY x"
    assert lint(query(own, override="SELECT x FROM t ORDER BY x")) == []
    assert lint(query(own, override="SELECT x FROM t")) == ["no ORDER BY at its end [postgresql]"]
