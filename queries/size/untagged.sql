-- Which manifests does no tag reach, and how many bytes do only such manifests need?
-- A tag reaches the manifest that it points at, all under it where that is an index, and what refers to one of these.
-- Unreached bytes are those of the manifest, its config and its layers that no reached manifest of the source needs:
-- a registry frees them by garbage collection. Two untagged manifests that share a layer both count it.
-- param: limit integer = 100  How many rows, the largest first.
-- param: source text = null  Only this source.
-- param: repository text = null  Only this repository: its full name.
WITH present AS (
    SELECT r.index_key, r.source_key, r.source, r.repository, r.repository_key, r.manifest_key,
        r.by_tag OR r.by_index OR r.by_subject AS reached
    FROM manifest_reach AS r
    WHERE (CAST(:source AS TEXT) IS NULL OR r.source = CAST(:source AS TEXT))
), needs AS (
    SELECT p.index_key, p.source_key, p.repository_key, p.manifest_key, p.reached, p.manifest_key AS blob_key
    FROM present AS p
    UNION
    SELECT p.index_key, p.source_key, p.repository_key, p.manifest_key, p.reached, m.config_key AS blob_key
    FROM present AS p
    JOIN manifests AS m ON m.manifest_key = p.manifest_key AND m.config_key IS NOT NULL
    UNION
    SELECT p.index_key, p.source_key, p.repository_key, p.manifest_key, p.reached, ml.blob_key
    FROM present AS p
    JOIN manifest_layers AS ml ON ml.manifest_key = p.manifest_key
), unreached AS (
    SELECT index_key, source_key, blob_key
    FROM needs
    GROUP BY index_key, source_key, blob_key
    HAVING NOT BOOL_OR(reached)
), sums AS (
    SELECT n.index_key, n.source_key, n.repository_key, n.manifest_key,
        CAST(SUM(CASE WHEN u.blob_key IS NOT NULL THEN z.bytes ELSE 0 END) AS BIGINT) AS unreached_bytes
    FROM needs AS n
    LEFT JOIN unreached AS u ON u.index_key = n.index_key AND u.source_key = n.source_key AND u.blob_key = n.blob_key
    LEFT JOIN source_blob_sizes AS z ON z.index_key = n.index_key AND z.source_key = n.source_key
        AND z.blob_key = n.blob_key
    WHERE NOT n.reached
    GROUP BY n.index_key, n.source_key, n.repository_key, n.manifest_key
)
SELECT
    p.source, p.repository, b.digest AS manifest_digest, m.kind, m.artifact_type, m.media_type,
    i.platform, c.digest AS image_id, i.created_at, z.unreached_bytes
FROM sums AS z
JOIN present AS p ON p.index_key = z.index_key AND p.source_key = z.source_key AND p.repository_key = z.repository_key
    AND p.manifest_key = z.manifest_key
JOIN blobs AS b ON b.blob_key = z.manifest_key
LEFT JOIN manifests AS m ON m.manifest_key = z.manifest_key
LEFT JOIN blobs AS c ON c.blob_key = m.config_key AND m.kind = 'image'
LEFT JOIN images AS i ON i.image_key = m.config_key AND m.kind = 'image'
WHERE (CAST(:repository AS TEXT) IS NULL OR p.repository = CAST(:repository AS TEXT))
ORDER BY z.unreached_bytes DESC NULLS LAST, p.source, p.repository ASC NULLS LAST, b.digest
LIMIT CAST(:limit AS INTEGER)
