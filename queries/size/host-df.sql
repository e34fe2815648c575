-- What does each host hold, what do its containers need of it, and what would pruning free?
-- As docker system df, but exact, and of every engine. Active are the images that a container was made of. Reclaimable
-- is what goes when all images that no container holds are deleted: the layers that no active image and no container
-- uses. Docker's own figure counts each layer that an active image shares as reclaimable, too.
-- param: source text = null  Only this source.
-- param: basis text = null  Only this basis: compressed, uncompressed or on_disk.
WITH hosts AS (
    SELECT s.index_key, s.source_key, s.name AS source
    FROM source_streams AS s
    JOIN sources AS o ON o.index_key = s.index_key AND o.source_key = s.source_key
    WHERE o.kind IN ('docker-root', 'docker-daemon', 'containerd-root', 'containers-storage')
        AND (CAST(:source AS TEXT) IS NULL OR s.name = CAST(:source AS TEXT))
), held AS (
    SELECT c.index_key, c.source_key, c.image_key, c.chain_key, c.state
    FROM containers AS c
    JOIN hosts AS h ON h.index_key = c.index_key AND h.source_key = c.source_key
    WHERE c.ended_at IS NULL
), container_counts AS (
    SELECT index_key, source_key, COUNT(*) AS container_count,
        COUNT(CASE WHEN state = 'running' THEN 1 END) AS running_count
    FROM held
    GROUP BY index_key, source_key
), active AS (
    SELECT DISTINCT index_key, source_key, image_key FROM held WHERE image_key IS NOT NULL
), held_stacks AS (
    SELECT index_key, source_key, chain_key FROM held WHERE chain_key IS NOT NULL
    UNION
    SELECT h.index_key, h.source_key, il.chain_key
    FROM held AS h
    JOIN image_layers AS il ON il.image_key = h.image_key
), needed AS (
    SELECT DISTINCT iu.index_key, iu.source_key, iu.basis, iu.store, iu.unit_key
    FROM active AS a
    JOIN source_image_units AS iu ON iu.index_key = a.index_key AND iu.source_key = a.source_key
        AND iu.image_key = a.image_key
), sums AS (
    SELECT u.index_key, u.source_key, u.basis,
        COUNT(CASE WHEN u.basis = 'compressed' OR u.layer_key IS NOT NULL THEN 1 END) AS layer_count,
        CASE WHEN SUM(u.size_bytes) <= 9223372036854775807 THEN CAST(SUM(u.size_bytes) AS BIGINT) END AS size_bytes,
        CASE
            WHEN SUM(CASE WHEN n.unit_key IS NULL AND k.chain_key IS NULL THEN u.size_bytes ELSE 0 END)
                <= 9223372036854775807
            THEN CAST(
                SUM(CASE WHEN n.unit_key IS NULL AND k.chain_key IS NULL THEN u.size_bytes ELSE 0 END) AS BIGINT
            )
        END AS reclaimable_bytes,
        COUNT(*) - COUNT(u.size_bytes) AS unknown_layers
    FROM source_usage AS u
    JOIN hosts AS h ON h.index_key = u.index_key AND h.source_key = u.source_key
    LEFT JOIN needed AS n ON n.index_key = u.index_key AND n.source_key = u.source_key AND n.basis = u.basis
        AND n.store = u.store AND n.unit_key = u.unit_key
    LEFT JOIN held_stacks AS k ON k.index_key = u.index_key AND k.source_key = u.source_key
        AND k.chain_key = u.chain_key AND u.basis <> 'compressed'
    WHERE (CAST(:basis AS TEXT) IS NULL OR u.basis = CAST(:basis AS TEXT))
    GROUP BY u.index_key, u.source_key, u.basis
), image_counts AS (
    SELECT z.index_key, z.source_key, z.basis, COUNT(*) AS image_count, COUNT(a.image_key) AS active_count
    FROM source_image_sizes AS z
    LEFT JOIN active AS a ON a.index_key = z.index_key AND a.source_key = z.source_key AND a.image_key = z.image_key
    GROUP BY z.index_key, z.source_key, z.basis
)
SELECT
    h.source, z.basis, COALESCE(i.image_count, 0) AS image_count, COALESCE(i.active_count, 0) AS active_count,
    z.layer_count, z.size_bytes, z.size_bytes - z.reclaimable_bytes AS needed_bytes, z.reclaimable_bytes,
    COALESCE(c.container_count, 0) AS container_count, COALESCE(c.running_count, 0) AS running_count, z.unknown_layers
FROM hosts AS h
JOIN sums AS z ON z.index_key = h.index_key AND z.source_key = h.source_key
LEFT JOIN image_counts AS i ON i.index_key = z.index_key AND i.source_key = z.source_key AND i.basis = z.basis
LEFT JOIN container_counts AS c ON c.index_key = h.index_key AND c.source_key = h.source_key
ORDER BY z.size_bytes DESC NULLS LAST, h.source, z.basis
