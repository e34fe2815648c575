-- Which images stand on this one?
-- They have all its layers, in order, and more on top, and are listed in some source: near or far, with other bases
-- in between or not.
-- param: image text  An image ID, its start (4 characters or more), or repository:tag, whole or its end after a slash.
-- param: source text = null  Only images in this source.
-- param: limit integer = 1000  How many rows.
WITH wanted AS (
    SELECT DISTINCT h.image_key
    FROM image_handles AS h
    WHERE RIGHT('/' || h.name, LENGTH(CAST(:image AS TEXT)) + 1) = '/' || CAST(:image AS TEXT)
        OR SUBSTR(h.digest, 8, GREATEST(LENGTH(REPLACE(CAST(:image AS TEXT), 'sha256:', '')), 4))
            = REPLACE(CAST(:image AS TEXT), 'sha256:', '')
    ORDER BY h.image_key
    LIMIT 100
), standing AS (
    SELECT b.image_id AS base_image_id, i.image_id, i.layer_count - b.layer_count AS added_layer_count
    FROM wanted AS w
    JOIN images AS b ON b.image_key = w.image_key
    JOIN image_layers AS il ON il.chain_key = b.chain_key
    JOIN images AS i ON i.image_key = il.image_key AND i.layer_count > b.layer_count
)
SELECT
    t.base_image_id, s.source, s.image_id, s.names, s.platform, s.created_at, t.added_layer_count
FROM standing AS t
JOIN image_summary AS s ON s.image_id = t.image_id AND s.listed
WHERE (CAST(:source AS TEXT) IS NULL OR s.source = CAST(:source AS TEXT))
ORDER BY t.base_image_id, s.source, t.added_layer_count, s.names ASC NULLS LAST, s.image_id
LIMIT CAST(:limit AS INTEGER)
