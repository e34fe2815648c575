"""Runs a saved query or ad-hoc SQL on a read-only engine, and hands back rows as they come.

The engine is `store.engine.open_engine(db, read_only=True)`: this room sets up no protection of its own. What the
database says is handed on by its first line, without the SQL and the values.

    with run_query(engine, catalog.find("size/images"), {"limit": "5"}) as result:
        for row in result.rows(): ...
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from imgindex.errors import QueryError
from imgindex.query.parameters import Value, bind_values
from imgindex.query.result import Column, Result, Row, type_name
from imgindex.query.saved import Query
from imgindex.query.statement import STREAMED, check_statement, take_statement
from imgindex.query.timeout import Timeout

if TYPE_CHECKING:
    from sqlalchemy import Connection, CursorResult, Engine

BATCH_ROWS = 2000
HINTS = ("Did you mean", "Candidate bindings")
"""How lines start that help and that DuckDB writes below the first."""


def run_query(
    engine: Engine | Connection,
    query: Query,
    values: Mapping[str, Value] | None = None,
    *,
    timeout: float | None = None,
) -> Result:
    """The answer to a saved query. Text among the values is read as the parameter's type.

    Given a connection, it is left open: several queries of one page need not open the database anew each. `timeout`:
    how many seconds the database may work on it; None = as long as it takes.

    Raises QueryParameterError for a value, and QueryError, here or while rows are read, for what the database refuses;
    StoreError where it cannot be opened.
    """
    import sqlalchemy

    types: dict[str, Any] = {
        "text": sqlalchemy.Text(),
        "integer": sqlalchemy.BigInteger(),
        "boolean": sqlalchemy.Boolean(),
        "timestamp": sqlalchemy.DateTime(timezone=True),
    }
    bound = bind_values(query.parameters, values or {})
    binds = [sqlalchemy.bindparam(item.name, bound[item.name], types[item.type]) for item in query.parameters]
    names = _Names(query.name, str(query.path))
    sql = query.sql_for(engine.dialect.name)
    if ";" in sql:  # DuckDB would run several statements, and answer the last
        try:
            take_statement(sql, engine.dialect.name)
        except QueryError as error:
            raise names.error(error) from error
    statement = sqlalchemy.text(sql).bindparams(*binds)
    return _run(engine, lambda connection: connection.execute(statement), names, stream=True, timeout=timeout)


def run_sql(engine: Engine, sql: str, *, timeout: float | None = None) -> Result:
    """The answer to one ad-hoc statement, which is run as it stands: a colon or percent sign is none of a parameter's.

    Raises QueryError, here or while rows are read; StoreError where the database cannot be opened.
    """
    first = check_statement(sql, engine.dialect.name)

    def execute(connection: Connection) -> CursorResult[Any]:
        if connection.dialect.name == "postgresql":
            # A prepared statement is one statement, whatever another reader of SQL may have made of it.
            driver: Any = connection.connection.driver_connection
            driver.prepare_threshold = 0
        # Without parameters the driver leaves percent signs alone.
        return connection.execution_options(no_parameters=True).exec_driver_sql(sql)

    return _run(engine, execute, _Names(None, None), stream=first in STREAMED, timeout=timeout)


class _Names:
    """What a query is called, for messages."""

    def __init__(self, name: str | None, path: str | None) -> None:
        self.name = name
        self.path = path

    def error(self, error: BaseException) -> QueryError:
        prefix = f"{self.name} ({self.path}): " if self.name else ""
        return QueryError(prefix + first_line(error), name=self.name, path=self.path)


def first_line(error: BaseException) -> str:
    """What the database said, without the statement: its first line, and the lines that help."""
    lines = str(getattr(error, "orig", None) or error).strip().splitlines() or [type(error).__name__]
    return " ".join([lines[0], *(line for line in lines[1:] if line.startswith(HINTS))])


def _run(
    engine: Engine | Connection,
    execute: Callable[[Connection], CursorResult[Any]],
    names: _Names,
    *,
    stream: bool,
    timeout: float | None,
) -> Result:
    import sqlalchemy

    from imgindex.store.engine import translated

    refusals: tuple[type[Exception], ...] = (sqlalchemy.exc.SQLAlchemyError, _database_error(engine))
    given = isinstance(engine, sqlalchemy.Connection)
    if isinstance(engine, sqlalchemy.Connection):
        connection = engine
    else:
        with translated(engine):
            connection = engine.connect()
    clock = Timeout(connection, timeout)

    def leave() -> None:
        clock.close()
        if not given:
            connection.close()

    try:
        options = connection.execution_options(stream_results=stream, max_row_buffer=BATCH_ROWS)
        answer = clock.run(lambda: execute(options))
        columns = _columns(answer)
    except refusals as error:
        leave()
        raise names.error(error) from error
    except BaseException:
        leave()
        raise

    def batches() -> Iterator[list[Row]]:
        try:
            while batch := clock.run(lambda: answer.fetchmany(BATCH_ROWS)):
                yield [tuple(row) for row in batch]
        except refusals as error:
            raise names.error(error) from error
        finally:
            finish()

    def finish() -> None:
        answer.close()
        leave()

    return Result(columns, batches(), finish)


def _database_error(engine: Engine | Connection) -> type[Exception]:
    """The class of what the driver itself raises."""
    error: type[Exception] = getattr(engine.dialect.loaded_dbapi, "Error", Exception)
    return error


def _columns(answer: CursorResult[Any]) -> list[Column]:
    """The columns of what was executed; psycopg writes a type out, DuckDB's type code is its word."""
    description = answer.cursor.description if answer.cursor is not None else None
    return [
        Column(str(column[0]), type_name(str(getattr(column, "type_display", None) or column[1])))
        for column in description or ()
    ]
