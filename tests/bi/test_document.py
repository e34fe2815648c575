"""Every block of SQL in docs/bi.md answers, on each engine that it is for."""

from __future__ import annotations

import re

import duckdb
import pytest
import sqlalchemy

from tests.bi.tools import BLOCK, DOCUMENT, documented
from tests.conftest import ROOT
from tests.stores import Database

TIME_FILTER = re.compile(r"\$__timeFilter\((\w+)\)")
"""What Grafana replaces by a comparison with the dashboard's range."""

EVERYWHERE = documented("sql", "")
POSTGRESQL = [
    *documented("sql", "postgresql"),
    *(
        TIME_FILTER.sub(r"\1 BETWEEN '2026-11-01T00:00:00Z' AND '2026-12-01T00:00:00Z'", text)
        for text in documented("sql", "grafana")
    ),
]


def test_the_blocks_are_of_known_kinds() -> None:
    found = {more for language, more, _ in BLOCK.findall(DOCUMENT.read_text()) if language == "sql"}
    assert {"", "postgresql", "grafana", "role", "harlequin-init"} == found
    assert (5, 2) == (len(EVERYWHERE), len(POSTGRESQL))


@pytest.mark.parametrize("sql", EVERYWHERE)
def test_a_block_answers_the_same_on_both_engines(sql: str, index: Database, postgresql_index: sqlalchemy.URL) -> None:
    with duckdb.connect(str(index.path), read_only=True) as connection:
        answer = connection.execute(sql)
        names, rows = [column[0] for column in answer.description], answer.fetchall()
    there = ask(postgresql_index, sql)
    assert (names, rows, True) == (*there, len(rows) >= 2)


@pytest.mark.parametrize("sql", POSTGRESQL)
def test_a_block_answers_on_postgresql(sql: str, postgresql_index: sqlalchemy.URL) -> None:
    names, rows = ask(postgresql_index, sql)
    assert (True, True) == (len(names) >= 3, len(rows) >= 1)


def test_the_reader_may_read_and_nothing_else(postgresql_index: sqlalchemy.URL) -> None:
    allowed = ask(
        postgresql_index,
        "SELECT DISTINCT privilege_type FROM information_schema.role_table_grants "
        "WHERE table_schema = 'public' AND grantee = CURRENT_USER",
    )
    assert [("SELECT",)] == allowed[1]
    with pytest.raises(sqlalchemy.exc.DBAPIError, match="permission denied"):
        ask(postgresql_index, "SET TRANSACTION READ WRITE; DELETE FROM tags")


def test_the_outputs_that_it_names_are_there() -> None:
    named = re.findall(r"\]\((\.\./tests/bi/output/[^)]+|examples/[^)]+)\)", DOCUMENT.read_text())
    assert {True} == {(DOCUMENT.parent / name).exists() for name in named}
    kept = {path.name for path in (ROOT / "tests/bi/output").iterdir()}
    assert kept == {name.rpartition("/")[2] for name in named if "output" in name}


def ask(url: sqlalchemy.URL, sql: str) -> tuple[list[str], list[tuple[object, ...]]]:
    engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
    with engine.connect() as connection:
        result = connection.exec_driver_sql(sql)
        return list(result.keys()), [tuple(row) for row in result]
