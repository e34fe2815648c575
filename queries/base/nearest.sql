-- What is the nearest base of each image?
-- A base is a listed image with a name whose layers are the longest strict start of this one's. Of several with the
-- same layers, of which tie_count tells, it is the one made first. Evidence annotation: only the manifest's
-- annotation says so.
-- param: limit integer = 1000  How many rows.
-- param: source text = null  Only this source.
WITH summary AS (
    SELECT source, image_id, names, platform, created_at, layer_count
    FROM image_summary
    WHERE (CAST(:source AS TEXT) IS NULL OR source = CAST(:source AS TEXT))
)
SELECT
    b.source, b.image_id, i.names, i.platform, b.base_image_id, n.names AS base_names,
    n.created_at AS base_created_at, b.base_layer_count,
    CASE WHEN b.evidence = 'chain' THEN i.layer_count - b.base_layer_count END AS added_layer_count,
    b.tie_count, b.evidence
FROM base_images AS b
JOIN summary AS i ON i.source = b.source AND i.image_id = b.image_id
LEFT JOIN summary AS n ON n.source = b.source AND n.image_id = b.base_image_id
ORDER BY b.source, n.names ASC NULLS LAST, b.base_image_id, i.names ASC NULLS LAST, b.image_id
LIMIT CAST(:limit AS INTEGER)
