"""`imgindex merge`: what other indexes hold comes into this one."""

from __future__ import annotations

from typing import Annotated

import typer

from imgindex.cli.options import DEFAULT_DB, Db, Wait
from imgindex.cli.output import note


def merge(
    others: Annotated[list[str], typer.Argument(metavar="OTHER", help="Indexes to take in: DuckDB files.")],
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Accept stores of one name in different places: they are one store.")
    ] = False,
    db: Db = DEFAULT_DB,
    wait: Wait = 0,
) -> None:
    """Bring other indexes into this one, which is made if there is none. The others stay as they are.

    Each host ingests into a file of its own, and one command unites them. A later copy of the same file brings what it
    saw up to date; merging it again changes nothing; the order does not matter. Of a source that several indexes saw,
    the views show what the one with the latest complete look saw. It is all or nothing.

    \b
    Examples:
      imgindex merge host-a.duckdb host-b.duckdb --db all.duckdb
      imgindex merge /srv/indexes/*.duckdb
    """
    from imgindex.store.merge import merge as unite

    merged = unite(db, others, adopt=adopt)
    streams, documents = f"{merged.streams:,}", f"{merged.documents:,}"
    note(f"New indexes: {merged.indexes:,}; sources brought up to date: {streams}; new documents: {documents}.")
