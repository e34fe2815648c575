-- Which volumes do the images declare?
-- What a container writes there is kept outside of it, and nobody may know. Images are the listed ones; an example is
-- the one with the smallest image ID.
-- param: source text = null  Only this source.
WITH listed AS (
    SELECT DISTINCT s.name AS source, si.image_key
    FROM source_images AS si
    JOIN source_streams AS s ON s.index_key = si.index_key AND s.source_key = si.source_key
    WHERE si.ended_at IS NULL AND si.listed
        AND (CAST(:source AS TEXT) IS NULL OR s.name = CAST(:source AS TEXT))
)
SELECT l.source, v.path, COUNT(*) AS image_count, MIN(b.digest) AS example_image_id
FROM listed AS l
JOIN image_volumes AS v ON v.image_key = l.image_key
JOIN blobs AS b ON b.blob_key = l.image_key
GROUP BY l.source, v.path
ORDER BY l.source, image_count DESC NULLS LAST, v.path
