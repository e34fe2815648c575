-- Where does each tag point now, and since when?
-- param: limit integer = 1000  How many rows.
-- param: source text = null  Only this source.
-- param: repository text = null  Only repositories with a full name like this; % is any text, _ any character.
-- param: tag text = null  Only tags like this; % is any text, _ any character.
SELECT
    t.source, t.repository, t.tag, t.target_digest, t.target_kind, t.valid_from, t.set_at, t.first_seen_at,
    t.last_seen_at
FROM current_tags AS t
WHERE (CAST(:source AS TEXT) IS NULL OR t.source = CAST(:source AS TEXT))
    AND (CAST(:repository AS TEXT) IS NULL OR t.repository LIKE CAST(:repository AS TEXT))
    AND (CAST(:tag AS TEXT) IS NULL OR t.tag LIKE CAST(:tag AS TEXT))
ORDER BY t.source, t.repository ASC NULLS LAST, t.tag
LIMIT CAST(:limit AS INTEGER)
