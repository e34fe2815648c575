-- Which artifacts, attestations and signatures are there, and what do they refer to?
-- How says who tells: subject, the artifact itself; index, the index that holds it as an attestation; tag, a tag
-- named after the digest of what it refers to, as cosign makes them. An artifact that refers to nothing, such as a
-- chart, has one row. A subject of kind NULL is not in the repository, or could not be read.
-- param: limit integer = 1000  How many rows.
-- param: source text = null  Only this source.
-- param: repository text = null  Only this repository: its full name.
WITH tags AS (
    SELECT source, COALESCE(repository, '') AS repository, target_digest, STRING_AGG(tag, ', ' ORDER BY tag) AS tags
    FROM current_tags
    WHERE target_kind = 'manifest'
    GROUP BY source, COALESCE(repository, ''), target_digest
)
SELECT
    m.source, m.repository, m.manifest_digest, t.tags, m.artifact_type, m.size_bytes, r.how, r.subject_digest,
    s.kind AS subject_kind, st.tags AS subject_tags
FROM manifest_detail AS m
LEFT JOIN referrers AS r ON r.source = m.source AND COALESCE(r.repository, '') = COALESCE(m.repository, '')
    AND r.manifest_digest = m.manifest_digest
LEFT JOIN manifest_detail AS s ON s.source = r.source AND COALESCE(s.repository, '') = COALESCE(r.repository, '')
    AND s.manifest_digest = r.subject_digest
LEFT JOIN tags AS t ON t.source = m.source AND t.repository = COALESCE(m.repository, '')
    AND t.target_digest = m.manifest_digest
LEFT JOIN tags AS st ON st.source = r.source AND st.repository = COALESCE(r.repository, '')
    AND st.target_digest = r.subject_digest
WHERE (m.kind = 'artifact' OR r.manifest_digest IS NOT NULL)
    AND (CAST(:source AS TEXT) IS NULL OR m.source = CAST(:source AS TEXT))
    AND (CAST(:repository AS TEXT) IS NULL OR m.repository = CAST(:repository AS TEXT))
ORDER BY m.source, m.repository ASC NULLS LAST, m.manifest_digest, r.subject_digest ASC NULLS LAST
LIMIT CAST(:limit AS INTEGER)
