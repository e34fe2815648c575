-- What would break if untagged manifests were deleted?
-- Manifests that no tag points at directly, and that something tagged needs all the same: the platforms of a
-- multi-platform tag, its attestations, and what is attached to a tagged image by its subject. Clean-up that deletes
-- whatever has no tag of its own deletes these, too. One row for each such manifest and each index, or subject, that
-- needs it.
-- param: source text = null  Only this source.
-- param: repository text = null  Only this repository: its full name.
-- param: limit integer = 1000  How many rows.
WITH children AS (
    SELECT r.source, r.repository, r.repository_key, r.index_key, r.source_key, r.manifest_key, r.by_index, r.by_subject
    FROM manifest_reach AS r
    WHERE NOT r.by_tag AND (r.by_index OR r.by_subject)
        AND (CAST(:source AS TEXT) IS NULL OR r.source = CAST(:source AS TEXT))
        AND (CAST(:repository AS TEXT) IS NULL OR r.repository = CAST(:repository AS TEXT))
), needs AS (
    SELECT c.index_key, c.source_key, c.source, c.repository, c.repository_key, c.manifest_key,
        e.manifest_key AS needed_key, 'index' AS how, e.platform, e.role
    FROM children AS c
    JOIN index_entries AS e ON e.child_key = c.manifest_key
    JOIN manifest_reach AS r ON r.index_key = c.index_key AND r.source_key = c.source_key
        AND r.repository_key = c.repository_key AND r.manifest_key = e.manifest_key AND (r.by_tag OR r.by_index)
    UNION
    SELECT c.index_key, c.source_key, c.source, c.repository, c.repository_key, c.manifest_key,
        m.subject_key AS needed_key, 'subject' AS how, NULL AS platform, NULL AS role
    FROM children AS c
    JOIN manifests AS m ON m.manifest_key = c.manifest_key AND m.subject_key IS NOT NULL
    WHERE c.by_subject
), tags AS (
    SELECT d.index_key, d.source_key, d.repository_key, d.manifest_key, STRING_AGG(d.tag, ', ' ORDER BY d.tag) AS tags
    FROM (
        SELECT DISTINCT t.index_key, t.source_key, t.repository_key, t.tag, t.manifest_key
        FROM tag_reach AS t
        WHERE t.manifest_key IS NOT NULL
        UNION
        SELECT t.index_key, t.source_key, t.repository_key, t.tag, t.target_key AS manifest_key
        FROM tag_targets AS t
        WHERE t.target_kind = 'manifest'
    ) AS d
    GROUP BY d.index_key, d.source_key, d.repository_key, d.manifest_key
)
SELECT
    n.source, n.repository, t.tags, n.how, n.platform, COALESCE(m.artifact_type, n.role) AS role,
    b.digest AS manifest_digest, p.digest AS needed_by_digest
FROM needs AS n
JOIN blobs AS b ON b.blob_key = n.manifest_key
JOIN blobs AS p ON p.blob_key = n.needed_key
LEFT JOIN manifests AS m ON m.manifest_key = n.manifest_key AND m.kind = 'artifact'
LEFT JOIN tags AS t ON t.index_key = n.index_key AND t.source_key = n.source_key
    AND t.repository_key = n.repository_key AND t.manifest_key = n.needed_key
ORDER BY
    n.source, n.repository ASC NULLS LAST, b.digest, n.how, p.digest, n.platform ASC NULLS LAST, n.role ASC NULLS LAST
LIMIT CAST(:limit AS INTEGER)
