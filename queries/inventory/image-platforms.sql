-- For which other platforms do the tags of this image stand, and with which images?
-- One row an image under a current tag that reaches this one, itself included: an index has several, else it is alone.
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
), digests AS (
    SELECT b.digest FROM wanted AS w JOIN blobs AS b ON b.blob_key = w.image_key
), own AS (
    SELECT DISTINCT t.source, t.repository, t.tag
    FROM tag_images AS t
    JOIN digests AS d ON d.digest = t.image_id
    WHERE (CAST(:source AS TEXT) IS NULL OR t.source = CAST(:source AS TEXT))
)
SELECT
    t.source, CASE WHEN t.repository IS NULL THEN t.tag ELSE t.repository || ':' || t.tag END AS name, t.platform,
    t.image_id, d.digest IS NOT NULL AS is_this, m.total_bytes AS pull_bytes, t.manifest_digest
FROM own AS o
JOIN tag_images AS t ON t.source = o.source AND COALESCE(t.repository, '') = COALESCE(o.repository, '')
    AND (t.repository IS NULL) = (o.repository IS NULL) AND t.tag = o.tag
LEFT JOIN digests AS d ON d.digest = t.image_id
LEFT JOIN blobs AS mb ON mb.digest = t.manifest_digest
LEFT JOIN manifests AS m ON m.manifest_key = mb.blob_key
ORDER BY t.source, name, t.position
