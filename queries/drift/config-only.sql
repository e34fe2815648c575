-- Which moves changed an image's configuration, and none of its layers?
-- A label, a variable, a command, or the time of creation alone. Where the image IDs are the same, not even that: only
-- the manifest is another.
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
    WHERE m.change = 'moved'
        AND (CAST(:source AS TEXT) IS NULL OR s.name = CAST(:source AS TEXT))
        AND (CAST(:repository AS TEXT) IS NULL OR r.name LIKE CAST(:repository AS TEXT))
        AND (CAST(:platform AS TEXT) IS NULL OR m.platform = CAST(:platform AS TEXT))
)
SELECT m.source, m.repository, m.tag, m.platform, m.last_seen_from, m.first_seen_to, t.layer_count,
    f.image_key = t.image_key AS same_image, f.image_id AS from_image_id, t.image_id AS to_image_id, m.evidence
FROM moves AS m
JOIN images AS f ON f.image_key = m.from_image_key
JOIN images AS t ON t.image_key = m.to_image_key AND t.chain_key = f.chain_key
ORDER BY m.first_seen_to DESC NULLS LAST, m.source, m.repository ASC NULLS LAST, m.tag, m.platform, to_image_id
LIMIT CAST(:limit AS INTEGER)
