-- Which images does no container on any source use?
-- A container uses its image wherever that lies: an image of a registry is used by a host's container. A container
-- that stands on a further image with all its layers is counted as standing_count: such an image is a base in use.
-- Only containers of sources in the index are known, so ask once all hosts are in it.
-- param: source text = null  Only images in this source.
-- param: tagged boolean = null  True = only images with a tag, false = only those without; null = both.
-- param: limit integer = 1000  How many rows, the oldest first.
WITH held AS (
    SELECT DISTINCT c.source_key, c.container_id, c.image_key
    FROM containers AS c
    JOIN source_streams AS s ON s.index_key = c.index_key AND s.source_key = c.source_key
    WHERE c.ended_at IS NULL AND c.image_key IS NOT NULL
), used AS (
    SELECT DISTINCT b.digest AS image_id
    FROM held AS h
    JOIN blobs AS b ON b.blob_key = h.image_key
), bases AS (
    SELECT b.image_id, COUNT(*) AS standing_count
    FROM held AS h
    JOIN images AS i ON i.image_key = h.image_key
    JOIN image_layers AS il ON il.image_key = i.image_key
    JOIN images AS b ON b.chain_key = il.chain_key AND b.layer_count < i.layer_count
    GROUP BY b.image_id
)
SELECT
    i.source, i.image_id, i.names, i.platform, i.created_at, i.tag_count,
    COALESCE(b.standing_count, 0) AS standing_count
FROM image_summary AS i
LEFT JOIN used AS u ON u.image_id = i.image_id
LEFT JOIN bases AS b ON b.image_id = i.image_id
WHERE i.listed AND u.image_id IS NULL
    AND (CAST(:source AS TEXT) IS NULL OR i.source = CAST(:source AS TEXT))
    AND (CAST(:tagged AS BOOLEAN) IS NULL OR (i.tag_count > 0) = CAST(:tagged AS BOOLEAN))
ORDER BY i.created_at ASC NULLS LAST, i.source, i.image_id
LIMIT CAST(:limit AS INTEGER)
