-- Which environment variables do the images set, and how many values has each?
-- Images are the listed ones. Values that look like secrets are redacted, and count as one.
-- param: source text = null  Only this source.
-- param: name text = null  Only names like this; % is any text, _ any character.
-- param: limit integer = 200  How many rows.
WITH listed AS (
    SELECT DISTINCT s.name AS source, si.image_key
    FROM source_images AS si
    JOIN source_streams AS s ON s.index_key = si.index_key AND s.source_key = si.source_key
    WHERE si.ended_at IS NULL AND si.listed
        AND (CAST(:source AS TEXT) IS NULL OR s.name = CAST(:source AS TEXT))
)
SELECT l.source, e.name, COUNT(DISTINCT l.image_key) AS image_count, COUNT(DISTINCT e.value) AS value_count
FROM listed AS l
JOIN image_env AS e ON e.image_key = l.image_key
WHERE (CAST(:name AS TEXT) IS NULL OR e.name LIKE CAST(:name AS TEXT))
GROUP BY l.source, e.name
ORDER BY l.source, image_count DESC NULLS LAST, e.name
LIMIT CAST(:limit AS INTEGER)
