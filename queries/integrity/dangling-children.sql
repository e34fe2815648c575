-- Which image indexes name a manifest that their repository does not have, and which tags does that break?
-- A pull of such a tag fails on that platform. Elsewhere says in how many repositories of any source the manifest is:
-- from there it can be copied back.
-- param: source text = null  Only this source.
-- param: limit integer = 1000  How many rows.
WITH present AS (
    SELECT DISTINCT sm.index_key, sm.source_key, s.name AS source, sm.repository_key, sm.manifest_key
    FROM source_manifests AS sm
    JOIN source_streams AS s ON s.index_key = sm.index_key AND s.source_key = sm.source_key
    WHERE sm.ended_at IS NULL
), dangling AS (
    SELECT p.index_key, p.source_key, p.source, p.repository_key, p.manifest_key, e.position, e.child_key, e.platform,
        e.role
    FROM present AS p
    JOIN index_entries AS e ON e.manifest_key = p.manifest_key
    LEFT JOIN present AS c ON c.index_key = p.index_key AND c.source_key = p.source_key
        AND c.repository_key = p.repository_key AND c.manifest_key = e.child_key
    WHERE c.manifest_key IS NULL
        AND (CAST(:source AS TEXT) IS NULL OR p.source = CAST(:source AS TEXT))
), tags AS (
    SELECT d.index_key, d.source_key, d.repository_key, d.manifest_key, STRING_AGG(d.tag, ', ' ORDER BY d.tag) AS tags
    FROM (
        SELECT DISTINCT t.index_key, t.source_key, t.repository_key, t.tag, t.target_key AS manifest_key
        FROM tag_targets AS t
        WHERE t.target_kind = 'manifest'
    ) AS d
    GROUP BY d.index_key, d.source_key, d.repository_key, d.manifest_key
), copies AS (
    SELECT d.child_key, COUNT(DISTINCT p.source || ' ' || CAST(p.repository_key AS TEXT)) AS elsewhere
    FROM (SELECT DISTINCT child_key FROM dangling) AS d
    JOIN present AS p ON p.manifest_key = d.child_key
    GROUP BY d.child_key
)
SELECT
    d.source, r.name AS repository, t.tags, i.digest AS index_digest, d.position, d.platform, d.role,
    b.digest AS manifest_digest, COALESCE(c.elsewhere, 0) AS elsewhere
FROM dangling AS d
JOIN repositories AS r ON r.repository_key = d.repository_key
JOIN blobs AS i ON i.blob_key = d.manifest_key
JOIN blobs AS b ON b.blob_key = d.child_key
LEFT JOIN tags AS t ON t.index_key = d.index_key AND t.source_key = d.source_key
    AND t.repository_key = d.repository_key AND t.manifest_key = d.manifest_key
LEFT JOIN copies AS c ON c.child_key = d.child_key
ORDER BY d.source, r.name ASC NULLS LAST, i.digest, d.position
LIMIT CAST(:limit AS INTEGER)
