-- What did each move of a tag change, platform by platform?
-- A move of a multi-platform tag often leaves most platforms as they were; those have no row. Change is moved, added
-- or removed. Where the image IDs are the same, only the manifest differs: the image was compressed or described
-- anew.
-- param: limit integer = 100  How many rows, the latest first.
-- param: source text = null  Only this source.
-- param: repository text = null  Only repositories with a full name like this; % is any text, _ any character.
-- param: platform text = null  Only this platform: linux/amd64, linux/arm64/v8.
-- param: since timestamp = null  Only moves seen since then.
WITH moves AS (
    SELECT s.name AS source, r.name AS repository, m.tag, m.platform, m.change, m.last_seen_from, m.first_seen_to,
        m.from_image_key, m.to_image_key, m.from_manifest_key, m.to_manifest_key, m.from_key, m.to_key, m.evidence,
        RANK() OVER (ORDER BY m.first_seen_to DESC NULLS LAST) AS place
    FROM tag_platform_move_keys AS m
    JOIN source_streams AS s ON s.source_key = m.source_key
    JOIN repositories AS r ON r.repository_key = m.repository_key
    WHERE (CAST(:source AS TEXT) IS NULL OR s.name = CAST(:source AS TEXT))
        AND (CAST(:repository AS TEXT) IS NULL OR r.name LIKE CAST(:repository AS TEXT))
        AND (CAST(:platform AS TEXT) IS NULL OR m.platform = CAST(:platform AS TEXT))
        AND (CAST(:since AS TIMESTAMPTZ) IS NULL OR m.first_seen_to >= CAST(:since AS TIMESTAMPTZ))
)
SELECT
    m.source, m.repository, m.tag, m.platform, m.change, m.last_seen_from, m.first_seen_to, fi.digest AS from_image_id,
    ti.digest AS to_image_id, fm.digest AS from_manifest_digest, tm.digest AS to_manifest_digest,
    f.digest AS from_digest, t.digest AS to_digest, m.evidence
FROM moves AS m
LEFT JOIN blobs AS f ON f.blob_key = m.from_key
LEFT JOIN blobs AS t ON t.blob_key = m.to_key
LEFT JOIN blobs AS fm ON fm.blob_key = m.from_manifest_key
LEFT JOIN blobs AS tm ON tm.blob_key = m.to_manifest_key
LEFT JOIN blobs AS fi ON fi.blob_key = m.from_image_key
LEFT JOIN blobs AS ti ON ti.blob_key = m.to_image_key
-- More rows than that are not shown: only these are given their names.
WHERE m.place <= CAST(:limit AS INTEGER)
ORDER BY
    m.first_seen_to DESC NULLS LAST, m.source, m.repository ASC NULLS LAST, m.tag, to_digest ASC NULLS LAST, m.platform
LIMIT CAST(:limit AS INTEGER)
