-- Which images were made before this time, and does anybody still use them?
-- Images are the listed ones. A container counts where its own source has this image; the tags are those that reach it.
-- Images of year 1970 or 1980 are mostly built reproducibly, with a fixed date.
-- param: time timestamp  Made before this.
-- param: source text = null  Only this source.
-- param: limit integer = 1000  How many rows, the oldest first.
WITH holders AS (
    SELECT source, image_id, COUNT(*) AS container_count
    FROM container_usage
    GROUP BY source, image_id
)
SELECT
    i.source, i.created_at, i.image_id, i.names, i.platform, i.tag_count,
    COALESCE(h.container_count, 0) AS container_count
FROM image_summary AS i
LEFT JOIN holders AS h ON h.source = i.source AND h.image_id = i.image_id
WHERE i.listed AND i.created_at < CAST(:time AS TIMESTAMPTZ)
    AND (CAST(:source AS TEXT) IS NULL OR i.source = CAST(:source AS TEXT))
ORDER BY i.created_at, i.source, i.image_id
LIMIT CAST(:limit AS INTEGER)
