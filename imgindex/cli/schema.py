"""`imgindex schema`: the tables and views, and what their columns mean. Needs no database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from imgindex.cli.options import Output, ResultFormat
from imgindex.cli.output import print_result
from imgindex.errors import UsageError, near_misses, quote

if TYPE_CHECKING:
    from imgindex.query.result import Result
    from imgindex.store.schema import RelationDoc


def schema(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="A table or view. Without one, all are listed.", show_default=False),
    ] = None,
    format_name: ResultFormat = None,
    output: Output = None,
) -> None:
    """Show the views and tables, or the columns of one.

    The views are what to ask: their names and columns stay. Each one's description starts with its key, the columns
    that tell its rows apart. A table's columns say which other table they refer to.

    \b
    Examples:
      imgindex schema
      imgindex schema image_sizes
      imgindex schema current_tags --format markdown
    """
    from imgindex.query.result import make_result
    from imgindex.store.schema import describe

    relations = {relation.name: relation for relation in describe()}
    if name is None:
        listed = [(relation.name, relation.kind, relation.comment) for relation in relations.values()]
        result = make_result([("name", "TEXT"), ("kind", "TEXT"), ("comment", "TEXT")], listed)
    elif name.lower() in relations:
        result = _columns_of(relations[name.lower()])
    else:
        near = near_misses(name, relations, "imgindex schema")
        raise UsageError(f'There is no table or view "{quote(name)}".{near}')
    print_result(result, format_name, output, 0)


def _columns_of(relation: RelationDoc) -> Result:
    """A row a column. A view's columns refer to nothing: they are what was referred to."""
    from imgindex.query.result import make_result

    kinds = {"column": "TEXT", "type": "TEXT", "key": "BOOLEAN", "refers_to": "TEXT", "comment": "TEXT"}
    rows: list[tuple[Any, ...]] = [
        (column.name, column.type, column.key, column.refers_to, column.comment) for column in relation.columns
    ]
    if relation.kind == "view":
        del kinds["refers_to"]
        rows = [(*row[:3], row[4]) for row in rows]
    return make_result(list(kinds.items()), rows)
