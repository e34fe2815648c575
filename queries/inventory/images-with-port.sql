-- Which images expose this port?
-- Images are the listed ones; exposed is the port as the image writes it. Which ports there are is told by
-- inventory/ports.
-- param: port integer  The port's number.
-- param: source text = null  Only this source.
-- param: limit integer = 1000  How many rows.
WITH found AS (
    SELECT b.digest AS image_id, p.exposed
    FROM image_ports AS p
    JOIN blobs AS b ON b.blob_key = p.image_key
    WHERE p.port = CAST(:port AS BIGINT)
)
SELECT i.source, f.exposed, i.image_id, i.names, i.platform, i.created_at
FROM found AS f
JOIN image_summary AS i ON i.image_id = f.image_id
WHERE i.listed
    AND (CAST(:source AS TEXT) IS NULL OR i.source = CAST(:source AS TEXT))
ORDER BY i.source, f.exposed, i.names ASC NULLS LAST, i.image_id
LIMIT CAST(:limit AS INTEGER)
