"""What a saved query must keep to, so that one text answers the same on every engine.

Each rule stands for something that went wrong when the same text ran on DuckDB, PostgreSQL and Spark: a sum that
became a DOUBLE in Parquet, a division that lost its fraction, NULLs at the other end. A query with a sibling for
PostgreSQL is read as DuckDB's own SQL. Rules concern the text alone: whether an order is total, a test must show.

    lint(query) -> ["ORDER BY ... DESC without NULLS LAST (line 4)"]
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from imgindex.errors import QueryError
from imgindex.query.statement import Token, tokenize

if TYPE_CHECKING:
    from sqlglot import exp

    from imgindex.query.saved import Query

_BOUND = re.compile(r"(?<![:\w\\]):\w+(?!:)")
"""What sqlalchemy.text takes for a parameter, wherever it stands."""


def lint(query: Query) -> list[str]:
    """What is wrong with a query, in words; nothing if all is well. Raises nothing for SQL that cannot be parsed."""
    findings = [f"parameter {parameter.name} has no help" for parameter in query.parameters if not parameter.help]
    if query.postgresql is None:
        return findings + _lint_text(query.sql, "postgres")
    own = [f"{finding} [postgresql]" for finding in _lint_text(query.postgresql, "postgres")]
    return findings + _lint_text(query.sql, "duckdb") + own


def _lint_text(sql: str, dialect: str) -> list[str]:
    import sqlglot
    from sqlglot.errors import SqlglotError

    try:
        tokens = tokenize(sql, dialect)
        findings = list(_lint_tokens(tokens))
        statements = sqlglot.parse(sql, read=dialect)
    except (SqlglotError, QueryError) as error:
        return [f"does not parse as {dialect}: {str(error).partition(chr(10))[0]}"]
    if len(statements) != 1 or statements[0] is None:
        return [*findings, f"{len(statements)} statements; a query is one"]
    tree = statements[0]
    if not tree.args.get("order"):
        findings.append("no ORDER BY at its end")
    return findings + list(_lint_tree(tree, {token.start: number for number, token in enumerate(tokens)}, tokens))


def _lint_tokens(tokens: list[Token]) -> Iterator[str]:
    words = [token.text.upper() for token in tokens]
    for number, token in enumerate(tokens):
        match token.kind:
            case "DESC" if words[number + 1 : number + 3] != ["NULLS", "LAST"]:
                yield f"DESC without NULLS LAST (line {token.line})"
            case "DCOLON":
                yield f":: instead of CAST (line {token.line})"
            case kind if "STRING" in kind or kind == "IDENTIFIER":
                if found := _BOUND.search(token.text):
                    yield f"{found.group()} within a literal is taken for a parameter (line {token.line})"


def _lint_tree(tree: exp.Expr, starts: dict[int, int], tokens: list[Token]) -> Iterator[str]:
    from sqlglot import exp

    for alias in tree.find_all(exp.Alias, exp.TableAlias):
        identifier = alias.args["alias"] if isinstance(alias, exp.Alias) else alias.this
        if isinstance(alias.parent, exp.CTE) or not isinstance(identifier, exp.Identifier):
            continue
        number = starts.get(identifier.meta.get("start", -1), 0)
        if number and tokens[number - 1].text.upper() != "AS":
            yield f"alias {identifier.name} without AS (line {tokens[number].line})"
    for total in tree.find_all(exp.Sum):
        if not _is_cast(total):
            yield f"{total.sql()} is not cast to BIGINT"
    for quotient in tree.find_all(exp.Div):
        if not any(_is_fraction(side) for side in (quotient.left, quotient.right)):
            yield f"{quotient.sql()} divides without a cast of one side to DOUBLE PRECISION or DECIMAL"


def _is_cast(total: exp.Expr) -> bool:
    """Whether a sum's type is said: by a cast around it or around what is calculated with it. One that is only compared
    has none to say."""
    from sqlglot import exp

    node = total.parent
    while node is not None and not isinstance(node, exp.Query | exp.Alias | exp.Ordered):
        if isinstance(node, exp.Cast | exp.Predicate):
            return True
        node = node.parent
    return False


def _is_fraction(side: exp.Expr) -> bool:
    """Whether an operand is cast to a type with fractions, perhaps within parentheses, NULLIF or a product."""
    from sqlglot import exp

    fractions = (exp.DataType.Type.DOUBLE, exp.DataType.Type.DECIMAL)
    return any(cast.to.this in fractions for cast in side.find_all(exp.Cast))
