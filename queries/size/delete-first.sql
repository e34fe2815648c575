-- Which images would free the most, were they deleted, and what would that really free?
-- Alone is what deleting the image and no other frees: the layers that no other image of the source uses, listed or
-- not; a Docker host's intermediate images go with what was built on them. So far is what deleting it and all above it
-- frees: more than the sum of the alone ones where only they share a layer. Images that a container was made of, or
-- stands on, are left out. Whether an image may go, no index can tell.
-- param: limit integer = 20  How many images of each source and basis, those that free most first.
-- param: source text = null  Only this source.
-- param: basis text = null  Only this basis: compressed, uncompressed or on_disk.
WITH streams AS (
    SELECT index_key, source_key, name AS source
    FROM source_streams
    WHERE (CAST(:source AS TEXT) IS NULL OR name = CAST(:source AS TEXT))
), held_stacks AS (
    SELECT c.index_key, c.source_key, c.chain_key
    FROM containers AS c
    WHERE c.ended_at IS NULL AND c.chain_key IS NOT NULL
    UNION
    SELECT c.index_key, c.source_key, il.chain_key
    FROM containers AS c
    JOIN image_layers AS il ON il.image_key = c.image_key
    WHERE c.ended_at IS NULL
), held AS (
    SELECT index_key, source_key, image_key
    FROM containers
    WHERE ended_at IS NULL AND image_key IS NOT NULL
    UNION
    SELECT k.index_key, k.source_key, i.image_key
    FROM held_stacks AS k
    JOIN images AS i ON i.chain_key = k.chain_key
), ranked AS (
    SELECT s.source, z.index_key, z.source_key, z.basis, z.image_key,
        ROW_NUMBER() OVER (
            PARTITION BY z.index_key, z.source_key, z.basis
            ORDER BY z.unique_bytes DESC NULLS LAST, z.image_key
        ) AS turn
    FROM source_image_sizes AS z
    JOIN streams AS s ON s.index_key = z.index_key AND s.source_key = z.source_key
    LEFT JOIN held AS h ON h.index_key = z.index_key AND h.source_key = z.source_key AND h.image_key = z.image_key
    WHERE h.image_key IS NULL AND z.unique_bytes > 0
        AND (CAST(:basis AS TEXT) IS NULL OR z.basis = CAST(:basis AS TEXT))
), doomed AS (
    SELECT source, index_key, source_key, basis, image_key, turn
    FROM ranked
    WHERE turn <= CAST(:limit AS INTEGER)
), parents AS (
    SELECT DISTINCT index_key, source_key, parent_key
    FROM source_images
    WHERE ended_at IS NULL AND parent_key IS NOT NULL
), units AS (
    SELECT DISTINCT iu.index_key, iu.source_key, iu.basis, iu.store, iu.unit_key
    FROM doomed AS d
    JOIN source_image_units AS iu ON iu.index_key = d.index_key AND iu.source_key = d.source_key
        AND iu.basis = d.basis AND iu.image_key = d.image_key
), fates AS (
    SELECT k.index_key, k.source_key, k.basis, k.store, k.unit_key, COUNT(*) AS user_count,
        COUNT(d.image_key) AS doomed_count, MAX(d.turn) AS last_turn
    FROM units AS k
    JOIN source_image_units AS iu ON iu.index_key = k.index_key AND iu.source_key = k.source_key
        AND iu.basis = k.basis AND iu.store = k.store AND iu.unit_key = k.unit_key
    LEFT JOIN doomed AS d ON d.index_key = iu.index_key AND d.source_key = iu.source_key AND d.basis = iu.basis
        AND d.image_key = iu.image_key
    LEFT JOIN parents AS c ON c.index_key = iu.index_key AND c.source_key = iu.source_key
        AND c.parent_key = iu.image_key
    WHERE iu.listed OR c.parent_key IS NULL
    GROUP BY k.index_key, k.source_key, k.basis, k.store, k.unit_key
), freed AS (
    SELECT f.index_key, f.source_key, f.basis, f.last_turn, f.user_count, u.size_bytes
    FROM fates AS f
    JOIN source_usage AS u ON u.index_key = f.index_key AND u.source_key = f.source_key AND u.basis = f.basis
        AND u.store = f.store AND u.unit_key = f.unit_key
    LEFT JOIN held_stacks AS h ON h.index_key = f.index_key AND h.source_key = f.source_key
        AND h.chain_key = u.chain_key AND f.basis <> 'compressed'
    WHERE f.user_count = f.doomed_count AND h.chain_key IS NULL
), turns AS (
    SELECT d.source, d.index_key, d.source_key, d.basis, d.turn, d.image_key,
        CAST(SUM(CASE WHEN f.user_count = 1 THEN f.size_bytes ELSE 0 END) AS DECIMAL(38, 0)) AS alone_bytes,
        CAST(SUM(COALESCE(f.size_bytes, 0)) AS DECIMAL(38, 0)) AS turn_bytes
    FROM doomed AS d
    LEFT JOIN freed AS f ON f.index_key = d.index_key AND f.source_key = d.source_key AND f.basis = d.basis
        AND f.last_turn = d.turn
    GROUP BY d.source, d.index_key, d.source_key, d.basis, d.turn, d.image_key
), running AS (
    SELECT source, index_key, source_key, basis, turn, image_key, alone_bytes,
        CAST(
            SUM(turn_bytes) OVER (PARTITION BY index_key, source_key, basis ORDER BY turn) AS DECIMAL(38, 0)
        ) AS so_far_bytes
    FROM turns
)
SELECT
    r.source, r.basis, r.turn, b.digest AS image_id, p.names, i.created_at, z.size_bytes,
    CASE WHEN r.alone_bytes <= 9223372036854775807 THEN CAST(r.alone_bytes AS BIGINT) END AS alone_bytes,
    CASE WHEN r.so_far_bytes <= 9223372036854775807 THEN CAST(r.so_far_bytes AS BIGINT) END AS so_far_bytes
FROM running AS r
JOIN source_image_sizes AS z ON z.index_key = r.index_key AND z.source_key = r.source_key AND z.basis = r.basis
    AND z.image_key = r.image_key
JOIN blobs AS b ON b.blob_key = r.image_key
LEFT JOIN source_image_summaries AS p ON p.index_key = r.index_key AND p.source_key = r.source_key
    AND p.image_key = r.image_key
LEFT JOIN images AS i ON i.image_key = r.image_key
ORDER BY r.source, r.basis, r.turn
