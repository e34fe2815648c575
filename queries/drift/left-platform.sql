-- Which moves of a tag left this platform as it was?
-- A multi-platform tag moves when any of its platforms is built anew. For who runs another one, nothing happened: the
-- same manifest is there before and after.
-- param: platform text = linux/amd64  The platform.
-- param: limit integer = 100  How many rows, the latest first.
-- param: source text = null  Only this source.
-- param: repository text = null  Only repositories with a full name like this; % is any text, _ any character.
WITH moves AS (
    SELECT source, repository, tag, first_seen_to, last_seen_from, from_digest, to_digest, evidence
    FROM tag_moves
    WHERE (CAST(:source AS TEXT) IS NULL OR source = CAST(:source AS TEXT))
        AND (CAST(:repository AS TEXT) IS NULL OR repository LIKE CAST(:repository AS TEXT))
), kept AS (
    SELECT f.index_digest AS from_digest, t.index_digest AS to_digest, MIN(f.manifest_digest) AS manifest_digest
    FROM (SELECT DISTINCT from_digest, to_digest FROM moves) AS m
    JOIN index_detail AS f ON f.index_digest = m.from_digest
    JOIN index_detail AS t ON t.index_digest = m.to_digest AND t.manifest_digest = f.manifest_digest
    WHERE f.platform = CAST(:platform AS TEXT) AND f.role IN ('image', 'unknown')
    GROUP BY f.index_digest, t.index_digest
), changed AS (
    SELECT DISTINCT from_digest, to_digest FROM tag_platform_moves WHERE platform = CAST(:platform AS TEXT)
)
SELECT m.source, m.repository, m.tag, m.last_seen_from, m.first_seen_to, k.manifest_digest, m.from_digest, m.to_digest,
    m.evidence
FROM moves AS m
JOIN kept AS k ON k.from_digest = m.from_digest AND k.to_digest = m.to_digest
LEFT JOIN changed AS c ON c.from_digest = m.from_digest AND c.to_digest = m.to_digest
WHERE c.to_digest IS NULL
ORDER BY m.first_seen_to DESC NULLS LAST, m.source, m.repository ASC NULLS LAST, m.tag, m.to_digest
LIMIT CAST(:limit AS INTEGER)
