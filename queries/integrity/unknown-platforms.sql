-- What are the entries of the platform unknown/unknown in image indexes?
-- BuildKit attaches provenance and SBOMs to an image as a further entry of the index, which has no platform. Explained
-- is why each entry has none, and to which entry it belongs. Nothing is wrong with attestations; a manifest that is an
-- image after all should say its platform.
-- param: source text = null  Only this source.
-- param: limit integer = 1000  How many rows.
WITH present AS (
    SELECT DISTINCT sm.index_key, sm.source_key, s.name AS source, sm.repository_key, sm.manifest_key
    FROM source_manifests AS sm
    JOIN source_streams AS s ON s.index_key = sm.index_key AND s.source_key = sm.source_key
    WHERE sm.ended_at IS NULL
        AND (CAST(:source AS TEXT) IS NULL OR s.name = CAST(:source AS TEXT))
), tags AS (
    SELECT d.index_key, d.source_key, d.repository_key, d.target_key, STRING_AGG(d.tag, ', ' ORDER BY d.tag) AS tags
    FROM tag_targets AS d
    WHERE d.target_kind = 'manifest'
    GROUP BY d.index_key, d.source_key, d.repository_key, d.target_key
), subjects AS (
    SELECT manifest_key, child_key, MIN(platform) AS platform
    FROM index_entries
    GROUP BY manifest_key, child_key
)
SELECT
    p.source, r.name AS repository, t.tags, i.digest AS index_digest, e.position, b.digest AS manifest_digest,
    CASE
        WHEN e.role = 'attestation' THEN 'an attestation (provenance, SBOM) of another entry'
        WHEN m.kind = 'artifact' THEN 'an artifact, which has no platform'
        WHEN m.kind = 'index' THEN 'an index of its own, whose entries have platforms'
        WHEN m.kind = 'image' THEN 'an image whose entry does not say its platform'
        ELSE 'its manifest was not read, and the entry does not say'
    END AS explanation,
    x.platform AS config_platform, j.digest AS subject_digest, s.platform AS subject_platform
FROM present AS p
JOIN index_entries AS e ON e.manifest_key = p.manifest_key AND e.platform IS NULL
JOIN repositories AS r ON r.repository_key = p.repository_key
JOIN blobs AS i ON i.blob_key = e.manifest_key
JOIN blobs AS b ON b.blob_key = e.child_key
LEFT JOIN manifests AS m ON m.manifest_key = e.child_key
LEFT JOIN images AS x ON x.image_key = m.config_key AND m.kind = 'image'
LEFT JOIN blobs AS j ON j.blob_key = e.subject_key
LEFT JOIN subjects AS s ON s.manifest_key = e.manifest_key AND s.child_key = e.subject_key
LEFT JOIN tags AS t ON t.index_key = p.index_key AND t.source_key = p.source_key
    AND t.repository_key = p.repository_key AND t.target_key = p.manifest_key
ORDER BY p.source, r.name ASC NULLS LAST, i.digest, e.position
LIMIT CAST(:limit AS INTEGER)
