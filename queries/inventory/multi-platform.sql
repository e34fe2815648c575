-- Which platforms has each tag of an image index, and are their manifests all there?
-- Missing are the images that the index names and the source does not have: a pull on that platform fails. Lacking are
-- the platforms that other such tags of the repository have, and this one has not.
-- param: source text = null  Only this source.
-- param: repository text = null  Only this repository: its full name.
-- param: incomplete boolean = false  Only tags that miss or lack something.
-- param: limit integer = 1000  How many rows.
WITH tagged AS (
    SELECT t.index_key, t.source_key, t.source, t.repository_key, t.repository, t.tag, t.target_key
    FROM tag_targets AS t
    JOIN manifests AS m ON m.manifest_key = t.target_key AND m.kind = 'index'
    WHERE t.target_kind = 'manifest'
        AND (CAST(:source AS TEXT) IS NULL OR t.source = CAST(:source AS TEXT))
        AND (CAST(:repository AS TEXT) IS NULL OR t.repository = CAST(:repository AS TEXT))
), images AS (
    SELECT t.source, t.repository_key, t.tag, t.platform, BOOL_OR(t.held) AS held
    FROM (
        SELECT g.source, g.repository_key, g.tag, COALESCE(l.platform, i.platform, 'unknown') AS platform,
            EXISTS (
                SELECT 1 FROM source_manifests AS sm
                WHERE sm.index_key = g.index_key AND sm.source_key = g.source_key AND sm.manifest_key = l.child_key
                    AND sm.ended_at IS NULL
            ) AS held
        FROM tagged AS g
        JOIN index_leaves AS l ON l.root_key = g.target_key
        LEFT JOIN images AS i ON i.image_key = l.image_key
        WHERE l.role = 'image' AND COALESCE(l.child_kind, 'image') = 'image'
    ) AS t
    GROUP BY t.source, t.repository_key, t.tag, t.platform
), everywhere AS (
    SELECT DISTINCT source, repository_key, platform FROM images
), lacks AS (
    SELECT g.source, g.repository_key, g.tag, COUNT(*) AS lacking_count,
        STRING_AGG(e.platform, ', ' ORDER BY e.platform) AS lacking_platforms
    FROM tagged AS g
    JOIN everywhere AS e ON e.source = g.source AND e.repository_key = g.repository_key
    LEFT JOIN images AS n ON n.source = g.source AND n.repository_key = g.repository_key AND n.tag = g.tag
        AND n.platform = e.platform
    WHERE n.platform IS NULL
    GROUP BY g.source, g.repository_key, g.tag
), has AS (
    SELECT source, repository_key, tag, COUNT(*) AS platform_count,
        STRING_AGG(platform, ', ' ORDER BY platform) AS platforms,
        COUNT(CASE WHEN NOT held THEN 1 END) AS missing_count,
        STRING_AGG(CASE WHEN NOT held THEN platform END, ', ' ORDER BY platform) AS missing_platforms
    FROM images
    GROUP BY source, repository_key, tag
)
SELECT
    g.source, g.repository, g.tag, COALESCE(h.platform_count, 0) AS platform_count, h.platforms,
    COALESCE(h.missing_count, 0) AS missing_count, h.missing_platforms, l.lacking_platforms, b.digest AS index_digest
FROM tagged AS g
JOIN blobs AS b ON b.blob_key = g.target_key
LEFT JOIN has AS h ON h.source = g.source AND h.repository_key = g.repository_key AND h.tag = g.tag
LEFT JOIN lacks AS l ON l.source = g.source AND l.repository_key = g.repository_key AND l.tag = g.tag
WHERE NOT CAST(:incomplete AS BOOLEAN) OR h.missing_count > 0 OR l.lacking_count > 0 OR h.platform_count IS NULL
ORDER BY g.source, g.repository ASC NULLS LAST, g.tag
LIMIT CAST(:limit AS INTEGER)
