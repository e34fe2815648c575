-- Which images brought the layers that others use, and what do they cost by that?
-- Each layer's bytes go whole to its first owner: the listed image, of those that use it, that was made first, unknown
-- times last, then the smallest image ID. The owned bytes of all images sum to the source's distinct bytes.
-- param: limit integer = 1000  How many rows, the largest first.
-- param: source text = null  Only this source.
-- param: basis text = null  Only this basis: compressed, uncompressed or on_disk.
WITH owned AS (
    SELECT u.source, u.basis, u.size_bytes, u.image_key,
        ROW_NUMBER() OVER (
            PARTITION BY u.source, u.basis, u.store, u.unit_key ORDER BY i.created_at ASC NULLS LAST, u.image_key
        ) AS place
    FROM image_units AS u
    LEFT JOIN images AS i ON i.image_key = u.image_key
    WHERE u.listed
        AND (CAST(:source AS TEXT) IS NULL OR u.source = CAST(:source AS TEXT))
        AND (CAST(:basis AS TEXT) IS NULL OR u.basis = CAST(:basis AS TEXT))
), sums AS (
    SELECT source, basis, image_key, COUNT(CASE WHEN place = 1 THEN 1 END) AS owned_layer_count,
        COUNT(*) AS layer_count,
        CASE
            WHEN SUM(CASE WHEN place = 1 THEN COALESCE(size_bytes, 0) ELSE 0 END) <= 9223372036854775807
            THEN CAST(SUM(CASE WHEN place = 1 THEN COALESCE(size_bytes, 0) ELSE 0 END) AS BIGINT)
        END AS owned_bytes,
        CASE WHEN SUM(size_bytes) <= 9223372036854775807 THEN CAST(SUM(size_bytes) AS BIGINT) END AS size_bytes,
        COUNT(*) - COUNT(size_bytes) AS unknown_layers
    FROM owned
    GROUP BY source, basis, image_key
), chosen AS (
    SELECT z.source, z.basis, b.digest AS image_id, z.owned_layer_count, z.layer_count, z.owned_bytes,
        CASE WHEN z.unknown_layers = 0 THEN z.size_bytes END AS size_bytes
    FROM sums AS z
    JOIN blobs AS b ON b.blob_key = z.image_key
    ORDER BY z.owned_bytes DESC NULLS LAST, z.source, z.basis, b.digest
    LIMIT CAST(:limit AS INTEGER)
)
SELECT
    c.source, c.basis, c.image_id, c.owned_bytes, c.owned_layer_count, c.size_bytes, c.layer_count, s.created_at,
    s.names
FROM chosen AS c
JOIN image_summary AS s ON s.source = c.source AND s.image_id = c.image_id
ORDER BY c.owned_bytes DESC NULLS LAST, c.source, c.basis, c.image_id
