-- Which sources have or had this image, under which names, and since when?
-- param: image text  An image ID, its start (4 characters or more), or repository:tag, whole or its end after a slash.
WITH wanted AS (
    SELECT DISTINCT h.image_key
    FROM image_handles AS h
    WHERE RIGHT('/' || h.name, LENGTH(CAST(:image AS TEXT)) + 1) = '/' || CAST(:image AS TEXT)
        OR SUBSTR(h.digest, 8, GREATEST(LENGTH(REPLACE(CAST(:image AS TEXT), 'sha256:', '')), 4))
            = REPLACE(CAST(:image AS TEXT), 'sha256:', '')
    ORDER BY h.image_key
    LIMIT 100
), seen AS (
    SELECT si.index_key, si.source_key, si.image_key, BOOL_OR(si.ended_at IS NULL) AS present,
        BOOL_OR(si.ended_at IS NULL AND si.listed) AS listed, MIN(si.first_seen_at) AS first_seen_at,
        CASE WHEN NOT BOOL_OR(si.ended_at IS NULL) THEN MAX(si.ended_at) END AS ended_at, MIN(si.local_id) AS local_id
    FROM wanted AS w
    JOIN source_images AS si ON si.image_key = w.image_key
    GROUP BY si.index_key, si.source_key, si.image_key
)
SELECT
    s.name AS source, o.kind, b.digest AS image_id, n.present, n.listed, p.names, n.first_seen_at, n.ended_at,
    n.local_id
FROM seen AS n
JOIN source_streams AS s ON s.index_key = n.index_key AND s.source_key = n.source_key
JOIN sources AS o ON o.index_key = n.index_key AND o.source_key = n.source_key
JOIN blobs AS b ON b.blob_key = n.image_key
LEFT JOIN source_image_summaries AS p ON p.index_key = n.index_key AND p.source_key = n.source_key
    AND p.image_key = n.image_key
ORDER BY b.digest, s.name
