-- Which image did each tag stand for at this time, on each platform?
-- A target whose document was never read has one row, without an image.
-- param: time timestamp  The time, such as 2026-01-31T12:00:00Z.
-- param: source text = null  Only this source.
-- param: repository text = null  Only repositories with a full name like this; % is any text, _ any character.
-- param: platform text = null  Only this platform: linux/amd64, linux/arm64.
-- param: limit integer = 1000  How many rows.
WITH pointed AS (
    SELECT h.source, h.repository, h.tag, h.target_digest, h.target_kind, h.valid_from, h.valid_to, h.evidence
    FROM tag_history AS h
    WHERE h.valid_from <= CAST(:time AS TIMESTAMPTZ)
        AND (h.valid_to IS NULL OR h.valid_to > CAST(:time AS TIMESTAMPTZ))
        AND (CAST(:source AS TEXT) IS NULL OR h.source = CAST(:source AS TEXT))
        AND (CAST(:repository AS TEXT) IS NULL OR h.repository LIKE CAST(:repository AS TEXT))
), named AS (
    SELECT DISTINCT b.blob_key, b.digest FROM blobs AS b JOIN pointed AS p ON p.target_digest = b.digest
), images_of AS (
    SELECT n.digest AS target_digest, m.manifest_key, m.config_key AS image_key, i.platform
    FROM named AS n
    JOIN manifests AS m ON m.manifest_key = n.blob_key AND m.kind = 'image'
    LEFT JOIN images AS i ON i.image_key = m.config_key
    UNION
    SELECT n.digest AS target_digest, l.child_key AS manifest_key, l.image_key,
        COALESCE(l.platform, i.platform) AS platform
    FROM named AS n
    JOIN index_leaves AS l ON l.root_key = n.blob_key AND l.role IN ('image', 'unknown')
    LEFT JOIN images AS i ON i.image_key = l.image_key
    WHERE l.child_kind = 'image' OR (l.child_kind IS NULL AND l.role = 'image')
    UNION
    SELECT n.digest AS target_digest, CAST(NULL AS BIGINT) AS manifest_key, i.image_key, i.platform
    FROM named AS n
    JOIN images AS i ON i.image_key = n.blob_key
)
SELECT p.source, p.repository, p.tag, f.platform, i.digest AS image_id, m.digest AS manifest_digest, p.target_digest,
    p.valid_from, p.valid_to, p.evidence
FROM pointed AS p
LEFT JOIN images_of AS f ON f.target_digest = p.target_digest
LEFT JOIN blobs AS i ON i.blob_key = f.image_key
LEFT JOIN blobs AS m ON m.blob_key = f.manifest_key
WHERE (CAST(:platform AS TEXT) IS NULL OR f.platform = CAST(:platform AS TEXT))
ORDER BY
    p.source, p.repository ASC NULLS LAST, p.tag, p.valid_from, f.platform ASC NULLS LAST, m.digest ASC NULLS LAST,
    i.digest ASC NULLS LAST, p.target_digest ASC NULLS LAST
LIMIT CAST(:limit AS INTEGER)
