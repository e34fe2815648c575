-- Which media types are in use?
-- Part says whose it is: that of manifests, of the configs that they name, or of entries in their layer lists; each
-- manifest counts once in a source, however many repositories have it.
-- param: source text = null  Only this source.
WITH present AS (
    SELECT DISTINCT s.name AS source, sm.manifest_key
    FROM source_manifests AS sm
    JOIN source_streams AS s ON s.index_key = sm.index_key AND s.source_key = sm.source_key
    WHERE sm.ended_at IS NULL
        AND (CAST(:source AS TEXT) IS NULL OR s.name = CAST(:source AS TEXT))
), uses AS (
    SELECT p.source, 'manifest' AS part, m.media_type, m.kind, COUNT(*) AS use_count
    FROM present AS p
    JOIN manifests AS m ON m.manifest_key = p.manifest_key
    GROUP BY p.source, m.media_type, m.kind
    UNION ALL
    SELECT p.source, 'config' AS part, m.config_media_type AS media_type, m.kind, COUNT(*) AS use_count
    FROM present AS p
    JOIN manifests AS m ON m.manifest_key = p.manifest_key
    WHERE m.config_key IS NOT NULL
    GROUP BY p.source, m.config_media_type, m.kind
    UNION ALL
    SELECT p.source, 'layer' AS part, ml.media_type, m.kind, COUNT(*) AS use_count
    FROM present AS p
    JOIN manifests AS m ON m.manifest_key = p.manifest_key
    JOIN manifest_layers AS ml ON ml.manifest_key = p.manifest_key
    GROUP BY p.source, ml.media_type, m.kind
)
SELECT u.source, u.part, u.media_type, u.kind, u.use_count
FROM uses AS u
ORDER BY u.source, u.part, u.use_count DESC NULLS LAST, u.media_type ASC NULLS LAST, u.kind
