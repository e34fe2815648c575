-- How many moves were there each month, and of how many tags?
-- A move counts in the month, in UTC, in which its new target was first seen; a recovered one in that of the store's
-- trace.
-- param: source text = null  Only this source.
-- param: repository text = null  Only repositories with a full name like this; % is any text, _ any character.
-- param: since timestamp = null  Only moves seen since then.
SELECT
    m.source, DATE_TRUNC('month', m.first_seen_to) AS month_start, COUNT(*) AS move_count,
    COUNT(DISTINCT COALESCE(m.repository, '') || ':' || m.tag) AS tag_count,
    COUNT(DISTINCT COALESCE(m.repository, '')) AS repository_count,
    COUNT(CASE WHEN m.evidence = 'recovered' THEN 1 END) AS recovered_count
FROM tag_moves AS m
WHERE m.first_seen_to IS NOT NULL
    AND (CAST(:source AS TEXT) IS NULL OR m.source = CAST(:source AS TEXT))
    AND (CAST(:repository AS TEXT) IS NULL OR m.repository LIKE CAST(:repository AS TEXT))
    AND (CAST(:since AS TIMESTAMPTZ) IS NULL OR m.first_seen_to >= CAST(:since AS TIMESTAMPTZ))
GROUP BY m.source, DATE_TRUNC('month', m.first_seen_to)
ORDER BY m.source, month_start
