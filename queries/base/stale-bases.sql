-- Which bases have moved on under how many images, and on which sources are those?
-- As base/stale, told by base: a tag that now points at another image of the same platform than before, and the listed
-- images that still stand on what it pointed at. Containers are those of such images: what runs on an old base.
-- param: base text = null  Only bases by a tag like this, repository:tag; % is any text, _ any character.
-- param: limit integer = 200  How many rows, those under most images first.
WITH today AS MATERIALIZED (
    -- Apart, as what follows: PostgreSQL takes a join by four columns for one of a single row.
    SELECT source_key, repository_key, tag, platform, image_key FROM tag_image_keys
), moved AS MATERIALIZED (
    SELECT m.source_key, m.repository_key, m.tag, m.platform, m.from_image_key, t.image_key AS current_image_key,
        MAX(m.first_seen_to) AS moved_at
    FROM tag_platform_move_keys AS m
    JOIN today AS t ON t.source_key = m.source_key AND t.repository_key = m.repository_key AND t.tag = m.tag
        AND COALESCE(t.platform, 'unknown') = m.platform
    WHERE m.change = 'moved' AND m.from_image_key <> t.image_key
    GROUP BY m.source_key, m.repository_key, m.tag, m.platform, m.from_image_key, t.image_key
), bases AS MATERIALIZED (
    -- By number, and apart, since PostgreSQL thinks finding them so dear that it no longer minds how it joins the rest.
    SELECT ROW_NUMBER() OVER () AS base_number, v.source_key, v.repository_key, v.tag, v.platform, v.from_image_key,
        v.current_image_key, v.moved_at, b.chain_key, b.layer_count, c.chain_key AS current_chain_key
    FROM moved AS v
    JOIN images AS b ON b.image_key = v.from_image_key
    LEFT JOIN images AS c ON c.image_key = v.current_image_key
    JOIN repositories AS r ON r.repository_key = v.repository_key
    WHERE CAST(:base AS TEXT) IS NULL OR COALESCE(r.name || ':', '') || v.tag LIKE CAST(:base AS TEXT)
), listed AS (
    SELECT DISTINCT s.name AS source, si.image_key
    FROM source_images AS si
    JOIN source_streams AS s ON s.index_key = si.index_key AND s.source_key = si.source_key
    WHERE si.ended_at IS NULL AND si.listed
), holders AS (
    SELECT u.source, b.blob_key AS image_key, COUNT(*) AS container_count
    FROM container_usage AS u
    JOIN blobs AS b ON b.digest = u.image_id
    GROUP BY u.source, b.blob_key
), standing AS (
    SELECT o.base_number, il.image_key, l.source
    FROM bases AS o
    JOIN image_layers AS il ON il.chain_key = o.chain_key
    JOIN images AS i ON i.image_key = il.image_key AND i.layer_count > o.layer_count
    JOIN listed AS l ON l.image_key = il.image_key
    LEFT JOIN image_layers AS cl ON cl.image_key = il.image_key AND cl.chain_key = o.current_chain_key
    WHERE cl.image_key IS NULL
), counts AS (
    SELECT t.base_number, COUNT(DISTINCT t.image_key) AS image_count, COUNT(DISTINCT t.source) AS source_count,
        STRING_AGG(DISTINCT t.source, ', ' ORDER BY t.source) AS sources,
        CAST(SUM(COALESCE(h.container_count, 0)) AS BIGINT) AS container_count
    FROM standing AS t
    LEFT JOIN holders AS h ON h.source = t.source AND h.image_key = t.image_key
    GROUP BY t.base_number
)
SELECT
    COALESCE(r.name || ':', '') || o.tag AS base_tag, b.name AS base_source, o.platform, o.moved_at, c.image_count,
    c.source_count, c.sources, c.container_count, f.digest AS base_image_id, t.digest AS current_image_id
FROM counts AS c
JOIN bases AS o ON o.base_number = c.base_number
JOIN source_streams AS b ON b.source_key = o.source_key
JOIN repositories AS r ON r.repository_key = o.repository_key
JOIN blobs AS f ON f.blob_key = o.from_image_key
JOIN blobs AS t ON t.blob_key = o.current_image_key
ORDER BY c.image_count DESC NULLS LAST, base_tag, base_source, o.platform, base_image_id, current_image_id
LIMIT CAST(:limit AS INTEGER)
