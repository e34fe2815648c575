"""Deciding what a source holds now: what was seen of a scope, against the open rows of the last look.

An open row that a complete listing no longer shows ends as `gone`; one whose values are others ends as `changed`, and
another row opens. A partial look closes nothing that it merely did not show. A scope that a later look decided already
(`as_of`) is superseded: nothing is decided. Everything here runs in the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from imgindex.records.rows import ScanScope
from imgindex.store.imply import imply
from imgindex.store.scan import Scan
from imgindex.store.schema import PRESENCE, metadata
from imgindex.store.schema.parts import Presence
from imgindex.store.seen import forget_seen, settle_seen
from imgindex.store.session import Session
from imgindex.store.traces import keep_sightings

OPENED_BY_LOADER = {"first_seen_at", "last_seen_at", "ended_at", "end_reason", "index_key", "source_key", "valid_from"}


def decide(session: Session, scan: Scan, scopes: Sequence[ScanScope], listed: set[int]) -> int:
    """Decide on these scopes. `listed` holds every scope that the scan has listed so far.

    Returns how many rows of observations were opened or closed.
    """
    later = _superseded(session, scan, scopes)
    _note_scopes(session, scan, scopes, later)
    if later:
        keep_sightings(session, later, scan)
    decided = [scope for scope in scopes if scope.outcome in ("complete", "partial") and scope.scope_key not in later]
    vanished = _vanished(session, scan, decided, listed)
    if not _name_decided(session, scan, decided, vanished - later):
        return 0
    settle_seen(session)
    imply(session, scan.source_key, scan.limits)
    has_partial = any(scope.outcome == "partial" for scope in decided)
    changed = sum(
        _decide_table(session, scan, table, PRESENCE[table], has_partial) for table in _tables_at_stake(session, scan)
    )
    forget_seen(session)
    session.execute("DROP TABLE decided")
    return changed


def _superseded(session: Session, scan: Scan, scopes: Sequence[ScanScope]) -> set[int]:
    """Scopes that a later look decided: it listed them, or its complete catalog did not, and so found them gone."""
    this = {"index_key": str(scan.index_key), "source_key": scan.source_key, "as_of": scan.as_of}
    found = session.rows(
        "SELECT scan_key, scope_key, kind, outcome FROM scan_scopes WHERE index_key = :index_key "
        "AND source_key = :source_key AND as_of > :as_of",
        **this,
    )
    later = {scope_key for _, scope_key, _, outcome in found if outcome in ("complete", "partial")}
    for catalog in {scan_key for scan_key, _, kind, outcome in found if (kind, outcome) == ("catalog", "complete")}:
        listed = {scope_key for scan_key, scope_key, _, _ in found if scan_key == catalog}
        later.update(scope.scope_key for scope in scopes if scope.scope_key not in listed)
    return later


def _note_scopes(session: Session, scan: Scan, scopes: Sequence[ScanScope], later: set[int]) -> None:
    decides = ("complete", "partial")
    outcomes = ["superseded" if s.scope_key in later and s.outcome in decides else s.outcome for s in scopes]
    session.stage(
        "batch_scan_scopes",
        {
            "scope_key": ("BIGINT", [s.scope_key for s in scopes]),
            "kind": ("TEXT", [s.kind for s in scopes]),
            "name": ("TEXT", [s.name for s in scopes]),
            "outcome": ("TEXT", outcomes),
            "detail": ("TEXT", [s.detail for s in scopes]),
            "listing": ("TEXT", [s.listing for s in scopes]),
        },
    )
    session.run(
        "INSERT INTO scan_scopes (index_key, scan_key, source_key, scope_key, kind, name, outcome, as_of, detail, listing) "
        "SELECT :index_key, :scan_key, :source_key, scope_key, kind, name, outcome, :as_of, detail, listing FROM batch_scan_scopes",
        index_key=str(scan.index_key),
        scan_key=scan.scan_key,
        source_key=scan.source_key,
        as_of=scan.as_of,
    )
    session.unstage("batch_scan_scopes")


def _vanished(session: Session, scan: Scan, decided: Sequence[ScanScope], listed: set[int]) -> set[int]:
    """Scopes of earlier scans that a complete catalog no longer lists."""
    if not any(scope.kind == "catalog" and scope.outcome == "complete" for scope in decided):
        return set()
    found = session.rows(
        "SELECT DISTINCT scope_key FROM scan_scopes WHERE index_key = :index_key AND source_key = :source_key",
        index_key=str(scan.index_key),
        source_key=scan.source_key,
    )
    return {row[0] for row in found} - listed


def _name_decided(session: Session, scan: Scan, decided: Sequence[ScanScope], vanished: set[int]) -> bool:
    """Table `decided`: the scopes to decide on, when each was last complete before, and when last found gone as a whole.

    False if there is none.
    """
    keys = [scope.scope_key for scope in decided] + sorted(vanished)
    if not keys:
        return False
    session.stage(
        "batch_decided",
        {
            "scope_key": ("BIGINT", keys),
            "is_complete": ("BOOLEAN", [s.outcome == "complete" for s in decided] + [True] * len(vanished)),
            "closure": ("BOOLEAN", [s.closure for s in decided] + [False] * len(vanished)),
            "unchanged": ("BOOLEAN", [s.unchanged for s in decided] + [False] * len(vanished)),
            "declares": ("BOOLEAN", [s.declares for s in decided] + [False] * len(vanished)),
            "sparse": ("BOOLEAN", [s.sparse for s in decided] + [False] * len(vanished)),
            "more_held": ("BOOLEAN", [s.more_held for s in decided] + [False] * len(vanished)),
            "tags_like": ("TEXT", [s.tags_like for s in decided] + [None] * len(vanished)),
        },
    )
    session.make_table(
        "decided",
        f"""
