-- Which layers does this image have, what made each, how large is it, and how many images share it?
-- From the base layer up. The size is the largest that a source with this image states on the basis, and used_by the
-- most listed images that use the layer in one source, this image counted.
-- param: image text  An image ID, its start (4 characters or more), or repository:tag, whole or its end after a slash.
-- param: source text = null  Only in this source.
-- param: basis text = compressed  What bytes are counted: compressed, uncompressed or on_disk.
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
), stated AS (
    SELECT f.image_key, ml.position, u.size_bytes, u.image_count
    FROM first_manifests AS f
    JOIN manifest_layers AS ml ON ml.manifest_key = f.manifest_key
    JOIN source_usage AS u ON u.index_key = f.index_key AND u.source_key = f.source_key
        AND u.basis = 'compressed' AND u.unit_key = ml.blob_key
    WHERE CAST(:basis AS TEXT) = 'compressed'
    UNION ALL
    SELECT w.image_key, il.position, u.size_bytes, u.image_count
    FROM wanted AS w
    JOIN source_image_units AS iu ON iu.image_key = w.image_key AND iu.basis <> 'compressed'
    JOIN source_streams AS s ON s.index_key = iu.index_key AND s.source_key = iu.source_key
    JOIN image_layers AS il ON il.image_key = w.image_key
        AND iu.unit_key = CASE WHEN iu.store = 'archive' THEN il.layer_key ELSE il.chain_key END
    JOIN source_usage AS u ON u.index_key = iu.index_key AND u.source_key = iu.source_key AND u.basis = iu.basis
        AND u.store = iu.store AND u.unit_key = iu.unit_key
    WHERE iu.basis = CAST(:basis AS TEXT)
        AND (CAST(:source AS TEXT) IS NULL OR s.name = CAST(:source AS TEXT))
), sizes AS (
    SELECT image_key, position, MAX(size_bytes) AS size_bytes, MAX(image_count) AS used_by
    FROM stated
    GROUP BY image_key, position
)
SELECT
    b.digest AS image_id, il.position, z.size_bytes, z.used_by,
    CASE WHEN z.used_by > 1 THEN z.size_bytes WHEN z.used_by IS NOT NULL AND z.size_bytes IS NOT NULL THEN 0 END
        AS shared_bytes,
    h.instruction, h.created_by, l.diff_id, c.chain_id
FROM wanted AS w
JOIN blobs AS b ON b.blob_key = w.image_key
JOIN image_layers AS il ON il.image_key = w.image_key
JOIN layers AS l ON l.layer_key = il.layer_key
JOIN chains AS c ON c.chain_key = il.chain_key
LEFT JOIN image_history AS h ON h.image_key = il.image_key AND h.position = il.history_position
LEFT JOIN sizes AS z ON z.image_key = il.image_key AND z.position = il.position
ORDER BY b.digest, il.position
