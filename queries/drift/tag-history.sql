-- Where has this tag pointed over time?
-- One row a target, the latest first, from valid_from up to valid_to; a row without valid_to is current. Recovered
-- rows were read from traces that the store keeps; those without a time are known to have been, but not when.
-- param: repository text  The repository's full name, or its end after a slash; empty for a layout's bare refs.
-- param: tag text = latest  The tag.
-- param: source text = null  Only this source.
SELECT
    h.source, h.repository, h.tag, h.valid_from, h.valid_to, h.target_digest, h.target_kind, h.evidence, h.set_at,
    h.first_seen_at, h.last_seen_at
FROM tag_history AS h
WHERE h.tag = CAST(:tag AS TEXT)
    AND (COALESCE(h.repository, '') = CAST(:repository AS TEXT)
        OR (CAST(:repository AS TEXT) <> ''
            AND RIGHT(h.repository, LENGTH(CAST(:repository AS TEXT)) + 1) = '/' || CAST(:repository AS TEXT)))
    AND (CAST(:source AS TEXT) IS NULL OR h.source = CAST(:source AS TEXT))
ORDER BY
    h.source, h.repository ASC NULLS LAST, h.valid_from DESC NULLS LAST, h.first_seen_at DESC NULLS LAST,
    h.target_digest ASC NULLS LAST
