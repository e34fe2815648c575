"""`imgindex query`: the saved queries, listed, shown and run."""

from __future__ import annotations

from typing import Annotated

import typer

from imgindex.cli.groups import make_group
from imgindex.cli.options import DEFAULT_DB, Db, Limit, Output, QueryFolders, ResultFormat
from imgindex.cli.output import print_result
from imgindex.errors import UsageError, quote

app = make_group("List, show and run saved queries.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="topic/name, or the name alone where it is unique.")]


@app.command("list")
def list_queries(queries: QueryFolders = None, format_name: ResultFormat = None, output: Output = None) -> None:
    """List the saved queries, the question that each answers, and its parameters.

    \b
    Examples:
      imgindex query list
      imgindex query list --queries ./our-queries --format markdown
    """
    from imgindex.query.catalog import open_catalog
    from imgindex.query.result import make_result

    rows = [
        (query.name, query.question, " ".join(parameter.signature() for parameter in query.parameters))
        for query in open_catalog(queries or []).all()
    ]
    print_result(
        make_result([("name", "TEXT"), ("question", "TEXT"), ("parameters", "TEXT")], rows), format_name, output, 0
    )


@app.command("show")
def show_query(name: Name, queries: QueryFolders = None) -> None:
    """Show what a saved query answers, its parameters, and its SQL.

    \b
    Example:
      imgindex query show sharing/most-shared-layers
    """
    from imgindex.query.catalog import open_catalog

    query = open_catalog(queries or []).find(name)
    lines = [query.name, "", query.description, ""]
    lines += [f"  -p {item.signature()}  ({item.type}) {item.help}".rstrip() for item in query.parameters]
    lines += [""] if query.parameters else []
    lines += [query.sql]
    if query.postgresql is not None:
        lines += ["", "-- On PostgreSQL:", query.postgresql]
    typer.echo("\n".join(lines))
    typer.echo(f"From {query.path}", err=True)


@app.command("run")
def run_query(
    name: Name,
    parameters: Annotated[
        list[str] | None,
        typer.Option(
            "--parameter", "-p", metavar="KEY=VALUE", help="A parameter. Repeat for more.", show_default=False
        ),
    ] = None,
    format_name: ResultFormat = None,
    output: Output = None,
    limit: Limit = None,
    queries: QueryFolders = None,
    db: Db = DEFAULT_DB,
) -> None:
    """Run a saved query.

    A parameter is text, an integer, true or false, or an ISO 8601 time; what is not given takes its default.

    \b
    Examples:
      imgindex query run sharing/most-shared-layers
      imgindex query run sharing/most-shared-layers -p limit=5 -p source=registry
      imgindex query run size/images --format csv -o images.csv
    """
    from imgindex.query.catalog import open_catalog
    from imgindex.query.parameters import bind_values
    from imgindex.query.run import run_query as run
    from imgindex.store.engine import open_engine

    query = open_catalog(queries or []).find(name)
    values = bind_values(query.parameters, _split(parameters or []))
    engine = open_engine(db, read_only=True)
    print_result(run(engine, query, values), format_name, output, limit)


def _split(parameters: list[str]) -> dict[str, str]:
    """The values that were given, by name. Raises UsageError."""
    values: dict[str, str] = {}
    for written in parameters:
        name, equals, value = written.partition("=")
        if not equals:
            raise UsageError(f'"{quote(written)}" has no value; write it as -p {quote(written)}=VALUE')
        if name in values:
            raise UsageError(f"Parameter {quote(name)} is given twice.")
        values[name] = value
    return values
