"""`imgindex schema`: the tables and views, and what their columns mean. Needs no database."""

from __future__ import annotations

import difflib
from typing import Annotated

import typer

from imgindex.cli.options import Output, ResultFormat
from imgindex.cli.output import print_result
from imgindex.errors import UsageError, quote


def schema(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="A table or view. Without one, all are listed.", show_default=False),
    ] = None,
    format_name: ResultFormat = None,
    output: Output = None,
) -> None:
    """Show the views and tables, or the columns of one.

    The views are what to ask: their names and columns stay. Each one's description starts with its key.

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
        rows = [(relation.name, relation.kind, relation.comment) for relation in relations.values()]
        columns = [("name", "TEXT"), ("kind", "TEXT"), ("comment", "TEXT")]
    elif name.lower() in relations:
        rows = [(column.name, column.type, column.comment) for column in relations[name.lower()].columns]
        columns = [("column", "TEXT"), ("type", "TEXT"), ("comment", "TEXT")]
    else:
        near = difflib.get_close_matches(name.lower(), relations, n=3)
        meant = f" Did you mean {' or '.join(near)}?" if near else ""
        raise UsageError(f'There is no table or view "{quote(name)}".{meant} `imgindex schema` lists all.')
    print_result(make_result(columns, rows), format_name, output, 0)
