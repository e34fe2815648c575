-- What do the images of each platform cost?
-- Layer bytes are the distinct layers of all its images; shared those that an image of another platform uses, too,
-- unique the rest; split bytes divide each layer among all images that use it and sum to what the source's images
-- take. Images are the listed ones.
-- param: source text = null  Only this source.
-- param: basis text = null  Only this basis: compressed, uncompressed or on_disk.
WITH members AS (
    SELECT p.index_key, p.source_key, s.name AS source, p.image_key, COALESCE(p.platform, i.platform) AS platform
    FROM source_image_summaries AS p
    JOIN source_streams AS s ON s.index_key = p.index_key AND s.source_key = p.source_key
    LEFT JOIN images AS i ON i.image_key = p.image_key
    WHERE p.listed
        AND (CAST(:source AS TEXT) IS NULL OR s.name = CAST(:source AS TEXT))
), units AS (
    SELECT u.source, u.basis, u.store, u.unit_key, u.size_bytes, m.platform
    FROM members AS m
    JOIN image_units AS u ON u.index_key = m.index_key AND u.source_key = m.source_key AND u.image_key = m.image_key
    WHERE (CAST(:basis AS TEXT) IS NULL OR u.basis = CAST(:basis AS TEXT))
    GROUP BY u.source, u.basis, u.store, u.unit_key, u.size_bytes, m.platform
), counted AS (
    SELECT source, basis, platform, size_bytes,
        COUNT(*) OVER (PARTITION BY source, basis, store, unit_key) AS group_count
    FROM units
), layer_sums AS (
    SELECT source, basis, platform,
        CASE
            WHEN SUM(size_bytes) <= 9223372036854775807
            THEN CAST(SUM(size_bytes) AS BIGINT)
        END AS layer_bytes,
        CASE
            WHEN SUM(CASE WHEN group_count > 1 THEN size_bytes ELSE 0 END) <= 9223372036854775807
            THEN CAST(SUM(CASE WHEN group_count > 1 THEN size_bytes ELSE 0 END) AS BIGINT)
        END AS shared_bytes,
        CASE
            WHEN SUM(CASE WHEN group_count = 1 THEN size_bytes ELSE 0 END) <= 9223372036854775807
            THEN CAST(SUM(CASE WHEN group_count = 1 THEN size_bytes ELSE 0 END) AS BIGINT)
        END AS own_bytes
    FROM counted
    GROUP BY source, basis, platform
), image_sums AS (
    SELECT m.source, z.basis, m.platform, COUNT(*) AS image_count,
        CASE
            WHEN SUM(z.split_bytes) <= 9223372036854775807
            THEN CAST(SUM(z.split_bytes) AS BIGINT)
        END AS split_bytes,
        CAST(SUM(z.unknown_layers) AS BIGINT) AS unknown_layers
    FROM members AS m
    JOIN source_image_sizes AS z ON z.index_key = m.index_key AND z.source_key = m.source_key
        AND z.image_key = m.image_key
    WHERE (CAST(:basis AS TEXT) IS NULL OR z.basis = CAST(:basis AS TEXT))
    GROUP BY m.source, z.basis, m.platform
)
SELECT
    i.source, i.basis, i.platform, i.image_count,
    CASE WHEN z.source IS NULL THEN 0 ELSE z.layer_bytes END AS layer_bytes,
    CASE WHEN z.source IS NULL THEN 0 ELSE z.shared_bytes END AS shared_bytes,
    CASE WHEN z.source IS NULL THEN 0 ELSE z.own_bytes END AS unique_bytes,
    i.split_bytes, i.unknown_layers
FROM image_sums AS i
LEFT JOIN layer_sums AS z ON z.source = i.source AND z.basis = i.basis
    AND COALESCE(z.platform, '') = COALESCE(i.platform, '') AND (z.platform IS NULL) = (i.platform IS NULL)
ORDER BY layer_bytes DESC NULLS LAST, i.source, i.basis, i.platform ASC NULLS LAST
