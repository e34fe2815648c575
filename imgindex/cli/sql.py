"""`imgindex sql`: one statement of ad-hoc SQL, read-only."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from imgindex.cli.options import DEFAULT_DB, DEFAULT_TIMEOUT, Db, Limit, Output, ResultFormat, Timeout, Wait
from imgindex.cli.output import choose_format, print_result
from imgindex.errors import UsageError, quote


def sql(
    statement: Annotated[
        str | None,
        typer.Argument(metavar='"SELECT ..."', help="The statement; - reads it from stdin.", show_default=False),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", "-f", metavar="FILE", help="Read the statement from a file.", show_default=False),
    ] = None,
    format_name: ResultFormat = None,
    output: Output = None,
    limit: Limit = None,
    timeout: Timeout = DEFAULT_TIMEOUT,
    db: Db = DEFAULT_DB,
    wait: Wait = 0,
) -> None:
    """Run one statement of SQL that reads.

    The database is opened read-only and without access to files. `imgindex schema` shows what can be asked.

    \b
    Examples:
      imgindex sql "SELECT repository, tag FROM current_tags ORDER BY repository, tag"
      imgindex sql -f report.sql --format csv -o report.csv
      echo "SELECT COUNT(*) AS images FROM images" | imgindex sql -
    """
    from imgindex.query.run import run_sql
    from imgindex.store.engine import open_engine

    text = _read(statement, file)
    chosen = choose_format(format_name, output)
    engine = open_engine(db, read_only=True)
    print_result(run_sql(engine, text, timeout=timeout or None), chosen, output, limit)


def _read(statement: str | None, file: Path | None) -> str:
    """The statement, from the one place that was named."""
    if (statement is None) == (file is None):
        raise UsageError('Give either a statement or a file: imgindex sql "SELECT ..." or imgindex sql -f FILE')
    if statement is not None:
        return sys.stdin.read() if statement == "-" else statement
    assert file is not None
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{quote(file)} cannot be read: {error}") from error
