-- Where is the same tag another image in another place?
-- A host against its registry, a mirror against its origin, host against host: the same repository, tag and platform,
-- as each source shows it now. Name hosts and registries alike with `ingest --registry HOST=ALIAS`. What only one of
-- two sources has is no difference.
-- param: source text = null  Only pairs with this source, which then comes first.
-- param: other text = null  Only pairs with this other source.
-- param: repository text = null  Only repositories with a full name like this; % is any text, _ any character.
-- param: platform text = null  Only this platform: linux/amd64, linux/arm64.
-- param: limit integer = 1000  How many rows.
WITH shown AS (
    SELECT i.source, i.repository, i.tag, COALESCE(i.platform, 'unknown') AS platform, MIN(i.image_id) AS image_id,
        MIN(t.valid_from) AS valid_from
    FROM tag_images AS i
    JOIN current_tags AS t ON t.source = i.source AND t.repository = i.repository AND t.tag = i.tag
    WHERE i.image_id IS NOT NULL AND i.repository IS NOT NULL
        AND (CAST(:repository AS TEXT) IS NULL OR i.repository LIKE CAST(:repository AS TEXT))
        AND (CAST(:platform AS TEXT) IS NULL OR i.platform = CAST(:platform AS TEXT))
    GROUP BY i.source, i.repository, i.tag, COALESCE(i.platform, 'unknown')
    HAVING COUNT(DISTINCT i.image_id) <= 1
), counted AS (
    SELECT s.source, s.repository, s.tag, s.platform, s.image_id, s.valid_from,
        COUNT(*) OVER (PARTITION BY s.repository, s.tag, s.platform) AS source_count
    FROM shown AS s
), several AS (
    SELECT source, repository, tag, platform, image_id, valid_from FROM counted WHERE source_count > 1
)
SELECT a.repository, a.tag, a.platform, a.source, b.source AS other_source, a.image_id, b.image_id AS other_image_id,
    a.valid_from, b.valid_from AS other_valid_from
FROM several AS a
JOIN several AS b ON b.repository = a.repository AND b.tag = a.tag AND b.platform = a.platform
WHERE a.image_id <> b.image_id
    AND ((CAST(:source AS TEXT) IS NULL AND a.source < b.source)
        OR (a.source = CAST(:source AS TEXT) AND b.source <> a.source))
    AND (CAST(:other AS TEXT) IS NULL OR CAST(:other AS TEXT) IN (a.source, b.source))
ORDER BY a.repository, a.tag, a.platform, a.source, b.source
LIMIT CAST(:limit AS INTEGER)
