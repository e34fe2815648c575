-- Which tags reach this image, in which source?
-- A tag reaches what it points at, and all images under it where that is an index.
-- param: image text  An image ID, its start (4 characters or more), or repository:tag, whole or its end after a slash.
-- param: source text = null  Only this source.
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
