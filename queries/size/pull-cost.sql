-- What would it cost to pull this image onto each host, which holds some of its layers already?
-- From each source that keeps its blobs, onto each other source, as one that is to have it. A store of blobs skips
-- each blob that it holds; a store of unpacked layers skips the layers from the base up that it has as a stack, as
-- Docker does. Repeated layers are pulled once. To pull is what is left, with the config where it is not there.
-- param: image text  An image ID, its start (4 characters or more), or repository:tag, whole or its end after a slash.
-- param: source text = null  Only pulled from this source.
-- param: host text = null  Only pulled onto this source.
WITH wanted AS (
    SELECT DISTINCT h.image_key
    FROM image_handles AS h
    WHERE RIGHT('/' || h.name, LENGTH(CAST(:image AS TEXT)) + 1) = '/' || CAST(:image AS TEXT)
        OR SUBSTR(h.digest, 8, GREATEST(LENGTH(REPLACE(CAST(:image AS TEXT), 'sha256:', '')), 4))
            = REPLACE(CAST(:image AS TEXT), 'sha256:', '')
    ORDER BY h.image_key
    LIMIT 100
), entries AS (
    SELECT s.index_key, s.source_key, s.name AS source, w.image_key, m.manifest_key, ml.blob_key,
        MIN(ml.position) AS position, MAX(ml.declared_bytes) AS declared_bytes
    FROM wanted AS w
    JOIN manifests AS m ON m.config_key = w.image_key AND m.kind = 'image'
    JOIN (SELECT DISTINCT index_key, source_key, manifest_key FROM source_manifests WHERE ended_at IS NULL) AS sm
        ON sm.manifest_key = m.manifest_key
    JOIN source_streams AS s ON s.index_key = sm.index_key AND s.source_key = sm.source_key
    JOIN manifest_layers AS ml ON ml.manifest_key = m.manifest_key
    WHERE (CAST(:source AS TEXT) IS NULL OR s.name = CAST(:source AS TEXT))
    GROUP BY s.index_key, s.source_key, s.name, w.image_key, m.manifest_key, ml.blob_key
), hosts AS (
    SELECT s.index_key, s.source_key, s.name AS host,
        EXISTS (
            SELECT 1 FROM source_layers AS l
            WHERE l.index_key = s.index_key AND l.source_key = s.source_key AND l.ended_at IS NULL
        ) AS unpacks
    FROM source_streams AS s
    WHERE (CAST(:host AS TEXT) IS NULL OR s.name = CAST(:host AS TEXT))
), held_blobs AS (
    SELECT DISTINCT b.index_key, b.source_key, b.blob_key
    FROM source_blobs AS b
    WHERE b.ended_at IS NULL AND b.bytes_evidence = 'held'
        AND b.blob_key IN (SELECT blob_key FROM entries UNION SELECT image_key FROM wanted)
), held_depths AS (
    SELECT l.index_key, l.source_key, il.image_key, MAX(il.position) AS position
    FROM wanted AS w
    JOIN image_layers AS il ON il.image_key = w.image_key
    JOIN source_layers AS l ON l.chain_key = il.chain_key AND l.ended_at IS NULL
    GROUP BY l.index_key, l.source_key, il.image_key
), judged AS (
    SELECT e.source, h.host, h.index_key, h.source_key, e.image_key, e.manifest_key, e.declared_bytes,
        COALESCE(e.position <= d.position, FALSE) OR k.blob_key IS NOT NULL AS is_there
    FROM entries AS e
    JOIN hosts AS h ON h.source_key <> e.source_key
    LEFT JOIN held_depths AS d ON d.index_key = h.index_key AND d.source_key = h.source_key
        AND d.image_key = e.image_key AND h.unpacks
    LEFT JOIN held_blobs AS k ON k.index_key = h.index_key AND k.source_key = h.source_key AND k.blob_key = e.blob_key
), sums AS (
    SELECT source, host, index_key, source_key, image_key, manifest_key, COUNT(*) AS layer_count,
        COUNT(CASE WHEN is_there THEN 1 END) AS held_count,
            CASE
                WHEN SUM(declared_bytes) <= 9223372036854775807
                THEN CAST(SUM(declared_bytes) AS BIGINT)
            END AS layer_bytes,
        CASE
            WHEN SUM(CASE WHEN is_there THEN 0 ELSE declared_bytes END) <= 9223372036854775807
            THEN CAST(SUM(CASE WHEN is_there THEN 0 ELSE declared_bytes END) AS BIGINT)
        END AS missing_bytes,
        COUNT(*) - COUNT(declared_bytes) AS unknown_layers
    FROM judged
    GROUP BY source, host, index_key, source_key, image_key, manifest_key
)
SELECT
    z.source, z.host, b.digest AS image_id, mb.digest AS manifest_digest, z.layer_count, z.held_count,
    CASE WHEN z.unknown_layers = 0 THEN z.layer_bytes + COALESCE(m.config_bytes, 0) END AS pull_bytes,
    CASE
        WHEN z.unknown_layers = 0
        THEN z.missing_bytes
            + CASE WHEN si.image_key IS NULL AND k.blob_key IS NULL THEN COALESCE(m.config_bytes, 0) ELSE 0 END
    END AS to_pull_bytes
FROM sums AS z
JOIN manifests AS m ON m.manifest_key = z.manifest_key
JOIN blobs AS b ON b.blob_key = z.image_key
JOIN blobs AS mb ON mb.blob_key = z.manifest_key
LEFT JOIN source_image_summaries AS si ON si.index_key = z.index_key AND si.source_key = z.source_key
    AND si.image_key = z.image_key
LEFT JOIN held_blobs AS k ON k.index_key = z.index_key AND k.source_key = z.source_key AND k.blob_key = z.image_key
ORDER BY z.source, z.host, b.digest, mb.digest
