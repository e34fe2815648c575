"""Dropping old observations: what ended before a time is forgotten, and what holds at it or later stays as it was.

Content stays: it is true for ever, small beside the observations, and would be read again by the next scan. Scans stay as
long as one of them is the last look at something, since that says how far what is current was confirmed. What is pruned
does not come back, though the store may remember it still.
"""

from __future__ import annotations

from datetime import datetime

from imgindex.errors import UsageError
from imgindex.store.engine import open_engine
from imgindex.store.intervals import replace_all_intervals
from imgindex.store.schema import PRESENCE
from imgindex.store.session import Session

_OLD_TRACES = """
FROM tag_traces WHERE basis <> 'known' AND dated_at < :before AND NOT EXISTS (
    SELECT 1 FROM kept AS k
    WHERE k.index_key = tag_traces.index_key AND k.source_key = tag_traces.source_key
        AND k.scope_key = tag_traces.scope_key AND k.repository_key = tag_traces.repository_key
        AND k.tag = tag_traces.tag AND k.target_key = tag_traces.target_key AND k.valid_from = tag_traces.dated_at
)"""
"""Traces whose interval has ended; those that make none are old, too."""

_KEPT = """
SELECT index_key, source_key, scope_key, repository_key, tag, target_key, valid_from FROM tag_intervals
WHERE evidence = 'recovered' AND valid_from < :before AND valid_to > :before
"""

_OLD_SCANS = """
SELECT s.index_key, s.scan_key
FROM scans AS s
LEFT JOIN (
    SELECT index_key, source_key, MAX(started_at) AS started_at, MAX(CASE WHEN outcome = 'complete' THEN as_of END) AS as_of
    FROM scans GROUP BY index_key, source_key
) AS n ON n.index_key = s.index_key AND n.source_key = s.source_key AND (n.started_at = s.started_at OR n.as_of = s.as_of)
WHERE s.as_of < :before AND s.outcome <> 'running' AND n.index_key IS NULL AND NOT EXISTS (
    SELECT 1
    FROM scan_scopes AS p
    JOIN (
        SELECT index_key, source_key, scope_key, MAX(as_of) AS decided_at,
            MAX(CASE WHEN outcome = 'complete' THEN as_of END) AS complete_at
        FROM scan_scopes WHERE outcome IN ('complete', 'partial') GROUP BY index_key, source_key, scope_key
    ) AS l ON l.index_key = p.index_key AND l.source_key = p.source_key AND l.scope_key = p.scope_key
        AND (l.decided_at = p.as_of OR l.complete_at = p.as_of)
    WHERE p.index_key = s.index_key AND p.scan_key = s.scan_key
)
"""

_OF_OLD_SCANS = """
FROM {table} WHERE EXISTS (
    SELECT 1 FROM old_scans AS o WHERE o.index_key = {table}.index_key AND o.scan_key = {table}.scan_key
)"""


def prune(db: str, before: datetime, *, dry_run: bool = False) -> dict[str, int]:
    """Drop what ended before this time. Returns how many rows of each table go; with `dry_run`, would go.

    Raises UsageError for a time that lies in the future, StoreError where there is no index.
    """
    session = Session(open_engine(db, read_only=False))
    try:
        if before > session.now():
            raise UsageError(f"{before.isoformat()} lies in the future; what has not ended yet is never dropped.")
        return session.write(lambda: _prune(session, before, dry_run), alone=True)
    finally:
        session.close()


def _prune(session: Session, before: datetime, dry_run: bool) -> dict[str, int]:
    session.make_table("kept", _KEPT, before=before)
    session.make_table("old_scans", _OLD_SCANS, before=before)
    old = {table: f"FROM {table} WHERE ended_at < :before" for table in PRESENCE}
    old["tag_traces"] = _OLD_TRACES
    old |= {table: _OF_OLD_SCANS.format(table=table) for table in ("scan_scopes", "scans")}
    found: dict[str, int] = {}
    for table, rows in old.items():
        bound = {"before": before} if ":before" in rows else {}
        if dry_run:
            found[table] = session.value(f"SELECT COUNT(*) {rows}", **bound)
        else:
            found[table] = session.run(f"DELETE {rows}", **bound)
    if not dry_run:
        session.run(
            "UPDATE sources SET pruned_before = :before WHERE pruned_before IS NULL OR pruned_before < :before",
            before=before,
        )
        replace_all_intervals(session)
    session.execute("DROP TABLE kept")
    session.execute("DROP TABLE old_scans")
    return {table: count for table, count in found.items() if count}
