"""`imgindex db`: the database's schema and its soundness."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from imgindex.cli.groups import make_group
from imgindex.cli.options import DEFAULT_DB, Db, Output, ResultFormat, Wait
from imgindex.cli.output import note, print_result
from imgindex.errors import StoreError, UsageError, quote

app = make_group("Upgrade, check and prune the database.")
MOST_DAYS = 36_500


@app.command("upgrade")
def upgrade(db: Db = DEFAULT_DB, wait: Wait = 0) -> None:
    """Bring the database to the schema of this version of imgindex; make it if there is none.

    \b
    Examples:
      imgindex db upgrade
      imgindex db upgrade --db postgresql+psycopg://imgindex@db.example/imgindex
    """
    from imgindex.store import migrate

    migrate.upgrade(db)
    note(f"The schema is at {migrate.status(db).current}.")


@app.command("status")
def status(db: Db = DEFAULT_DB, wait: Wait = 0) -> None:
    """Say which schema the database has, and which one this version of imgindex needs.

    \b
    Example:
      imgindex db status
    """
    from imgindex.store import migrate

    found = migrate.status(db)
    typer.echo(f"database: {found.current or 'none'}\nprogram:  {found.head}")
    if found.current is not None and found.current > found.head:
        note("The database is newer. Open it with the imgindex that made it.")
    elif found.current != found.head:
        note("Bring it up with `imgindex db upgrade`.")


@app.command("prune")
def prune(
    keep: Annotated[
        str | None,
        typer.Option("--keep", metavar="DURATION", help="Keep so much: 90d, 26w, 2y.", show_default=False),
    ] = None,
    before: Annotated[
        str | None,
        typer.Option(
            "--before", metavar="TIME", help="Keep what held at this time or later (ISO 8601).", show_default=False
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go, and drop nothing.")] = False,
    db: Db = DEFAULT_DB,
    wait: Wait = 0,
) -> None:
    """Drop observations that ended long ago: old tags, what a store no longer holds, old scans.

    What is there now is never touched, and every answer about the time that is kept stays the same. What images hold
    stays known. The count of dropped rows, table by table, goes to stdout.

    \b
    Examples:
      imgindex db prune --keep 1y
      imgindex db prune --before 2026-01-01 --dry-run
    """
    from imgindex.query.result import make_result
    from imgindex.store.prune import prune as drop

    found = drop(db, _bound(keep, before), dry_run=dry_run)
    columns = [("relation", "TEXT"), ("rows", "BIGINT")]
    print_result(make_result(columns, sorted(found.items())), None, None, 0)
    note("Nothing was dropped." if dry_run else f"{sum(found.values()):,} rows were dropped.")


def _bound(keep: str | None, before: str | None) -> datetime:
    """The time that either option means. Raises UsageError."""
    if (keep is None) == (before is None):
        raise UsageError("Say either --keep DURATION or --before TIME.")
    if before is not None:
        from imgindex.query.parameters import parse_timestamp

        try:
            return parse_timestamp(before)
        except ValueError:
            raise UsageError(f'--before takes a time such as 2026-01-31; "{quote(before)}" is none.') from None
    unit = {"d": 1, "w": 7, "y": 365}.get((keep or " ")[-1])
    number = (keep or "")[:-1]
    if unit is None or not (number.isascii() and number.isdigit()) or int(number) * unit > MOST_DAYS:
        raise UsageError(f"--keep {quote(keep)} is no number of days, weeks or years, as 90d, 26w and 2y are.")
    return datetime.now(UTC) - timedelta(days=int(number) * unit)


@app.command("check")
def check(format_name: ResultFormat = None, output: Output = None, db: Db = DEFAULT_DB, wait: Wait = 0) -> None:
    """Prove the index: nothing twice, nothing orphaned, chain IDs and derived tables recomputed, sizes conserved.

    Ends with exit code 5 if a rule is broken.

    \b
    Example:
      imgindex db check
    """
    from imgindex.query.result import make_result
    from imgindex.store.check import check as find
    from imgindex.store.engine import open_engine

    findings = find(open_engine(db, read_only=True))
    columns = [("rule", "TEXT"), ("relation", "TEXT"), ("count", "BIGINT"), ("example", "TEXT")]
    rows = [(finding.rule, finding.relation, finding.count, finding.example) for finding in findings]
    if rows or output is not None or format_name is not None:
        print_result(make_result(columns, rows), format_name, output, 0)
    if rows:
        raise StoreError(f"The index breaks {len(rows)} of its rules. What is ingested into a new file is sound.")
    note("The index is sound.")
