"""What a scan has seen so far, scope by scope, in temporary tables named `seen_<table>`.

Content is written batch by batch; observations wait here until their scope's listing has ended, and are then decided on
in one transaction.
"""

from __future__ import annotations

from imgindex.records import rows
from imgindex.records.rows import Record
from imgindex.store.batch import TABLE_OF, Batch, columns_of
from imgindex.store.scan import Scan
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


def note_documents(session: Session, batch: Batch, scan: Scan) -> int:
    """Write down at once what is odd in documents, beside their content: whoever looks next does not read them again,
    be it another source that is read at the same time, or the next look at this one after it was stopped.

    Other problems wait until their scope is decided. Returns how many rows were opened.
    """
    records = [problem for problem in batch.records[rows.Problem] if _is_of_document(problem)]
    if not records:
        return 0
    session.stage("batch_problems", columns_of(rows.Problem, records))
    noted = session.run(
        """
INSERT INTO problems (index_key, source_key, scope_key, locator, kind, digest, detail, document_key, first_seen_at,
    last_seen_at, ended_at, end_reason)
SELECT :index_key, :source_key, b.scope_key, b.locator, b.kind, b.digest, b.detail, b.document_key, :as_of,
    CASE WHEN k.later_at IS NOT NULL THEN CAST(:as_of AS TIMESTAMPTZ) END, k.later_at,
    CASE WHEN k.later_at IS NOT NULL THEN 'gone' END
FROM (
    SELECT scope_key, locator, kind, COALESCE(digest, '') AS digest, MIN(detail) AS detail, MIN(document_key) AS document_key
    FROM batch_problems GROUP BY scope_key, locator, kind, COALESCE(digest, '')
) AS b
LEFT JOIN (
    -- Where a later look has decided already, it found no such thing.
    SELECT scope_key, MIN(as_of) AS later_at FROM scan_scopes
    WHERE index_key = :index_key AND source_key = :source_key AND as_of > :as_of AND outcome IN ('complete', 'partial')
    GROUP BY scope_key
) AS k ON k.scope_key = b.scope_key
WHERE NOT EXISTS (
    SELECT 1 FROM problems AS p
    WHERE p.locator = b.locator AND p.kind = b.kind AND p.digest = b.digest AND p.document_key IS NOT NULL
)
""",
        index_key=scan.index_key,
        source_key=scan.source_key,
        as_of=scan.as_of,
    )
    session.unstage("batch_problems")
    return noted


def _is_of_document(problem: Record) -> bool:
    return isinstance(problem, rows.Problem) and problem.document_key is not None


def settle_seen(session: Session) -> None:
    """Say that all is there that will be decided on."""
    for kind in SEEN:
        session.settle(f"seen_{TABLE_OF[kind]}")


def forget_seen(session: Session) -> None:
    """Drop what was seen of the scopes that are decided (table `decided`)."""
    for kind in SEEN:
        session.run(f"DELETE FROM seen_{TABLE_OF[kind]} WHERE scope_key IN (SELECT scope_key FROM decided)")
