-- Which bases have moved on under how many images, and on which sources are those?
-- As base/stale, told by base: a tag that now points at another image of the same platform than before, and the listed
-- images that still stand on what it pointed at. Containers are those of such images: what runs on an old base.
-- param: base text = null  Only bases by a tag like this, repository:tag; % is any text, _ any character.
-- param: limit integer = 200  How many rows, those under most images first.
WITH moved AS (
    SELECT m.source AS base_source, m.repository, m.tag, m.platform, m.from_image_id, t.image_id AS current_image_id,
        MAX(m.first_seen_to) AS moved_at
    FROM tag_platform_moves AS m
    JOIN tag_images AS t ON t.source = m.source AND COALESCE(t.repository, '') = COALESCE(m.repository, '')
        AND t.tag = m.tag AND COALESCE(t.platform, 'unknown') = m.platform
    WHERE m.change = 'moved' AND m.from_image_id <> t.image_id
    GROUP BY m.source, m.repository, m.tag, m.platform, m.from_image_id, t.image_id
), bases AS (
    SELECT v.base_source, CASE WHEN v.repository IS NULL THEN v.tag ELSE v.repository || ':' || v.tag END AS base_tag,
        v.platform, v.from_image_id, v.current_image_id, v.moved_at, b.chain_key, b.layer_count,
        c.chain_key AS current_chain_key
    FROM moved AS v
    JOIN images AS b ON b.image_id = v.from_image_id
    LEFT JOIN images AS c ON c.image_id = v.current_image_id
), standing AS (
    SELECT o.base_source, o.base_tag, o.platform, o.from_image_id, o.current_image_id, o.moved_at, i.image_key,
        i.image_id
    FROM bases AS o
    JOIN image_layers AS il ON il.chain_key = o.chain_key
    JOIN images AS i ON i.image_key = il.image_key AND i.layer_count > o.layer_count
    LEFT JOIN image_layers AS cl ON cl.image_key = il.image_key AND cl.chain_key = o.current_chain_key
    WHERE cl.image_key IS NULL
        AND (CAST(:base AS TEXT) IS NULL OR o.base_tag LIKE CAST(:base AS TEXT))
), present AS (
    SELECT DISTINCT t.base_source, t.base_tag, t.platform, t.from_image_id, t.current_image_id, t.moved_at,
        s.name AS source, t.image_key, t.image_id
    FROM standing AS t
    JOIN source_images AS si ON si.image_key = t.image_key AND si.ended_at IS NULL AND si.listed
    JOIN source_streams AS s ON s.index_key = si.index_key AND s.source_key = si.source_key
), holders AS (
    SELECT source, image_id, COUNT(*) AS container_count
    FROM container_usage
    GROUP BY source, image_id
), places AS (
    SELECT p.base_source, p.base_tag, p.platform, p.from_image_id, p.current_image_id, p.moved_at, p.source,
        COUNT(*) AS image_count, CAST(SUM(COALESCE(h.container_count, 0)) AS BIGINT) AS container_count
    FROM present AS p
    LEFT JOIN holders AS h ON h.source = p.source AND h.image_id = p.image_id
    GROUP BY p.base_source, p.base_tag, p.platform, p.from_image_id, p.current_image_id, p.moved_at, p.source
), counts AS (
    SELECT base_source, base_tag, platform, from_image_id, current_image_id, COUNT(DISTINCT image_key) AS image_count
    FROM present
    GROUP BY base_source, base_tag, platform, from_image_id, current_image_id
)
SELECT
    p.base_tag, p.base_source, p.platform, p.moved_at, c.image_count, COUNT(*) AS source_count,
    STRING_AGG(p.source, ', ' ORDER BY p.source) AS sources, CAST(SUM(p.container_count) AS BIGINT) AS container_count,
    p.from_image_id AS base_image_id, p.current_image_id
FROM places AS p
JOIN counts AS c ON c.base_source = p.base_source AND c.base_tag = p.base_tag AND c.platform = p.platform
    AND c.from_image_id = p.from_image_id AND c.current_image_id = p.current_image_id
GROUP BY p.base_tag, p.base_source, p.platform, p.moved_at, c.image_count, p.from_image_id, p.current_image_id
ORDER BY c.image_count DESC NULLS LAST, p.base_tag, p.base_source, p.platform, p.from_image_id, p.current_image_id
LIMIT CAST(:limit AS INTEGER)
