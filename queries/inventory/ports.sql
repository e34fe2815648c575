-- Which ports do the images expose?
-- Images are the listed ones; exposed is the port as the image writes it.
-- param: source text = null  Only this source.
-- param: port integer = null  Only this port.
WITH listed AS (
    SELECT DISTINCT s.name AS source, si.image_key
    FROM source_images AS si
    JOIN source_streams AS s ON s.index_key = si.index_key AND s.source_key = si.source_key
    WHERE si.ended_at IS NULL AND si.listed
)
SELECT l.source, p.exposed, p.port, p.protocol, COUNT(*) AS image_count
FROM listed AS l
JOIN image_ports AS p ON p.image_key = l.image_key
WHERE (CAST(:source AS TEXT) IS NULL OR l.source = CAST(:source AS TEXT))
    AND (CAST(:port AS BIGINT) IS NULL OR p.port = CAST(:port AS BIGINT))
GROUP BY l.source, p.exposed, p.port, p.protocol
ORDER BY l.source, image_count DESC NULLS LAST, p.exposed
