-- Which tags that look like a released version have moved all the same?
-- 1.2.3 and v1.2.3-alpine are taken for promises; 1.2 and latest are meant to move. The layers say whether more than a
-- rebuild happened: see drift/rebuilt and drift/config-only.
-- param: limit integer = 100  How many rows, the most moved first.
-- param: source text = null  Only this source.
-- param: repository text = null  Only repositories with a full name like this; % is any text, _ any character.
-- param: since timestamp = null  Only moves seen since then.
SELECT
    m.source, m.repository, m.tag, COUNT(*) AS move_count, COUNT(DISTINCT m.to_digest) AS target_count,
    MIN(m.first_seen_to) AS first_move_at, MAX(m.first_seen_to) AS last_move_at
FROM tag_moves AS m
WHERE m.tag SIMILAR TO 'v?[0-9]+[.][0-9]+[.][0-9]+([-.+_][A-Za-z0-9_.-]+)?'
    AND (CAST(:source AS TEXT) IS NULL OR m.source = CAST(:source AS TEXT))
    AND (CAST(:repository AS TEXT) IS NULL OR m.repository LIKE CAST(:repository AS TEXT))
    AND (CAST(:since AS TIMESTAMPTZ) IS NULL OR m.first_seen_to >= CAST(:since AS TIMESTAMPTZ))
GROUP BY m.source, m.repository, m.tag
ORDER BY move_count DESC NULLS LAST, last_move_at DESC NULLS LAST, m.source, m.repository ASC NULLS LAST, m.tag
LIMIT CAST(:limit AS INTEGER)
