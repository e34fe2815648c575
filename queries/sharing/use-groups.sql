-- How many bytes lie in layers that one image uses, that two use, and so on?
-- Layers of all sources together, each once a source; images are the listed ones of its source. Those that none uses
-- are layers of unlisted or untagged images.
-- param: source text = null  Only this source.
-- param: basis text = null  Only this basis: compressed, uncompressed or on_disk.
WITH grouped AS (
    SELECT u.basis, u.size_bytes, u.image_count,
        CASE
            WHEN u.image_count < 3 THEN u.image_count
            WHEN u.image_count < 5 THEN 3
            WHEN u.image_count < 10 THEN 5
            WHEN u.image_count < 100 THEN 10
            WHEN u.image_count < 1000 THEN 100
            ELSE 1000
        END AS used_by_least
    FROM source_usage AS u
    JOIN source_streams AS s ON s.index_key = u.index_key AND s.source_key = u.source_key
    WHERE (CAST(:source AS TEXT) IS NULL OR s.name = CAST(:source AS TEXT))
        AND (CAST(:basis AS TEXT) IS NULL OR u.basis = CAST(:basis AS TEXT))
)
SELECT
    g.basis, g.used_by_least,
    CASE g.used_by_least
        WHEN 0 THEN 'no image' WHEN 1 THEN '1 image' WHEN 2 THEN '2 images' WHEN 3 THEN '3 or 4 images'
        WHEN 5 THEN '5 to 9 images' WHEN 10 THEN '10 to 99 images' WHEN 100 THEN '100 to 999 images'
        ELSE '1000 images or more'
    END AS used_by,
    COUNT(*) AS layer_count,
    CASE WHEN SUM(g.size_bytes) <= 9223372036854775807 THEN CAST(SUM(g.size_bytes) AS BIGINT) END AS layer_bytes,
    CASE
        WHEN SUM(CAST(g.size_bytes AS DECIMAL(38, 0)) * GREATEST(g.image_count - 1, 0)) <= 9223372036854775807
        THEN CAST(SUM(CAST(g.size_bytes AS DECIMAL(38, 0)) * GREATEST(g.image_count - 1, 0)) AS BIGINT)
    END AS saved_bytes
FROM grouped AS g
GROUP BY g.basis, g.used_by_least
ORDER BY g.basis, g.used_by_least
