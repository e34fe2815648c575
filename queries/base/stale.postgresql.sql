-- As stale.sql, with the bases apart: PostgreSQL thinks finding them so dear that it no longer minds how it joins the
-- rest.
WITH moved AS (
    SELECT m.source AS base_source, m.repository, m.tag, m.platform, m.from_image_id, t.image_id AS current_image_id,
        MAX(m.first_seen_to) AS moved_at
    FROM tag_platform_moves AS m
    JOIN tag_images AS t ON t.source = m.source AND COALESCE(t.repository, '') = COALESCE(m.repository, '')
        AND t.tag = m.tag AND COALESCE(t.platform, 'unknown') = m.platform
    WHERE m.change = 'moved' AND m.from_image_id <> t.image_id
    GROUP BY m.source, m.repository, m.tag, m.platform, m.from_image_id, t.image_id
), bases AS MATERIALIZED (
    SELECT v.base_source, CASE WHEN v.repository IS NULL THEN v.tag ELSE v.repository || ':' || v.tag END AS base_tag,
        v.from_image_id, v.current_image_id, v.moved_at, b.chain_key, b.layer_count, c.chain_key AS current_chain_key
    FROM moved AS v
    JOIN images AS b ON b.image_id = v.from_image_id
    LEFT JOIN images AS c ON c.image_id = v.current_image_id
), standing AS (
    SELECT i.image_id, o.base_source, o.base_tag, o.from_image_id, o.current_image_id, o.moved_at, o.layer_count,
        ROW_NUMBER() OVER (
            PARTITION BY i.image_id
            ORDER BY o.layer_count DESC NULLS LAST, o.moved_at DESC NULLS LAST, o.base_source, o.base_tag,
                o.from_image_id, o.current_image_id
        ) AS place
    FROM bases AS o
    JOIN image_layers AS il ON il.chain_key = o.chain_key
    JOIN images AS i ON i.image_key = il.image_key AND i.layer_count > o.layer_count
    LEFT JOIN image_layers AS cl ON cl.image_key = il.image_key AND cl.chain_key = o.current_chain_key
    WHERE cl.image_key IS NULL
        AND (CAST(:base AS TEXT) IS NULL OR o.base_tag LIKE CAST(:base AS TEXT))
)
SELECT
    s.source, s.image_id, s.names, s.platform, t.base_tag, t.base_source, t.from_image_id AS base_image_id,
    t.current_image_id, t.layer_count AS base_layer_count, t.moved_at
FROM standing AS t
JOIN image_summary AS s ON s.image_id = t.image_id AND s.listed
WHERE t.place <= 1
    AND (CAST(:source AS TEXT) IS NULL OR s.source = CAST(:source AS TEXT))
ORDER BY t.moved_at ASC NULLS LAST, s.source, s.names ASC NULLS LAST, s.image_id
LIMIT CAST(:limit AS INTEGER)
