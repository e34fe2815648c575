-- Which blobs and unpacked layers does nothing need?
-- No manifest that the source has names the blob, no image the stack: garbage collection removes them. A blob of a
-- layout may be waiting for its name. An unpacked layer that a container stands on is no orphan.
-- param: limit integer = 100  How many rows, the largest first.
-- param: source text = null  Only this source.
WITH needed AS (
    SELECT sm.index_key, sm.source_key, sm.manifest_key AS blob_key
    FROM source_manifests AS sm
    WHERE sm.ended_at IS NULL
    UNION
    SELECT sm.index_key, sm.source_key, m.config_key AS blob_key
    FROM source_manifests AS sm
    JOIN manifests AS m ON m.manifest_key = sm.manifest_key AND m.config_key IS NOT NULL
    WHERE sm.ended_at IS NULL
    UNION
    SELECT sm.index_key, sm.source_key, ml.blob_key
    FROM source_manifests AS sm
    JOIN manifest_layers AS ml ON ml.manifest_key = sm.manifest_key
    WHERE sm.ended_at IS NULL
    UNION
    SELECT sm.index_key, sm.source_key, e.child_key AS blob_key
    FROM source_manifests AS sm
    JOIN index_entries AS e ON e.manifest_key = sm.manifest_key
    WHERE sm.ended_at IS NULL AND e.role = 'unknown' AND e.media_type IS NOT NULL
), orphans AS (
    SELECT s.name AS source, 'compressed' AS basis, '' AS store, b.digest, z.bytes AS size_bytes
    FROM source_blob_sizes AS z
    JOIN source_streams AS s ON s.index_key = z.index_key AND s.source_key = z.source_key
    JOIN blobs AS b ON b.blob_key = z.blob_key
    LEFT JOIN needed AS n ON n.index_key = z.index_key AND n.source_key = z.source_key AND n.blob_key = z.blob_key
    WHERE n.blob_key IS NULL
    UNION ALL
    SELECT s.name AS source, u.basis, u.store, c.chain_id AS digest, u.size_bytes
    FROM source_usage AS u
    JOIN source_streams AS s ON s.index_key = u.index_key AND s.source_key = u.source_key
    JOIN chains AS c ON c.chain_key = u.unit_key
    LEFT JOIN source_image_units AS x ON x.index_key = u.index_key AND x.source_key = u.source_key AND x.basis = u.basis
        AND x.store = u.store AND x.unit_key = u.unit_key
    LEFT JOIN containers AS k ON k.index_key = u.index_key AND k.source_key = u.source_key
        AND k.chain_key = u.unit_key AND k.ended_at IS NULL
    WHERE u.basis <> 'compressed' AND x.unit_key IS NULL AND k.container_id IS NULL
)
SELECT o.source, o.basis, o.digest, NULLIF(o.store, '') AS store, o.size_bytes
FROM orphans AS o
WHERE (CAST(:source AS TEXT) IS NULL OR o.source = CAST(:source AS TEXT))
ORDER BY o.size_bytes DESC NULLS LAST, o.source, o.basis, o.digest, o.store
LIMIT CAST(:limit AS INTEGER)
