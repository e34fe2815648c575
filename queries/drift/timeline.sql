-- Where did the tags that move most point, and from when to when?
-- One row a span: the tags with the most moves, and of each its latest spans. A span without valid_to lasts still; rows
-- without a time, which are known to have been, but not when, are left out.
-- param: tags integer = 20  How many tags.
-- param: spans integer = 40  How many spans of each tag, the latest.
-- param: source text = null  Only this source.
-- param: since timestamp = null  Only moves seen since then count, and only spans that reach beyond it are shown.
WITH moved AS (
    SELECT source, repository, tag, COUNT(*) AS move_count, MAX(first_seen_to) AS last_move_at
    FROM tag_moves
    WHERE (CAST(:source AS TEXT) IS NULL OR source = CAST(:source AS TEXT))
        AND (CAST(:since AS TIMESTAMPTZ) IS NULL OR first_seen_to >= CAST(:since AS TIMESTAMPTZ))
    GROUP BY source, repository, tag
), chosen AS (
    SELECT source, repository, tag, move_count,
        ROW_NUMBER() OVER (
            ORDER BY move_count DESC NULLS LAST, last_move_at DESC NULLS LAST, source, repository ASC NULLS LAST, tag
        ) AS place
    FROM moved
    ORDER BY move_count DESC NULLS LAST, last_move_at DESC NULLS LAST, source, repository ASC NULLS LAST, tag
    LIMIT CAST(:tags AS INTEGER)
), spans AS (
    SELECT c.place, c.source, c.repository, c.tag, c.move_count, h.valid_from, h.valid_to, h.target_digest, h.evidence,
        h.first_seen_at,
        ROW_NUMBER() OVER (
            PARTITION BY c.place
            ORDER BY h.valid_from DESC NULLS LAST, h.first_seen_at DESC NULLS LAST, h.target_digest ASC NULLS LAST
        ) AS span_place
    FROM chosen AS c
    JOIN tag_history AS h ON h.source = c.source AND COALESCE(h.repository, '') = COALESCE(c.repository, '')
        AND (h.repository IS NULL) = (c.repository IS NULL) AND h.tag = c.tag
    WHERE h.valid_from IS NOT NULL
        AND (CAST(:since AS TIMESTAMPTZ) IS NULL OR h.valid_to IS NULL OR h.valid_to > CAST(:since AS TIMESTAMPTZ))
)
SELECT
    s.source, CASE WHEN s.repository IS NULL THEN s.tag ELSE s.repository || ':' || s.tag END AS name, s.move_count,
    s.valid_from, s.valid_to, s.target_digest, s.evidence, s.repository, s.tag
FROM spans AS s
WHERE s.span_place <= CAST(:spans AS INTEGER)
ORDER BY s.place, s.valid_from, s.first_seen_at, s.target_digest ASC NULLS LAST
