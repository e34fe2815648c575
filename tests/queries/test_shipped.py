"""What holds for every saved query that ships: it keeps to the rules, runs on both engines and orders totally."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlglot
from sqlalchemy import text
from sqlglot import ErrorLevel, exp

from imgindex.query.lint import lint
from imgindex.query.parameters import bind_values
from imgindex.query.run import run_query
from imgindex.query.saved import Query
from tests.conftest import TESTS
from tests.queries import test_attached, test_base, test_drift, test_integrity, test_places, test_settings
from tests.queries.conftest import CATALOG, Index, Open
from tests.queries.small import LIBS, make_small
from tests.queries.waste import make_waste
from tests.stores import Database

QUERIES = CATALOG.all()
COLUMNS = dict(line.split(": ", 1) for line in (TESTS / "data/queries/columns.txt").read_text().splitlines())
"""Of each query, as `tests/data/queries/README.md` says."""
TOPICS = {"base", "drift", "integrity", "inventory", "sharing", "size"}

VALUES = {
    "before": "2024-06-15",
    "image": "os:1",
    "label": "team",
    "layer": LIBS.diff_id,
    "name": "%",
    "port": "80",
    "one": "%web%",
    "other": "%os%",
    "reference": "origin",
    "repository": "reg.example/web",
    "time": "2024-05-15",
    "variable": "PATH",
}
"""A value for every parameter that must be given."""

STORES: dict[str, Callable[[Path, Database], None]] = {
    "small": make_small,
    "moves": test_drift.make,
    "places": test_places.make,
    "bases": test_base.make,
    "broken": test_integrity.make,
    "described": test_integrity.make_described,
    "waste": make_waste,
    "attached": test_attached.make,
    "settings": test_settings.make,
}

every_query = pytest.mark.parametrize("query", QUERIES, ids=[query.name for query in QUERIES])


def make_nothing(folder: Path, db: Database) -> None:
    """An index that holds nothing."""


def values_of(query: Query) -> dict[str, str]:
    return {parameter.name: VALUES[parameter.name] for parameter in query.parameters if parameter.required}


def test_queries_are_of_the_topics_that_the_documents_name() -> None:
    assert {query.name.partition("/")[0] for query in QUERIES} == TOPICS
    assert sorted(COLUMNS) == [query.name for query in QUERIES]


@every_query
def test_a_query_keeps_to_the_rules(query: Query) -> None:
    assert [] == lint(query)


@every_query
def test_a_query_asks_a_question_and_explains_its_parameters(query: Query) -> None:
    assert query.question.endswith("?")
    assert all(parameter.help.endswith(".") for parameter in query.parameters)
    assert all(len(line) <= 120 for line in query.path.read_text().splitlines())


@every_query
def test_a_query_is_valid_sql_for_spark(query: Query) -> None:
    (written,) = sqlglot.transpile(query.sql, read="postgres", write="spark", unsupported_level=ErrorLevel.RAISE)
    assert sqlglot.parse_one(written, read="spark")


@every_query
def test_a_query_has_its_columns_and_answers_nothing_on_an_empty_index(query: Query, open_index: Open) -> None:
    index = open_index("empty", make_nothing)
    assert COLUMNS[query.name] == ", ".join(types_of(index, query))
    assert [] == index.ask(query.name, **values_of(query)).rows


def types_of(index: Index, query: Query) -> list[str]:
    with run_query(index.engine, query, values_of(query)) as result:
        return [f"{column.name} {column.type}" for column in result.columns]


@every_query
@pytest.mark.parametrize("store", STORES)
def test_no_two_rows_of_an_answer_tie_in_its_order(query: Query, store: str, open_duckdb: Open) -> None:
    index = open_duckdb(store, STORES[store])
    with index.engine.connect() as connection:
        bound = bind_values(query.parameters, values_of(query))
        rows = [tuple(row) for row in connection.execute(text(order_of(query)), bound)]
    assert len(rows) == len(set(rows))


def order_of(query: Query) -> str:
    """SQL that selects what the query orders by, of all rows."""
    tree = sqlglot.parse_one(query.sql, read="postgres")
    assert isinstance(tree, exp.Select)
    ordered = [item.this.copy() for item in tree.args["order"].expressions]
    limit = tree.args.get("limit")
    tree.set("order", None)
    tree.set("limit", None)
    for number, expression in enumerate(ordered):
        tree = tree.select(exp.alias_(expression, f"order_{number}"))
    names = ", ".join(f"order_{number}" for number in range(len(ordered)))
    used = f" OR CAST(:{limit.expression.this.this} AS BIGINT) < 0" if limit is not None else ""
    return f"SELECT {names} FROM ({tree.sql('duckdb').replace('$', ':')}) AS answer WHERE TRUE{used}"


@pytest.mark.parametrize("store", STORES)
def test_both_engines_give_the_same_answers(store: str, open_duckdb: Open, open_postgresql: Open) -> None:
    in_duckdb, in_postgresql = (opener(store, STORES[store]) for opener in (open_duckdb, open_postgresql))
    for query in QUERIES:
        values = values_of(query)
        expected = in_duckdb.ask(query.name, **values)
        assert (query.name, expected) == (query.name, in_postgresql.ask(query.name, **values))


def test_every_query_has_an_answer_in_some_store(open_duckdb: Open) -> None:
    indexes = [open_duckdb(store, make) for store, make in STORES.items()]
    silent = [
        query for query in QUERIES if not any(index.ask(query.name, **values_of(query)).rows for index in indexes)
    ]
    # Not every image has a base, say: of the others, some image answers.
    images = [(index, image) for index in indexes for (image,) in index.ask("inventory/images").only("image_id")]
    assert [] == [
        query.name
        for query in silent
        if "image" not in values_of(query)
        or not any(index.ask(query.name, **{**values_of(query), "image": image}).rows for index, image in images)
    ]
