-- Sharing of which layers saves most, and what made those layers?
-- Sharing saves every copy of a layer but one among the listed images of its source. The instruction is that of the
-- oldest image that has the layer, a listed one if there is any.
-- param: limit integer = 20  How many rows.
-- param: source text = null  Only this source.
-- param: basis text = null  Only this basis: compressed, uncompressed or on_disk.
WITH chosen AS (
    SELECT u.index_key, u.source_key, s.name AS source, u.basis, u.store, u.unit_key, u.size_bytes, u.image_count,
        u.repository_count
    FROM source_usage AS u
    JOIN source_streams AS s ON s.index_key = u.index_key AND s.source_key = u.source_key
    WHERE u.image_count > 1
        AND (CAST(:source AS TEXT) IS NULL OR s.name = CAST(:source AS TEXT))
        AND (CAST(:basis AS TEXT) IS NULL OR u.basis = CAST(:basis AS TEXT))
    ORDER BY
        CAST(u.size_bytes AS DECIMAL(38, 0)) * (u.image_count - 1) DESC NULLS LAST,
        u.image_count DESC NULLS LAST, s.name, u.basis, u.unit_key, u.store
    LIMIT CAST(:limit AS INTEGER)
), holders AS (
    SELECT x.index_key, x.source_key, x.basis, x.store, x.unit_key, m.config_key AS image_key, ml.position
    FROM chosen AS x
    JOIN manifest_layers AS ml ON ml.blob_key = x.unit_key
    JOIN manifests AS m ON m.manifest_key = ml.manifest_key AND m.kind = 'image'
    WHERE x.basis = 'compressed'
    UNION
    SELECT x.index_key, x.source_key, x.basis, x.store, x.unit_key, il.image_key, il.position
    FROM chosen AS x
    JOIN source_image_units AS iu ON iu.index_key = x.index_key AND iu.source_key = x.source_key
        AND iu.basis = x.basis AND iu.store = x.store AND iu.unit_key = x.unit_key
    JOIN image_layers AS il ON il.image_key = iu.image_key
        AND x.unit_key = CASE WHEN x.store = 'archive' THEN il.layer_key ELSE il.chain_key END
    WHERE x.basis <> 'compressed'
), makers AS (
    SELECT x.index_key, x.source_key, x.basis, x.store, x.unit_key, x.image_key, x.position,
        ROW_NUMBER() OVER (
            PARTITION BY x.index_key, x.source_key, x.basis, x.store, x.unit_key
            ORDER BY CASE WHEN si.listed THEN 0 ELSE 1 END, i.created_at ASC NULLS LAST, x.image_key, x.position
        ) AS place
    FROM holders AS x
    JOIN source_images AS si ON si.index_key = x.index_key AND si.source_key = x.source_key
        AND si.image_key = x.image_key AND si.ended_at IS NULL
    LEFT JOIN images AS i ON i.image_key = x.image_key
)
SELECT
    x.source, x.basis, x.image_count, x.repository_count, x.size_bytes,
    CASE
        WHEN CAST(x.size_bytes AS DECIMAL(38, 0)) * (x.image_count - 1) <= 9223372036854775807
        THEN CAST(CAST(x.size_bytes AS DECIMAL(38, 0)) * (x.image_count - 1) AS BIGINT)
    END AS saved_bytes,
    h.instruction, h.created_by, l.diff_id,
    CASE WHEN x.basis = 'compressed' THEN ub.digest END AS blob_digest, uc.chain_id, NULLIF(x.store, '') AS store,
    ib.digest AS image_id
FROM chosen AS x
LEFT JOIN makers AS m ON m.index_key = x.index_key AND m.source_key = x.source_key AND m.basis = x.basis
    AND m.store = x.store AND m.unit_key = x.unit_key AND m.place = 1
LEFT JOIN image_layers AS il ON il.image_key = m.image_key AND il.position = m.position
LEFT JOIN image_history AS h ON h.image_key = m.image_key AND h.position = il.history_position
LEFT JOIN blobs AS ib ON ib.blob_key = m.image_key
LEFT JOIN blobs AS ub ON ub.blob_key = x.unit_key AND x.basis = 'compressed'
LEFT JOIN chains AS uc ON uc.chain_key = x.unit_key AND x.basis <> 'compressed'
LEFT JOIN layers AS l ON l.layer_key = COALESCE(il.layer_key, uc.layer_key)
ORDER BY
    CAST(x.size_bytes AS DECIMAL(38, 0)) * (x.image_count - 1) DESC NULLS LAST, x.image_count DESC NULLS LAST, x.source,
    x.basis, x.unit_key, x.store
