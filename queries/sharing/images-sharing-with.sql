-- Which images share layers with this one, how many, and how many bytes?
-- Images are compared within each source that has the image, layer by layer as that source stores them: by blob, or
-- by stack within its store. Where the name stands for several images, one a platform, each is answered for.
-- param: image text  An image ID, its start (4 characters or more), or repository:tag, whole or its end after a slash.
-- param: source text = null  Only this source.
-- param: limit integer = 50  How many rows.
WITH asked AS (
    SELECT CAST(:image AS TEXT) AS image, REPLACE(CAST(:image AS TEXT), 'sha256:', '') AS beginning
), named AS (
    SELECT t.target_key, t.target_kind
    FROM asked AS a
    JOIN tag_targets AS t
        ON a.image = CASE WHEN t.repository IS NULL THEN t.tag ELSE t.repository || ':' || t.tag END
        OR RIGHT(t.repository || ':' || t.tag, LENGTH(a.image) + 1) = '/' || a.image
), found AS (
    SELECT b.blob_key AS image_key
    FROM asked AS a
    JOIN blobs AS b ON LENGTH(a.beginning) >= 4 AND SUBSTR(b.digest, 8, LENGTH(a.beginning)) = a.beginning
    WHERE b.blob_key IN (SELECT image_key FROM source_images)
    UNION
    SELECT n.target_key AS image_key FROM named AS n WHERE n.target_kind = 'image'
    UNION
    SELECT m.config_key AS image_key
    FROM named AS n
    JOIN manifests AS m ON m.manifest_key = n.target_key AND m.kind = 'image' AND n.target_kind = 'manifest'
    UNION
    SELECT l.image_key
    FROM named AS n
    JOIN index_leaves AS l ON l.root_key = n.target_key AND n.target_kind = 'manifest'
    WHERE l.image_key IS NOT NULL
), wanted AS (
    SELECT image_key FROM found ORDER BY image_key LIMIT 100
), unpacked AS (
    SELECT DISTINCT index_key, source_key, scope_key, store, basis FROM source_layers WHERE ended_at IS NULL
), units AS (
    SELECT s.index_key, s.source_key, s.name AS source, w.image_key, u.basis, u.store, u.unit_key, u.size_bytes
    FROM wanted AS w
    JOIN manifests AS m ON m.config_key = w.image_key AND m.kind = 'image'
    JOIN source_manifests AS sm ON sm.manifest_key = m.manifest_key AND sm.ended_at IS NULL
    JOIN source_streams AS s ON s.index_key = sm.index_key AND s.source_key = sm.source_key
    JOIN manifest_layers AS ml ON ml.manifest_key = sm.manifest_key
    JOIN source_usage AS u ON u.index_key = sm.index_key AND u.source_key = sm.source_key
        AND u.basis = 'compressed' AND u.unit_key = ml.blob_key
    UNION
    SELECT s.index_key, s.source_key, s.name AS source, w.image_key, u.basis, u.store, u.unit_key, u.size_bytes
    FROM wanted AS w
    JOIN source_images AS si ON si.image_key = w.image_key AND si.ended_at IS NULL
    JOIN source_streams AS s ON s.index_key = si.index_key AND s.source_key = si.source_key
    JOIN unpacked AS p ON p.index_key = si.index_key AND p.source_key = si.source_key AND p.scope_key = si.scope_key
    JOIN image_layers AS il ON il.image_key = w.image_key
    JOIN source_usage AS u ON u.index_key = si.index_key AND u.source_key = si.source_key
        AND u.basis = p.basis AND u.store = p.store AND u.unit_key = il.chain_key
), sharers AS (
    SELECT x.index_key, x.source_key, x.source, x.image_key, x.basis, x.store, x.unit_key, x.size_bytes,
        m.config_key AS other_key
    FROM units AS x
    JOIN manifest_layers AS ml ON ml.blob_key = x.unit_key
    JOIN manifests AS m ON m.manifest_key = ml.manifest_key AND m.kind = 'image' AND m.config_key <> x.image_key
    JOIN source_manifests AS sm ON sm.index_key = x.index_key AND sm.source_key = x.source_key
        AND sm.manifest_key = ml.manifest_key AND sm.ended_at IS NULL
    WHERE x.basis = 'compressed'
    UNION
    SELECT x.index_key, x.source_key, x.source, x.image_key, x.basis, x.store, x.unit_key, x.size_bytes,
        il.image_key AS other_key
    FROM units AS x
    JOIN image_layers AS il ON il.chain_key = x.unit_key AND il.image_key <> x.image_key
    JOIN source_images AS si ON si.index_key = x.index_key AND si.source_key = x.source_key
        AND si.image_key = il.image_key AND si.ended_at IS NULL
    JOIN unpacked AS p ON p.index_key = si.index_key AND p.source_key = si.source_key AND p.scope_key = si.scope_key
        AND p.basis = x.basis AND p.store = x.store
    WHERE x.basis <> 'compressed'
), sums AS (
    SELECT source, basis, image_key, other_key, COUNT(*) AS shared_layer_count,
        CAST(SUM(size_bytes) AS BIGINT) AS shared_bytes
    FROM sharers
    WHERE (CAST(:source AS TEXT) IS NULL OR source = CAST(:source AS TEXT))
    GROUP BY source, basis, image_key, other_key
)
SELECT
    z.source, z.basis, b.digest AS image_id, o.image_id AS other_image_id, z.shared_layer_count, z.shared_bytes,
    o.platform AS other_platform, o.names AS other_names
FROM sums AS z
JOIN blobs AS b ON b.blob_key = z.image_key
JOIN blobs AS ob ON ob.blob_key = z.other_key
JOIN image_summary AS o ON o.source = z.source AND o.image_id = ob.digest AND o.listed
ORDER BY
    z.shared_bytes DESC NULLS LAST, z.shared_layer_count DESC NULLS LAST, z.source, z.basis, b.digest, o.image_id
LIMIT CAST(:limit AS INTEGER)
