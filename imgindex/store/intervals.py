"""The derived table of tags: one history of what looks saw and, between that, what stores remember. Replaced whole per source.

A look knows best. A trace counts where no look says otherwise: before the first sighting, or in a gap between two. It is
left out over a sighting, and where it repeats the target before it, since a tag that is set again has not moved. It ends
where the next row begins, or at the next complete look, which found the tag gone; so it is never current. What cannot be
dated so is one row without times for each target that has no other.

All but one thing comes from the source alone. Where two traces have one time, what was made later is taken for the later, and
that is known once the documents are there, whichever source they come from: whoever brings them dates those tags anew.
How long looks confirmed what is current is no part of the table, since each look would change it; the view `tag_intervals` says it.
"""

from __future__ import annotations

from collections.abc import Iterable

from imgindex.records import rows
from imgindex.store.batch import Batch
from imgindex.store.scan import Scan
from imgindex.store.session import Session, Stream, all_streams

_TAG = "index_key, source_key, scope_key, repository_key, tag"

_FACTS = f"""
    -- A number is sorted and joined several times below, and five columns would be. No join gives it, since PostgreSQL
    -- takes a join by five columns for one of a single row.
    SELECT k.*, DENSE_RANK() OVER (ORDER BY {_TAG}) AS tag_number
    FROM (
        SELECT {_TAG}, target_key, target_kind, basis, dated_at, NULL AS set_at, NULL AS first_seen_at, NULL AS last_seen_at,
            NULL AS ended_at
        FROM tag_traces WHERE {{which}}
        UNION ALL
        SELECT {_TAG}, target_key, target_kind, 'look' AS basis, valid_from AS dated_at, set_at, first_seen_at, last_seen_at,
            ended_at
        FROM tags WHERE {{which}}
    ) AS k
"""

_LOOKS = """
    SELECT index_key, source_key, scope_key, as_of AS looked_at FROM scan_scopes WHERE {which} AND outcome = 'complete'
    UNION ALL
    -- A complete catalog that does not list a scope has found it gone.
    SELECT s.index_key, s.source_key, s.scope_key, k.as_of AS looked_at
    FROM (SELECT DISTINCT index_key, source_key, scope_key FROM facts WHERE basis <> 'look') AS s
    JOIN scan_scopes AS k ON k.index_key = s.index_key AND k.source_key = s.source_key
        AND k.kind = 'catalog' AND k.outcome = 'complete'
    LEFT JOIN scan_scopes AS l ON l.index_key = k.index_key AND l.scan_key = k.scan_key AND l.scope_key = s.scope_key
    WHERE l.scan_key IS NULL
"""

_SIGHTED = """
    SELECT f.tag_number, f.target_key, f.target_kind, f.set_at, f.first_seen_at,
        COALESCE(f.last_seen_at, f.first_seen_at) AS last_seen_at,
        f.dated_at AS starts_at, f.ended_at AS ends_at, CASE WHEN f.ended_at IS NULL THEN 1 ELSE 0 END AS is_open
    FROM facts AS f
    WHERE f.basis = 'look'
"""

_TRACES = """
    SELECT w.tag_number, w.target_key, w.target_kind, w.basis, w.dated_at, w.missed_at
    FROM (
        SELECT u.*,
            -- The first complete look after it.
            MIN(u.looked_at) OVER (
                PARTITION BY u.index_key, u.source_key, u.scope_key ORDER BY u.dated_at DESC, u.is_look
                ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
            ) AS missed_at
        FROM (
            SELECT index_key, source_key, scope_key, tag_number, target_key, target_kind, MAX(basis) AS basis, dated_at,
                NULL AS looked_at, 0 AS is_look
            FROM facts
            WHERE basis <> 'known' AND basis <> 'look'
            GROUP BY index_key, source_key, scope_key, tag_number, target_key, target_kind, dated_at
            UNION ALL
            SELECT index_key, source_key, scope_key, NULL AS tag_number, NULL AS target_key, NULL AS target_kind,
                NULL AS basis, looked_at AS dated_at, looked_at, 1 AS is_look
            FROM looks
        ) AS u
    ) AS w
    WHERE w.is_look < 1
"""

