-- On which base does each container stand?
-- The nearest base of its image among the images of all sources: a named, listed image with the longest strict start
-- of the same layers. So a host's container is told the registry's base that the host never pulled by name.
-- param: state text = null  Only containers of this state: running, exited, created, paused.
-- param: source text = null  Only containers of this source.
-- param: limit integer = 1000  How many rows.
WITH held AS (
    SELECT c.source, c.container_id, c.name, c.state, c.image_ref, i.image_key, i.image_id, i.layer_count
    FROM container_usage AS c
    JOIN images AS i ON i.image_id = c.image_id
    WHERE (CAST(:source AS TEXT) IS NULL OR c.source = CAST(:source AS TEXT))
        AND (CAST(:state AS TEXT) IS NULL OR c.state = CAST(:state AS TEXT))
), below AS (
    SELECT h.image_key, b.image_id AS base_image_id, b.layer_count AS base_layer_count, b.created_at
    FROM (SELECT DISTINCT image_key, layer_count FROM held) AS h
    JOIN image_layers AS il ON il.image_key = h.image_key
    JOIN images AS b ON b.chain_key = il.chain_key AND b.layer_count < h.layer_count
), ranked AS (
    SELECT x.image_key, x.base_image_id, x.base_layer_count, n.source AS base_source, n.names AS base_names,
        ROW_NUMBER() OVER (
            PARTITION BY x.image_key
            ORDER BY x.base_layer_count DESC NULLS LAST, x.created_at ASC NULLS LAST, x.base_image_id, n.source
        ) AS place
    FROM below AS x
    JOIN image_summary AS n ON n.image_id = x.base_image_id AND n.listed AND n.names IS NOT NULL
)
SELECT
    h.source, h.name, h.state, h.image_ref, h.image_id, r.base_image_id, r.base_names, r.base_source,
    r.base_layer_count, h.layer_count - r.base_layer_count AS added_layer_count, h.container_id
FROM held AS h
LEFT JOIN ranked AS r ON r.image_key = h.image_key AND r.place = 1
ORDER BY h.source, h.name ASC NULLS LAST, h.container_id
LIMIT CAST(:limit AS INTEGER)
