"""The options that several commands take, each said once."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from imgindex.errors import UsageError, quote

DEFAULT_DB = "imgindex.duckdb"


class Format(StrEnum):
    """The formats of a result: those of `query.formats`."""

    table = "table"
    json = "json"
    jsonl = "jsonl"
    csv = "csv"
    markdown = "markdown"
    parquet = "parquet"


Db: TypeAlias = Annotated[
    str,
    typer.Option(
        "--db",
        envvar="IMGINDEX_DB",
        metavar="PATH|URL",
        help="The index: a DuckDB file, or the SQLAlchemy URL of a PostgreSQL database.",
    ),
]


def _be_patient(context: typer.Context, seconds: float) -> float:
    """For as long as the command runs, whoever opens an index waits for it."""
    if seconds > 0:
        from imgindex.cli.output import note
        from imgindex.store.lock import waiting

        context.with_resource(waiting(seconds, note))
    return seconds


Wait: TypeAlias = Annotated[
    float,
    typer.Option(
        "--wait",
        envvar="IMGINDEX_WAIT",
        min=0,
        metavar="SECONDS",
        callback=_be_patient,
        help="If another process holds the index's file, try for so long to get it. 0 = fail at once.",
    ),
]
"""Its callback does the waiting; a command takes the option and has nothing to do with its value."""

UnusedDb: TypeAlias = Annotated[
    str,
    typer.Option(
        "--db", metavar="PATH|URL", help="Taken, so that one set of options does for all, and not opened.", hidden=True
    ),
]

ResultFormat: TypeAlias = Annotated[
    Format | None,
    typer.Option(
        "--format",
        help="How to write the result. Unless given, the suffix of -o's file decides, and else it is a table; "
        "a suffix that is unknown is refused.",
        show_default=False,
    ),
]

Output: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Write to this file instead of the terminal. It appears when it is whole.",
        show_default=False,
    ),
]

Limit: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--limit",
        min=0,
        metavar="N",
        help="Write at most N rows; 0 = all. Unless given, a table shows 500 and other formats write all.",
        show_default=False,
    ),
]

DEFAULT_TIMEOUT = 300

Timeout: TypeAlias = Annotated[
    float,
    typer.Option(
        "--timeout",
        envvar="IMGINDEX_TIMEOUT",
        min=0,
        metavar="SECONDS",
        help="Stop the query when the database has worked on it for so long. 0 = let it run.",
    ),
]

QueryFolders: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option(
        "--queries",
        metavar="DIR",
        help="A folder of your own saved queries, before the shipped ones. Repeat for more. "
        "IMGINDEX_QUERIES lists further folders.",
        show_default=False,
    ),
]


def split_parameters(parameters: list[str]) -> dict[str, str]:
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
