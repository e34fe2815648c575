-- Which descriptors declare another size than what they name has?
-- Held bytes are those that the source has under the digest; verified bytes those of content that was read and
-- hashed, in whichever source. A pull of such an image fails, or the store is damaged.
-- param: limit integer = 1000  How many rows.
-- param: source text = null  Only this source.
WITH present AS (
    SELECT DISTINCT sm.index_key, sm.source_key, s.name AS source, sm.manifest_key
    FROM source_manifests AS sm
    JOIN source_streams AS s ON s.index_key = sm.index_key AND s.source_key = sm.source_key
    WHERE sm.ended_at IS NULL
        AND (CAST(:source AS TEXT) IS NULL OR s.name = CAST(:source AS TEXT))
), declared AS (
    SELECT p.index_key, p.source_key, p.source, p.manifest_key, 'layer' AS part, ml.position, ml.blob_key,
        ml.declared_bytes
    FROM present AS p
    JOIN manifest_layers AS ml ON ml.manifest_key = p.manifest_key
    UNION ALL
    SELECT p.index_key, p.source_key, p.source, p.manifest_key, 'config' AS part, 0 AS position,
        m.config_key AS blob_key, m.config_bytes AS declared_bytes
    FROM present AS p
    JOIN manifests AS m ON m.manifest_key = p.manifest_key AND m.config_key IS NOT NULL
    UNION ALL
    SELECT p.index_key, p.source_key, p.source, p.manifest_key, 'manifest' AS part, e.position,
        e.child_key AS blob_key, e.declared_bytes
    FROM present AS p
    JOIN index_entries AS e ON e.manifest_key = p.manifest_key
)
SELECT
    d.source, mb.digest AS manifest_digest, d.part, d.position, b.digest AS declared_digest, d.declared_bytes,
    CASE WHEN z.is_held THEN z.bytes END AS held_bytes, b.size_bytes AS verified_bytes
FROM declared AS d
JOIN blobs AS b ON b.blob_key = d.blob_key
JOIN blobs AS mb ON mb.blob_key = d.manifest_key
LEFT JOIN source_blob_sizes AS z ON z.index_key = d.index_key AND z.source_key = d.source_key
    AND z.blob_key = d.blob_key
WHERE (z.is_held AND z.bytes <> d.declared_bytes) OR b.size_bytes <> d.declared_bytes
ORDER BY d.source, mb.digest, d.part, d.position
LIMIT CAST(:limit AS INTEGER)
