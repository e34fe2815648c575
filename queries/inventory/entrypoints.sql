-- What do the images start?
-- Images are the listed ones. Entrypoint and command are JSON arrays, as docker inspect shows them; where both are
-- NULL, an image starts nothing by itself.
-- param: source text = null  Only this source.
-- param: limit integer = 200  How many rows, those of most images first.
WITH listed AS (
    SELECT DISTINCT s.name AS source, si.image_key
    FROM source_images AS si
    JOIN source_streams AS s ON s.index_key = si.index_key AND s.source_key = si.source_key
    WHERE si.ended_at IS NULL AND si.listed
        AND (CAST(:source AS TEXT) IS NULL OR s.name = CAST(:source AS TEXT))
)
SELECT l.source, i.entrypoint, i.cmd, COUNT(*) AS image_count, MIN(i.image_id) AS example_image_id
FROM listed AS l
JOIN images AS i ON i.image_key = l.image_key
GROUP BY l.source, i.entrypoint, i.cmd
ORDER BY image_count DESC NULLS LAST, l.source, i.entrypoint ASC NULLS LAST, i.cmd ASC NULLS LAST
LIMIT CAST(:limit AS INTEGER)
