-- Which tags have never moved, as far as is known?
-- These are the current tags that have had one target only, those that have stood longest first. What the store keeps
-- no trace of, from before the first look, is not known.
-- param: limit integer = 100  How many rows.
-- param: source text = null  Only this source.
-- param: repository text = null  Only repositories with a full name like this; % is any text, _ any character.
WITH steady AS (
    SELECT source, repository, tag, MIN(target_digest) AS target_digest, MIN(valid_from) AS valid_from,
        MIN(first_seen_at) AS first_seen_at, MAX(last_seen_at) AS last_seen_at
    FROM tag_history
    GROUP BY source, repository, tag
    HAVING COUNT(DISTINCT COALESCE(target_digest, '')) = 1
        AND BOOL_OR(valid_to IS NULL AND evidence = 'observed')
)
SELECT s.source, s.repository, s.tag, s.target_digest, s.valid_from, s.first_seen_at, s.last_seen_at
FROM steady AS s
WHERE (CAST(:source AS TEXT) IS NULL OR s.source = CAST(:source AS TEXT))
    AND (CAST(:repository AS TEXT) IS NULL OR s.repository LIKE CAST(:repository AS TEXT))
ORDER BY s.valid_from ASC NULLS LAST, s.source, s.repository ASC NULLS LAST, s.tag
LIMIT CAST(:limit AS INTEGER)
