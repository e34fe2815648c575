-- How was this image built, step by step, and how many bytes did each step add?
-- The oldest step comes first. The bytes are those of the layer that the step made, as the sources with this image
-- state them, on each basis the largest that one of them states. A step without a layer has none; layers that no step
-- is known to have made come last, without a position. A repeated layer's bytes stand at each of its places.
-- param: image text  An image ID, its start (4 characters or more), or repository:tag, whole or its end after a slash.
-- param: source text = null  Only sizes in this source.
WITH wanted AS (
    SELECT DISTINCT h.image_key
    FROM image_handles AS h
    WHERE RIGHT('/' || h.name, LENGTH(CAST(:image AS TEXT)) + 1) = '/' || CAST(:image AS TEXT)
        OR SUBSTR(h.digest, 8, GREATEST(LENGTH(REPLACE(CAST(:image AS TEXT), 'sha256:', '')), 4))
            = REPLACE(CAST(:image AS TEXT), 'sha256:', '')
    ORDER BY h.image_key
    LIMIT 100
), first_manifests AS (
    SELECT sm.index_key, sm.source_key, m.config_key AS image_key, MIN(sm.manifest_key) AS manifest_key
    FROM wanted AS w
    JOIN manifests AS m ON m.config_key = w.image_key AND m.kind = 'image'
    JOIN source_manifests AS sm ON sm.manifest_key = m.manifest_key AND sm.ended_at IS NULL
    JOIN source_streams AS s ON s.index_key = sm.index_key AND s.source_key = sm.source_key
    WHERE (CAST(:source AS TEXT) IS NULL OR s.name = CAST(:source AS TEXT))
    GROUP BY sm.index_key, sm.source_key, m.config_key
), layer_sizes AS (
    SELECT f.image_key, ml.position, u.basis, u.size_bytes
    FROM first_manifests AS f
    JOIN manifest_layers AS ml ON ml.manifest_key = f.manifest_key
    JOIN source_usage AS u ON u.index_key = f.index_key AND u.source_key = f.source_key
        AND u.basis = 'compressed' AND u.unit_key = ml.blob_key
    UNION ALL
    SELECT w.image_key, il.position, u.basis, u.size_bytes
    FROM wanted AS w
    JOIN source_image_units AS iu ON iu.image_key = w.image_key AND iu.basis <> 'compressed'
    JOIN source_streams AS s ON s.index_key = iu.index_key AND s.source_key = iu.source_key
    JOIN image_layers AS il ON il.image_key = w.image_key
        AND iu.unit_key = CASE WHEN iu.store = 'archive' THEN il.layer_key ELSE il.chain_key END
    JOIN source_usage AS u ON u.index_key = iu.index_key AND u.source_key = iu.source_key AND u.basis = iu.basis
        AND u.store = iu.store AND u.unit_key = iu.unit_key
    WHERE (CAST(:source AS TEXT) IS NULL OR s.name = CAST(:source AS TEXT))
), sizes AS (
    SELECT image_key, position,
        MAX(CASE WHEN basis = 'compressed' THEN size_bytes END) AS compressed_bytes,
        MAX(CASE WHEN basis = 'uncompressed' THEN size_bytes END) AS uncompressed_bytes,
        MAX(CASE WHEN basis = 'on_disk' THEN size_bytes END) AS on_disk_bytes
    FROM layer_sizes
    GROUP BY image_key, position
), steps AS (
    SELECT h.image_key, h.position, h.created_at, h.instruction, h.created_by, h.empty_layer, h.layer_position,
        h.comment
    FROM wanted AS w
    JOIN image_history AS h ON h.image_key = w.image_key
    UNION ALL
    SELECT il.image_key, NULL AS position, NULL AS created_at, NULL AS instruction, NULL AS created_by,
        FALSE AS empty_layer, il.position AS layer_position, NULL AS comment
    FROM wanted AS w
    JOIN image_layers AS il ON il.image_key = w.image_key
    WHERE il.history_position IS NULL
)
SELECT
    b.digest AS image_id, t.position, t.created_at, t.instruction, t.created_by, t.empty_layer, z.compressed_bytes,
    z.uncompressed_bytes, z.on_disk_bytes, t.layer_position, l.diff_id, t.comment
FROM steps AS t
JOIN blobs AS b ON b.blob_key = t.image_key
LEFT JOIN sizes AS z ON z.image_key = t.image_key AND z.position = t.layer_position
LEFT JOIN image_layers AS il ON il.image_key = t.image_key AND il.position = t.layer_position
LEFT JOIN layers AS l ON l.layer_key = il.layer_key
ORDER BY b.digest, t.position ASC NULLS LAST, t.layer_position ASC NULLS LAST
