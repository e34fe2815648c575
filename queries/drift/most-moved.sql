-- Which tags move most often?
-- param: limit integer = 50  How many rows.
-- param: source text = null  Only this source.
-- param: since timestamp = null  Only moves seen since then.
SELECT
    m.source, m.repository, m.tag, COUNT(*) AS move_count, COUNT(DISTINCT m.to_digest) AS target_count,
    MIN(m.first_seen_to) AS first_move_at, MAX(m.first_seen_to) AS last_move_at
FROM tag_moves AS m
WHERE (CAST(:source AS TEXT) IS NULL OR m.source = CAST(:source AS TEXT))
    AND (CAST(:since AS TIMESTAMPTZ) IS NULL OR m.first_seen_to >= CAST(:since AS TIMESTAMPTZ))
GROUP BY m.source, m.repository, m.tag
ORDER BY move_count DESC NULLS LAST, last_move_at DESC NULLS LAST, m.source, m.repository ASC NULLS LAST, m.tag
LIMIT CAST(:limit AS INTEGER)
