-- What did each move of a tag change, platform by platform?
-- A move of a multi-platform tag often leaves most platforms as they were; those have no row. Change is moved, added
-- or removed. Where the image IDs are the same, only the manifest differs: the image was compressed or described
-- anew.
-- param: limit integer = 100  How many rows, the latest first.
-- param: source text = null  Only this source.
-- param: repository text = null  Only repositories with a full name like this; % is any text, _ any character.
-- param: platform text = null  Only this platform: linux/amd64, linux/arm64/v8.
-- param: since timestamp = null  Only moves seen since then.
SELECT
    m.source, m.repository, m.tag, m.platform, m.change, m.last_seen_from, m.first_seen_to, m.from_image_id,
    m.to_image_id, m.from_manifest_digest, m.to_manifest_digest, m.from_digest, m.to_digest, m.evidence
FROM tag_platform_moves AS m
WHERE (CAST(:source AS TEXT) IS NULL OR m.source = CAST(:source AS TEXT))
    AND (CAST(:repository AS TEXT) IS NULL OR m.repository LIKE CAST(:repository AS TEXT))
    AND (CAST(:platform AS TEXT) IS NULL OR m.platform = CAST(:platform AS TEXT))
    AND (CAST(:since AS TIMESTAMPTZ) IS NULL OR m.first_seen_to >= CAST(:since AS TIMESTAMPTZ))
ORDER BY
    m.first_seen_to DESC NULLS LAST, m.source, m.repository ASC NULLS LAST, m.tag, m.to_digest ASC NULLS LAST,
    m.platform
LIMIT CAST(:limit AS INTEGER)
