"""Whether a saved query can be relied on: it is well formed, keeps to the rules, ports, runs and orders totally.

What `lint` sees in the text is one half. The other half is seen by running it: on an index, where two rows that tie in
the order come in any order, and where PostgreSQL and Spark must at least take the text.

    check_query(engine, query, values) -> ["rows tie in its order: of 20, 3 have the same place as another"]
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgindex.errors import ImgindexError
from imgindex.query.lint import lint
from imgindex.query.parameters import TYPES, Value, bind_values
from imgindex.query.run import first_line, run_query
from imgindex.query.saved import Query

if TYPE_CHECKING:
    from sqlalchemy import Engine

MOST_ROWS = 100_000
"""How many rows are read, to see that they can be."""


def check_query(engine: Engine, query: Query, values: dict[str, Value]) -> list[str]:
    """What is wrong with a query, in words; nothing if all is well."""
    findings = [f"parameter {parameter.name} has no help" for parameter in query.parameters if not parameter.help]
    findings = [*findings, *(finding for finding in lint(query) if finding not in findings), *_check_spark(query)]
    return findings or _check_run(engine, query, values)


def fill_values(query: Query, given: dict[str, str]) -> dict[str, Value]:
    """A value for every parameter that must be given: `given`, else an example of its type."""
    return {item.name: given.get(item.name, TYPES[item.type].example) for item in query.parameters if item.required}


def _check_spark(query: Query) -> list[str]:
    """Whether Spark would take it, as far as text tells."""
    import sqlglot
    from sqlglot import ErrorLevel
    from sqlglot.errors import SqlglotError

    dialect = "postgres" if query.postgresql is None else "duckdb"
    try:
        for written in sqlglot.transpile(query.sql, read=dialect, write="spark", unsupported_level=ErrorLevel.RAISE):
            sqlglot.parse_one(written, read="spark")
    except SqlglotError as error:
        return [f"Spark would not take it: {str(error).partition(chr(10))[0]}"]
    return []


def _check_run(engine: Engine, query: Query, values: dict[str, Value]) -> list[str]:
    try:
        with run_query(engine, query, values) as result:
            for number, _ in enumerate(result.rows(), start=1):
                if number == MOST_ROWS:
                    break
        return _check_order(engine, query, values)
    except ImgindexError as error:
        return [f"does not run: {error}"]


def _check_order(engine: Engine, query: Query, values: dict[str, Value]) -> list[str]:
    """Whether rows of the answer tie in its order; asked of all rows, not only of those below its limit."""
    import sqlalchemy

    ordering = order_of(query)
    if ordering is None:
        return []
    bound = bind_values(query.parameters, values)
    sql = (
        f"SELECT COUNT(*) - (SELECT COUNT(*) FROM (SELECT DISTINCT * FROM ({ordering}) AS o) AS d) "
        f"FROM ({ordering}) AS a"
    )
    try:
        with engine.connect() as connection:
            ties = connection.execute(sqlalchemy.text(sql), bound).scalar()
    except sqlalchemy.exc.SQLAlchemyError as error:
        return [f"its order cannot be asked for: {first_line(error)}"]
    return [f"its order is not total: {ties} rows tie with another, and come in any order"] if ties else []


def order_of(query: Query) -> str | None:
    """SQL for DuckDB that selects what the query orders by, of all its rows; None where that cannot be written."""
    import sqlglot
    from sqlglot import exp

    tree = sqlglot.parse_one(query.sql, read="postgres" if query.postgresql is None else "duckdb")
    if not isinstance(tree, exp.Select) or not tree.args.get("order"):
        return None
    ordered = [item.this.copy() for item in tree.args["order"].expressions]
    limit = tree.args.get("limit")
    tree.set("order", None)
    tree.set("limit", None)
    for number, expression in enumerate(ordered):
        tree = tree.select(exp.alias_(expression, f"order_{number}"))
    names = ", ".join(f"order_{number}" for number in range(len(ordered)))
    used = limit.expression.find(exp.Placeholder) if limit is not None else None
    # A bound parameter must stay in the text.
    kept = f" OR CAST(:{used.this} AS BIGINT) < 0" if used is not None else ""
    return f"SELECT {names} FROM ({tree.sql('duckdb').replace('$', ':')}) AS answer WHERE TRUE{kept}"
