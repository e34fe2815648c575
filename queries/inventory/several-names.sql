-- Which images have several names?
-- One image under many tags is stored once, and deleted only with the last of them. Repositories are those of the
-- tags, in the same source; across_sources says in how many sources the image lies.
-- param: source text = null  Only this source.
-- param: least integer = 2  At least so many names.
-- param: limit integer = 200  How many rows, those with most names first.
WITH spread AS (
    SELECT image_id, COUNT(*) AS across_sources
    FROM image_summary
    WHERE listed
    GROUP BY image_id
)
SELECT i.source, i.image_id, i.tag_count, i.names, i.platform, i.created_at, x.across_sources
FROM image_summary AS i
JOIN spread AS x ON x.image_id = i.image_id
WHERE i.listed AND i.tag_count >= CAST(:least AS BIGINT)
    AND (CAST(:source AS TEXT) IS NULL OR i.source = CAST(:source AS TEXT))
ORDER BY i.tag_count DESC NULLS LAST, i.source, i.image_id
LIMIT CAST(:limit AS INTEGER)
