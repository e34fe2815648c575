-- Which images are bases, and how many images stand on each?
-- Nearest are the images whose nearest base it is, in the same source; all those that have all its layers and more,
-- in any source.
-- param: source text = null  Only bases in this source.
-- param: limit integer = 200  How many rows, the most used first.
WITH nearest AS (
    SELECT source, base_image_id, COUNT(*) AS nearest_count
    FROM base_images
    WHERE (CAST(:source AS TEXT) IS NULL OR source = CAST(:source AS TEXT))
    GROUP BY source, base_image_id
), stacks AS (
    SELECT DISTINCT b.image_id, b.image_key, b.chain_key, b.layer_count
    FROM nearest AS n
    JOIN images AS b ON b.image_id = n.base_image_id
), present AS (
    SELECT DISTINCT si.image_key
    FROM source_images AS si
    JOIN source_streams AS s ON s.index_key = si.index_key AND s.source_key = si.source_key
    WHERE si.ended_at IS NULL AND si.listed
), standing AS (
    SELECT k.image_id, COUNT(*) AS image_count
    FROM stacks AS k
    JOIN image_layers AS il ON il.chain_key = k.chain_key
    JOIN images AS i ON i.image_key = il.image_key AND i.layer_count > k.layer_count
    JOIN present AS p ON p.image_key = i.image_key
    GROUP BY k.image_id
)
SELECT
    n.source, n.base_image_id, i.names AS base_names, i.platform, i.created_at, i.layer_count, n.nearest_count,
    COALESCE(t.image_count, 0) AS image_count
FROM nearest AS n
JOIN image_summary AS i ON i.source = n.source AND i.image_id = n.base_image_id
LEFT JOIN standing AS t ON t.image_id = n.base_image_id
ORDER BY image_count DESC NULLS LAST, n.nearest_count DESC NULLS LAST, n.source, n.base_image_id
LIMIT CAST(:limit AS INTEGER)
