-- Which tags were deleted, and which of them came back?
-- One row a time that a tag was away. deleted_at is the look that missed it; returned_at is empty while it is away.
-- param: limit integer = 100  How many rows, the latest first.
-- param: source text = null  Only this source.
-- param: repository text = null  Only repositories with a full name like this; % is any text, _ any character.
-- param: since timestamp = null  Only tags deleted since then.
WITH dated AS (
    SELECT h.source, h.repository, h.tag, h.target_digest, h.last_seen_at, h.valid_to,
        LEAD(h.valid_from) OVER per_tag AS next_from, LEAD(h.target_digest) OVER per_tag AS next_digest
    FROM tag_history AS h
    WHERE h.valid_from IS NOT NULL
        AND (CAST(:source AS TEXT) IS NULL OR h.source = CAST(:source AS TEXT))
        AND (CAST(:repository AS TEXT) IS NULL OR h.repository LIKE CAST(:repository AS TEXT))
    WINDOW per_tag AS (
        PARTITION BY h.source, COALESCE(h.repository, ''), h.tag ORDER BY h.valid_from, h.valid_to ASC NULLS LAST
    )
)
SELECT d.source, d.repository, d.tag, d.target_digest, d.last_seen_at, d.valid_to AS deleted_at,
    d.next_from AS returned_at, d.next_digest AS returned_digest
FROM dated AS d
WHERE d.valid_to IS NOT NULL AND (d.next_from IS NULL OR d.next_from > d.valid_to)
    AND (CAST(:since AS TIMESTAMPTZ) IS NULL OR d.valid_to >= CAST(:since AS TIMESTAMPTZ))
ORDER BY d.valid_to DESC NULLS LAST, d.source, d.repository ASC NULLS LAST, d.tag
LIMIT CAST(:limit AS INTEGER)
