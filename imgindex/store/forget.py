"""Forgetting a source: what it holds now ends, and the views no longer show it. What was content stays."""

from __future__ import annotations

from imgindex.errors import UnknownSourceError, quote
from imgindex.records.keys import name_key
from imgindex.store.engine import open_engine
from imgindex.store.intervals import replace_intervals
from imgindex.store.schema import PRESENCE
from imgindex.store.session import Session
from imgindex.store.usage import COLUMNS


def forget(db: str, name: str) -> int:
    """Forget the source of this name; a later ingest brings it back. Returns how many rows ended.

    Raises UnknownSourceError where there is none of this name.
    """
    session = Session(open_engine(db, read_only=False))
    source_key = name_key(name)
    try:
        # A scan of it that is going on comes to its end first.
        with session.holding(source_key, wait=lambda: None):
            found = session.write(lambda: _forget(session, source_key))
    finally:
        session.close()
    if found is None:
        raise UnknownSourceError(f"The index has no source {quote(name)}. See: imgindex source list")
    return found


def _forget(session: Session, source_key: int) -> int | None:
    """Returns how many rows ended; None if there is no such source."""
    at = session.now()
    if not session.run(
        "UPDATE sources SET forgotten_at = :at WHERE source_key = :source_key AND forgotten_at IS NULL",
        at=at,
        source_key=source_key,
    ):
        return None
    session.run("UPDATE scan_scopes SET listing = NULL WHERE source_key = :source_key", source_key=source_key)
    for table in COLUMNS:
        session.run(f"DELETE FROM {table} WHERE source_key = :source_key", source_key=source_key)
    ended = sum(
        session.run(
            f"UPDATE {table} SET ended_at = :at, end_reason = 'forgotten', "
            "last_seen_at = COALESCE(last_seen_at, first_seen_at) "
            "WHERE source_key = :source_key AND ended_at IS NULL",
            at=at,
            source_key=source_key,
        )
        for table in PRESENCE
    )
    # What it remembers counts again as soon as it is scanned again.
    indexes = session.rows("SELECT index_key FROM sources WHERE source_key = :source_key", source_key=source_key)
    replace_intervals(session, [(str(index_key), source_key) for (index_key,) in indexes])
    return ended
