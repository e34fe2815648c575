-- How well are the layers of each source compressed?
-- Of the layers whose unpacked size is known: verified as a tar, or else as the largest that another source states of
-- the same content. The ratio is unpacked to compressed bytes: 3 means that a third is sent. By media type, which says
-- how a layer is compressed.
-- param: source text = null  Only this source.
WITH types AS (
    SELECT ml.blob_key, MIN(ml.media_type) AS media_type
    FROM manifest_layers AS ml
    GROUP BY ml.blob_key
), unpacked AS (
    SELECT u.layer_key, MAX(u.size_bytes) AS size_bytes
    FROM source_usage AS u
    JOIN source_streams AS s ON s.index_key = u.index_key AND s.source_key = u.source_key
    WHERE u.basis <> 'compressed' AND u.layer_key IS NOT NULL
    GROUP BY u.layer_key
), contents AS (
    SELECT blob_key, MIN(layer_key) AS layer_key FROM layer_blobs GROUP BY blob_key
), sizes AS (
    SELECT s.name AS source, t.media_type, u.size_bytes, COALESCE(l.tar_bytes, p.size_bytes) AS unpacked_bytes
    FROM source_usage AS u
    JOIN source_streams AS s ON s.index_key = u.index_key AND s.source_key = u.source_key
    LEFT JOIN types AS t ON t.blob_key = u.unit_key
    LEFT JOIN contents AS c ON c.blob_key = u.unit_key
    LEFT JOIN layers AS l ON l.layer_key = c.layer_key
    LEFT JOIN unpacked AS p ON p.layer_key = c.layer_key
    WHERE u.basis = 'compressed'
        AND (CAST(:source AS TEXT) IS NULL OR s.name = CAST(:source AS TEXT))
), sums AS (
    SELECT source, media_type, COUNT(*) AS layer_count,
        COUNT(CASE WHEN size_bytes IS NOT NULL AND unpacked_bytes IS NOT NULL THEN 1 END) AS known_count,
        CASE
            WHEN SUM(CASE WHEN unpacked_bytes IS NOT NULL THEN size_bytes END) <= 9223372036854775807
            THEN CAST(SUM(CASE WHEN unpacked_bytes IS NOT NULL THEN size_bytes END) AS BIGINT)
        END AS compressed_bytes,
        CASE
            WHEN SUM(CASE WHEN size_bytes IS NOT NULL THEN unpacked_bytes END) <= 9223372036854775807
            THEN CAST(SUM(CASE WHEN size_bytes IS NOT NULL THEN unpacked_bytes END) AS BIGINT)
        END AS unpacked_bytes
    FROM sizes
    GROUP BY source, media_type
)
SELECT
    z.source, z.media_type, z.layer_count, z.known_count, z.compressed_bytes, z.unpacked_bytes,
    CAST(CAST(z.unpacked_bytes AS DOUBLE PRECISION) / NULLIF(z.compressed_bytes, 0) AS DECIMAL(18, 2)) AS ratio
FROM sums AS z
ORDER BY z.source, z.layer_count DESC NULLS LAST, z.media_type ASC NULLS LAST
