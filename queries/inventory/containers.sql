-- Which containers are there, and which image does each hold?
-- Image names are those that the image has now; image_ref is what the container's maker called it, which may have
-- moved.
-- param: source text = null  Only this source.
-- param: state text = null  Only this state: running, exited, created, paused.
SELECT
    c.source, c.name, c.state, c.image_ref, c.image_id, i.names AS image_names, c.created_at, c.container_id, c.chain_id
FROM container_usage AS c
LEFT JOIN image_summary AS i ON i.source = c.source AND i.image_id = c.image_id
WHERE (CAST(:source AS TEXT) IS NULL OR c.source = CAST(:source AS TEXT))
    AND (CAST(:state AS TEXT) IS NULL OR c.state = CAST(:state AS TEXT))
ORDER BY c.source, c.name ASC NULLS LAST, c.container_id
