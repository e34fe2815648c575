-- What do the images with each value of a label cost?
-- Layer bytes are the distinct layers of all images with the value; marginal bytes those that no image with another
-- value uses, which is what deleting them all would free; split bytes divide each layer among all images that use it
-- and sum to what the source's images take. Images without the label have the value NULL. Images are the listed ones.
-- param: label text  The label's name, such as org.opencontainers.image.vendor.
-- param: source text = null  Only this source.
-- param: basis text = null  Only this basis: compressed, uncompressed or on_disk.
WITH listed AS (
    SELECT DISTINCT si.index_key, si.source_key, s.name AS source, si.image_key, l.value AS label_value
    FROM source_images AS si
    JOIN source_streams AS s ON s.index_key = si.index_key AND s.source_key = si.source_key
    LEFT JOIN image_labels AS l ON l.image_key = si.image_key AND l.name = CAST(:label AS TEXT)
    WHERE si.ended_at IS NULL AND si.listed
        AND (CAST(:source AS TEXT) IS NULL OR s.name = CAST(:source AS TEXT))
), units AS (
    SELECT DISTINCT i.index_key, i.source_key, 'compressed' AS basis, '' AS store, ml.blob_key AS unit_key,
        i.label_value
    FROM listed AS i
    JOIN manifests AS m ON m.config_key = i.image_key AND m.kind = 'image'
    JOIN source_manifests AS sm ON sm.index_key = i.index_key AND sm.source_key = i.source_key
        AND sm.manifest_key = m.manifest_key AND sm.ended_at IS NULL
    JOIN manifest_layers AS ml ON ml.manifest_key = m.manifest_key
    UNION ALL
    SELECT DISTINCT i.index_key, i.source_key, sl.basis, sl.store, il.chain_key AS unit_key, i.label_value
    FROM listed AS i
    JOIN image_layers AS il ON il.image_key = i.image_key
    JOIN source_images AS si ON si.index_key = i.index_key AND si.source_key = i.source_key
        AND si.image_key = i.image_key AND si.ended_at IS NULL
    JOIN source_layers AS sl ON sl.index_key = i.index_key AND sl.source_key = i.source_key
        AND sl.scope_key = si.scope_key AND sl.chain_key = il.chain_key AND sl.ended_at IS NULL
), values_per_unit AS (
    SELECT index_key, source_key, basis, store, unit_key, label_value,
        COUNT(*) OVER (PARTITION BY index_key, source_key, basis, store, unit_key) AS value_count
    FROM units
), layer_sums AS (
    SELECT v.index_key, v.source_key, v.basis, v.label_value, CAST(SUM(u.size_bytes) AS BIGINT) AS layer_bytes,
        CAST(SUM(CASE WHEN v.value_count = 1 THEN u.size_bytes ELSE 0 END) AS BIGINT) AS marginal_bytes
    FROM values_per_unit AS v
    JOIN source_usage AS u ON u.index_key = v.index_key AND u.source_key = v.source_key AND u.basis = v.basis
        AND u.store = v.store AND u.unit_key = v.unit_key
    GROUP BY v.index_key, v.source_key, v.basis, v.label_value
), image_sums AS (
    SELECT i.index_key, i.source_key, i.source, z.basis, i.label_value, COUNT(*) AS image_count,
        CAST(SUM(z.split_bytes) AS BIGINT) AS split_bytes, CAST(SUM(z.unknown_layers) AS BIGINT) AS unknown_layers
    FROM listed AS i
    JOIN source_image_sizes AS z ON z.index_key = i.index_key AND z.source_key = i.source_key
        AND z.image_key = i.image_key
    WHERE (CAST(:basis AS TEXT) IS NULL OR z.basis = CAST(:basis AS TEXT))
    GROUP BY i.index_key, i.source_key, i.source, z.basis, i.label_value
)
SELECT
    i.source, i.basis, i.label_value, i.image_count, COALESCE(l.layer_bytes, 0) AS layer_bytes,
    COALESCE(l.marginal_bytes, 0) AS marginal_bytes, i.split_bytes, i.unknown_layers
FROM image_sums AS i
LEFT JOIN layer_sums AS l ON l.index_key = i.index_key AND l.source_key = i.source_key AND l.basis = i.basis
    AND COALESCE(l.label_value, '') = COALESCE(i.label_value, '')
    AND (l.label_value IS NULL) = (i.label_value IS NULL)
ORDER BY layer_bytes DESC NULLS LAST, i.source, i.basis, i.label_value ASC NULLS LAST