_EVENTS = """
    SELECT tag_number, target_key, target_kind, set_at, first_seen_at, last_seen_at, starts_at, ends_at, is_open,
        1 AS is_observed, 0 AS is_known, NULL AS made_at
    FROM sighted
    UNION ALL
    SELECT t.tag_number, t.target_key, t.target_kind,
        CASE WHEN t.basis = 'set' THEN t.dated_at END AS set_at,
        CASE WHEN t.basis = 'seen' THEN t.dated_at END AS first_seen_at,
        CASE WHEN t.basis = 'seen' THEN t.dated_at END AS last_seen_at,
        t.dated_at AS starts_at, t.missed_at AS ends_at, 0 AS is_open, 0 AS is_observed,
        -- The same push was seen: at this very time.
        CASE WHEN o.tag_number IS NULL THEN 0 ELSE 1 END AS is_known, i.created_at AS made_at
    FROM traces AS t
    -- Where two were set at one time, what was made later is taken for the later.
    LEFT JOIN manifests AS m ON m.manifest_key = t.target_key
    LEFT JOIN images AS i ON i.image_key = COALESCE(m.config_key, t.target_key)
    LEFT JOIN (SELECT DISTINCT tag_number, target_key, target_kind, starts_at FROM sighted) AS o
        ON o.tag_number = t.tag_number AND o.target_key = t.target_key AND o.target_kind = t.target_kind
        AND o.starts_at = t.dated_at
"""

_PLACED = """
    SELECT e.*, ROW_NUMBER() OVER per_tag AS turn,
        MAX(CASE WHEN e.is_observed = 1 THEN e.last_seen_at END) OVER before AS sighted_until,
        MAX(e.is_open) OVER before AS after_open,
        -- The same push was seen: next, since a push writes several links one after the other.
        CASE WHEN LEAD(e.is_observed) OVER per_tag = 1 AND LEAD(e.target_key) OVER per_tag = e.target_key
                AND LEAD(e.starts_at) OVER per_tag <= e.starts_at + INTERVAL '60' SECOND THEN 1
            ELSE e.is_known END AS was_seen
    FROM events AS e
    WINDOW per_tag AS (
        PARTITION BY e.tag_number ORDER BY e.starts_at, e.is_observed, e.made_at NULLS FIRST, e.target_key
    ), before AS (
        PARTITION BY e.tag_number ORDER BY e.starts_at, e.is_observed, e.made_at NULLS FIRST, e.target_key
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    )
"""

_FOLLOWED = """
    SELECT p.*, LAG(p.target_key) OVER per_tag AS target_before, LAG(p.ends_at) OVER per_tag AS ends_before
    FROM placed AS p
    WHERE p.is_observed > 0 OR (
        p.was_seen = 0 AND COALESCE(p.after_open, 0) = 0 AND (p.sighted_until IS NULL OR p.starts_at > p.sighted_until)
    )
    WINDOW per_tag AS (PARTITION BY p.tag_number ORDER BY p.turn)
"""

_TILED = """
    SELECT f.*,
        CASE WHEN f.is_open = 0 THEN LEAST(LEAD(f.starts_at) OVER per_tag, f.ends_at) END AS valid_to,
        ROW_NUMBER() OVER per_tag AS place
    FROM followed AS f
    WHERE f.is_observed > 0 OR f.target_before IS DISTINCT FROM f.target_key OR f.ends_before <= f.starts_at
    WINDOW per_tag AS (PARTITION BY f.tag_number ORDER BY f.turn)
"""

