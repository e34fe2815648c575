-- Which manifests are of Docker's old schema 1?
-- They make no image, since they have no config, and today's tools refuse them. Their tags are shown: push these
-- anew.
-- param: limit integer = 1000  How many rows.
-- param: source text = null  Only this source.
WITH tags AS (
    SELECT source, COALESCE(repository, '') AS repository, manifest_key, STRING_AGG(tag, ', ' ORDER BY tag) AS tags
    FROM tag_reach
    WHERE manifest_key IS NOT NULL
    GROUP BY source, COALESCE(repository, ''), manifest_key
), made AS (
    SELECT manifest_key, MAX(created_at) AS created_at
    FROM manifest_history
    GROUP BY manifest_key
)
SELECT
    d.source, d.repository, t.tags, d.manifest_digest, m.os, m.architecture, h.created_at, d.layer_count, d.media_type
FROM manifest_detail AS d
JOIN blobs AS b ON b.digest = d.manifest_digest
JOIN manifests AS m ON m.manifest_key = b.blob_key
LEFT JOIN tags AS t ON t.source = d.source AND t.repository = COALESCE(d.repository, '')
    AND t.manifest_key = b.blob_key
LEFT JOIN made AS h ON h.manifest_key = b.blob_key
WHERE d.kind = 'schema1'
    AND (CAST(:source AS TEXT) IS NULL OR d.source = CAST(:source AS TEXT))
ORDER BY d.source, d.repository ASC NULLS LAST, d.manifest_digest
LIMIT CAST(:limit AS INTEGER)
