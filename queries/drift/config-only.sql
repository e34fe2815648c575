-- Which moves changed an image's configuration, and none of its layers?
-- A label, a variable, a command, or the time of creation alone. Where the image IDs are the same, not even that: only
-- the manifest is another.
-- param: limit integer = 100  How many rows, the latest first.
-- param: source text = null  Only this source.
-- param: repository text = null  Only repositories with a full name like this; % is any text, _ any character.
-- param: platform text = null  Only this platform: linux/amd64, linux/arm64.
WITH moves AS (
    SELECT source, repository, tag, platform, last_seen_from, first_seen_to, from_image_id, to_image_id, evidence
    FROM tag_platform_moves
    WHERE change = 'moved'
        AND (CAST(:source AS TEXT) IS NULL OR source = CAST(:source AS TEXT))
        AND (CAST(:repository AS TEXT) IS NULL OR repository LIKE CAST(:repository AS TEXT))
        AND (CAST(:platform AS TEXT) IS NULL OR platform = CAST(:platform AS TEXT))
)
SELECT m.source, m.repository, m.tag, m.platform, m.last_seen_from, m.first_seen_to, t.layer_count,
    m.from_image_id = m.to_image_id AS same_image, m.from_image_id, m.to_image_id, m.evidence
FROM moves AS m
JOIN images AS f ON f.image_id = m.from_image_id
JOIN images AS t ON t.image_id = m.to_image_id AND t.chain_key = f.chain_key
ORDER BY m.first_seen_to DESC NULLS LAST, m.source, m.repository ASC NULLS LAST, m.tag, m.platform, m.to_image_id
LIMIT CAST(:limit AS INTEGER)
