-- What does this image cost in each source, and what would deleting it free there?
-- Freed are the layers that no other image of the source uses, listed or not, and no container; held those that only
-- containers keep. A Docker host's intermediate images go with what was built on them. Size is shared and unique bytes;
-- split is its part of each layer, divided among the images that use it.
-- param: image text  An image ID, its start (4 characters or more), or repository:tag, whole or its end after a slash.
-- param: source text = null  Only in this source.
-- param: basis text = null  Only this basis: compressed, uncompressed or on_disk.
WITH wanted AS (
    SELECT DISTINCT h.image_key
    FROM image_handles AS h
    WHERE RIGHT('/' || h.name, LENGTH(CAST(:image AS TEXT)) + 1) = '/' || CAST(:image AS TEXT)
        OR SUBSTR(h.digest, 8, GREATEST(LENGTH(REPLACE(CAST(:image AS TEXT), 'sha256:', '')), 4))
            = REPLACE(CAST(:image AS TEXT), 'sha256:', '')
    ORDER BY h.image_key
    LIMIT 100
), parents AS (
    SELECT DISTINCT index_key, source_key, parent_key
    FROM source_images
    WHERE ended_at IS NULL AND parent_key IS NOT NULL
), held_stacks AS (
    SELECT c.index_key, c.source_key, c.chain_key
    FROM containers AS c
    WHERE c.ended_at IS NULL AND c.chain_key IS NOT NULL
    UNION
    SELECT c.index_key, c.source_key, il.chain_key
    FROM containers AS c
    JOIN image_layers AS il ON il.image_key = c.image_key
    WHERE c.ended_at IS NULL
), units AS (
    SELECT w.image_key, iu.index_key, iu.source_key, iu.basis, iu.store, iu.unit_key
    FROM wanted AS w
    JOIN source_image_units AS iu ON iu.image_key = w.image_key
    WHERE (CAST(:basis AS TEXT) IS NULL OR iu.basis = CAST(:basis AS TEXT))
), fates AS (
    SELECT k.image_key, k.index_key, k.source_key, k.basis, k.store, k.unit_key,
        COUNT(CASE WHEN iu.image_key <> k.image_key AND (iu.listed OR c.parent_key IS NULL) THEN 1 END) AS other_count
    FROM units AS k
    JOIN source_image_units AS iu ON iu.index_key = k.index_key AND iu.source_key = k.source_key
        AND iu.basis = k.basis AND iu.store = k.store AND iu.unit_key = k.unit_key
    LEFT JOIN parents AS c ON c.index_key = iu.index_key AND c.source_key = iu.source_key
        AND c.parent_key = iu.image_key
    GROUP BY k.image_key, k.index_key, k.source_key, k.basis, k.store, k.unit_key
), sums AS (
    SELECT f.image_key, f.index_key, f.source_key, f.basis,
        CASE
            WHEN SUM(CASE WHEN f.other_count = 0 AND h.chain_key IS NULL THEN u.size_bytes ELSE 0 END)
                <= 9223372036854775807
            THEN CAST(
                SUM(CASE WHEN f.other_count = 0 AND h.chain_key IS NULL THEN u.size_bytes ELSE 0 END) AS BIGINT
            )
        END AS freed_bytes,
        CASE
            WHEN SUM(CASE WHEN f.other_count = 0 AND h.chain_key IS NOT NULL THEN u.size_bytes ELSE 0 END)
                <= 9223372036854775807
            THEN CAST(
                SUM(CASE WHEN f.other_count = 0 AND h.chain_key IS NOT NULL THEN u.size_bytes ELSE 0 END) AS BIGINT
            )
        END AS held_bytes
    FROM fates AS f
    JOIN source_usage AS u ON u.index_key = f.index_key AND u.source_key = f.source_key AND u.basis = f.basis
        AND u.store = f.store AND u.unit_key = f.unit_key
    LEFT JOIN held_stacks AS h ON h.index_key = f.index_key AND h.source_key = f.source_key
        AND h.chain_key = u.chain_key AND f.basis <> 'compressed'
    GROUP BY f.image_key, f.index_key, f.source_key, f.basis
)
SELECT
    s.name AS source, z.basis, b.digest AS image_id, z.size_bytes, z.shared_bytes, z.unique_bytes, z.split_bytes,
    k.freed_bytes, k.held_bytes, z.unknown_layers
FROM wanted AS w
JOIN source_image_sizes AS z ON z.image_key = w.image_key
JOIN source_streams AS s ON s.index_key = z.index_key AND s.source_key = z.source_key
JOIN blobs AS b ON b.blob_key = z.image_key
LEFT JOIN sums AS k ON k.image_key = z.image_key AND k.index_key = z.index_key AND k.source_key = z.source_key
    AND k.basis = z.basis
WHERE (CAST(:source AS TEXT) IS NULL OR s.name = CAST(:source AS TEXT))
    AND (CAST(:basis AS TEXT) IS NULL OR z.basis = CAST(:basis AS TEXT))
ORDER BY b.digest, s.name, z.basis
