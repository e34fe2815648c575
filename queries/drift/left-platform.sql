-- Which moves of a tag left this platform as it was?
-- A multi-platform tag moves when any of its platforms is built anew. For who runs another one, nothing happened: the
-- same manifest is there before and after.
-- param: platform text = linux/amd64  The platform.
-- param: limit integer = 100  How many rows, the latest first.
-- param: source text = null  Only this source.
-- param: repository text = null  Only repositories with a full name like this; % is any text, _ any character.
WITH moves AS (
    SELECT m.from_key, m.to_key, s.name AS source, r.name AS repository, m.tag, m.last_seen_from, m.first_seen_to,
        m.evidence
    FROM tag_move_keys AS m
    JOIN source_streams AS s ON s.source_key = m.source_key
    JOIN repositories AS r ON r.repository_key = m.repository_key
    WHERE (CAST(:source AS TEXT) IS NULL OR s.name = CAST(:source AS TEXT))
        AND (CAST(:repository AS TEXT) IS NULL OR r.name LIKE CAST(:repository AS TEXT))
), kept AS (
    SELECT p.from_key, p.to_key, MIN(b.digest) AS manifest_digest
    FROM (SELECT DISTINCT from_key, to_key FROM moves) AS p
    JOIN index_entries AS f ON f.manifest_key = p.from_key
    JOIN index_entries AS t ON t.manifest_key = p.to_key AND t.child_key = f.child_key
    JOIN blobs AS b ON b.blob_key = f.child_key
    LEFT JOIN manifests AS c ON c.manifest_key = f.child_key
    WHERE f.platform = CAST(:platform AS TEXT)
        AND (f.role = 'unknown' OR (f.role = 'image' AND COALESCE(c.kind, '') NOT IN ('artifact', 'index')))
    GROUP BY p.from_key, p.to_key
), changed AS (
    SELECT DISTINCT from_key, to_key FROM tag_platform_move_keys WHERE platform = CAST(:platform AS TEXT)
)
SELECT m.source, m.repository, m.tag, m.last_seen_from, m.first_seen_to, k.manifest_digest, f.digest AS from_digest,
    t.digest AS to_digest, m.evidence
FROM moves AS m
JOIN kept AS k ON k.from_key = m.from_key AND k.to_key = m.to_key
LEFT JOIN changed AS c ON c.from_key = m.from_key AND c.to_key = m.to_key
JOIN blobs AS f ON f.blob_key = m.from_key
JOIN blobs AS t ON t.blob_key = m.to_key
WHERE c.to_key IS NULL
ORDER BY m.first_seen_to DESC NULLS LAST, m.source, m.repository ASC NULLS LAST, m.tag, to_digest
LIMIT CAST(:limit AS INTEGER)
