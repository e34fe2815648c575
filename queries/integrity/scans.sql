-- How did each look at a source go?
-- Complete scopes are those whose listing was read to its end: only they can say that something is gone. A scan with
-- partial, failed or superseded scopes left what those hold as it was.
-- param: limit integer = 100  How many rows, the latest first.
-- param: source text = null  Only this source.
-- param: outcome text = null  Only this outcome: running, complete, partial, failed or superseded.
WITH scopes AS (
    SELECT index_key, scan_key, COUNT(*) AS scope_count,
        COUNT(CASE WHEN outcome = 'complete' THEN 1 END) AS complete_scope_count
    FROM scan_scopes
    GROUP BY index_key, scan_key
)
SELECT
    o.name AS source, n.outcome, n.as_of, n.started_at, n.finished_at, n.scope_filter,
    COALESCE(c.scope_count, 0) AS scope_count, COALESCE(c.complete_scope_count, 0) AS complete_scope_count,
    n.document_count, n.bytes_read, n.changed_rows, n.version, n.detail
FROM scans AS n
JOIN sources AS o ON o.index_key = n.index_key AND o.source_key = n.source_key
LEFT JOIN scopes AS c ON c.index_key = n.index_key AND c.scan_key = n.scan_key
WHERE (CAST(:source AS TEXT) IS NULL OR o.name = CAST(:source AS TEXT))
    AND (CAST(:outcome AS TEXT) IS NULL OR n.outcome = CAST(:outcome AS TEXT))
ORDER BY n.started_at DESC NULLS LAST, o.name, n.index_key, n.scan_key
LIMIT CAST(:limit AS INTEGER)
