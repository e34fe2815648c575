INSERT INTO source_image_units (index_key, source_key, basis, store, unit_key, image_key, listed)
WITH present AS (
    SELECT index_key, source_key, scope_key, image_key, BOOL_OR(listed) AS listed
    FROM source_images WHERE ended_at IS NULL GROUP BY index_key, source_key, scope_key, image_key
), listed AS (
    SELECT index_key, source_key, image_key, BOOL_OR(listed) AS listed
    FROM present GROUP BY index_key, source_key, image_key
), held AS (
    SELECT DISTINCT index_key, source_key, blob_key
    FROM source_blobs WHERE ended_at IS NULL AND bytes_evidence = 'held'
), stores AS (
    SELECT DISTINCT index_key, source_key, scope_key, store, basis FROM source_layers WHERE ended_at IS NULL
)
SELECT p.index_key, p.source_key, 'compressed' AS basis, '' AS store, ml.blob_key AS unit_key, p.image_key, p.listed
FROM source_manifests AS sm
JOIN manifests AS m ON m.manifest_key = sm.manifest_key AND m.kind = 'image'
JOIN listed AS p ON p.index_key = sm.index_key AND p.source_key = sm.source_key AND p.image_key = m.config_key
JOIN manifest_layers AS ml ON ml.manifest_key = sm.manifest_key
LEFT JOIN held AS h ON h.index_key = sm.index_key AND h.source_key = sm.source_key AND h.blob_key = ml.blob_key
WHERE sm.ended_at IS NULL AND (NOT ml.is_foreign OR h.blob_key IS NOT NULL)
GROUP BY p.index_key, p.source_key, ml.blob_key, p.image_key, p.listed
UNION ALL
SELECT p.index_key, p.source_key, s.basis, s.store, il.chain_key AS unit_key, p.image_key, BOOL_OR(p.listed) AS listed
FROM present AS p
JOIN stores AS s ON s.index_key = p.index_key AND s.source_key = p.source_key AND s.scope_key = p.scope_key
JOIN image_layers AS il ON il.image_key = p.image_key
GROUP BY p.index_key, p.source_key, s.basis, s.store, il.chain_key, p.image_key
;
INSERT INTO source_image_summaries
    (index_key, source_key, image_key, listed, platform, os, architecture, variant, layer_count, tag_count, names)
SELECT p.index_key, p.source_key, p.image_key, BOOL_OR(p.listed) AS listed, MIN(e.platform) AS platform,
    MIN(e.os) AS os, MIN(e.architecture) AS architecture, MIN(e.variant) AS variant,
    MIN(e.layer_count) AS layer_count, COALESCE(MIN(n.tag_count), 0) AS tag_count, MIN(n.names) AS names
FROM source_images AS p
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
        SELECT DISTINCT t.index_key, t.source_key, t.image_key,
            CASE WHEN t.repository IS NULL THEN t.tag ELSE t.repository || ':' || t.tag END AS name
        FROM tag_reach AS t
        LEFT JOIN source_manifests AS h ON h.index_key = t.index_key AND h.source_key = t.source_key
            AND h.manifest_key = t.manifest_key AND h.ended_at IS NULL
        WHERE t.image_key IS NOT NULL AND (t.manifest_key IS NULL OR h.manifest_key IS NOT NULL)
    ) AS d
    GROUP BY d.index_key, d.source_key, d.image_key
) AS n ON n.index_key = p.index_key AND n.source_key = p.source_key AND n.image_key = p.image_key
WHERE p.ended_at IS NULL
GROUP BY p.index_key, p.source_key, p.image_key
;
