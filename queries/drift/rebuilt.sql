-- Which moves brought other layers by the same commands?
-- The image was built anew from the same instructions: its base or its packages changed, or nothing did and the build
-- is not reproducible. new_layer_count says how many of its layers are others.
-- param: limit integer = 100  How many rows, the latest first.
-- param: source text = null  Only this source.
-- param: repository text = null  Only repositories with a full name like this; % is any text, _ any character.
-- param: platform text = null  Only this platform: linux/amd64, linux/arm64.
WITH moves AS (
    SELECT source, repository, tag, platform, last_seen_from, first_seen_to, from_image_id, to_image_id, evidence
    FROM tag_platform_moves
    WHERE change = 'moved' AND from_image_id <> to_image_id
        AND (CAST(:source AS TEXT) IS NULL OR source = CAST(:source AS TEXT))
        AND (CAST(:repository AS TEXT) IS NULL OR repository LIKE CAST(:repository AS TEXT))
        AND (CAST(:platform AS TEXT) IS NULL OR platform = CAST(:platform AS TEXT))
), wanted AS (
    SELECT from_image_id AS image_id FROM moves
    UNION
    SELECT to_image_id AS image_id FROM moves
), commands AS (
    SELECT h.image_id, COUNT(h.created_by) AS command_count,
        STRING_AGG(COALESCE(h.created_by, ''), CHR(10) ORDER BY h.position) AS commands
    FROM image_history_detail AS h
    JOIN wanted AS w ON w.image_id = h.image_id
    GROUP BY h.image_id
), layers AS (
    SELECT l.image_id, l.diff_id
    FROM image_layer_detail AS l
    JOIN wanted AS w ON w.image_id = l.image_id
), new_layers AS (
    SELECT m.from_image_id, m.to_image_id, COUNT(DISTINCT t.diff_id) AS layer_count,
        COUNT(DISTINCT CASE WHEN f.diff_id IS NULL THEN t.diff_id END) AS new_layer_count
    FROM (SELECT DISTINCT from_image_id, to_image_id FROM moves) AS m
    JOIN layers AS t ON t.image_id = m.to_image_id
    LEFT JOIN layers AS f ON f.image_id = m.from_image_id AND f.diff_id = t.diff_id
    GROUP BY m.from_image_id, m.to_image_id
)
SELECT m.source, m.repository, m.tag, m.platform, m.last_seen_from, m.first_seen_to, n.new_layer_count, n.layer_count,
    m.from_image_id, m.to_image_id, m.evidence
FROM moves AS m
JOIN commands AS f ON f.image_id = m.from_image_id AND f.command_count > 0
JOIN commands AS t ON t.image_id = m.to_image_id AND t.commands = f.commands
JOIN new_layers AS n ON n.from_image_id = m.from_image_id AND n.to_image_id = m.to_image_id
WHERE n.new_layer_count > 0
ORDER BY m.first_seen_to DESC NULLS LAST, m.source, m.repository ASC NULLS LAST, m.tag, m.platform, m.to_image_id
LIMIT CAST(:limit AS INTEGER)
