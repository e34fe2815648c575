-- On which images does this one stand?
-- Listed images whose layers are a strict start of this one's, the nearest first. Of those without a name too: a base
-- may have lost its tag since. Names are those of all sources.
-- param: image text  An image ID, its start (4 characters or more), or repository:tag, whole or its end after a slash.
-- param: limit integer = 100  How many rows, the nearest first.
WITH wanted AS (
    SELECT DISTINCT h.image_key
    FROM image_handles AS h
    WHERE RIGHT('/' || h.name, LENGTH(CAST(:image AS TEXT)) + 1) = '/' || CAST(:image AS TEXT)
        OR SUBSTR(h.digest, 8, GREATEST(LENGTH(REPLACE(CAST(:image AS TEXT), 'sha256:', '')), 4))
            = REPLACE(CAST(:image AS TEXT), 'sha256:', '')
    ORDER BY h.image_key
    LIMIT 100
), listed AS (
    SELECT si.image_key, COUNT(DISTINCT si.source_key) AS source_count
    FROM source_images AS si
    JOIN source_streams AS s ON s.index_key = si.index_key AND s.source_key = si.source_key
    WHERE si.ended_at IS NULL AND si.listed
    GROUP BY si.image_key
), bases AS (
    SELECT w.image_key, b.image_key AS base_key, b.platform, b.layer_count AS base_layer_count, b.created_at,
        i.layer_count - b.layer_count AS added_layer_count, k.source_count
    FROM wanted AS w
    JOIN images AS i ON i.image_key = w.image_key
    JOIN image_layers AS il ON il.image_key = i.image_key
    JOIN images AS b ON b.chain_key = il.chain_key AND b.layer_count < i.layer_count
    JOIN listed AS k ON k.image_key = b.image_key
), named AS (
    SELECT n.image_key, STRING_AGG(n.name, ', ' ORDER BY n.name) AS names
    FROM (
        SELECT DISTINCT x.image_key, x.name
        FROM bases AS k
        JOIN image_names AS x ON x.image_key = k.base_key
    ) AS n
    GROUP BY n.image_key
)
SELECT
    b.digest AS image_id, k.base_layer_count, k.added_layer_count, n.names AS base_names, a.digest AS base_image_id,
    k.created_at AS base_created_at, k.platform AS base_platform, k.source_count
FROM bases AS k
JOIN blobs AS b ON b.blob_key = k.image_key
JOIN blobs AS a ON a.blob_key = k.base_key
LEFT JOIN named AS n ON n.image_key = k.base_key
ORDER BY b.digest, k.base_layer_count DESC NULLS LAST, k.created_at ASC NULLS LAST, a.digest
LIMIT CAST(:limit AS INTEGER)
