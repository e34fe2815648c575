-- How many problems of each kind does each source have?
-- param: source text = null  Only this source.
SELECT
    p.source, p.kind, COUNT(*) AS problem_count, MIN(p.first_seen_at) AS oldest_seen_at,
    MAX(p.first_seen_at) AS newest_seen_at
FROM problem_detail AS p
WHERE (CAST(:source AS TEXT) IS NULL OR p.source = CAST(:source AS TEXT))
GROUP BY p.source, p.kind
ORDER BY problem_count DESC NULLS LAST, p.source, p.kind
