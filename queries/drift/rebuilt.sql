-- Which moves brought other layers by the same commands?
-- The image was built anew from the same instructions: its base or its packages changed, or nothing did and the build
-- is not reproducible. new_layer_count says how many of its layers are others.
-- param: limit integer = 100  How many rows, the latest first.
-- param: source text = null  Only this source.
-- param: repository text = null  Only repositories with a full name like this; % is any text, _ any character.
-- param: platform text = null  Only this platform: linux/amd64, linux/arm64.
WITH moves AS (
    SELECT s.name AS source, r.name AS repository, m.tag, m.platform, m.last_seen_from, m.first_seen_to,
        m.from_image_key, m.to_image_key, m.evidence
    FROM tag_platform_move_keys AS m
    JOIN source_streams AS s ON s.source_key = m.source_key
    JOIN repositories AS r ON r.repository_key = m.repository_key
    WHERE m.change = 'moved' AND m.from_image_key <> m.to_image_key
        AND (CAST(:source AS TEXT) IS NULL OR s.name = CAST(:source AS TEXT))
        AND (CAST(:repository AS TEXT) IS NULL OR r.name LIKE CAST(:repository AS TEXT))
        AND (CAST(:platform AS TEXT) IS NULL OR m.platform = CAST(:platform AS TEXT))
), pairs AS (
    -- The same commands are as many.
    SELECT p.from_image_key AS from_key, p.to_image_key AS to_key
    FROM (SELECT DISTINCT from_image_key, to_image_key FROM moves) AS p
    JOIN images AS f ON f.image_key = p.from_image_key
    JOIN images AS t ON t.image_key = p.to_image_key AND t.history_count = f.history_count
), unequal AS (
    SELECT p.from_key, p.to_key, COUNT(h.created_by) AS command_count,
        COUNT(CASE WHEN COALESCE(h.created_by, '') <> COALESCE(g.created_by, '') THEN 1 END) AS other_count
    FROM pairs AS p
    JOIN image_history AS h ON h.image_key = p.from_key
    JOIN image_history AS g ON g.image_key = p.to_key AND g.position = h.position
    GROUP BY p.from_key, p.to_key
), alike AS (
    SELECT from_key, to_key FROM unequal WHERE command_count > 0 AND other_count < 1
), new_layers AS (
    SELECT a.from_key, a.to_key, COUNT(DISTINCT t.layer_key) AS layer_count,
        COUNT(DISTINCT CASE WHEN f.layer_key IS NULL THEN t.layer_key END) AS new_layer_count
    FROM alike AS a
    JOIN image_layers AS t ON t.image_key = a.to_key
    LEFT JOIN image_layers AS f ON f.image_key = a.from_key AND f.layer_key = t.layer_key
    GROUP BY a.from_key, a.to_key
)
SELECT m.source, m.repository, m.tag, m.platform, m.last_seen_from, m.first_seen_to, n.new_layer_count, n.layer_count,
    f.digest AS from_image_id, t.digest AS to_image_id, m.evidence
FROM moves AS m
JOIN new_layers AS n ON n.from_key = m.from_image_key AND n.to_key = m.to_image_key
JOIN blobs AS f ON f.blob_key = m.from_image_key
JOIN blobs AS t ON t.blob_key = m.to_image_key
WHERE n.new_layer_count > 0
ORDER BY m.first_seen_to DESC NULLS LAST, m.source, m.repository ASC NULLS LAST, m.tag, m.platform, to_image_id
LIMIT CAST(:limit AS INTEGER)
