ALTER TABLE source_images ADD COLUMN own_bytes BIGINT
;
COMMENT ON COLUMN source_images.own_bytes IS 'What the store keeps of it beside its layers, such as manifests and config; NULL where that is in blobs.'
;
DROP VIEW layer_usage
;
CREATE VIEW layer_usage AS
SELECT CAST(v.source AS TEXT) AS source, CAST(v.basis AS TEXT) AS basis, CAST(v.store AS TEXT) AS store, CAST(v.unit AS TEXT) AS unit, CAST(v.diff_id AS TEXT) AS diff_id, CAST(v.blob_digest AS TEXT) AS blob_digest, CAST(v.chain_id AS TEXT) AS chain_id, CAST(v.size_bytes AS BIGINT) AS size_bytes, CAST(v.image_count AS BIGINT) AS image_count, CAST(v.repository_count AS BIGINT) AS repository_count
FROM (SELECT s.name AS source, u.basis, NULLIF(u.store, '') AS store, COALESCE(c.chain_id, b.digest) AS unit,
    l.diff_id, b.digest AS blob_digest, c.chain_id, u.size_bytes, u.image_count, u.repository_count
FROM source_usage AS u
JOIN source_streams AS s ON s.index_key = u.index_key AND s.source_key = u.source_key
LEFT JOIN (SELECT blob_key, MIN(layer_key) AS layer_key FROM layer_blobs GROUP BY blob_key) AS bl ON bl.blob_key = u.blob_key
LEFT JOIN (SELECT layer_key, MIN(blob_key) AS blob_key FROM layer_blobs GROUP BY layer_key) AS lb ON lb.layer_key = u.layer_key
LEFT JOIN layers AS l ON l.layer_key = COALESCE(u.layer_key, bl.layer_key)
LEFT JOIN blobs AS b ON b.blob_key = COALESCE(u.blob_key, lb.blob_key)
LEFT JOIN chains AS c ON c.chain_key = u.chain_key
) AS v
;
COMMENT ON VIEW layer_usage IS 'Key: source, basis, store, unit. What images share: each blob, or each stack within its store, with its size and how many use it; and, where a store counts it, what it keeps of each image beside its layers.'
;
COMMENT ON COLUMN layer_usage.source IS 'Name of the source.'
;
COMMENT ON COLUMN layer_usage.basis IS 'What is counted: compressed, uncompressed or on_disk.'
;
COMMENT ON COLUMN layer_usage.store IS 'Graph driver or namespace/snapshotter; NULL for blobs and what is kept of an image.'
;
COMMENT ON COLUMN layer_usage.unit IS 'Digest of the blob, or chain ID; of what is kept of an image beside its layers, the image ID.'
;
COMMENT ON COLUMN layer_usage.diff_id IS 'The layer; NULL if no config that was read says which.'
;
COMMENT ON COLUMN layer_usage.blob_digest IS 'The blob that holds it; the first by digest if there are several.'
;
COMMENT ON COLUMN layer_usage.chain_id IS 'The stack it is the top of; NULL for blobs.'
;
COMMENT ON COLUMN layer_usage.size_bytes IS 'Size as this source states it; NULL if it does not.'
;
COMMENT ON COLUMN layer_usage.image_count IS 'Listed images that use it.'
;
COMMENT ON COLUMN layer_usage.repository_count IS 'Repositories with a current tag that reaches an image that uses it.'
;
DROP VIEW repository_sizes
;
CREATE VIEW repository_sizes AS
SELECT CAST(v.source AS TEXT) AS source, CAST(v.repository AS TEXT) AS repository, CAST(v.tag_count AS BIGINT) AS tag_count, CAST(v.image_count AS BIGINT) AS image_count, CAST(v.layer_bytes AS BIGINT) AS layer_bytes, CAST(v.config_bytes AS BIGINT) AS config_bytes, CAST(v.manifest_bytes AS BIGINT) AS manifest_bytes, CAST(v.exclusive_layer_bytes AS BIGINT) AS exclusive_layer_bytes, CAST(v.untagged_manifest_count AS BIGINT) AS untagged_manifest_count, CAST(v.untagged_bytes AS BIGINT) AS untagged_bytes
FROM (WITH present AS (
    SELECT r.index_key, r.source_key, r.repository_key, r.manifest_key, m.kind, m.config_key,
        r.by_tag OR r.by_index OR r.by_subject AS reached
    FROM manifest_reach AS r
    LEFT JOIN manifests AS m ON m.manifest_key = r.manifest_key
), manifest_blobs AS (
    SELECT p.index_key, p.source_key, p.repository_key, p.manifest_key, p.kind, p.reached, p.manifest_key AS blob_key,
        'manifest' AS part
    FROM present AS p
    UNION ALL
    SELECT p.index_key, p.source_key, p.repository_key, p.manifest_key, p.kind, p.reached, p.config_key AS blob_key,
        'config' AS part
    FROM present AS p WHERE p.config_key IS NOT NULL
    UNION ALL
    SELECT p.index_key, p.source_key, p.repository_key, p.manifest_key, p.kind, p.reached, ml.blob_key, 'layer' AS part
    FROM present AS p
    JOIN manifest_layers AS ml ON ml.manifest_key = p.manifest_key
    LEFT JOIN source_blob_sizes AS f ON ml.is_foreign AND f.index_key = p.index_key AND f.source_key = p.source_key
        AND f.blob_key = ml.blob_key AND f.is_held
    WHERE NOT ml.is_foreign OR f.blob_key IS NOT NULL
    UNION ALL
    SELECT p.index_key, p.source_key, p.repository_key, p.manifest_key, p.kind, p.reached, e.child_key AS blob_key,
        'layer' AS part
    FROM present AS p
    JOIN index_entries AS e ON e.manifest_key = p.manifest_key AND e.role = 'unknown' AND e.media_type IS NOT NULL
), reach_images AS (
    SELECT DISTINCT t.index_key, t.source_key, t.repository_key, t.manifest_key, t.image_key
    FROM tag_reach AS t
    LEFT JOIN present AS p ON p.index_key = t.index_key AND p.source_key = t.source_key
        AND p.repository_key = t.repository_key AND p.manifest_key = t.manifest_key
    WHERE t.image_key IS NOT NULL AND (t.manifest_key IS NULL OR p.manifest_key IS NOT NULL)
), units AS (
    SELECT DISTINCT ri.index_key, ri.source_key, ri.repository_key, ml.blob_key AS unit_key, u.size_bytes
    FROM reach_images AS ri
    JOIN manifest_layers AS ml ON ml.manifest_key = ri.manifest_key
    JOIN source_usage AS u ON u.index_key = ri.index_key AND u.source_key = ri.source_key
        AND u.basis = 'compressed' AND u.unit_key = ml.blob_key
    UNION
    SELECT DISTINCT ri.index_key, ri.source_key, ri.repository_key, il.chain_key AS unit_key, u.size_bytes
    FROM reach_images AS ri
    JOIN image_layers AS il ON il.image_key = ri.image_key
    JOIN source_usage AS u ON u.index_key = ri.index_key AND u.source_key = ri.source_key
        AND u.basis <> 'compressed' AND u.unit_key = il.chain_key
    WHERE ri.manifest_key IS NULL OR NOT EXISTS (
        SELECT 1 FROM source_usage AS c
        WHERE c.index_key = ri.index_key AND c.source_key = ri.source_key AND c.basis = 'compressed'
    )
), layer_sums AS (
    SELECT k.index_key, k.source_key, k.repository_key, CASE WHEN SUM(k.size_bytes) <= 9223372036854775807 THEN CAST(SUM(k.size_bytes) AS BIGINT) END AS layer_bytes,
        CASE WHEN SUM(CASE WHEN k.repositories = 1 THEN k.size_bytes ELSE 0 END) <= 9223372036854775807 THEN CAST(SUM(CASE WHEN k.repositories = 1 THEN k.size_bytes ELSE 0 END) AS BIGINT) END AS exclusive_layer_bytes
    FROM (
        SELECT index_key, source_key, repository_key, size_bytes,
            COUNT(*) OVER (PARTITION BY index_key, source_key, unit_key) AS repositories
        FROM units
    ) AS k
    GROUP BY k.index_key, k.source_key, k.repository_key
), config_sums AS (
    SELECT d.index_key, d.source_key, d.repository_key, COUNT(*) AS image_count,
        CASE WHEN SUM(COALESCE(z.bytes, b.size_bytes)) <= 9223372036854775807 THEN CAST(SUM(COALESCE(z.bytes, b.size_bytes)) AS BIGINT) END AS config_bytes
    FROM (SELECT DISTINCT index_key, source_key, repository_key, image_key FROM reach_images) AS d
    JOIN blobs AS b ON b.blob_key = d.image_key
    LEFT JOIN source_blob_sizes AS z ON z.index_key = d.index_key AND z.source_key = d.source_key AND z.blob_key = d.image_key
    GROUP BY d.index_key, d.source_key, d.repository_key
), classes AS (
    SELECT mb.index_key, mb.source_key, mb.repository_key, mb.blob_key, BOOL_OR(mb.reached) AS reached,
        BOOL_OR(mb.reached AND mb.part = 'manifest') AS reached_manifest
    FROM manifest_blobs AS mb
    GROUP BY mb.index_key, mb.source_key, mb.repository_key, mb.blob_key
), class_sums AS (
    SELECT c.index_key, c.source_key, c.repository_key,
        CASE WHEN SUM(CASE WHEN c.reached_manifest THEN z.bytes ELSE 0 END) <= 9223372036854775807 THEN CAST(SUM(CASE WHEN c.reached_manifest THEN z.bytes ELSE 0 END) AS BIGINT) END AS manifest_bytes,
        CASE WHEN SUM(CASE WHEN NOT c.reached THEN z.bytes ELSE 0 END) <= 9223372036854775807 THEN CAST(SUM(CASE WHEN NOT c.reached THEN z.bytes ELSE 0 END) AS BIGINT) END AS untagged_bytes
    FROM classes AS c
    LEFT JOIN source_blob_sizes AS z ON z.index_key = c.index_key AND z.source_key = c.source_key AND z.blob_key = c.blob_key
    GROUP BY c.index_key, c.source_key, c.repository_key
), tag_sums AS (
    SELECT index_key, source_key, repository_key, COUNT(*) AS tag_count
    FROM tag_targets GROUP BY index_key, source_key, repository_key
), untagged AS (
    SELECT index_key, source_key, repository_key, COUNT(*) AS untagged_manifest_count
    FROM present WHERE NOT reached GROUP BY index_key, source_key, repository_key
), known AS (
    SELECT index_key, source_key, repository_key FROM tag_sums
    UNION
    SELECT index_key, source_key, repository_key FROM present
)
SELECT s.name AS source, r.name AS repository, COALESCE(t.tag_count, 0) AS tag_count,
    COALESCE(c.image_count, 0) AS image_count,
    CASE WHEN l.index_key IS NULL THEN 0 ELSE l.layer_bytes END AS layer_bytes,
    CASE WHEN c.index_key IS NULL THEN 0 ELSE c.config_bytes END AS config_bytes,
    CASE WHEN k.index_key IS NULL THEN 0 ELSE k.manifest_bytes END AS manifest_bytes,
    CASE WHEN l.index_key IS NULL THEN 0 ELSE l.exclusive_layer_bytes END AS exclusive_layer_bytes,
    COALESCE(u.untagged_manifest_count, 0) AS untagged_manifest_count,
    CASE WHEN k.index_key IS NULL THEN 0 ELSE k.untagged_bytes END AS untagged_bytes
FROM known AS n
JOIN source_streams AS s ON s.index_key = n.index_key AND s.source_key = n.source_key
JOIN repositories AS r ON r.repository_key = n.repository_key
LEFT JOIN tag_sums AS t ON t.index_key = n.index_key AND t.source_key = n.source_key AND t.repository_key = n.repository_key
LEFT JOIN layer_sums AS l ON l.index_key = n.index_key AND l.source_key = n.source_key AND l.repository_key = n.repository_key
LEFT JOIN config_sums AS c ON c.index_key = n.index_key AND c.source_key = n.source_key AND c.repository_key = n.repository_key
LEFT JOIN class_sums AS k ON k.index_key = n.index_key AND k.source_key = n.source_key AND k.repository_key = n.repository_key
LEFT JOIN untagged AS u ON u.index_key = n.index_key AND u.source_key = n.source_key AND u.repository_key = n.repository_key
) AS v
;
COMMENT ON VIEW repository_sizes IS 'Key: source, repository. What each repository of a source costs.'
;
COMMENT ON COLUMN repository_sizes.source IS 'Name of the source.'
;
COMMENT ON COLUMN repository_sizes.repository IS 'Full name with registry; NULL for a layout''s bare refs.'
;
COMMENT ON COLUMN repository_sizes.tag_count IS 'Current tags.'
;
COMMENT ON COLUMN repository_sizes.image_count IS 'Images that they reach.'
;
COMMENT ON COLUMN repository_sizes.layer_bytes IS 'Distinct layers of those images; unpacked where the source has no blobs.'
;
COMMENT ON COLUMN repository_sizes.config_bytes IS 'Distinct configs of those images.'
;
COMMENT ON COLUMN repository_sizes.manifest_bytes IS 'Distinct manifests and indexes that current tags reach.'
;
COMMENT ON COLUMN repository_sizes.exclusive_layer_bytes IS 'Of the layers, those that no other repository of the source uses.'
;
COMMENT ON COLUMN repository_sizes.untagged_manifest_count IS 'Manifests that no current tag reaches in any way.'
;
COMMENT ON COLUMN repository_sizes.untagged_bytes IS 'What only those manifests need within the repository.'
;
DROP VIEW source_sizes
;
CREATE VIEW source_sizes AS
SELECT CAST(v.source AS TEXT) AS source, CAST(v.basis AS TEXT) AS basis, CAST(v.image_count AS BIGINT) AS image_count, CAST(v.layer_count AS BIGINT) AS layer_count, CAST(v.referenced_bytes AS BIGINT) AS referenced_bytes, CAST(v.distinct_bytes AS BIGINT) AS distinct_bytes, CAST(v.stored_bytes AS BIGINT) AS stored_bytes, CAST(v.document_bytes AS BIGINT) AS document_bytes, CAST(v.artifact_bytes AS BIGINT) AS artifact_bytes, CAST(v.untagged_bytes AS BIGINT) AS untagged_bytes, CAST(v.orphan_bytes AS BIGINT) AS orphan_bytes, CAST(v.missing_bytes AS BIGINT) AS missing_bytes
FROM (WITH present AS (
    SELECT DISTINCT sm.index_key, sm.source_key, sm.repository_key, sm.manifest_key, m.kind, m.config_key,
        r.by_tag OR r.by_index OR r.by_subject OR COALESCE(si.listed, y.scope_key IS NOT NULL) AS reached
    FROM source_manifests AS sm
    JOIN manifest_reach AS r ON r.index_key = sm.index_key AND r.source_key = sm.source_key
        AND r.repository_key = sm.repository_key AND r.manifest_key = sm.manifest_key
    LEFT JOIN manifests AS m ON m.manifest_key = sm.manifest_key
    LEFT JOIN source_images AS si ON si.index_key = sm.index_key AND si.source_key = sm.source_key
        AND si.scope_key = sm.scope_key AND si.image_key = m.config_key AND m.kind = 'image' AND si.ended_at IS NULL
    LEFT JOIN (
        SELECT DISTINCT index_key, source_key, scope_key FROM scan_scopes WHERE kind = 'layout'
    ) AS y ON y.index_key = sm.index_key AND y.source_key = sm.source_key AND y.scope_key = sm.scope_key
    WHERE sm.ended_at IS NULL
), manifest_blobs AS (
    SELECT p.index_key, p.source_key, p.repository_key, p.manifest_key, p.kind, p.reached, p.manifest_key AS blob_key,
        'manifest' AS part
    FROM present AS p
    UNION ALL
    SELECT p.index_key, p.source_key, p.repository_key, p.manifest_key, p.kind, p.reached, p.config_key AS blob_key,
        'config' AS part
    FROM present AS p WHERE p.config_key IS NOT NULL
    UNION ALL
    SELECT p.index_key, p.source_key, p.repository_key, p.manifest_key, p.kind, p.reached, ml.blob_key, 'layer' AS part
    FROM present AS p
    JOIN manifest_layers AS ml ON ml.manifest_key = p.manifest_key
    LEFT JOIN source_blob_sizes AS f ON ml.is_foreign AND f.index_key = p.index_key AND f.source_key = p.source_key
        AND f.blob_key = ml.blob_key AND f.is_held
    WHERE NOT ml.is_foreign OR f.blob_key IS NOT NULL
    UNION ALL
    SELECT p.index_key, p.source_key, p.repository_key, p.manifest_key, p.kind, p.reached, e.child_key AS blob_key,
        'layer' AS part
    FROM present AS p
    JOIN index_entries AS e ON e.manifest_key = p.manifest_key AND e.role = 'unknown' AND e.media_type IS NOT NULL
), blob_classes AS (
    SELECT z.index_key, z.source_key, z.blob_key, z.bytes, z.is_held,
        CASE
            WHEN u.image_count > 0 THEN 'distinct'
            WHEN k.reached_document THEN 'document'
            WHEN k.reached_artifact THEN 'artifact'
            WHEN k.blob_key IS NOT NULL THEN 'untagged'
            ELSE 'orphan'
        END AS class
    FROM source_blob_sizes AS z
    LEFT JOIN source_usage AS u ON u.index_key = z.index_key AND u.source_key = z.source_key
        AND u.basis = 'compressed' AND u.unit_key = z.blob_key
    LEFT JOIN (
        SELECT mb.index_key, mb.source_key, mb.blob_key,
            BOOL_OR(mb.reached AND mb.part <> 'layer' AND COALESCE(mb.kind, 'image') <> 'artifact') AS reached_document,
            BOOL_OR(mb.reached) AS reached_artifact
        FROM manifest_blobs AS mb
        GROUP BY mb.index_key, mb.source_key, mb.blob_key
    ) AS k ON k.index_key = z.index_key AND k.source_key = z.source_key AND k.blob_key = z.blob_key
), layer_classes AS (
    SELECT u.index_key, u.source_key, u.basis, u.size_bytes,
        CASE WHEN u.image_count > 0 THEN 'distinct' WHEN x.chain_key IS NOT NULL OR u.chain_key IS NULL THEN 'untagged'
            ELSE 'orphan' END AS class
    FROM source_usage AS u
    LEFT JOIN (
        SELECT DISTINCT si.index_key, si.source_key, il.chain_key
        FROM source_images AS si JOIN image_layers AS il ON il.image_key = si.image_key
        WHERE si.ended_at IS NULL
    ) AS x ON x.index_key = u.index_key AND x.source_key = u.source_key AND x.chain_key = u.chain_key
    WHERE u.basis <> 'compressed'
), classes AS (
    SELECT index_key, source_key, 'compressed' AS basis, bytes AS size_bytes, class, NOT is_held AS is_missing
    FROM blob_classes
    UNION ALL
    SELECT index_key, source_key, basis, size_bytes, class, FALSE AS is_missing FROM layer_classes
), stored AS (
    SELECT index_key, source_key, basis,
        CASE WHEN SUM(CASE WHEN class = 'distinct' THEN size_bytes ELSE 0 END) <= 9223372036854775807 THEN CAST(SUM(CASE WHEN class = 'distinct' THEN size_bytes ELSE 0 END) AS BIGINT) END AS distinct_bytes,
        CASE WHEN SUM(COALESCE(size_bytes, 0)) <= 9223372036854775807 THEN CAST(SUM(COALESCE(size_bytes, 0)) AS BIGINT) END AS stored_bytes,
        CASE WHEN SUM(CASE WHEN class = 'document' THEN size_bytes ELSE 0 END) <= 9223372036854775807 THEN CAST(SUM(CASE WHEN class = 'document' THEN size_bytes ELSE 0 END) AS BIGINT) END AS document_bytes,
        CASE WHEN SUM(CASE WHEN class = 'artifact' THEN size_bytes ELSE 0 END) <= 9223372036854775807 THEN CAST(SUM(CASE WHEN class = 'artifact' THEN size_bytes ELSE 0 END) AS BIGINT) END AS artifact_bytes,
        CASE WHEN SUM(CASE WHEN class = 'untagged' THEN size_bytes ELSE 0 END) <= 9223372036854775807 THEN CAST(SUM(CASE WHEN class = 'untagged' THEN size_bytes ELSE 0 END) AS BIGINT) END AS untagged_bytes,
        CASE WHEN SUM(CASE WHEN class = 'orphan' THEN size_bytes ELSE 0 END) <= 9223372036854775807 THEN CAST(SUM(CASE WHEN class = 'orphan' THEN size_bytes ELSE 0 END) AS BIGINT) END AS orphan_bytes,
        CASE WHEN SUM(CASE WHEN is_missing THEN size_bytes ELSE 0 END) <= 9223372036854775807 THEN CAST(SUM(CASE WHEN is_missing THEN size_bytes ELSE 0 END) AS BIGINT) END AS missing_bytes
    FROM classes GROUP BY index_key, source_key, basis
), used AS (
    SELECT index_key, source_key, basis,
        SUM(CASE WHEN image_count > 0 AND (basis = 'compressed' OR chain_key IS NOT NULL) THEN 1 ELSE 0 END) AS layer_count,
        CASE WHEN SUM(COALESCE(CAST(size_bytes AS DECIMAL(38, 0)) * image_count, 0)) <= 9223372036854775807 THEN CAST(SUM(COALESCE(CAST(size_bytes AS DECIMAL(38, 0)) * image_count, 0)) AS BIGINT) END AS referenced_bytes
    FROM source_usage GROUP BY index_key, source_key, basis
), listed AS (
    SELECT index_key, source_key, basis, COUNT(*) AS image_count
    FROM source_image_sizes GROUP BY index_key, source_key, basis
), by_basis AS (
    SELECT t.index_key, t.source_key, t.basis, COALESCE(l.image_count, 0) AS image_count,
        COALESCE(CAST(u.layer_count AS BIGINT), 0) AS layer_count, COALESCE(u.referenced_bytes, 0) AS referenced_bytes,
        t.distinct_bytes, t.stored_bytes, t.document_bytes, t.artifact_bytes, t.untagged_bytes, t.orphan_bytes, t.missing_bytes
    FROM stored AS t
    LEFT JOIN used AS u ON u.index_key = t.index_key AND u.source_key = t.source_key AND u.basis = t.basis
    LEFT JOIN listed AS l ON l.index_key = t.index_key AND l.source_key = t.source_key AND l.basis = t.basis
)
SELECT s.name AS source, k.basis, k.image_count, k.layer_count, k.referenced_bytes, k.distinct_bytes, k.stored_bytes, k.document_bytes, k.artifact_bytes, k.untagged_bytes, k.orphan_bytes, k.missing_bytes
FROM by_basis AS k
JOIN source_streams AS s ON s.index_key = k.index_key AND s.source_key = k.source_key
UNION ALL
SELECT s.name AS source, 'total' AS basis, MAX(COALESCE(i.image_count, 0)) AS image_count,
    CASE WHEN SUM(COALESCE(k.layer_count, 0)) <= 9223372036854775807 THEN CAST(SUM(COALESCE(k.layer_count, 0)) AS BIGINT) END AS layer_count, CASE WHEN SUM(COALESCE(k.referenced_bytes, 0)) <= 9223372036854775807 THEN CAST(SUM(COALESCE(k.referenced_bytes, 0)) AS BIGINT) END AS referenced_bytes, CASE WHEN SUM(COALESCE(k.distinct_bytes, 0)) <= 9223372036854775807 THEN CAST(SUM(COALESCE(k.distinct_bytes, 0)) AS BIGINT) END AS distinct_bytes, CASE WHEN SUM(COALESCE(k.stored_bytes, 0)) <= 9223372036854775807 THEN CAST(SUM(COALESCE(k.stored_bytes, 0)) AS BIGINT) END AS stored_bytes, CASE WHEN SUM(COALESCE(k.document_bytes, 0)) <= 9223372036854775807 THEN CAST(SUM(COALESCE(k.document_bytes, 0)) AS BIGINT) END AS document_bytes, CASE WHEN SUM(COALESCE(k.artifact_bytes, 0)) <= 9223372036854775807 THEN CAST(SUM(COALESCE(k.artifact_bytes, 0)) AS BIGINT) END AS artifact_bytes, CASE WHEN SUM(COALESCE(k.untagged_bytes, 0)) <= 9223372036854775807 THEN CAST(SUM(COALESCE(k.untagged_bytes, 0)) AS BIGINT) END AS untagged_bytes, CASE WHEN SUM(COALESCE(k.orphan_bytes, 0)) <= 9223372036854775807 THEN CAST(SUM(COALESCE(k.orphan_bytes, 0)) AS BIGINT) END AS orphan_bytes, CASE WHEN SUM(COALESCE(k.missing_bytes, 0)) <= 9223372036854775807 THEN CAST(SUM(COALESCE(k.missing_bytes, 0)) AS BIGINT) END AS missing_bytes
FROM source_streams AS s
LEFT JOIN by_basis AS k ON k.index_key = s.index_key AND k.source_key = s.source_key
LEFT JOIN (
    SELECT index_key, source_key, COUNT(DISTINCT image_key) AS image_count
    FROM source_images WHERE ended_at IS NULL AND listed GROUP BY index_key, source_key
) AS i ON i.index_key = s.index_key AND i.source_key = s.source_key
GROUP BY s.name, s.source_key
) AS v
;
COMMENT ON VIEW source_sizes IS 'Key: source, basis. What each source stores, by basis and in total: stored = distinct + document + artifact + untagged + orphan bytes, each blob or layer in the first class that reaches it.'
;
COMMENT ON COLUMN source_sizes.source IS 'Name of the source.'
;
COMMENT ON COLUMN source_sizes.basis IS 'compressed, uncompressed, on_disk, or total = all of the source''s together.'
;
COMMENT ON COLUMN source_sizes.image_count IS 'Listed images that count on this basis; in total, all listed images.'
;
COMMENT ON COLUMN source_sizes.layer_count IS 'Distinct blobs or stacks that they use.'
;
COMMENT ON COLUMN source_sizes.referenced_bytes IS 'What those images would take without sharing.'
;
COMMENT ON COLUMN source_sizes.distinct_bytes IS 'The units of listed images, each once.'
;
COMMENT ON COLUMN source_sizes.stored_bytes IS 'All that the source stores, or says it stores.'
;
COMMENT ON COLUMN source_sizes.document_bytes IS 'Manifests, indexes and configs that are reached.'
;
COMMENT ON COLUMN source_sizes.artifact_bytes IS 'Artifacts that are reached: attestations, signatures, charts.'
;
COMMENT ON COLUMN source_sizes.untagged_bytes IS 'What only unreached manifests, or unlisted images, need.'
;
COMMENT ON COLUMN source_sizes.orphan_bytes IS 'What nothing needs.'
;
COMMENT ON COLUMN source_sizes.missing_bytes IS 'Of the stored bytes, those only declared: the store does not show that it has them.'
;
DROP VIEW image_summary
;
CREATE VIEW image_summary AS
SELECT CAST(v.source AS TEXT) AS source, CAST(v.image_id AS TEXT) AS image_id, CAST(v.platform AS TEXT) AS platform, CAST(v.os AS TEXT) AS os, CAST(v.architecture AS TEXT) AS architecture, CAST(v.variant AS TEXT) AS variant, CAST(v.created_at AS TIMESTAMPTZ) AS created_at, CAST(v.layer_count AS BIGINT) AS layer_count, CAST(v.history_count AS BIGINT) AS history_count, CAST(v.listed AS BOOLEAN) AS listed, CAST(v.tag_count AS BIGINT) AS tag_count, CAST(v.names AS TEXT) AS names
FROM (SELECT
    p.source, b.digest AS image_id,
    COALESCE(e.platform, i.platform) AS platform,
    COALESCE(i.os, e.os) AS os, COALESCE(i.architecture, e.architecture) AS architecture,
    COALESCE(i.variant, e.variant) AS variant,
    i.created_at,
    COALESCE(i.layer_count, e.layer_count) AS layer_count, i.history_count,
    p.listed, COALESCE(n.tag_count, 0) AS tag_count, n.names
FROM (
    SELECT si.index_key, si.source_key, s.name AS source, si.image_key, BOOL_OR(si.listed) AS listed
    FROM source_images AS si
    JOIN source_streams AS s ON s.index_key = si.index_key AND s.source_key = si.source_key
    WHERE si.ended_at IS NULL
    GROUP BY si.index_key, si.source_key, s.name, si.image_key
) AS p
JOIN blobs AS b ON b.blob_key = p.image_key
LEFT JOIN images AS i ON i.image_key = p.image_key
LEFT JOIN (
    SELECT sm.index_key, sm.source_key, m.config_key AS image_key, MIN(ie.platform) AS platform, MIN(ie.os) AS os,
        MIN(ie.architecture) AS architecture, MIN(ie.variant) AS variant, MIN(m.layer_count) AS layer_count
    FROM source_manifests AS sm
    JOIN manifests AS m ON m.manifest_key = sm.manifest_key AND m.kind = 'image'
    LEFT JOIN (
        SELECT sx.index_key, sx.source_key, x.child_key, x.platform, x.os, x.architecture, x.variant
        FROM source_manifests AS sx
        JOIN index_entries AS x ON x.manifest_key = sx.manifest_key
        WHERE sx.ended_at IS NULL
    ) AS ie ON ie.index_key = sm.index_key AND ie.source_key = sm.source_key AND ie.child_key = sm.manifest_key
    WHERE sm.ended_at IS NULL
    GROUP BY sm.index_key, sm.source_key, m.config_key
) AS e ON e.index_key = p.index_key AND e.source_key = p.source_key AND e.image_key = p.image_key
LEFT JOIN (
    SELECT d.index_key, d.source_key, d.image_key, COUNT(*) AS tag_count,
        STRING_AGG(d.name, ', ' ORDER BY d.name) AS names
    FROM (
        -- A list of images is an image to some stores: it is known by its manifest.
        SELECT DISTINCT index_key, source_key, COALESCE(image_key, manifest_key) AS image_key,
            CASE WHEN repository IS NULL THEN tag ELSE repository || ':' || tag END AS name
        FROM tag_reach
        WHERE COALESCE(image_key, manifest_key) IS NOT NULL
    ) AS d
    GROUP BY d.index_key, d.source_key, d.image_key
) AS n ON n.index_key = p.index_key AND n.source_key = p.source_key AND n.image_key = p.image_key
) AS v
;
COMMENT ON VIEW image_summary IS 'Key: source, image_id. Every image that a source has.'
;
COMMENT ON COLUMN image_summary.source IS 'Name of the source.'
;
COMMENT ON COLUMN image_summary.image_id IS 'Digest of the image''s config.'
;
COMMENT ON COLUMN image_summary.platform IS 'os/architecture[/variant], normalised; NULL if unknown.'
;
COMMENT ON COLUMN image_summary.os IS 'Operating system, as the config says, else the index entry.'
;
COMMENT ON COLUMN image_summary.architecture IS 'Architecture, as the config says, else the index entry.'
;
COMMENT ON COLUMN image_summary.variant IS 'Variant, as the config says, else the index entry.'
;
COMMENT ON COLUMN image_summary.created_at IS 'When it was made, as its config says; NULL if the config was not read.'
;
COMMENT ON COLUMN image_summary.layer_count IS 'How many layers it has, repeats counted.'
;
COMMENT ON COLUMN image_summary.history_count IS 'How many history entries it has, empty ones counted.'
;
COMMENT ON COLUMN image_summary.listed IS 'The store lists it: these are the images that count.'
;
COMMENT ON COLUMN image_summary.tag_count IS 'Current tags that reach it.'
;
COMMENT ON COLUMN image_summary.names IS 'Those tags as repository:tag, sorted, separated by a comma and a space; NULL if none.'
;