SELECT b.scope_key, b.is_complete, b.closure, b.unchanged, b.declares, b.sparse, b.more_held, b.tags_like, p.previous_at,
    c.missed_at
FROM batch_decided AS b
LEFT JOIN (
    SELECT scope_key, MAX(as_of) AS previous_at FROM scan_scopes
    WHERE index_key = '{scan.index_key}' AND source_key = {scan.source_key} AND scan_key <> {scan.scan_key}
        AND outcome = 'complete'
    GROUP BY scope_key
) AS p ON p.scope_key = b.scope_key
LEFT JOIN (
    -- A complete catalog that does not list a scope has missed all of it.
    SELECT b.scope_key, MAX(k.as_of) AS missed_at
    FROM batch_decided AS b
    JOIN scan_scopes AS k ON k.kind = 'catalog' AND k.outcome = 'complete'
    LEFT JOIN scan_scopes AS l
        ON l.index_key = k.index_key AND l.scan_key = k.scan_key AND l.scope_key = b.scope_key
    WHERE k.index_key = '{scan.index_key}' AND k.source_key = {scan.source_key} AND k.scan_key <> {scan.scan_key}
        AND l.scan_key IS NULL
    GROUP BY b.scope_key
) AS c ON c.scope_key = b.scope_key
""",
    )
    session.unstage("batch_decided")
    return True


def _tables_at_stake(session: Session, scan: Scan) -> list[str]:
    """The tables of which this scan saw something, or an earlier one left something open."""
    mine = f"index_key = '{scan.index_key}' AND source_key = {scan.source_key} AND ended_at IS NULL"
    stakes = ", ".join(
        f"EXISTS (SELECT 1 FROM seen_{table}) OR EXISTS (SELECT 1 FROM {table} WHERE {mine})" for table in PRESENCE
    )
    (row,) = session.rows(f"SELECT {stakes}")
    return [table for table, at_stake in zip(PRESENCE, row, strict=True) if at_stake]


def _decide_table(session: Session, scan: Scan, table: str, presence: Presence, has_partial: bool) -> int:
    identity = ("scope_key", *presence.identity)
    columns = [column.name for column in metadata.tables[table].columns if column.name not in OPENED_BY_LOADER]
    same = " AND ".join(f"n.{name} = o.{name}" for name in identity)
    this: dict[str, Any] = {"index_key": str(scan.index_key), "source_key": scan.source_key, "as_of": scan.as_of}
    _pick_seen(session, table, identity, columns)
    changed = _close(session, table, presence, identity, same, this)
    changed += _open(session, table, columns, same, this)
    if has_partial:
        _touch_partial(session, table, same, this)
    session.execute("DROP TABLE now_seen")
    return changed


def _pick_seen(session: Session, table: str, identity: tuple[str, ...], columns: list[str]) -> None:
    """Table `now_seen`: one row a thing, however often it was listed."""
    names = ", ".join(columns)
    session.make_table(
        "now_seen",
        f"""
