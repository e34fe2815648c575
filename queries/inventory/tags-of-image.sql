-- Which tags reach this image, in which source?
-- A tag reaches what it points at, and all images under it where that is an index.
-- param: image text  An image ID, its start (4 characters or more), or repository:tag, whole or its end after a slash.
-- param: source text = null  Only this source.
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
    b.digest AS image_id, i.platform, t.source, t.repository, t.tag, mb.digest AS manifest_digest
FROM wanted AS w
JOIN tag_reach AS t ON t.image_key = w.image_key
JOIN blobs AS b ON b.blob_key = w.image_key
LEFT JOIN images AS i ON i.image_key = w.image_key
LEFT JOIN blobs AS mb ON mb.blob_key = t.manifest_key
WHERE (CAST(:source AS TEXT) IS NULL OR t.source = CAST(:source AS TEXT))
ORDER BY b.digest, t.source, t.repository ASC NULLS LAST, t.tag, mb.digest ASC NULLS LAST