_INTERVALS = f"""
WITH facts AS ({_FACTS}), sighted AS ({_SIGHTED}), looks AS ({_LOOKS}), traces AS ({_TRACES}), events AS ({_EVENTS}),
placed AS ({_PLACED}), followed AS ({_FOLLOWED}), tiled AS ({_TILED}), dated AS (
    SELECT tag_number, place, target_key, target_kind, set_at, first_seen_at, last_seen_at, starts_at AS valid_from, valid_to,
        CASE WHEN is_observed = 1 THEN 'observed' ELSE 'recovered' END AS evidence
    FROM tiled
    WHERE is_observed > 0 OR valid_to IS NOT NULL
), told AS (
    -- A link that could not be read for a while is no move there and back.
    SELECT tag_number, place, target_key, target_kind, set_at, first_seen_at, last_seen_at, valid_from, valid_to, evidence,
        LAG(target_key) OVER per_tag AS target_before, LAG(COALESCE(last_seen_at, valid_from)) OVER per_tag AS seen_before,
        LAG(evidence) OVER per_tag AS evidence_before
    FROM dated WHERE target_key IS NOT NULL
    WINDOW per_tag AS (PARTITION BY tag_number ORDER BY place)
    UNION ALL
    SELECT tag_number, place, target_key, target_kind, set_at, first_seen_at, last_seen_at, valid_from, valid_to, evidence,
        NULL AS target_before, NULL AS seen_before, NULL AS evidence_before
    FROM dated WHERE target_key IS NULL
    UNION ALL
    SELECT f.tag_number, NULL AS place, f.target_key, f.target_kind, MAX(CASE WHEN f.basis = 'set' THEN f.dated_at END) AS set_at,
        NULL AS first_seen_at, NULL AS last_seen_at, NULL AS valid_from, NULL AS valid_to, 'recovered' AS evidence,
        NULL AS target_before, NULL AS seen_before, NULL AS evidence_before
    FROM facts AS f
    LEFT JOIN (SELECT DISTINCT tag_number, target_key, target_kind FROM dated) AS d
        ON d.tag_number = f.tag_number AND d.target_key = f.target_key AND d.target_kind = f.target_kind
    WHERE f.basis <> 'look' AND d.tag_number IS NULL
    GROUP BY f.tag_number, f.target_key, f.target_kind
)
SELECT n.index_key, n.source_key, n.scope_key, n.repository_key, n.tag,
    ROW_NUMBER() OVER (
        PARTITION BY t.tag_number ORDER BY t.place NULLS LAST, t.target_key NULLS LAST, t.target_kind
    ) AS place,
    t.target_key, t.target_kind, t.set_at, t.first_seen_at, t.last_seen_at, t.valid_from, t.valid_to, t.evidence,
    CASE WHEN t.target_before <> t.target_key THEN t.target_before END AS from_key,
    CASE WHEN t.target_before <> t.target_key THEN t.seen_before END AS last_seen_from,
    CASE WHEN t.target_before <> t.target_key THEN t.evidence_before END AS from_evidence
FROM told AS t
JOIN (SELECT DISTINCT {_TAG}, tag_number FROM facts) AS n ON n.tag_number = t.tag_number
"""

COLUMNS = (
    "scope_key, repository_key, tag, place, target_key, target_kind, set_at, first_seen_at, last_seen_at, valid_from, valid_to, "
    "evidence, from_key, last_seen_from, from_evidence"
)
"""The columns of source_tag_intervals, but for whose they are."""


def intervals_of(which: str) -> str:
    """The query of the sources that meet this condition; it names columns of `tags`, `tag_traces` and `scan_scopes`."""
    return _INTERVALS.replace("{which}", which)


def compute_intervals(index_key: str, source_key: int) -> str:
    """The query of the table's rows of one source."""
    return intervals_of(_whose(index_key, source_key))


def _whose(index_key: str, source_key: int) -> str:
    return f"index_key = '{index_key}' AND source_key = {source_key}"


def replace_intervals(session: Session, streams: Iterable[Stream]) -> None:
    """Date the tags of these sources anew, in the caller's transaction."""
    for stream in sorted(streams):
        _lock(session, stream)
        _replace(session, _whose(*stream))


def replace_scopes(session: Session, scan: Scan, scopes: Iterable[int], others: Iterable[Stream]) -> None:
    """Date the tags of these scopes anew, of a source whose scan goes on, and all tags of the others."""
    own = (str(scan.index_key), scan.source_key)
    for stream in sorted({own, *others}):
        _lock(session, stream)
    for stream in others:
        _replace(session, _whose(*stream))
    session.stage("batch_dated", {"dated_key": ("BIGINT", sorted(scopes))})
    _replace(session, f"{_whose(*own)} AND scope_key IN (SELECT dated_key FROM batch_dated)")
    session.unstage("batch_dated")


