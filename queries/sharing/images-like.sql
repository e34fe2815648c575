-- Which images are most like this one?
-- Likeness is the bytes that both have, of the bytes of both together, each layer once: 100 is the same layers. Images
-- are compared within each source that lists this one; other bytes are what the other image has beside the shared.
-- param: image text  An image ID, its start (4 characters or more), or repository:tag, whole or its end after a slash.
-- param: source text = null  Only this source.
-- param: limit integer = 20  How many rows.
WITH wanted AS (
    SELECT DISTINCT h.image_key
    FROM image_handles AS h
    WHERE RIGHT('/' || h.name, LENGTH(CAST(:image AS TEXT)) + 1) = '/' || CAST(:image AS TEXT)
        OR SUBSTR(h.digest, 8, GREATEST(LENGTH(REPLACE(CAST(:image AS TEXT), 'sha256:', '')), 4))
            = REPLACE(CAST(:image AS TEXT), 'sha256:', '')
    ORDER BY h.image_key
    LIMIT 100
), sums AS (
    SELECT u.index_key, u.source_key, u.source, u.basis, u.image_key, o.image_key AS other_key,
        CASE WHEN SUM(u.size_bytes) <= 9223372036854775807 THEN CAST(SUM(u.size_bytes) AS BIGINT) END AS shared_bytes
    FROM wanted AS w
    JOIN image_units AS u ON u.image_key = w.image_key AND u.listed
    JOIN source_image_units AS o ON o.index_key = u.index_key AND o.source_key = u.source_key AND o.basis = u.basis
        AND o.store = u.store AND o.unit_key = u.unit_key
        AND o.listed AND o.image_key <> u.image_key
    WHERE (CAST(:source AS TEXT) IS NULL OR u.source = CAST(:source AS TEXT))
    GROUP BY u.index_key, u.source_key, u.source, u.basis, u.image_key, o.image_key
), compared AS (
    SELECT z.source, z.basis, b.digest AS image_id, ob.digest AS other_image_id, z.shared_bytes,
        i.size_bytes - z.shared_bytes AS own_bytes, o.size_bytes - z.shared_bytes AS other_bytes,
        CAST(
            100 * CAST(z.shared_bytes AS DOUBLE PRECISION)
            / NULLIF(CAST(i.size_bytes AS DOUBLE PRECISION) + o.size_bytes - z.shared_bytes, 0)
            AS DECIMAL(5, 2)
        ) AS likeness_percent
    FROM sums AS z
    JOIN source_image_sizes AS i ON i.index_key = z.index_key AND i.source_key = z.source_key AND i.basis = z.basis
        AND i.image_key = z.image_key
    JOIN source_image_sizes AS o ON o.index_key = z.index_key AND o.source_key = z.source_key AND o.basis = z.basis
        AND o.image_key = z.other_key
    JOIN blobs AS b ON b.blob_key = z.image_key
    JOIN blobs AS ob ON ob.blob_key = z.other_key
), chosen AS (
    SELECT source, basis, image_id, other_image_id, likeness_percent, shared_bytes, own_bytes, other_bytes
    FROM compared
    ORDER BY
        likeness_percent DESC NULLS LAST, shared_bytes DESC NULLS LAST, source, basis, image_id, other_image_id
    LIMIT CAST(:limit AS INTEGER)
)
SELECT
    c.source, c.basis, c.image_id, c.other_image_id, c.likeness_percent, c.shared_bytes, c.own_bytes, c.other_bytes,
    s.platform AS other_platform, s.names AS other_names
FROM chosen AS c
JOIN image_summary AS s ON s.source = c.source AND s.image_id = c.other_image_id
ORDER BY
    c.likeness_percent DESC NULLS LAST, c.shared_bytes DESC NULLS LAST, c.source, c.basis, c.image_id,
    c.other_image_id
