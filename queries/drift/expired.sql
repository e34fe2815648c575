-- Which tags would a retention rule delete: older than this, and not among the newest of their repository?
-- A tag is as old as its last move. What deleting them would free is another question: size/freed-by-deleting.
-- param: before timestamp  Tags that have pointed where they point since before this time.
-- param: keep integer = 5  How many of the newest tags of each repository stay in any case.
-- param: source text = null  Only this source.
-- param: repository text = null  Only repositories with a full name like this; % is any text, _ any character.
-- param: tag text = %  Only tags like this count, and are deleted; % is any text, _ any character.
-- param: limit integer = 1000  How many rows.
WITH ranked AS (
    SELECT t.source, t.repository, t.tag, t.target_digest, t.valid_from,
        ROW_NUMBER() OVER (
            PARTITION BY t.source, COALESCE(t.repository, '') ORDER BY t.valid_from DESC NULLS LAST, t.tag
        ) AS newest_place,
        COUNT(*) OVER (PARTITION BY t.source, COALESCE(t.repository, '')) AS tag_count
    FROM current_tags AS t
    WHERE t.tag LIKE CAST(:tag AS TEXT)
        AND (CAST(:source AS TEXT) IS NULL OR t.source = CAST(:source AS TEXT))
        AND (CAST(:repository AS TEXT) IS NULL OR t.repository LIKE CAST(:repository AS TEXT))
)
SELECT r.source, r.repository, r.tag, r.valid_from, r.newest_place, r.tag_count, r.target_digest
FROM ranked AS r
WHERE r.newest_place > CAST(:keep AS INTEGER) AND r.valid_from < CAST(:before AS TIMESTAMPTZ)
ORDER BY r.source, r.repository ASC NULLS LAST, r.valid_from, r.tag
LIMIT CAST(:limit AS INTEGER)
