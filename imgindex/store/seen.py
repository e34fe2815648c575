"""What a scan has seen so far, scope by scope, in temporary tables named `seen_<table>`.

Content is written batch by batch; observations wait here until their scope's listing has ended, and are then decided on
in one transaction.
"""

from __future__ import annotations

from imgindex.records import rows
from imgindex.records.rows import Record
from imgindex.store.batch import TABLE_OF, Batch, columns_of
from imgindex.store.schema import metadata
from imgindex.store.session import Session

SEEN: tuple[type[Record], ...] = (
    rows.Tag,
    rows.RepoDigest,
    rows.SourceManifest,
    rows.SourceImage,
    rows.SourceBlob,
    rows.SourceLayer,
    rows.Container,
    rows.Problem,
)
"""The records that are observations."""


def create_seen(session: Session) -> None:
    """Make the temporary tables, empty."""
    for kind in SEEN:
        table = TABLE_OF[kind]
        columns = ", ".join(f"{metadata.tables[table].name}.{field}" for field in kind.__struct_fields__)
        extra = ", TRUE AS is_root" if kind is rows.SourceManifest else ""
        session.execute(f"CREATE TEMPORARY TABLE seen_{table} AS SELECT {columns}{extra} FROM {table} WHERE FALSE")


def drop_seen(session: Session) -> None:
    for kind in SEEN:
        session.execute(f"DROP TABLE IF EXISTS seen_{TABLE_OF[kind]}")


def add_seen(session: Session, batch: Batch) -> None:
    """Add the batch's observations."""
    for kind in SEEN:
        if not (records := batch.records[kind]):
            continue
        table = TABLE_OF[kind]
        session.stage(f"batch_{table}", columns_of(kind, records))
        fields = [
            ("COALESCE(digest, '')" if kind is rows.Problem and f == "digest" else f) for f in kind.__struct_fields__
        ]
        extra = ", TRUE" if kind is rows.SourceManifest else ""
        session.run(f"INSERT INTO seen_{table} SELECT {', '.join(fields)}{extra} FROM batch_{table}")
        session.unstage(f"batch_{table}")


def settle_seen(session: Session) -> None:
    """Say that all is there that will be decided on."""
    for kind in SEEN:
        session.settle(f"seen_{TABLE_OF[kind]}")


def forget_seen(session: Session) -> None:
    """Drop what was seen of the scopes that are decided (table `decided`)."""
    for kind in SEEN:
        session.run(f"DELETE FROM seen_{TABLE_OF[kind]} WHERE scope_key IN (SELECT scope_key FROM decided)")
