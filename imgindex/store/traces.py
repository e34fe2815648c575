"""What a store remembers of where its tags pointed: facts, written as they come and never decided on.

They need no scope that was read to its end, and a copy that is older than the last look has as good ones as any: whichever
order they come in, the same facts are there in the end; those that were pruned stay away. The table
`source_tag_intervals` makes history of them, where no look knows better.
"""

from __future__ import annotations

from collections.abc import Iterable

from imgindex.records.rows import PastTag
from imgindex.store.batch import Batch
from imgindex.store.scan import Scan
from imgindex.store.session import Session


def add_traces(session: Session, batch: Batch, scan: Scan) -> int:
    """Add the batch's past tags. Returns how many are new."""
    records = [record for record in batch.records[PastTag] if isinstance(record, PastTag)]
    if not records:
        return 0
    session.stage(
        "batch_traces",
        {
            "scope_key": ("BIGINT", [record.scope_key for record in records]),
            "repository_key": ("BIGINT", [record.repository_key for record in records]),
            "tag": ("TEXT", [record.tag for record in records]),
            "target_key": ("BIGINT", [record.target_key for record in records]),
            "target_kind": ("TEXT", [record.target_kind for record in records]),
            "set_at": ("TIMESTAMPTZ", [record.set_at for record in records]),
        },
    )
    added = _add(session, "SELECT *, 'known' AS otherwise FROM batch_traces", scan)
    session.unstage("batch_traces")
    return added


def keep_sightings(session: Session, scopes: Iterable[int], scan: Scan) -> None:
    """Of scopes that a later look decided, keep where the tags pointed: what a look saw was so, however late it comes."""
    session.stage("late", {"scope_key": ("BIGINT", sorted(scopes))})
    _add(
        session,
        "SELECT scope_key, repository_key, tag, target_key, target_kind, set_at, 'seen' AS otherwise FROM seen_tags "
        "WHERE target_key IS NOT NULL AND scope_key IN (SELECT scope_key FROM late)",
        scan,
    )
    session.unstage("late")


def _add(session: Session, found: str, scan: Scan) -> int:
    """A time that lies after the look is no time: it is `otherwise` then, as where the store tells none."""
    session.make_table("new_traces", _DATED.format(found=found), as_of=scan.as_of)
    added = session.run(
        """
INSERT INTO tag_traces (index_key, source_key, scope_key, repository_key, tag, target_key, target_kind, basis, dated_at)
SELECT :index_key, :source_key, n.scope_key, n.repository_key, n.tag, n.target_key, n.target_kind, n.basis, n.dated_at
FROM new_traces AS n
JOIN sources AS s ON s.index_key = :index_key AND s.source_key = :source_key
WHERE (n.basis = 'known' OR (n.dated_at < s.pruned_before) IS NOT TRUE) AND NOT EXISTS (
    SELECT 1 FROM tag_traces AS t
    WHERE t.index_key = :index_key AND t.source_key = :source_key AND t.scope_key = n.scope_key
        AND t.repository_key = n.repository_key AND t.tag = n.tag AND t.target_key = n.target_key
        AND t.target_kind = n.target_kind AND t.basis = n.basis AND (t.basis = 'known' OR t.dated_at = n.dated_at)
)
""",
        index_key=str(scan.index_key),
        source_key=scan.source_key,
    )
    session.run(
        """
UPDATE tag_traces SET dated_at = n.dated_at
FROM new_traces AS n
WHERE tag_traces.index_key = :index_key AND tag_traces.source_key = :source_key AND tag_traces.basis = 'known'
    AND n.basis = 'known' AND n.scope_key = tag_traces.scope_key AND n.repository_key = tag_traces.repository_key
    AND n.tag = tag_traces.tag AND n.target_key = tag_traces.target_key AND n.target_kind = tag_traces.target_kind
    AND n.dated_at < tag_traces.dated_at
""",
        index_key=str(scan.index_key),
        source_key=scan.source_key,
    )
    session.execute("DROP TABLE new_traces")
    return added


_DATED = """
SELECT DISTINCT scope_key, repository_key, tag, target_key, target_kind,
    CASE WHEN set_at <= :as_of THEN 'set' ELSE otherwise END AS basis,
    CASE WHEN set_at <= :as_of THEN set_at ELSE :as_of END AS dated_at
FROM ({found}) AS f
"""
