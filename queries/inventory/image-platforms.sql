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
), tagged AS (
    SELECT source_key, source, repository_key, repository, tag, place_1, place_2, place_3, place_4, platform,
        manifest_key, image_key
    FROM tag_image_keys
    WHERE (CAST(:source AS TEXT) IS NULL OR source = CAST(:source AS TEXT))
), own AS (
    SELECT DISTINCT source_key, repository_key, tag FROM tagged WHERE image_key IN (SELECT image_key FROM wanted)
)
SELECT
    t.source, CASE WHEN t.repository IS NULL THEN t.tag ELSE t.repository || ':' || t.tag END AS name, t.platform,
    ib.digest AS image_id, w.image_key IS NOT NULL AS is_this, m.total_bytes AS pull_bytes,
    mb.digest AS manifest_digest
FROM own AS o
JOIN tagged AS t ON t.source_key = o.source_key AND t.repository_key = o.repository_key AND t.tag = o.tag
LEFT JOIN wanted AS w ON w.image_key = t.image_key
LEFT JOIN blobs AS ib ON ib.blob_key = t.image_key
LEFT JOIN blobs AS mb ON mb.blob_key = t.manifest_key
LEFT JOIN manifests AS m ON m.manifest_key = t.manifest_key
ORDER BY t.source, name, t.place_1 ASC NULLS LAST, t.place_2 ASC NULLS LAST, t.place_3 ASC NULLS LAST,
    t.place_4 ASC NULLS LAST
