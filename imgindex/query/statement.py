"""What ad-hoc SQL may be: one statement that reads.

This is for a clear message before the database is asked. What keeps a statement from writing is the connection, which
is read-only and has no access to files (`store.engine`); what this room lets through by mistake is refused there. On
PostgreSQL access to files is a matter of the role: a superuser's functions read the server's files, and send what they
read away. Those are refused by name here, which is no wall: a role that may only read is (docs/postgresql.md).

    check_statement("DROP TABLE layers", "duckdb") -> QueryError: DROP is refused: imgindex only reads ...
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

from imgindex.errors import QueryError, quote

STREAMED = frozenset({"SELECT", "WITH", "VALUES", "TABLE"})
"""What PostgreSQL can open a cursor for."""

READING = STREAMED | {"FROM", "DESCRIBE", "SHOW", "EXPLAIN", "SUMMARIZE", "PIVOT", "UNPIVOT"}
"""The words that a statement which reads can start with; some are DuckDB's alone."""


_REACHING = re.compile(
    r"pg_(read|write|ls|stat_file|file|rotate|logfile|terminate|cancel|reload|promote|switch|create|drop|advisory|"
    r"try_advisory|notify|logical|replication|import|backup|start|stop|wal_replay)\w*"
    r"|lo_\w+|loread|lowrite|dblink\w*|set_config"
    r"|(query|cursor)_to_xml\w*|ts_stat|ts_rewrite|crosstab\w*|connectby"  # these run SQL that they are given as text
)
"""Functions of PostgreSQL and of its usual extensions that read more than tables, or do more than read."""
_DIALECTS = {"duckdb": "duckdb", "postgresql": "postgres"}
"""What sqlglot calls the SQL of each engine."""

_ESCAPED_NAME = re.compile(r'\bu&"', re.IGNORECASE)


class Token(NamedTuple):
    """A word or sign of SQL."""

    kind: str
    """As sqlglot calls it: SELECT, STRING, SEMICOLON, VAR ..."""
    text: str
    start: int
    """Where it starts in the text."""
    line: int


def tokenize(sql: str, dialect: str) -> list[Token]:
    """The tokens of a text, without comments. Raises QueryError for a literal that does not end, and the like."""
    import sqlglot
    from sqlglot.errors import SqlglotError

    try:
        tokens = sqlglot.tokenize(sql, read=dialect)
    except SqlglotError as error:
        raise QueryError(f"The SQL cannot be read: {quote(error)}") from error
    return [Token(token.token_type.name, token.text, token.start, token.line) for token in tokens]


def check_statement(sql: str, engine: str) -> str:
    """The first word of the statement, in upper case.

    Raises QueryError for no statement, for several, and for one that does not read.
    """
    statement = take_statement(sql, engine)
    if engine == "postgresql":
        _check_functions(sql, statement)
    first = next((token.text.upper() for token in statement if token.text != "("), "(").split()[0]
    if first not in READING:
        raise QueryError(
            f"{quote(first)} is refused: imgindex only reads. A statement starts with SELECT or WITH, or one of "
            f"{', '.join(sorted(READING - {'SELECT', 'WITH'}))}."
        )
    if writing := _writes(sql, _DIALECTS[engine]):
        raise QueryError(f"{writing} is refused: imgindex only reads.")
    return first


def take_statement(sql: str, engine: str) -> list[Token]:
    """The tokens of the one statement that the text holds. Raises QueryError for none, and for several."""
    statements = _split(tokenize(sql, _DIALECTS[engine]))
    if not statements:
        raise QueryError("There is no SQL to run.")
    if len(statements) > 1:
        raise QueryError(f"There are {len(statements)} statements; give one at a time.")
    return statements[0]


def _check_functions(sql: str, tokens: list[Token]) -> None:
    """Raises QueryError where a function of PostgreSQL is called that does more than read tables."""
    if _ESCAPED_NAME.search(sql):
        raise QueryError('Names written as U&"..." are refused: write them out.')
    for token, following in pairwise(tokens):
        if following.text == "(" and _REACHING.fullmatch(token.text.lower()):
            raise QueryError(
                f"{quote(token.text)}() is refused: it reaches out of the database, or changes what may be done."
            )


def _split(tokens: list[Token]) -> list[list[Token]]:
    """The tokens of each statement; empty ones are left out."""
    statements: list[list[Token]] = [[]]
    for token in tokens:
        if token.kind == "SEMICOLON":
            statements.append([])
        else:
            statements[-1].append(token)
    return [statement for statement in statements if statement]


def _writes(sql: str, dialect: str) -> str | None:
    """The word of what is written within a statement that starts as if it read; None if nothing is seen."""
    import logging

    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    # It warns of statements that it does not take apart, which is no news to the user.
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    try:
        tree = sqlglot.parse_one(sql, read=dialect)
    except SqlglotError:
        return None  # The database says better what is wrong.
    found = tree.find(exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Into)
    return found.key.upper() if found is not None else None
