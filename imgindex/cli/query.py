"""`imgindex query`: the saved queries, listed, shown and run."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated

import typer

from imgindex.cli import own_queries
from imgindex.cli.complete import complete_parameter, complete_query
from imgindex.cli.groups import make_group
from imgindex.cli.options import (
    DEFAULT_DB,
    DEFAULT_TIMEOUT,
    Db,
    Limit,
    Output,
    QueryFolders,
    ResultFormat,
    Timeout,
    UnusedDb,
    Wait,
    split_parameters,
)
from imgindex.cli.output import choose_format, note, open_sink, print_result
from imgindex.errors import QueryParameterError, UsageError, quote

if TYPE_CHECKING:
    from imgindex.query.saved import Query

app = make_group("List, show, run, check and write saved queries.")

Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="topic/name, or the name alone where it is unique.",
        autocompletion=complete_query,
    ),
]


@app.command("list")
def list_queries(
    topic: Annotated[
        str | None, typer.Argument(metavar="TOPIC", help="Only queries of this topic.", show_default=False)
    ] = None,
    queries: QueryFolders = None,
    format_name: ResultFormat = None,
    output: Output = None,
    db: UnusedDb = DEFAULT_DB,
) -> None:
    """List the saved queries by topic, and the question that each answers.

    Other formats than a table on the terminal have their parameters, too.

    \b
    Examples:
      imgindex query list
      imgindex query list integrity
      imgindex query list --queries ./our-queries --format markdown
    """
    from imgindex.query.catalog import open_catalog
    from imgindex.query.result import make_result

    found = open_catalog(queries or []).all()
    topics = list(dict.fromkeys(query.name.rpartition("/")[0] for query in found))
    if topic is not None and topic not in topics:
        raise UsageError(f'There is no topic "{quote(topic)}". There are: {", ".join(filter(None, topics))}.')
    chosen = [query for query in found if topic in (None, query.name.rpartition("/")[0])]
    if output is None and format_name in (None, "table"):
        _print_topics(chosen)
        return
    rows = [
        (query.name, query.question, " ".join(parameter.signature() for parameter in query.parameters))
        for query in chosen
    ]
    print_result(
        make_result([("name", "TEXT"), ("question", "TEXT"), ("parameters", "TEXT")], rows), format_name, output, 0
    )


def _print_topics(queries: list[Query]) -> None:
    """The names and questions, each topic under its heading."""
    with open_sink(None) as sink:
        width = max((len(query.name) for query in queries), default=0)
        before = None
        for query in queries:
            topic = query.name.rpartition("/")[0]
            if topic != before:
                heading = topic or "without a topic"
                sink.write_styled(f"\n\x1b[1m{heading}\x1b[0m\n" if sink.color else f"\n{heading}\n")
                before = topic
            sink.write(f"  {query.name:{width}}  {query.question}\n")
        sink.write(
            f"\n{len(queries)} queries. imgindex query show NAME has the parameters, query run NAME the answer.\n"
        )


@app.command("show")
def show_query(name: Name, queries: QueryFolders = None, db: UnusedDb = DEFAULT_DB) -> None:
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
            "--parameter",
            "-p",
            metavar="KEY=VALUE",
            help="A parameter. Repeat for more.",
            show_default=False,
            autocompletion=complete_parameter,
        ),
    ] = None,
    format_name: ResultFormat = None,
    output: Output = None,
    limit: Limit = None,
    queries: QueryFolders = None,
    timeout: Timeout = DEFAULT_TIMEOUT,
    db: Db = DEFAULT_DB,
    wait: Wait = 0,
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
    from imgindex.query.unknown import find_unknown
    from imgindex.store.engine import open_engine

    query = open_catalog(queries or []).find(name)
    given = split_parameters(parameters or [])
    try:
        values = bind_values(query.parameters, given)
    except QueryParameterError as error:
        raise QueryParameterError(f"{error}{_example(query, given, db)}") from error
    chosen = choose_format(format_name, output)
    engine = open_engine(db, read_only=True)
    if not print_result(run(engine, query, values, timeout=timeout or None), chosen, output, limit):
        with engine.connect() as connection:
            for sentence in find_unknown(connection, values):
                note(sentence)


def _example(query: Query, given: dict[str, str], db: str) -> str:
    """How the query can be called, with values that the index has; nothing where no parameter is missing."""
    from imgindex.errors import StoreError
    from imgindex.query.example import example_values
    from imgindex.query.parameters import missing_parameters
    from imgindex.store.engine import open_engine

    missing = missing_parameters(query.parameters, given)
    if not missing:
        return ""
    try:
        engine = open_engine(db, read_only=True)
    except StoreError:
        engine = None
    values = {**given, **example_values(engine, missing)}
    written = shlex.join([part for name, value in values.items() for part in ("-p", f"{name}={value}")])
    return f"\nFor example: imgindex query run {query.name} {written}"


app.command("check")(own_queries.check)
app.command("new", no_args_is_help=True)(own_queries.new)