def _lock(session: Session, stream: Stream) -> None:
    """A source's own scan, and that of another source (see `tied_with`), may come to its tags at once."""
    session.lock_rows(f"SELECT t.source_key FROM sources AS t WHERE {_whose(*stream)}")


def _replace(session: Session, which: str) -> None:
    session.run(f"DELETE FROM source_tag_intervals WHERE {which}")
    session.run(
        f"INSERT INTO source_tag_intervals (index_key, source_key, {COLUMNS}) "
        f"SELECT index_key, source_key, {COLUMNS} FROM ({intervals_of(which)}) AS v"
    )


def replace_all_intervals(session: Session) -> None:
    """Date the tags of all sources anew; nobody else writes meanwhile."""
    replace_intervals(session, all_streams(session))


def ends_traces(session: Session, scan: Scan) -> bool:
    """Whether this scan's complete looks are the first after some trace, which so gets its end though nothing changed."""
    whose = _whose(str(scan.index_key), scan.source_key)
    return bool(session.value(_ENDED.replace("{which}", whose), as_of=scan.as_of))


_ENDED = f"""
WITH facts AS (
    SELECT index_key, source_key, scope_key, basis, dated_at FROM tag_traces
    WHERE {{which}} AND basis <> 'known' AND dated_at < :as_of
), looks AS ({_LOOKS})
SELECT COUNT(*)
FROM (SELECT scope_key, MAX(dated_at) AS dated_at FROM facts GROUP BY scope_key) AS t
JOIN looks AS n ON n.scope_key = t.scope_key AND n.looked_at = :as_of
LEFT JOIN looks AS b ON b.scope_key = t.scope_key AND b.looked_at > t.dated_at AND b.looked_at < :as_of
WHERE b.scope_key IS NULL
"""

_IS_TIED = """
EXISTS (
    SELECT 1 FROM tag_traces AS u
    WHERE u.index_key = t.index_key AND u.source_key = t.source_key AND u.scope_key = t.scope_key
        AND u.repository_key = t.repository_key AND u.tag = t.tag AND u.dated_at = t.dated_at
        AND u.target_key <> t.target_key AND u.basis <> 'known'
)"""
"""Of a trace `t`: the tag was set to something else at the same time, so that it takes documents to tell which was later."""


def tied_with(session: Session, batch: Batch, scan: Scan) -> list[Stream]:
    """The other sources with traces of one time that this batch's documents can tell apart."""
    images = {record.image_key for record in batch.records[rows.Image] if isinstance(record, rows.Image)}
    manifests = {record.manifest_key for record in batch.records[rows.Manifest] if isinstance(record, rows.Manifest)}
    session.stage("batch_told", {"told_key": ("BIGINT", sorted(images | manifests))})
    found = session.rows(
        f"""
SELECT DISTINCT t.index_key, t.source_key
FROM (
    SELECT told_key FROM batch_told
    UNION
    SELECT m.manifest_key AS told_key FROM batch_told AS b JOIN manifests AS m ON m.config_key = b.told_key
) AS k
JOIN tag_traces AS t ON t.target_key = k.told_key
WHERE t.basis <> 'known' AND NOT (t.index_key = :index_key AND t.source_key = :source_key) AND {_IS_TIED}
""",
        index_key=str(scan.index_key),
        source_key=scan.source_key,
    )
    session.unstage("batch_told")
    return [(str(index_key), source_key) for index_key, source_key in found]


def may_be_told(session: Session, scan: Scan) -> bool:
    """Whether the source has traces of one time that a document which is not there yet could tell apart."""
    sql = f"""
SELECT COUNT(*)
FROM tag_traces AS t
LEFT JOIN manifests AS m ON m.manifest_key = t.target_key
LEFT JOIN images AS i ON i.image_key = COALESCE(m.config_key, t.target_key)
WHERE t.index_key = :index_key AND t.source_key = :source_key AND t.basis <> 'known' AND i.image_key IS NULL AND {_IS_TIED}
"""
    return bool(session.value(sql, index_key=str(scan.index_key), source_key=scan.source_key))
