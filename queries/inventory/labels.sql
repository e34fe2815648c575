-- Which labels do the images have, and how many values has each?
-- Images are the listed ones. What the images with each value cost is told by size/by-label.
-- param: limit integer = 200  How many rows.
-- param: source text = null  Only this source.
WITH listed AS (
    SELECT DISTINCT s.name AS source, si.image_key
    FROM source_images AS si
    JOIN source_streams AS s ON s.index_key = si.index_key AND s.source_key = si.source_key
    WHERE si.ended_at IS NULL AND si.listed
)
SELECT
    l.source, b.name AS label, COUNT(*) AS image_count, COUNT(DISTINCT b.value) AS value_count,
    MIN(b.value) AS least_value
FROM listed AS l
JOIN image_labels AS b ON b.image_key = l.image_key
WHERE (CAST(:source AS TEXT) IS NULL OR l.source = CAST(:source AS TEXT))
GROUP BY l.source, b.name
ORDER BY l.source, image_count DESC NULLS LAST, b.name
LIMIT CAST(:limit AS INTEGER)
