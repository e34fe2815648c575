"""`imgindex query check` and `query new`: for those who write saved queries of their own."""

from __future__ import annotations

import os
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from imgindex.cli.complete import complete_query
from imgindex.cli.options import DEFAULT_DB, Db, QueryFolders, Wait
from imgindex.cli.output import note
from imgindex.errors import QueryError, UsageError, quote

if TYPE_CHECKING:
    from imgindex.query.saved import Query

TEMPLATE = """\
-- {question}
-- What a reader must know to trust the answer: what is counted, and what is left out. The first line is the question;
-- it ends with a question mark.
-- param: limit integer = 100  How many rows, the most first.
-- param: source text = null  Only this source.
SELECT
    i.source, i.platform, COUNT(*) AS image_count
FROM image_summary AS i
WHERE i.listed
    AND (CAST(:source AS TEXT) IS NULL OR i.source = CAST(:source AS TEXT))
GROUP BY i.source, i.platform
ORDER BY image_count DESC NULLS LAST, i.source, i.platform ASC NULLS LAST
LIMIT CAST(:limit AS INTEGER)
-- `imgindex schema` shows the views and columns. The SQL is for DuckDB and PostgreSQL alike: AS before every alias,
-- CAST instead of two colons, sums cast to BIGINT, and an order in which no two rows tie. A parameter is written with a
-- colon and its name; one without "= default" must be given. Take these lines out, and run: imgindex query check
"""


def check(
    which: Annotated[
        str | None,
        typer.Argument(
            metavar="[DIR|NAME]",
            help="A folder of queries, or one query. Without it: your own folders, and without such the shipped ones.",
            show_default=False,
            autocompletion=complete_query,
        ),
    ] = None,
    queries: QueryFolders = None,
    db: Db = DEFAULT_DB,
    wait: Wait = 0,
) -> None:
    """Check saved queries: parameters, order, portable SQL, and that they run.

    They are run on the index where there is one, else on an empty one: a tie in the order shows on rows alone.

    \b
    Examples:
      imgindex query check ./our-queries
      imgindex query check sharing/most-shared-layers
    """
    from imgindex.query.check import check_query, fill_values
    from imgindex.query.example import example_values
    from imgindex.store.engine import open_engine

    empty = db == DEFAULT_DB and not Path(db).exists()
    failed: dict[str, list[str]] = {}
    with TemporaryDirectory(prefix="imgindex-check-") if empty else nullcontext("") as folder:
        engine = open_engine(_make_empty(folder) if empty else db, read_only=True)
        checked = 0
        for name, found in _chosen(which, queries or []):
            checked += 1
            if isinstance(found, str):
                failed[name] = [found]
                continue
            required = [parameter for parameter in found.parameters if parameter.required]
            values = fill_values(found, example_values(engine, required))
            if findings := check_query(engine, found, values):
                failed[name] = findings
        engine.dispose()
    for name, findings in failed.items():
        for finding in findings:
            typer.echo(f"{name}: {finding}")
    note(f"{checked} checked{' on an empty index' if empty else ''}, {len(failed)} with findings.")
    if failed:
        raise typer.Exit(QueryError.exit_code)


def new(
    name: Annotated[str, typer.Argument(metavar="TOPIC/NAME", help="What it is to be called.")],
    queries: QueryFolders = None,
) -> None:
    """Write a new query to begin with: a file with comments that say how one is made.

    It goes into the first folder of --queries, which is made if need be, else into the first of IMGINDEX_QUERIES.

    \b
    Example:
      imgindex query new ours/images-of-team --queries ./our-queries
    """
    from imgindex.query.catalog import is_name

    listed = [Path(part) for part in os.environ.get("IMGINDEX_QUERIES", "").split(os.pathsep) if part]
    folders = [*(queries or []), *listed]
    if not folders:
        raise UsageError("Say where to write it: --queries DIR, or a folder in IMGINDEX_QUERIES.")
    if not is_name(name) or "/" not in name:
        raise UsageError(f'"{quote(name)}" is no name for a query: topic/name, of letters, digits, - and _ alone.')
    place = folders[0] / f"{name}.sql"
    question = f"{name.rpartition('/')[2].replace('-', ' ').replace('_', ' ').capitalize()}?"
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("x", encoding="utf-8") as file:
            file.write(TEMPLATE.format(question=question))
    except FileExistsError:
        raise UsageError(f"{quote(place)} is there already; it was left as it is.") from None
    except OSError as error:
        raise UsageError(f"{quote(place)} cannot be written: {error.strerror}") from error
    typer.echo(place)
    note(f"Next: edit it, then imgindex query check {place.parent.parent}")


def _chosen(which: str | None, queries: list[Path]) -> list[tuple[str, Query | str]]:
    """The queries to check by name; text instead of one that cannot be read says why."""
    from imgindex.query.catalog import Catalog, open_catalog
    from imgindex.query.saved import read_query

    if which is not None and Path(which).is_dir():
        places = Catalog([Path(which)]).places()
    elif which is not None:
        places = [open_catalog(queries).place(which)]
    else:
        listed = [Path(part) for part in os.environ.get("IMGINDEX_QUERIES", "").split(os.pathsep) if part]
        own = [*queries, *listed]
        places = (Catalog(own) if own else open_catalog()).places()
    found: list[tuple[str, Query | str]] = []
    for name, path in places:
        try:
            found.append((name, read_query(name, path)))
        except QueryError as error:
            found.append((name, str(error)))
    return found


def _make_empty(folder: str) -> str:
    """An index that holds nothing."""
    from imgindex.store import migrate

    path = str(Path(folder, "imgindex.duckdb"))
    migrate.upgrade(path)
    return path
