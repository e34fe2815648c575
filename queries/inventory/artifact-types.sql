-- Which types of artifacts are there, and how many refer to something?
-- An artifact is a manifest that is no image, index or schema 1 manifest: a signature, an attestation, an SBOM, a
-- chart. Each counts once in a source. Which ones they are, and to what they refer, is told by inventory/artifacts.
-- param: source text = null  Only this source.
WITH present AS (
    SELECT source, manifest_digest, artifact_type, MAX(size_bytes) AS size_bytes
    FROM manifest_detail
    WHERE kind = 'artifact'
        AND (CAST(:source AS TEXT) IS NULL OR source = CAST(:source AS TEXT))
    GROUP BY source, manifest_digest, artifact_type
), referring AS (
    SELECT DISTINCT source, manifest_digest FROM referrers
)
SELECT
    p.source, p.artifact_type, COUNT(*) AS artifact_count, COUNT(r.manifest_digest) AS referring_count,
    CAST(SUM(p.size_bytes) AS BIGINT) AS total_bytes
FROM present AS p
LEFT JOIN referring AS r ON r.source = p.source AND r.manifest_digest = p.manifest_digest
GROUP BY p.source, p.artifact_type
ORDER BY p.source, artifact_count DESC NULLS LAST, p.artifact_type ASC NULLS LAST
