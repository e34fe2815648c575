-- How long has each source lagged behind this one?
-- The reference is the source that others follow: a registry for its hosts, an origin for its mirrors. A tag lags where
-- another source still shows an image that the reference's tag has left; behind_since is when it left it for good. An
-- image that the reference was never seen to have has no such time.
-- param: reference text  The source that is followed.
-- param: source text = null  Only this follower.
-- param: repository text = null  Only repositories with a full name like this; % is any text, _ any character.
-- param: platform text = null  Only this platform: linux/amd64, linux/arm64.
-- param: limit integer = 1000  How many rows, those that lag longest first.
WITH past AS (
    SELECT h.repository, h.tag, h.target_digest, MAX(h.valid_to) AS left_at
    FROM tag_history AS h
    WHERE h.source = CAST(:reference AS TEXT) AND h.target_digest IS NOT NULL
        AND (CAST(:repository AS TEXT) IS NULL OR h.repository LIKE CAST(:repository AS TEXT))
    GROUP BY h.repository, h.tag, h.target_digest
), named AS (
    SELECT DISTINCT b.blob_key, b.digest FROM blobs AS b JOIN past AS p ON p.target_digest = b.digest
), images_of AS (
    SELECT n.digest AS target_digest, m.config_key AS image_key
    FROM named AS n JOIN manifests AS m ON m.manifest_key = n.blob_key AND m.kind = 'image'
    UNION
    SELECT n.digest AS target_digest, l.image_key
    FROM named AS n JOIN index_leaves AS l ON l.root_key = n.blob_key AND l.child_kind = 'image'
    UNION
    SELECT n.digest AS target_digest, i.image_key
    FROM named AS n JOIN images AS i ON i.image_key = n.blob_key
), had AS (
    SELECT p.repository, p.tag, b.digest AS image_id, MAX(p.left_at) AS left_at
    FROM past AS p
    JOIN images_of AS f ON f.target_digest = p.target_digest
    JOIN blobs AS b ON b.blob_key = f.image_key
    GROUP BY p.repository, p.tag, b.digest
), there AS (
    SELECT source, repository, tag, COALESCE(platform, 'unknown') AS platform, image_id
    FROM tag_images
    WHERE image_id IS NOT NULL AND repository IS NOT NULL
        AND (CAST(:repository AS TEXT) IS NULL OR repository LIKE CAST(:repository AS TEXT))
        AND (CAST(:platform AS TEXT) IS NULL OR platform = CAST(:platform AS TEXT))
)
SELECT o.source, o.repository, o.tag, o.platform, h.left_at AS behind_since, o.image_id,
    MIN(r.image_id) AS reference_image_id
FROM there AS o
JOIN there AS r ON r.source = CAST(:reference AS TEXT) AND r.repository = o.repository AND r.tag = o.tag
    AND r.platform = o.platform
LEFT JOIN had AS h ON h.repository = o.repository AND h.tag = o.tag AND h.image_id = o.image_id
WHERE o.source <> CAST(:reference AS TEXT)
    AND (CAST(:source AS TEXT) IS NULL OR o.source = CAST(:source AS TEXT))
GROUP BY o.source, o.repository, o.tag, o.platform, h.left_at, o.image_id
HAVING COUNT(CASE WHEN r.image_id = o.image_id THEN 1 END) = 0
ORDER BY behind_since ASC NULLS LAST, o.source, o.repository, o.tag, o.platform, o.image_id
LIMIT CAST(:limit AS INTEGER)
