-- Which tags were moved, from where, and to where?
-- A tag moved after last_seen_from, our last sight of the old target, and at the latest by first_seen_to, our first
-- of the new one. For a recovered move these are the times that the store's traces tell.
-- param: limit integer = 100  How many rows, the latest first.
-- param: source text = null  Only this source.
-- param: repository text = null  Only repositories with a full name like this; % is any text, _ any character.
-- param: tag text = null  Only tags like this; % is any text, _ any character.
-- param: since timestamp = null  Only moves seen since then.
SELECT
    m.source, m.repository, m.tag, m.last_seen_from, m.first_seen_to, m.from_digest, m.to_digest, m.evidence
FROM tag_moves AS m
WHERE (CAST(:source AS TEXT) IS NULL OR m.source = CAST(:source AS TEXT))
    AND (CAST(:repository AS TEXT) IS NULL OR m.repository LIKE CAST(:repository AS TEXT))
    AND (CAST(:tag AS TEXT) IS NULL OR m.tag LIKE CAST(:tag AS TEXT))
    AND (CAST(:since AS TIMESTAMPTZ) IS NULL OR m.first_seen_to >= CAST(:since AS TIMESTAMPTZ))
ORDER BY m.first_seen_to DESC NULLS LAST, m.source, m.repository ASC NULLS LAST, m.tag, m.to_digest ASC NULLS LAST
LIMIT CAST(:limit AS INTEGER)
