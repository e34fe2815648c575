-- How many layers are used by one image, by two, by more, and how many bytes lie in each group?
-- Images are the listed ones of the source; layers that none uses are those of unlisted or untagged images.
-- param: source text = null  Only this source.
-- param: basis text = null  Only this basis: compressed, uncompressed or on_disk.
WITH grouped AS (
    SELECT u.index_key, u.source_key, u.basis, u.size_bytes, u.image_count,
        CASE
            WHEN u.image_count < 3 THEN u.image_count
            WHEN u.image_count < 5 THEN 3
            WHEN u.image_count < 10 THEN 5
            WHEN u.image_count < 100 THEN 10
            ELSE 100
        END AS used_by_least
    FROM source_usage AS u
)
SELECT
    s.name AS source, g.basis, g.used_by_least, MAX(g.image_count) AS used_by_most, COUNT(*) AS layer_count,
    CASE WHEN SUM(g.size_bytes) <= 9223372036854775807 THEN CAST(SUM(g.size_bytes) AS BIGINT) END AS layer_bytes,
    CASE
        WHEN SUM(CAST(g.size_bytes AS DECIMAL(38, 0)) * GREATEST(g.image_count - 1, 0)) <= 9223372036854775807
        THEN CAST(SUM(CAST(g.size_bytes AS DECIMAL(38, 0)) * GREATEST(g.image_count - 1, 0)) AS BIGINT)
    END
        AS saved_bytes
FROM grouped AS g
JOIN source_streams AS s ON s.index_key = g.index_key AND s.source_key = g.source_key
WHERE (CAST(:source AS TEXT) IS NULL OR s.name = CAST(:source AS TEXT))
    AND (CAST(:basis AS TEXT) IS NULL OR g.basis = CAST(:basis AS TEXT))
GROUP BY s.name, g.basis, g.used_by_least
ORDER BY s.name, g.basis, g.used_by_least
