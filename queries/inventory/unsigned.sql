-- Which tagged images have no signature?
-- A signature is a manifest in the same repository that refers to the image, or to what the tag points at, and says of
-- itself that it is one: cosign's (by tag or subject), a Sigstore bundle's, Notary's. Nothing is verified. Told of
-- sources that have manifests; whether a signature lies elsewhere is not known here.
-- param: source text = null  Only this source.
-- param: repository text = null  Only this repository: its full name.
-- param: limit integer = 1000  How many rows.
WITH evidence AS (
    SELECT m.manifest_key, LOWER(COALESCE(m.artifact_type, '') || ' ' || COALESCE(m.config_media_type, '')) AS says
    FROM manifests AS m
    WHERE m.kind = 'artifact'
    UNION ALL
    SELECT ml.manifest_key, LOWER(COALESCE(ml.media_type, '') || ' ' || COALESCE(ml.annotations, '')) AS says
    FROM manifest_layers AS ml
    JOIN manifests AS m ON m.manifest_key = ml.manifest_key AND m.kind = 'artifact'
), signatures AS (
    SELECT DISTINCT b.digest
    FROM evidence AS e
    JOIN blobs AS b ON b.blob_key = e.manifest_key
    WHERE e.says LIKE '%cosign.simplesigning%' OR e.says LIKE '%sigstore.bundle%' OR e.says LIKE '%cosign.artifact.sig%'
        OR e.says LIKE '%notary.signature%'
), about AS (
    SELECT DISTINCT r.source, COALESCE(r.repository, '') AS repository, b.blob_key AS subject_key
    FROM referrers AS r
    JOIN signatures AS g ON g.digest = r.manifest_digest
    JOIN blobs AS b ON b.digest = r.subject_digest
), tagged AS (
    SELECT t.source, t.repository, t.repository_key, t.tag, t.manifest_key, t.image_key
    FROM tag_reach AS t
    WHERE t.manifest_key IS NOT NULL AND t.image_key IS NOT NULL
        AND (CAST(:source AS TEXT) IS NULL OR t.source = CAST(:source AS TEXT))
        AND (CAST(:repository AS TEXT) IS NULL OR t.repository = CAST(:repository AS TEXT))
)
SELECT
    t.source, t.repository, t.tag, i.platform, m.digest AS manifest_digest, g.digest AS tag_digest, i.image_id
FROM tagged AS t
JOIN tag_targets AS c ON c.source = t.source AND c.repository_key = t.repository_key AND c.tag = t.tag
JOIN blobs AS m ON m.blob_key = t.manifest_key
JOIN blobs AS g ON g.blob_key = c.target_key
LEFT JOIN images AS i ON i.image_key = t.image_key
LEFT JOIN about AS a ON a.source = t.source AND a.repository = COALESCE(t.repository, '')
    AND a.subject_key = t.manifest_key
LEFT JOIN about AS x ON x.source = t.source AND x.repository = COALESCE(t.repository, '')
    AND x.subject_key = c.target_key
WHERE a.subject_key IS NULL AND x.subject_key IS NULL
ORDER BY t.source, t.repository ASC NULLS LAST, t.tag, m.digest
LIMIT CAST(:limit AS INTEGER)
