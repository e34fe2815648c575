-- What would garbage collection remove from a registry's storage?
-- As `registry garbage-collect` of distribution 2.8 does it: each manifest of each repository marks itself and what it
-- names, and every blob of the storage that is not marked goes. With untagged (its option -m), manifests that no tag
-- points at directly are not marked, and go: also the platforms of a multi-platform tag, which it does not look
-- through, so ask integrity/untagged-children first. A manifest is a row a repository, with the bytes of its document
-- where that goes from the storage, too.
-- param: untagged boolean = false  As -m: remove manifests that no tag points at directly, too.
-- param: source text = null  Only this source.
-- param: limit integer = 1000  How many rows, the largest first.
WITH stores AS (
    SELECT s.index_key, s.source_key, s.name AS source
    FROM source_streams AS s
    JOIN sources AS o ON o.index_key = s.index_key AND o.source_key = s.source_key AND o.kind = 'registry-root'
    WHERE (CAST(:source AS TEXT) IS NULL OR s.name = CAST(:source AS TEXT))
), present AS (
    SELECT DISTINCT t.index_key, t.source_key, t.source, sm.repository_key, sm.manifest_key
    FROM stores AS t
    JOIN source_manifests AS sm ON sm.index_key = t.index_key AND sm.source_key = t.source_key AND sm.ended_at IS NULL
), tagged AS (
    SELECT DISTINCT index_key, source_key, repository_key, target_key
    FROM tag_targets
    WHERE target_kind = 'manifest'
), judged AS (
    SELECT p.index_key, p.source_key, p.source, p.repository_key, p.manifest_key,
        t.target_key IS NOT NULL OR NOT CAST(:untagged AS BOOLEAN) AS stays
    FROM present AS p
    LEFT JOIN tagged AS t ON t.index_key = p.index_key AND t.source_key = p.source_key
        AND t.repository_key = p.repository_key AND t.target_key = p.manifest_key
), staying AS (
    SELECT DISTINCT index_key, source_key, manifest_key FROM judged WHERE stays
), marked AS (
    SELECT k.index_key, k.source_key, k.manifest_key AS blob_key FROM staying AS k
    UNION
    SELECT k.index_key, k.source_key, m.config_key AS blob_key
    FROM staying AS k
    JOIN manifests AS m ON m.manifest_key = k.manifest_key AND m.config_key IS NOT NULL
    UNION
    SELECT k.index_key, k.source_key, ml.blob_key
    FROM staying AS k
    JOIN manifest_layers AS ml ON ml.manifest_key = k.manifest_key
    UNION
    SELECT k.index_key, k.source_key, e.child_key AS blob_key
    FROM staying AS k
    JOIN index_entries AS e ON e.manifest_key = k.manifest_key
), going AS (
    SELECT z.index_key, z.source_key, t.source, z.blob_key, z.bytes
    FROM source_blob_sizes AS z
    JOIN stores AS t ON t.index_key = z.index_key AND t.source_key = z.source_key
    LEFT JOIN marked AS k ON k.index_key = z.index_key AND k.source_key = z.source_key AND k.blob_key = z.blob_key
    WHERE z.is_held AND k.blob_key IS NULL
), removed AS (
    SELECT j.source, 'manifest' AS removes, r.name AS repository, j.manifest_key AS blob_key, g.bytes AS freed_bytes
    FROM judged AS j
    JOIN repositories AS r ON r.repository_key = j.repository_key
    LEFT JOIN going AS g ON g.index_key = j.index_key AND g.source_key = j.source_key AND g.blob_key = j.manifest_key
    WHERE NOT j.stays
    UNION ALL
    SELECT g.source, 'blob' AS removes, NULL AS repository, g.blob_key, g.bytes AS freed_bytes
    FROM going AS g
    LEFT JOIN judged AS j ON j.index_key = g.index_key AND j.source_key = g.source_key AND j.manifest_key = g.blob_key
    WHERE j.manifest_key IS NULL
)
SELECT
    x.source, x.removes, x.repository, b.digest, x.freed_bytes,
    CASE WHEN m.manifest_key IS NOT NULL THEN m.kind
        WHEN EXISTS (SELECT 1 FROM manifests AS c WHERE c.config_key = x.blob_key) THEN 'config'
        WHEN EXISTS (SELECT 1 FROM manifest_layers AS ml WHERE ml.blob_key = x.blob_key) THEN 'layer' END AS known_as
FROM removed AS x
JOIN blobs AS b ON b.blob_key = x.blob_key
LEFT JOIN manifests AS m ON m.manifest_key = x.blob_key
ORDER BY x.freed_bytes DESC NULLS LAST, x.source, x.removes, x.repository ASC NULLS LAST, b.digest
LIMIT CAST(:limit AS INTEGER)