SELECT {names} FROM (
    SELECT {names}, ROW_NUMBER() OVER (PARTITION BY {", ".join(identity)} ORDER BY {names}) AS place
    FROM seen_{table} WHERE scope_key IN (SELECT scope_key FROM decided)
) AS s
WHERE s.place = 1
""",
    )


def _close(
    session: Session, table: str, presence: Presence, identity: tuple[str, ...], same: str, this: dict[str, Any]
) -> int:
    # The blobs of an unchanged listing were not yielded again; what is declared of others was worked out anew.
    stays = " AND NOT (d.unchanged AND o.bytes_evidence = 'held')" if table == "source_blobs" else ""
    # A look at some tags alone, whose list was read to its end, closes those of them that are not there.
    looked = "(d.is_complete OR o.tag LIKE d.tags_like ESCAPE '!')" if table == "tags" else "d.is_complete"
    differs = " OR ".join(f"n.{name} IS DISTINCT FROM o.{name}" for name in presence.values) or "FALSE"
    session.make_table(
        "ending",
        f"""
SELECT {", ".join(f"o.{name}" for name in identity)},
    CASE WHEN n.scope_key IS NULL THEN 'gone' ELSE 'changed' END AS end_reason,
    GREATEST(COALESCE(o.last_seen_at, o.first_seen_at), d.previous_at) AS last_seen_at
FROM {table} AS o
JOIN decided AS d ON d.scope_key = o.scope_key
LEFT JOIN now_seen AS n ON {same}
WHERE o.index_key = '{this["index_key"]}' AND o.source_key = {this["source_key"]} AND o.ended_at IS NULL
    AND ((n.scope_key IS NULL AND {looked}{stays}) OR (n.scope_key IS NOT NULL AND ({differs})))
""",
    )
    ending = session.value("SELECT COUNT(*) FROM ending")
    if ending:
        # What an earlier look of the same moment opened was never so: no interval is empty.
        session.run(
            f"""
DELETE FROM {table}
WHERE index_key = :index_key AND source_key = :source_key AND ended_at IS NULL AND first_seen_at = :as_of AND EXISTS (
    SELECT 1 FROM ending AS e WHERE {" AND ".join(f"{table}.{name} = e.{name}" for name in identity)}
)
""",
            **this,
        )
        session.run(
            f"""
UPDATE {table} SET ended_at = :as_of, end_reason = e.end_reason, last_seen_at = e.last_seen_at
FROM ending AS e
WHERE {table}.index_key = :index_key AND {table}.source_key = :source_key AND {table}.ended_at IS NULL
    AND {" AND ".join(f"{table}.{name} = e.{name}" for name in identity)}
""",
            **this,
        )
    session.execute("DROP TABLE ending")
    return int(ending)


def _open(session: Session, table: str, columns: list[str], same: str, this: dict[str, Any]) -> int:
    names = ", ".join(columns)
    valid = valid_value = before = ""
    if table == "tags":
        # set_at counts where it lies between the last look, that saw the tag or missed it, and this one.
        valid = ", valid_from"
        valid_value = """,
    CASE WHEN n.set_at <= :as_of AND (n.set_at <= GREATEST(b.looked_at, d.previous_at, d.missed_at)) IS NOT TRUE THEN n.set_at ELSE :as_of END"""
        before = """
LEFT JOIN (
    SELECT scope_key, repository_key, tag,
        MAX(CASE WHEN end_reason = 'changed' THEN last_seen_at ELSE ended_at END) AS looked_at
    FROM tags WHERE index_key = :index_key AND source_key = :source_key AND ended_at IS NOT NULL
    GROUP BY scope_key, repository_key, tag
) AS b ON b.scope_key = n.scope_key AND b.repository_key = n.repository_key AND b.tag = n.tag
LEFT JOIN decided AS d ON d.scope_key = n.scope_key"""
    return session.run(
        f"""
INSERT INTO {table} (index_key, source_key, {names}, first_seen_at{valid})
SELECT :index_key, :source_key, {", ".join(f"n.{name}" for name in columns)}, :as_of{valid_value}
FROM now_seen AS n{before}
WHERE NOT EXISTS (
    SELECT 1 FROM {table} AS o
    WHERE o.index_key = :index_key AND o.source_key = :source_key AND o.ended_at IS NULL AND {same}
)
""",
        **this,
    )


def _touch_partial(session: Session, table: str, same: str, this: dict[str, Any]) -> None:
    """A partial look proves what it shows: only it writes last_seen_at into an open row."""
    session.run(
        f"""
UPDATE {table} SET last_seen_at = :as_of
WHERE index_key = :index_key AND source_key = :source_key AND ended_at IS NULL AND first_seen_at < :as_of AND EXISTS (
    SELECT 1 FROM now_seen AS n JOIN decided AS d ON d.scope_key = n.scope_key AND NOT d.is_complete
    WHERE {same.replace("o.", f"{table}.")}
)
""",
        **this,
    )
