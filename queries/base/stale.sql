-- Which images stand on a base whose tag has since moved on?
-- The image has all layers of what the tag used to point at, and more on top, and does not have all of what the tag
-- points at now for the same platform: building it anew would bring it up to date. Of several such bases the nearest
-- is shown; moved_at is the first sight of the tag at its next target.
-- param: source text = null  Only images in this source; the tag may be in any.
-- param: base text = null  Only bases by a tag like this, repository:tag; % is any text, _ any character.
-- param: limit integer = 1000  How many rows.
WITH moved AS (
    SELECT m.source_key, m.repository_key, m.tag, m.platform, m.from_image_key, t.image_key AS current_image_key,
        MAX(m.first_seen_to) AS moved_at
    FROM tag_platform_move_keys AS m
    JOIN tag_image_keys AS t ON t.source_key = m.source_key AND t.repository_key = m.repository_key AND t.tag = m.tag
        AND COALESCE(t.platform, 'unknown') = m.platform
    WHERE m.change = 'moved' AND m.from_image_key <> t.image_key
    GROUP BY m.source_key, m.repository_key, m.tag, m.platform, m.from_image_key, t.image_key
), bases AS MATERIALIZED (
    -- By number: what stands on them is ranked before anything gets its name.
    SELECT ROW_NUMBER() OVER () AS base_number, v.source_key, v.repository_key, v.tag, v.platform, v.from_image_key,
        v.current_image_key, v.moved_at, b.chain_key, b.layer_count, c.chain_key AS current_chain_key
    FROM moved AS v
    JOIN images AS b ON b.image_key = v.from_image_key
    LEFT JOIN images AS c ON c.image_key = v.current_image_key
    JOIN repositories AS r ON r.repository_key = v.repository_key
    WHERE CAST(:base AS TEXT) IS NULL OR COALESCE(r.name || ':', '') || v.tag LIKE CAST(:base AS TEXT)
), standing AS (
    SELECT o.base_number, il.image_key, o.layer_count, o.moved_at,
        RANK() OVER (
            PARTITION BY il.image_key ORDER BY o.layer_count DESC NULLS LAST, o.moved_at DESC NULLS LAST
        ) AS place
    FROM bases AS o
    JOIN image_layers AS il ON il.chain_key = o.chain_key
    JOIN images AS i ON i.image_key = il.image_key AND i.layer_count > o.layer_count
    LEFT JOIN image_layers AS cl ON cl.image_key = il.image_key AND cl.chain_key = o.current_chain_key
    WHERE cl.image_key IS NULL
), nearest AS (
    SELECT n.image_key, b.name AS base_source, COALESCE(r.name || ':', '') || o.tag AS base_tag,
        f.digest AS from_image_id, c.digest AS current_image_id, n.layer_count, n.moved_at,
        -- Several that are as near are told apart by name.
        ROW_NUMBER() OVER (
            PARTITION BY n.image_key ORDER BY b.name, COALESCE(r.name || ':', '') || o.tag, f.digest, c.digest
        ) AS place
    FROM standing AS n
    JOIN bases AS o ON o.base_number = n.base_number
    JOIN source_streams AS b ON b.source_key = o.source_key
    JOIN repositories AS r ON r.repository_key = o.repository_key
    JOIN blobs AS f ON f.blob_key = o.from_image_key
    JOIN blobs AS c ON c.blob_key = o.current_image_key
    WHERE n.place <= 1
)
SELECT
    s.source, s.image_id, s.names, s.platform, t.base_tag, t.base_source, t.from_image_id AS base_image_id,
    t.current_image_id, t.layer_count AS base_layer_count, t.moved_at
FROM nearest AS t
JOIN blobs AS i ON i.blob_key = t.image_key
JOIN image_summary AS s ON s.image_id = i.digest AND s.listed
WHERE t.place <= 1
    AND (CAST(:source AS TEXT) IS NULL OR s.source = CAST(:source AS TEXT))
ORDER BY t.moved_at ASC NULLS LAST, s.source, s.names ASC NULLS LAST, s.image_id
LIMIT CAST(:limit AS INTEGER)
