-- What would each source's images take, shared by blob, by layer or by stack, and what does each way save?
-- Counted by: image, each has its layers to itself; chain, a layer once for each stack that it tops, as stores of
-- unpacked layers keep it; blob, each blob once, as registries keep it; diff_id, each content once, however it was
-- compressed and whatever it lies on. Of one content in several sizes the smallest counts. A layer whose content no
-- config that was read tells is its own. Images are the listed ones.
-- param: source text = null  Only this source.
-- param: basis text = null  Only this basis: compressed, uncompressed or on_disk.
WITH places AS (
    SELECT DISTINCT source, basis, store, unit_key, image_key, size_bytes,
        COALESCE(layer_key, -unit_key) AS layer_key, COALESCE(chain_key, -unit_key) AS chain_key
    FROM image_places
    WHERE listed
        AND (CAST(:source AS TEXT) IS NULL OR source = CAST(:source AS TEXT))
        AND (CAST(:basis AS TEXT) IS NULL OR basis = CAST(:basis AS TEXT))
), counted AS (
    SELECT source, basis, 'image' AS counted_by, image_key AS one, store, unit_key AS two, MIN(size_bytes) AS size_bytes
    FROM places
    GROUP BY source, basis, image_key, store, unit_key
    UNION ALL
    SELECT source, basis, 'chain' AS counted_by, chain_key AS one, store, 0 AS two, MIN(size_bytes) AS size_bytes
    FROM places
    GROUP BY source, basis, chain_key, store
    UNION ALL
    SELECT source, basis, 'blob' AS counted_by, unit_key AS one, store, 0 AS two, MIN(size_bytes) AS size_bytes
    FROM places
    WHERE basis = 'compressed'
    GROUP BY source, basis, unit_key, store
    UNION ALL
    SELECT source, basis, 'diff_id' AS counted_by, layer_key AS one, store, 0 AS two, MIN(size_bytes) AS size_bytes
    FROM places
    GROUP BY source, basis, layer_key, store
), sums AS (
    SELECT source, basis, counted_by, COUNT(*) AS layer_count,
        CASE
            WHEN SUM(size_bytes) <= 9223372036854775807
            THEN CAST(SUM(size_bytes) AS BIGINT)
        END AS layer_bytes,
        COUNT(*) - COUNT(size_bytes) AS unknown_layers
    FROM counted
    GROUP BY source, basis, counted_by
)
SELECT
    z.source, z.basis, z.counted_by, z.layer_count, z.layer_bytes, a.layer_bytes - z.layer_bytes AS saved_bytes,
    CAST(
        100 * CAST(a.layer_bytes - z.layer_bytes AS DOUBLE PRECISION)
        / NULLIF(a.layer_bytes, 0)
        AS DECIMAL(5, 2)
    ) AS saved_percent,
    z.unknown_layers
FROM sums AS z
JOIN sums AS a ON a.source = z.source AND a.basis = z.basis AND a.counted_by = 'image'
ORDER BY z.source, z.basis, saved_bytes ASC NULLS LAST, z.counted_by
