-- Which images stand on this one?
-- They have all its layers, in order, and more on top, and are listed in some source: near or far, with other bases
-- in between or not.
-- param: image text  An image ID, its start (4 characters or more), or repository:tag, whole or its end after a slash.
-- param: source text = null  Only images in this source.
-- param: limit integer = 1000  How many rows.
WITH asked AS (
    SELECT CAST(:image AS TEXT) AS image, REPLACE(CAST(:image AS TEXT), 'sha256:', '') AS beginning
), named AS (
    SELECT t.target_key, t.target_kind
    FROM asked AS a
    JOIN tag_targets AS t
        ON a.image = CASE WHEN t.repository IS NULL THEN t.tag ELSE t.repository || ':' || t.tag END
        OR RIGHT(t.repository || ':' || t.tag, LENGTH(a.image) + 1) = '/' || a.image
), found AS (
    SELECT b.blob_key AS image_key
    FROM asked AS a
    JOIN blobs AS b ON LENGTH(a.beginning) >= 4 AND SUBSTR(b.digest, 8, LENGTH(a.beginning)) = a.beginning
    WHERE b.blob_key IN (SELECT image_key FROM source_images)
    UNION
    SELECT n.target_key AS image_key FROM named AS n WHERE n.target_kind = 'image'
    UNION
    SELECT m.config_key AS image_key
    FROM named AS n
    JOIN manifests AS m ON m.manifest_key = n.target_key AND m.kind = 'image' AND n.target_kind = 'manifest'
    UNION
    SELECT l.image_key
    FROM named AS n
    JOIN index_leaves AS l ON l.root_key = n.target_key AND n.target_kind = 'manifest'
    WHERE l.image_key IS NOT NULL
), wanted AS (
    SELECT image_key FROM found ORDER BY image_key LIMIT 100
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
