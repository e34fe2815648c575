-- Which platforms do the images have?
-- Images are the listed ones; a tag counts for each platform that it has an image for. NULL is a platform that
-- neither the config nor an index names.
-- param: source text = null  Only this source.
WITH image_counts AS (
    SELECT source, platform, COUNT(*) AS image_count
    FROM image_summary
    WHERE listed
    GROUP BY source, platform
), tagged AS (
    SELECT DISTINCT source, repository, tag, platform
    FROM tag_images
    WHERE image_id IS NOT NULL
), tag_counts AS (
    SELECT source, platform, COUNT(*) AS tag_count
    FROM tagged
    GROUP BY source, platform
)
SELECT i.source, i.platform, i.image_count, COALESCE(t.tag_count, 0) AS tag_count
FROM image_counts AS i
LEFT JOIN tag_counts AS t ON t.source = i.source AND COALESCE(t.platform, '') = COALESCE(i.platform, '')
WHERE (CAST(:source AS TEXT) IS NULL OR i.source = CAST(:source AS TEXT))
ORDER BY i.source, i.image_count DESC NULLS LAST, i.platform ASC NULLS LAST
