-- Which layers does only one image use, and which image is it?
-- Deleting that image frees them, unless a container holds them. Images are the listed ones of the source.
-- param: limit integer = 20  How many rows, the largest first.
-- param: source text = null  Only this source.
-- param: basis text = null  Only this basis: compressed, uncompressed or on_disk.
WITH chosen AS (
    SELECT u.index_key, u.source_key, s.name AS source, u.basis, u.store, u.unit_key, u.size_bytes
    FROM source_usage AS u
    JOIN source_streams AS s ON s.index_key = u.index_key AND s.source_key = u.source_key
    WHERE u.image_count = 1 AND (u.basis = 'compressed' OR u.layer_key IS NOT NULL)
        AND (CAST(:source AS TEXT) IS NULL OR s.name = CAST(:source AS TEXT))
        AND (CAST(:basis AS TEXT) IS NULL OR u.basis = CAST(:basis AS TEXT))
    ORDER BY u.size_bytes DESC NULLS LAST, s.name, u.basis, u.unit_key, u.store
    LIMIT CAST(:limit AS INTEGER)
), holders AS (
    SELECT x.source, x.basis, x.store, x.unit_key, x.size_bytes, m.config_key AS image_key, MIN(ml.position) AS position
    FROM chosen AS x
    JOIN manifest_layers AS ml ON ml.blob_key = x.unit_key
    JOIN manifests AS m ON m.manifest_key = ml.manifest_key AND m.kind = 'image'
    JOIN source_manifests AS sm ON sm.index_key = x.index_key AND sm.source_key = x.source_key
        AND sm.manifest_key = ml.manifest_key AND sm.ended_at IS NULL
    JOIN source_images AS si ON si.index_key = x.index_key AND si.source_key = x.source_key
        AND si.image_key = m.config_key AND si.listed AND si.ended_at IS NULL
    WHERE x.basis = 'compressed'
    GROUP BY x.source, x.basis, x.store, x.unit_key, x.size_bytes, m.config_key
    UNION ALL
    SELECT x.source, x.basis, x.store, x.unit_key, x.size_bytes, il.image_key, MIN(il.position) AS position
    FROM chosen AS x
    JOIN source_image_units AS iu ON iu.index_key = x.index_key AND iu.source_key = x.source_key
        AND iu.basis = x.basis AND iu.store = x.store AND iu.unit_key = x.unit_key AND iu.listed
    JOIN image_layers AS il ON il.image_key = iu.image_key
        AND x.unit_key = CASE WHEN x.store = 'archive' THEN il.layer_key ELSE il.chain_key END
    WHERE x.basis <> 'compressed'
    GROUP BY x.source, x.basis, x.store, x.unit_key, x.size_bytes, il.image_key
)
SELECT
    x.source, x.basis, x.size_bytes, i.image_id, i.names, x.position, l.diff_id,
    CASE WHEN x.basis = 'compressed' THEN ub.digest END AS blob_digest, uc.chain_id, h.instruction, h.created_by
FROM holders AS x
JOIN blobs AS b ON b.blob_key = x.image_key
JOIN image_summary AS i ON i.source = x.source AND i.image_id = b.digest
LEFT JOIN image_layers AS il ON il.image_key = x.image_key AND il.position = x.position
LEFT JOIN layers AS l ON l.layer_key = il.layer_key
LEFT JOIN image_history AS h ON h.image_key = x.image_key AND h.position = il.history_position
LEFT JOIN blobs AS ub ON ub.blob_key = x.unit_key AND x.basis = 'compressed'
LEFT JOIN chains AS uc ON uc.chain_key = x.unit_key AND x.basis <> 'compressed'
ORDER BY x.size_bytes DESC NULLS LAST, x.source, x.basis, x.unit_key, x.store
