"""`imgindex db`: the database's schema and its soundness."""

from __future__ import annotations

import typer

from imgindex.cli.groups import make_group
from imgindex.cli.options import DEFAULT_DB, Db, Output, ResultFormat
from imgindex.cli.output import note, print_result
from imgindex.errors import StoreError

app = make_group("Upgrade and check the database.")


@app.command("upgrade")
def upgrade(db: Db = DEFAULT_DB) -> None:
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
def status(db: Db = DEFAULT_DB) -> None:
    """Say which schema the database has, and which one this version of imgindex needs.

    \b
    Example:
      imgindex db status
    """
    from imgindex.store import migrate

    found = migrate.status(db)
    typer.echo(f"database: {found.current or 'none'}\nprogram:  {found.head}")
    if found.current != found.head:
        note("They differ. An older database is brought up with `imgindex db upgrade`.")


@app.command("check")
def check(format_name: ResultFormat = None, output: Output = None, db: Db = DEFAULT_DB) -> None:
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
