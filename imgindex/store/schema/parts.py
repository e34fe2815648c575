"""The words that the table definitions are written in.

Types are four: BIGINT, TEXT, BOOLEAN and TIMESTAMPTZ (and UUID for `index_key`), the same on every engine.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Boolean, Column, DateTime, ForeignKey, MetaData, Table, Text, Uuid

metadata = MetaData()

TYPE_NAMES: dict[type, str] = {
    BigInteger: "BIGINT",
    Text: "TEXT",
    Boolean: "BOOLEAN",
    DateTime: "TIMESTAMPTZ",
    Uuid: "UUID",
}


def type_name(column: Column[Any]) -> str:
    """The type as users see it: BIGINT, TEXT, BOOLEAN, TIMESTAMPTZ or UUID."""
    return TYPE_NAMES[type(column.type)]


def number(name: str, comment: str, *, key: bool = False, null: bool = False) -> Column[Any]:
    return Column(name, BigInteger, primary_key=key, nullable=null, comment=comment, autoincrement=False)


def text(name: str, comment: str, *, key: bool = False, null: bool = False) -> Column[Any]:
    return Column(name, Text, primary_key=key, nullable=null, comment=comment)


def flag(name: str, comment: str, *, key: bool = False) -> Column[Any]:
    return Column(name, Boolean, primary_key=key, nullable=False, comment=comment)


def time(name: str, comment: str, *, key: bool = False, null: bool = False) -> Column[Any]:
    return Column(name, DateTime(timezone=True), primary_key=key, nullable=null, comment=comment)


def reference(
    name: str, comment: str, dictionary: str, *, key: bool = False, null: bool = False, enforced: bool = False
) -> Column[Any]:
    """A key of another table: `dictionary` says which names it stands for, `enforced` makes PostgreSQL check it.

    Only what is written in one transaction with its target is enforced; a config, child, subject or tag target may
    lack a document, as in real stores, but every digest has its row in `blobs`.
    """
    target = {"blobs": "blob_key", "layers": "layer_key", "chains": "chain_key", "repositories": "repository_key"}
    constraint = [ForeignKey(f"{dictionary}.{target[dictionary]}")] if enforced else []
    return Column(
        name,
        BigInteger,
        *constraint,
        primary_key=key,
        nullable=null,
        comment=comment,
        info={"dictionary": dictionary},
        autoincrement=False,
    )


def parent(name: str, comment: str, table: str, dictionary: str) -> Column[Any]:
    """The row that this one was parsed from; its table's key has the same name."""
    return Column(
        name,
        BigInteger,
        ForeignKey(f"{table}.{name}"),
        primary_key=True,
        nullable=False,
        comment=comment,
        info={"dictionary": dictionary},
        autoincrement=False,
    )


def index_key(*, key: bool = True) -> Column[Any]:
    return Column("index_key", Uuid, primary_key=key, nullable=False, comment="The index that made this observation.")


def source_key() -> Column[Any]:
    return number("source_key", "The source that was looked at.", key=True)


def scope_key() -> Column[Any]:
    return number("scope_key", "The scope whose listing holds it: what is listed in one go.", key=True)


class Presence(NamedTuple):
    """How a row of an observation table is told from the next look at the same thing."""

    identity: tuple[str, ...]
    """The columns that say which thing it is. One thing has at most one open row."""
    values: tuple[str, ...]
    """The columns whose change ends the open row and opens another."""


def content(name: str, comment: str, *columns: Column[Any], dimension: bool = False) -> Table:
    """A table of content: what a digest proves. A dimension has its primary key on DuckDB, too."""
    return Table(name, metadata, *columns, comment=comment, info={"dimension": dimension, "room": "content"})


def observation(
    name: str, comment: str, presence: Presence, *columns: Column[Any], added: tuple[Column[Any], ...] = ()
) -> Table:
    """A table of what stores say, in half-open intervals [first_seen_at, ended_at).

    `added`: columns that a migration added, which stand last.
    """
    return Table(
        name,
        metadata,
        index_key(),
        source_key(),
        scope_key(),
        *columns,
        time("first_seen_at", "When a scan first saw it so (the scan's as_of).", key=True),
        time(
            "last_seen_at",
            "When a scan last saw it so, where that is known by this row alone: for a closed row, and after a partial look.",
            null=True,
        ),
        time("ended_at", "The as_of of the scan that no longer saw it so; NULL = present.", null=True),
        text("end_reason", "Why it ended: gone, changed, unreachable or forgotten.", null=True),
        *added,
        comment=comment,
        info={"presence": presence, "room": "observations"},
    )
