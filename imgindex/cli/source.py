"""`imgindex source`: the stores in the index, what is known of each, and how to forget one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from imgindex.cli.groups import make_group
from imgindex.cli.options import DEFAULT_DB, Db, Output, ResultFormat, Wait
from imgindex.cli.output import note, print_heading, print_result
from imgindex.errors import UnknownSourceError, near_misses, quote

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from imgindex.query.saved import Query

app = make_group("List, show and forget the stores in the index.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The source's name, as `imgindex source list` shows it.")]

LIST = """
SELECT source, kind, last_complete_at, last_outcome, image_count, tag_count, problem_count, address
FROM source_status
ORDER BY source
"""

SHOW = {
    "Status": "SELECT * FROM source_status WHERE source = :source ORDER BY source",
    "Sizes in bytes, by basis": """
        SELECT * FROM source_sizes WHERE source = :source ORDER BY basis
    """,
    "Last scans": """
        SELECT scan.started_at, scan.as_of, scan.outcome, scan.document_count, scan.bytes_read, scan.changed_rows,
            scan.scope_filter, scan.detail
        FROM scans AS scan
        JOIN sources AS source ON source.index_key = scan.index_key AND source.source_key = scan.source_key
        WHERE source.name = :source
        ORDER BY scan.started_at DESC NULLS LAST, scan.scan_key
        LIMIT 10
    """,
    "Problems by kind": """
        SELECT kind, COUNT(*) AS problems, MIN(locator) AS example
        FROM problem_detail
        WHERE source = :source
        GROUP BY kind
        ORDER BY problems DESC NULLS LAST, kind
    """,
}
"""What `show` prints, each under its heading."""


@app.command("list")
def list_sources(format_name: ResultFormat = None, output: Output = None, db: Db = DEFAULT_DB, wait: Wait = 0) -> None:
    """List the sources: when each was last read, and what it holds.

    \b
    Examples:
      imgindex source list
      imgindex source list --format json
    """
    from imgindex.query.run import run_sql
    from imgindex.store.engine import open_engine

    print_result(run_sql(open_engine(db, read_only=True), LIST), format_name, output, 0)


@app.command("show")
def show_source(name: Name, db: Db = DEFAULT_DB, wait: Wait = 0) -> None:
    """Show one source: its status, sizes, last scans and problems.

    \b
    Example:
      imgindex source show registry.example
    """
    from imgindex.query.run import run_query
    from imgindex.store.engine import open_engine

    engine = open_engine(db, read_only=True)
    check_name(engine, name)
    for heading, sql in SHOW.items():
        print_heading(heading)
        print_result(run_query(engine, _own_query(heading, sql), {"source": name}))


@app.command("forget")
def forget_source(name: Name, db: Db = DEFAULT_DB, wait: Wait = 0) -> None:
    """Forget a source: it no longer counts as holding anything. What its images hold stays known.

    \b
    Example:
      imgindex source forget old-host
    """
    from imgindex.store.engine import open_engine
    from imgindex.store.forget import forget

    engine = open_engine(db, read_only=True)
    check_name(engine, name)
    engine.dispose()
    note(f"{quote(name)} is forgotten; {forget(db, name):,} rows were closed.")


def check_name(engine: Engine, name: str) -> None:
    """Raises UnknownSourceError, with near misses, where the index has no such source."""
    from imgindex.query.run import run_sql

    with run_sql(engine, "SELECT source FROM source_status ORDER BY source") as result:
        names = [row[0] for row in result.rows()]
    if name not in names:
        near = near_misses(name, names, "imgindex source list")
        raise UnknownSourceError(f'The index has no source "{quote(name)}".{near}')


def _own_query(heading: str, sql: str) -> Query:
    from imgindex.query.parameters import Parameter
    from imgindex.query.saved import Query

    parameter = Parameter("source", "text", None, True, "The source.")
    return Query(f"source show, {heading}", Path(__file__), heading, heading, (parameter,), sql.strip())
