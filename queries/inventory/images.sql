-- Which images are there, and what are they called?
-- param: limit integer = 1000  How many rows, the newest first.
-- param: source text = null  Only this source.
-- param: name text = null  Only images with a name like this, repository:tag; % is any text, _ any character.
-- param: platform text = null  Only this platform: linux/amd64, linux/arm64/v8.
-- param: listed boolean = true  Only listed images; false shows all, intermediate and untagged ones too.
WITH named AS (
    SELECT DISTINCT t.source, b.digest AS image_id
    FROM tag_reach AS t
    JOIN blobs AS b ON b.blob_key = t.image_key
    WHERE CASE WHEN t.repository IS NULL THEN t.tag ELSE t.repository || ':' || t.tag END LIKE CAST(:name AS TEXT)
)
SELECT
    i.source, i.image_id, i.names, i.platform, i.created_at, i.layer_count, i.history_count, i.tag_count, i.listed
FROM image_summary AS i
LEFT JOIN named AS n ON n.source = i.source AND n.image_id = i.image_id
WHERE (i.listed OR NOT CAST(:listed AS BOOLEAN))
    AND (CAST(:name AS TEXT) IS NULL OR n.image_id IS NOT NULL)
    AND (CAST(:source AS TEXT) IS NULL OR i.source = CAST(:source AS TEXT))
    AND (CAST(:platform AS TEXT) IS NULL OR i.platform = CAST(:platform AS TEXT))
ORDER BY i.created_at DESC NULLS LAST, i.source, i.image_id
LIMIT CAST(:limit AS INTEGER)
