-- How many tags does each source have, how many of them ever moved, and how often?
-- Moves are those that were seen and those that the store's own traces tell of. Moved tags may be deleted since.
-- param: source text = null  Only this source.
-- param: since timestamp = null  Only moves seen since then.
WITH current_counts AS (
    SELECT source, COUNT(*) AS tag_count
    FROM current_tags
    WHERE (CAST(:source AS TEXT) IS NULL OR source = CAST(:source AS TEXT))
    GROUP BY source
), move_counts AS (
    SELECT source, COUNT(*) AS move_count, COUNT(DISTINCT COALESCE(repository, '') || ':' || tag) AS moved_tag_count,
        MIN(first_seen_to) AS first_move_at, MAX(first_seen_to) AS last_move_at
    FROM tag_moves
    WHERE (CAST(:source AS TEXT) IS NULL OR source = CAST(:source AS TEXT))
        AND (CAST(:since AS TIMESTAMPTZ) IS NULL OR first_seen_to >= CAST(:since AS TIMESTAMPTZ))
    GROUP BY source
)
SELECT
    s.name AS source, COALESCE(c.tag_count, 0) AS tag_count, COALESCE(m.moved_tag_count, 0) AS moved_tag_count,
    COALESCE(m.move_count, 0) AS move_count, m.first_move_at, m.last_move_at
FROM source_streams AS s
LEFT JOIN current_counts AS c ON c.source = s.name
LEFT JOIN move_counts AS m ON m.source = s.name
WHERE (CAST(:source AS TEXT) IS NULL OR s.name = CAST(:source AS TEXT))
ORDER BY s.name
