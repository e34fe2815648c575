-- Which images share layers with this one, how many, and how many bytes?
-- Images are compared within each source that has the image, layer by layer as that source stores them: by blob, or
-- by stack within its store. Where the name stands for several images, one a platform, each is answered for.
-- param: image text  An image ID, its start (4 characters or more), or repository:tag, whole or its end after a slash.
-- param: source text = null  Only this source.
-- param: limit integer = 50  How many rows.
WITH wanted AS (
    SELECT DISTINCT h.image_key
    FROM image_handles AS h
    WHERE RIGHT('/' || h.name, LENGTH(CAST(:image AS TEXT)) + 1) = '/' || CAST(:image AS TEXT)
        OR SUBSTR(h.digest, 8, GREATEST(LENGTH(REPLACE(CAST(:image AS TEXT), 'sha256:', '')), 4))
            = REPLACE(CAST(:image AS TEXT), 'sha256:', '')
    ORDER BY h.image_key
    LIMIT 100
), sums AS (
    SELECT u.source, u.basis, u.image_key, o.image_key AS other_key, COUNT(*) AS shared_layer_count,
        CASE WHEN SUM(u.size_bytes) <= 9223372036854775807 THEN CAST(SUM(u.size_bytes) AS BIGINT) END AS shared_bytes
    FROM wanted AS w
    JOIN image_units AS u ON u.image_key = w.image_key
    JOIN source_image_units AS o ON o.index_key = u.index_key AND o.source_key = u.source_key AND o.basis = u.basis
        AND o.store = u.store AND o.unit_key = u.unit_key
        AND o.listed AND o.image_key <> u.image_key
    WHERE (CAST(:source AS TEXT) IS NULL OR u.source = CAST(:source AS TEXT))
    GROUP BY u.source, u.basis, u.image_key, o.image_key
), chosen AS (
    SELECT z.source, z.basis, b.digest AS image_id, o.digest AS other_image_id, z.other_key, z.shared_layer_count,
        z.shared_bytes
    FROM sums AS z
    JOIN blobs AS b ON b.blob_key = z.image_key
    JOIN blobs AS o ON o.blob_key = z.other_key
    ORDER BY
        z.shared_bytes DESC NULLS LAST, z.shared_layer_count DESC NULLS LAST, z.source, z.basis, b.digest, o.digest
    LIMIT CAST(:limit AS INTEGER)
)
SELECT
    c.source, c.basis, c.image_id, c.other_image_id, c.shared_layer_count, c.shared_bytes,
    s.platform AS other_platform, s.names AS other_names
FROM chosen AS c
JOIN image_summary AS s ON s.source = c.source AND s.image_id = c.other_image_id
ORDER BY
    c.shared_bytes DESC NULLS LAST, c.shared_layer_count DESC NULLS LAST, c.source, c.basis, c.image_id,
    c.other_image_id
