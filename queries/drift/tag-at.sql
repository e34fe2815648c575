-- Where did each tag point at this time?
-- As far as is known: observed, or recovered from traces that the store keeps. A tag that was first seen later, and
-- whose store does not say when it was set, has no row.
-- param: time timestamp  The time, such as 2026-01-31T12:00:00Z.
-- param: source text = null  Only this source.
-- param: repository text = null  Only repositories with a full name like this; % is any text, _ any character.
-- param: limit integer = 1000  How many rows.
SELECT
    h.source, h.repository, h.tag, h.target_digest, h.target_kind, h.valid_from, h.valid_to, h.evidence
FROM tag_history AS h
WHERE h.valid_from <= CAST(:time AS TIMESTAMPTZ)
    AND (h.valid_to IS NULL OR h.valid_to > CAST(:time AS TIMESTAMPTZ))
    AND (CAST(:source AS TEXT) IS NULL OR h.source = CAST(:source AS TEXT))
    AND (CAST(:repository AS TEXT) IS NULL OR h.repository LIKE CAST(:repository AS TEXT))
ORDER BY h.source, h.repository ASC NULLS LAST, h.tag, h.valid_from, h.target_digest ASC NULLS LAST
LIMIT CAST(:limit AS INTEGER)
