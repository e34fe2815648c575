-- Which images do not stand on the base that their annotation names?
-- The annotation org.opencontainers.image.base.digest names a manifest that is in the index, or an image index, and
-- the layers of none of its images are a strict start of this one's: the image was rebased, squashed, or is labelled
-- wrong. The nearest base by layers is shown beside it, where there is one.
-- param: source text = null  Only this source.
-- param: limit integer = 1000  How many rows.
WITH claims AS (
    SELECT DISTINCT s.name AS source, r.name AS repository, sm.manifest_key, m.config_key AS image_key,
        b.blob_key AS claimed_key
    FROM manifest_annotations AS a
    JOIN blobs AS b ON b.digest = a.value
    JOIN manifests AS m ON m.manifest_key = a.manifest_key AND m.kind = 'image'
    JOIN source_manifests AS sm ON sm.manifest_key = a.manifest_key AND sm.ended_at IS NULL
    JOIN source_streams AS s ON s.index_key = sm.index_key AND s.source_key = sm.source_key
    JOIN repositories AS r ON r.repository_key = sm.repository_key
    WHERE a.name = 'org.opencontainers.image.base.digest'
        AND (CAST(:source AS TEXT) IS NULL OR s.name = CAST(:source AS TEXT))
), candidates AS (
    SELECT c.manifest_key, m.config_key AS base_key
    FROM claims AS c
    JOIN manifests AS m ON m.manifest_key = c.claimed_key AND m.kind = 'image'
    UNION
    SELECT c.manifest_key, l.image_key AS base_key
    FROM claims AS c
    JOIN index_leaves AS l ON l.root_key = c.claimed_key AND l.image_key IS NOT NULL
), judged AS (
    SELECT k.manifest_key, COUNT(*) AS base_count, COUNT(il.image_key) AS match_count
    FROM candidates AS k
    JOIN manifests AS m ON m.manifest_key = k.manifest_key
    JOIN images AS i ON i.image_key = m.config_key
    JOIN images AS b ON b.image_key = k.base_key
    LEFT JOIN image_layers AS il ON il.image_key = i.image_key AND il.chain_key = b.chain_key
        AND b.layer_count < i.layer_count
    GROUP BY k.manifest_key
), names AS (
    SELECT manifest_key, value AS claimed_name
    FROM manifest_annotations
    WHERE name = 'org.opencontainers.image.base.name'
), summary AS (
    SELECT source, image_id, names
    FROM image_summary
)
SELECT
    c.source, c.repository, mb.digest AS manifest_digest, ib.digest AS image_id, i.names, cb.digest AS claimed_digest,
    n.claimed_name, a.base_image_id AS nearest_image_id, s.names AS nearest_names
FROM judged AS j
JOIN claims AS c ON c.manifest_key = j.manifest_key
JOIN blobs AS mb ON mb.blob_key = c.manifest_key
JOIN blobs AS ib ON ib.blob_key = c.image_key
JOIN blobs AS cb ON cb.blob_key = c.claimed_key
LEFT JOIN names AS n ON n.manifest_key = c.manifest_key
LEFT JOIN summary AS i ON i.source = c.source AND i.image_id = ib.digest
LEFT JOIN base_images AS a ON a.source = c.source AND a.image_id = ib.digest AND a.evidence = 'chain'
LEFT JOIN summary AS s ON s.source = a.source AND s.image_id = a.base_image_id
WHERE j.match_count = 0
ORDER BY c.source, c.repository ASC NULLS LAST, mb.digest
LIMIT CAST(:limit AS INTEGER)
