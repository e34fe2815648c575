-- Which tags came back to where they had pointed before?
-- A roll-back, or a race between two pushes. One row a return: the target, what the tag pointed at meanwhile, last, and
-- how long the target had been away.
-- param: limit integer = 100  How many rows, the latest first.
-- param: source text = null  Only this source.
-- param: repository text = null  Only repositories with a full name like this; % is any text, _ any character.
WITH dated AS (
    SELECT h.source, h.repository, h.tag, h.target_digest, h.valid_from, h.valid_to, h.evidence,
        LAG(h.target_digest) OVER (
            PARTITION BY h.source, COALESCE(h.repository, ''), h.tag
            ORDER BY h.valid_from, h.valid_to ASC NULLS LAST
        ) AS meanwhile_digest,
        LAG(h.valid_to) OVER (
            PARTITION BY h.source, COALESCE(h.repository, ''), h.tag, h.target_digest
            ORDER BY h.valid_from, h.valid_to ASC NULLS LAST
        ) AS left_at
    FROM tag_history AS h
    WHERE h.valid_from IS NOT NULL AND h.target_digest IS NOT NULL
        AND (CAST(:source AS TEXT) IS NULL OR h.source = CAST(:source AS TEXT))
        AND (CAST(:repository AS TEXT) IS NULL OR h.repository LIKE CAST(:repository AS TEXT))
)
SELECT d.source, d.repository, d.tag, d.target_digest, d.left_at, d.valid_from AS returned_at, d.meanwhile_digest,
    d.evidence
FROM dated AS d
WHERE d.left_at IS NOT NULL AND d.meanwhile_digest IS NOT NULL AND d.meanwhile_digest <> d.target_digest
ORDER BY d.valid_from DESC NULLS LAST, d.source, d.repository ASC NULLS LAST, d.tag
LIMIT CAST(:limit AS INTEGER)
