-- For which other platforms do the tags of this image stand, and with which images?
-- One row an image under a current tag that reaches this one, itself included: an index has several, else it is alone.
-- param: image text  An image ID, its start (4 characters or more), or repository:tag, whole or its end after a slash.
-- param: source text = null  Only in this source.
WITH found AS (
    SELECT n.image_key
    FROM image_names AS n
    WHERE n.name = CAST(:image AS TEXT)
        OR RIGHT(n.name, LENGTH(CAST(:image AS TEXT)) + 1) = '/' || CAST(:image AS TEXT)
    UNION
    SELECT b.blob_key AS image_key
    FROM (SELECT REPLACE(CAST(:image AS TEXT), 'sha256:', '') AS beginning) AS a
    JOIN blobs AS b ON LENGTH(a.beginning) >= 4 AND SUBSTR(b.digest, 8, LENGTH(a.beginning)) = a.beginning
    WHERE b.blob_key IN (SELECT image_key FROM source_images)
), wanted AS (
    SELECT image_key FROM found ORDER BY image_key LIMIT 100
), own AS (
    SELECT DISTINCT t.index_key, t.source_key, t.repository_key, t.tag
    FROM tag_reach AS t
    JOIN wanted AS w ON w.image_key = t.image_key
), reached AS (
    SELECT DISTINCT t.source, t.repository, t.tag, t.platform, t.image_key, t.manifest_key
    FROM own AS o
    JOIN tag_reach AS t ON t.index_key = o.index_key AND t.source_key = o.source_key
        AND t.repository_key = o.repository_key AND t.tag = o.tag
    WHERE t.image_key IS NOT NULL
        AND (CAST(:source AS TEXT) IS NULL OR t.source = CAST(:source AS TEXT))
)
SELECT
    r.source, CASE WHEN r.repository IS NULL THEN r.tag ELSE r.repository || ':' || r.tag END AS name,
    COALESCE(r.platform, i.platform) AS platform, b.digest AS image_id, w.image_key IS NOT NULL AS is_this,
    m.total_bytes AS pull_bytes, mb.digest AS manifest_digest
FROM reached AS r
JOIN blobs AS b ON b.blob_key = r.image_key
LEFT JOIN images AS i ON i.image_key = r.image_key
LEFT JOIN wanted AS w ON w.image_key = r.image_key
LEFT JOIN manifests AS m ON m.manifest_key = r.manifest_key
LEFT JOIN blobs AS mb ON mb.blob_key = r.manifest_key
ORDER BY r.source, name, platform ASC NULLS LAST, b.digest, mb.digest ASC NULLS LAST
