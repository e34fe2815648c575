-- How old are the images: how many were made in each month?
-- Images are the listed ones, by the time that their config says; month NULL has those that say none. What they added
-- in bytes is told by size/growth-by-month.
-- param: source text = null  Only this source.
SELECT
    i.source, DATE_TRUNC('month', i.created_at) AS month, COUNT(*) AS image_count,
    COUNT(CASE WHEN i.tag_count > 0 THEN 1 END) AS tagged_image_count
FROM image_summary AS i
WHERE i.listed
    AND (CAST(:source AS TEXT) IS NULL OR i.source = CAST(:source AS TEXT))
GROUP BY i.source, DATE_TRUNC('month', i.created_at)
ORDER BY i.source, month ASC NULLS LAST
