-- Which blobs, configs and manifests are named, but missing, and which tags does that break?
-- Told of sources that show what they hold. Declared bytes are the largest that a descriptor states; manifests are
-- those of the source that name the digest, and tags those that reach one of them.
-- param: limit integer = 1000  How many rows.
-- param: source text = null  Only this source.
WITH missing AS (
    SELECT s.index_key, s.source_key, p.source, p.kind, p.digest, b.blob_key
    FROM problem_detail AS p
    JOIN source_streams AS s ON s.name = p.source
    JOIN blobs AS b ON b.digest = p.digest
    WHERE p.kind IN ('missing_blob', 'missing_config', 'missing_manifest')
        AND (CAST(:source AS TEXT) IS NULL OR p.source = CAST(:source AS TEXT))
), named AS (
    SELECT x.index_key, x.source_key, x.kind, x.blob_key, ml.manifest_key, ml.declared_bytes
    FROM missing AS x
    JOIN manifest_layers AS ml ON ml.blob_key = x.blob_key
    UNION
    SELECT x.index_key, x.source_key, x.kind, x.blob_key, m.manifest_key, m.config_bytes AS declared_bytes
    FROM missing AS x
    JOIN manifests AS m ON m.config_key = x.blob_key
    UNION
    SELECT x.index_key, x.source_key, x.kind, x.blob_key, e.manifest_key, e.declared_bytes
    FROM missing AS x
    JOIN index_entries AS e ON e.child_key = x.blob_key
), needed AS (
    SELECT n.index_key, n.source_key, n.kind, n.blob_key, n.manifest_key, MAX(n.declared_bytes) AS declared_bytes
    FROM named AS n
    JOIN source_manifests AS sm ON sm.index_key = n.index_key AND sm.source_key = n.source_key
        AND sm.manifest_key = n.manifest_key AND sm.ended_at IS NULL
    GROUP BY n.index_key, n.source_key, n.kind, n.blob_key, n.manifest_key
), manifest_counts AS (
    SELECT index_key, source_key, kind, blob_key, COUNT(*) AS manifest_count, MAX(declared_bytes) AS declared_bytes
    FROM needed
    GROUP BY index_key, source_key, kind, blob_key
), broken AS (
    SELECT n.index_key, n.source_key, n.kind, n.blob_key,
        CASE WHEN t.repository IS NULL THEN t.tag ELSE t.repository || ':' || t.tag END AS name
    FROM needed AS n
    JOIN tag_reach AS t ON t.index_key = n.index_key AND t.source_key = n.source_key
        AND t.manifest_key = n.manifest_key
    UNION
    SELECT n.index_key, n.source_key, n.kind, n.blob_key,
        CASE WHEN t.repository IS NULL THEN t.tag ELSE t.repository || ':' || t.tag END AS name
    FROM needed AS n
    JOIN tag_targets AS t ON t.index_key = n.index_key AND t.source_key = n.source_key
        AND t.target_key = n.manifest_key AND t.target_kind = 'manifest'
), names AS (
    SELECT index_key, source_key, kind, blob_key, COUNT(*) AS tag_count, STRING_AGG(name, ', ' ORDER BY name) AS names
    FROM broken
    GROUP BY index_key, source_key, kind, blob_key
)
SELECT
    x.source, x.kind, x.digest, c.declared_bytes, COALESCE(c.manifest_count, 0) AS manifest_count,
    COALESCE(n.tag_count, 0) AS tag_count, n.names
FROM missing AS x
LEFT JOIN manifest_counts AS c ON c.index_key = x.index_key AND c.source_key = x.source_key AND c.kind = x.kind
    AND c.blob_key = x.blob_key
LEFT JOIN names AS n ON n.index_key = x.index_key AND n.source_key = x.source_key AND n.kind = x.kind
    AND n.blob_key = x.blob_key
ORDER BY tag_count DESC NULLS LAST, x.source, x.kind, x.digest
LIMIT CAST(:limit AS INTEGER)
