"""Ad-hoc SQL: one statement that reads, and a clear word about all else."""

from __future__ import annotations

import pytest

from imgindex.errors import QueryError
from imgindex.query.statement import check_statement

READING = {
    "SELECT": ("select 1", "SELECT"),
    "with a comment before and after": ("-- a; b\nselect 1 /* c; */ -- d\n;", "SELECT"),
    "common table expression": ("WITH a AS (SELECT 1) SELECT * FROM a", "WITH"),
    "parentheses": ("(SELECT 1) UNION ALL (SELECT 2)", "SELECT"),
    "VALUES": ("VALUES (1)", "VALUES"),
    "semicolon in a literal": ("SELECT ';' AS x", "SELECT"),
    "semicolon in a name": ('SELECT 1 AS ";"', "SELECT"),
    "EXPLAIN": ("EXPLAIN SELECT 1", "EXPLAIN"),
    "word of a writing statement in a literal": ("SELECT 'DROP TABLE x'", "SELECT"),
    "column called like one": ("SELECT t.update, t.delete FROM t", "SELECT"),
    "syntax that only the database knows": ("SELECT * FROM t WHERE", "SELECT"),
}

OF_DUCKDB = {
    "FROM first": ("FROM t", "FROM"),
    "DESCRIBE": ("DESCRIBE t", "DESCRIBE"),
    "SUMMARIZE": ("SUMMARIZE t", "SUMMARIZE"),
    "SHOW": ("SHOW TABLES", "SHOW"),
    "PIVOT": ("PIVOT t ON a USING SUM(b)", "PIVOT"),
}

REFUSED = {
    "nothing": ("", "There is no SQL"),
    "a comment alone": ("-- SELECT 1", "There is no SQL"),
    "a semicolon alone": (" ; ", "There is no SQL"),
    "two statements": ("SELECT 1; SELECT 2", "There are 2 statements"),
    "a write after a read": ("SELECT 1; DROP TABLE t", "There are 2 statements"),
    "INSERT": ("INSERT INTO t VALUES (1)", "INSERT is refused: imgindex only reads"),
    "UPDATE": ("UPDATE t SET a = 1", "UPDATE is refused"),
    "DELETE": ("DELETE FROM t", "DELETE is refused"),
    "CREATE": ("CREATE TABLE t (a INTEGER)", "CREATE is refused"),
    "DROP": ("drop table t", "DROP is refused"),
    "COPY": ("COPY t TO 'x.csv'", "COPY is refused"),
    "ATTACH": ("ATTACH 'x'", "ATTACH is refused"),
    "PRAGMA": ("PRAGMA version", "PRAGMA is refused"),
    "SET": ("SET x = 1", "SET is refused"),
    "CALL": ("CALL f()", "CALL is refused"),
    "INSTALL": ("INSTALL httpfs", "INSTALL is refused"),
    "BEGIN": ("BEGIN", "BEGIN is refused"),
    "COMMIT": ("COMMIT", "COMMIT is refused"),
    "SELECT INTO": ("SELECT * INTO u FROM t", "INTO is refused"),
    "DELETE in a common table expression": (
        "WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x",
        "DELETE is refused",
    ),
    "a word that is none": ("SELEC 1", "SELEC is refused"),
    "a literal that does not end": ("SELECT 'x", "cannot be read"),
    "control characters": ("\x1b[31m SELECT", "refused"),
}


@pytest.mark.parametrize("engine", ["duckdb", "postgresql"])
@pytest.mark.parametrize(("sql", "word"), READING.values(), ids=READING.keys())
def test_what_reads_is_taken(sql: str, word: str, engine: str) -> None:
    assert word == check_statement(sql, engine)


@pytest.mark.parametrize(("sql", "word"), OF_DUCKDB.values(), ids=OF_DUCKDB.keys())
def test_what_duckdb_reads_with_is_taken(sql: str, word: str) -> None:
    assert word == check_statement(sql, "duckdb")


@pytest.mark.parametrize("engine", ["duckdb", "postgresql"])
@pytest.mark.parametrize(("sql", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_does_not_read_is_refused(sql: str, message: str, engine: str) -> None:
    with pytest.raises(QueryError) as raised:
        check_statement(sql, engine)
    assert message in str(raised.value)
    assert "\x1b" not in str(raised.value)


def test_nothing_is_logged_of_what_is_not_taken_apart(caplog: pytest.LogCaptureFixture) -> None:
    check_statement("EXPLAIN SELECT 1", "duckdb")
    assert caplog.records == []
