-- Which images have this label, and with which value?
-- Images are the listed ones. Which labels there are is told by inventory/labels.
-- param: label text  The label's name: org.opencontainers.image.source.
-- param: value text = null  Only values like this; % is any text, _ any character.
-- param: source text = null  Only this source.
-- param: limit integer = 1000  How many rows.
WITH found AS (
    SELECT b.digest AS image_id, l.value
    FROM image_labels AS l
    JOIN blobs AS b ON b.blob_key = l.image_key
    WHERE l.name = CAST(:label AS TEXT)
        AND (CAST(:value AS TEXT) IS NULL OR l.value LIKE CAST(:value AS TEXT))
)
SELECT i.source, f.value, i.image_id, i.names, i.platform, i.created_at
FROM found AS f
JOIN image_summary AS i ON i.image_id = f.image_id
WHERE i.listed
    AND (CAST(:source AS TEXT) IS NULL OR i.source = CAST(:source AS TEXT))
ORDER BY i.source, f.value, i.names ASC NULLS LAST, i.image_id
LIMIT CAST(:limit AS INTEGER)
