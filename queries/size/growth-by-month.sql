-- How much did each month's images add?
-- Each layer counts in the month of its first owner: the listed image, of those that use it, that was made first.
-- Months are those of the images' own creation times in UTC; what has none, or only a reproducible build's 1970,
-- shows as such. The running total ends with the source's distinct bytes.
-- param: source text = null  Only this source.
-- param: basis text = null  Only this basis: compressed, uncompressed or on_disk.
WITH listed AS (
    SELECT si.index_key, si.source_key, s.name AS source, si.scope_key, si.image_key,
        DATE_TRUNC('month', i.created_at) AS month_start
    FROM source_images AS si
    JOIN source_streams AS s ON s.index_key = si.index_key AND s.source_key = si.source_key
    LEFT JOIN images AS i ON i.image_key = si.image_key
    WHERE si.ended_at IS NULL AND si.listed
        AND (CAST(:source AS TEXT) IS NULL OR s.name = CAST(:source AS TEXT))
), image_units AS (
    SELECT i.index_key, i.source_key, 'compressed' AS basis, '' AS store, ml.blob_key AS unit_key, i.month_start
    FROM listed AS i
    JOIN manifests AS m ON m.config_key = i.image_key AND m.kind = 'image'
    JOIN source_manifests AS sm ON sm.index_key = i.index_key AND sm.source_key = i.source_key
        AND sm.manifest_key = m.manifest_key AND sm.ended_at IS NULL
    JOIN manifest_layers AS ml ON ml.manifest_key = m.manifest_key
    UNION ALL
    SELECT i.index_key, i.source_key, sl.basis, sl.store, il.chain_key AS unit_key, i.month_start
    FROM listed AS i
    JOIN image_layers AS il ON il.image_key = i.image_key
    JOIN source_layers AS sl ON sl.index_key = i.index_key AND sl.source_key = i.source_key
        AND sl.scope_key = i.scope_key AND sl.chain_key = il.chain_key AND sl.ended_at IS NULL
), first_months AS (
    SELECT index_key, source_key, basis, store, unit_key, MIN(month_start) AS month_start
    FROM image_units
    GROUP BY index_key, source_key, basis, store, unit_key
), layer_sums AS (
    SELECT f.index_key, f.source_key, f.basis, f.month_start, COUNT(*) AS new_layer_count,
        CAST(SUM(u.size_bytes) AS BIGINT) AS added_bytes
    FROM first_months AS f
    JOIN source_usage AS u ON u.index_key = f.index_key AND u.source_key = f.source_key AND u.basis = f.basis
        AND u.store = f.store AND u.unit_key = f.unit_key
    GROUP BY f.index_key, f.source_key, f.basis, f.month_start
), image_counts AS (
    SELECT i.index_key, i.source_key, i.source, z.basis, i.month_start, COUNT(DISTINCT i.image_key) AS image_count
    FROM listed AS i
    JOIN source_image_sizes AS z ON z.index_key = i.index_key AND z.source_key = i.source_key
        AND z.image_key = i.image_key
    WHERE (CAST(:basis AS TEXT) IS NULL OR z.basis = CAST(:basis AS TEXT))
    GROUP BY i.index_key, i.source_key, i.source, z.basis, i.month_start
), months AS (
    SELECT i.source, i.basis, i.month_start, i.image_count, COALESCE(l.new_layer_count, 0) AS new_layer_count,
        COALESCE(l.added_bytes, 0) AS added_bytes
    FROM image_counts AS i
    LEFT JOIN layer_sums AS l ON l.index_key = i.index_key AND l.source_key = i.source_key AND l.basis = i.basis
        AND COALESCE(l.month_start, CAST('1970-01-01 00:00:00+00' AS TIMESTAMPTZ))
            = COALESCE(i.month_start, CAST('1970-01-01 00:00:00+00' AS TIMESTAMPTZ))
        AND (l.month_start IS NULL) = (i.month_start IS NULL)
)
SELECT
    m.source, m.basis, m.month_start, m.image_count, m.new_layer_count, m.added_bytes,
    CAST(SUM(m.added_bytes) OVER (
        PARTITION BY m.source, m.basis ORDER BY m.month_start ASC NULLS LAST
    ) AS BIGINT) AS total_bytes
FROM months AS m
ORDER BY m.source, m.basis, m.month_start ASC NULLS LAST
