-- How many bytes does sharing save in all, and how many more would one store for all sources?
-- Within is what sharing saves inside each source, summed: referenced less distinct. Across is what the sources keep
-- several times between them: distinct less once, where each blob, or each stack, counts once over all of them, at
-- the largest size that a source states. Sizes of different bases are never added.
-- param: basis text = null  Only this basis: compressed, uncompressed or on_disk.
WITH units AS (
    SELECT u.basis, u.unit_key, u.source_key, u.size_bytes, u.image_count
    FROM source_usage AS u
    JOIN source_streams AS s ON s.index_key = u.index_key AND s.source_key = u.source_key
    WHERE u.image_count > 0
        AND (CAST(:basis AS TEXT) IS NULL OR u.basis = CAST(:basis AS TEXT))
), sums AS (
    SELECT basis, COUNT(DISTINCT source_key) AS source_count,
        CASE
            WHEN SUM(CAST(size_bytes AS DECIMAL(38, 0)) * image_count) <= 9223372036854775807
            THEN CAST(SUM(CAST(size_bytes AS DECIMAL(38, 0)) * image_count) AS BIGINT)
        END AS referenced_bytes,
        CASE WHEN SUM(size_bytes) <= 9223372036854775807 THEN CAST(SUM(size_bytes) AS BIGINT) END AS distinct_bytes
    FROM units
    GROUP BY basis
), once AS (
    SELECT k.basis, COUNT(*) AS layer_count,
        CASE
            WHEN SUM(k.size_bytes) <= 9223372036854775807
            THEN CAST(SUM(k.size_bytes) AS BIGINT)
        END AS once_bytes
    FROM (SELECT basis, unit_key, MAX(size_bytes) AS size_bytes FROM units GROUP BY basis, unit_key) AS k
    GROUP BY k.basis
)
SELECT
    z.basis, z.source_count, o.layer_count, z.referenced_bytes, z.distinct_bytes, o.once_bytes,
    z.referenced_bytes - z.distinct_bytes AS saved_within_bytes,
    z.distinct_bytes - o.once_bytes AS saved_across_bytes
FROM sums AS z
JOIN once AS o ON o.basis = z.basis
ORDER BY z.basis
