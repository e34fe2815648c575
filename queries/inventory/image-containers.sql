-- Which containers were made of this image?
-- param: image text  An image ID, its start (4 characters or more), or repository:tag, whole or its end after a slash.
-- param: source text = null  Only in this source.
WITH wanted AS (
    SELECT DISTINCT h.image_key
    FROM image_handles AS h
    WHERE RIGHT('/' || h.name, LENGTH(CAST(:image AS TEXT)) + 1) = '/' || CAST(:image AS TEXT)
        OR SUBSTR(h.digest, 8, GREATEST(LENGTH(REPLACE(CAST(:image AS TEXT), 'sha256:', '')), 4))
            = REPLACE(CAST(:image AS TEXT), 'sha256:', '')
    ORDER BY h.image_key
    LIMIT 100
)
SELECT
    s.name AS source, c.name, c.state, c.image_ref, c.created_at, b.digest AS image_id, c.container_id
FROM wanted AS w
JOIN containers AS c ON c.image_key = w.image_key AND c.ended_at IS NULL
JOIN source_streams AS s ON s.index_key = c.index_key AND s.source_key = c.source_key
JOIN blobs AS b ON b.blob_key = w.image_key
WHERE (CAST(:source AS TEXT) IS NULL OR s.name = CAST(:source AS TEXT))
ORDER BY s.name, c.name ASC NULLS LAST, c.container_id
