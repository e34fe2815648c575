-- Which images set this environment variable, and to what?
-- Images are the listed ones; of a variable that is set several times, each place has a row, and the last counts.
-- param: variable text  The variable's name.
-- param: value text = null  Only values like this; % is any text, _ any character.
-- param: source text = null  Only this source.
-- param: limit integer = 1000  How many rows.
WITH found AS (
    SELECT b.digest AS image_id, e.position, e.value
    FROM image_env AS e
    JOIN blobs AS b ON b.blob_key = e.image_key
    WHERE e.name = CAST(:variable AS TEXT)
        AND (CAST(:value AS TEXT) IS NULL OR e.value LIKE CAST(:value AS TEXT))
)
SELECT i.source, f.value, i.image_id, i.names, i.platform, f.position
FROM found AS f
JOIN image_summary AS i ON i.image_id = f.image_id
WHERE i.listed
    AND (CAST(:source AS TEXT) IS NULL OR i.source = CAST(:source AS TEXT))
ORDER BY i.source, f.value ASC NULLS LAST, i.names ASC NULLS LAST, i.image_id, f.position
LIMIT CAST(:limit AS INTEGER)
