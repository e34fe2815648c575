-- How much did each month's images add?
-- Each layer counts in the month of its first owner: the listed image, of those that use it, that was made first.
-- Months are those of the images' own creation times in UTC; what has none, or only a reproducible build's 1970,
-- shows as such. The running total ends with the source's distinct bytes.
-- param: source text = null  Only this source.
-- param: basis text = null  Only this basis: compressed, uncompressed or on_disk.
WITH units AS (
    SELECT u.source, u.basis, u.size_bytes, DATE_TRUNC('month', MIN(i.created_at)) AS month_start
    FROM image_units AS u
    LEFT JOIN images AS i ON i.image_key = u.image_key
    WHERE u.listed
        AND (CAST(:source AS TEXT) IS NULL OR u.source = CAST(:source AS TEXT))
        AND (CAST(:basis AS TEXT) IS NULL OR u.basis = CAST(:basis AS TEXT))
    GROUP BY u.source, u.basis, u.store, u.unit_key, u.size_bytes
), layer_sums AS (
    SELECT source, basis, month_start, COUNT(*) AS new_layer_count,
        CASE
            WHEN SUM(COALESCE(size_bytes, 0)) <= 9223372036854775807
            THEN CAST(SUM(COALESCE(size_bytes, 0)) AS BIGINT)
        END AS added_bytes
    FROM units
    GROUP BY source, basis, month_start
), image_counts AS (
    SELECT s.name AS source, z.basis, DATE_TRUNC('month', i.created_at) AS month_start, COUNT(*) AS image_count
    FROM source_image_sizes AS z
    JOIN source_streams AS s ON s.index_key = z.index_key AND s.source_key = z.source_key
    LEFT JOIN images AS i ON i.image_key = z.image_key
    WHERE (CAST(:source AS TEXT) IS NULL OR s.name = CAST(:source AS TEXT))
        AND (CAST(:basis AS TEXT) IS NULL OR z.basis = CAST(:basis AS TEXT))
    GROUP BY s.name, z.basis, DATE_TRUNC('month', i.created_at)
), months AS (
    SELECT i.source, i.basis, i.month_start, i.image_count, COALESCE(l.new_layer_count, 0) AS new_layer_count,
        CASE WHEN l.source IS NULL THEN 0 ELSE l.added_bytes END AS added_bytes
    FROM image_counts AS i
    LEFT JOIN layer_sums AS l ON l.source = i.source AND l.basis = i.basis
        AND COALESCE(l.month_start, CAST('1970-01-01 00:00:00+00' AS TIMESTAMPTZ))
            = COALESCE(i.month_start, CAST('1970-01-01 00:00:00+00' AS TIMESTAMPTZ))
        AND (l.month_start IS NULL) = (i.month_start IS NULL)
), running AS (
    SELECT source, basis, month_start, image_count, new_layer_count, added_bytes,
        CAST(SUM(CAST(added_bytes AS DECIMAL(38, 0))) OVER months_so_far AS DECIMAL(38, 0)) AS total_bytes,
        COUNT(*) OVER months_so_far - COUNT(added_bytes) OVER months_so_far AS unknown_months
    FROM months
    WINDOW months_so_far AS (PARTITION BY source, basis ORDER BY month_start ASC NULLS LAST)
)
SELECT
    m.source, m.basis, m.month_start, m.image_count, m.new_layer_count, m.added_bytes,
    CASE
        WHEN m.unknown_months = 0 AND m.total_bytes <= 9223372036854775807 THEN CAST(m.total_bytes AS BIGINT)
    END AS total_bytes
FROM running AS m
ORDER BY m.source, m.basis, m.month_start ASC NULLS LAST
