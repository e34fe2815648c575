-- What do the images with each value of a label cost?
-- Layer bytes are the distinct layers of all images with the value; marginal bytes those that no image with another
-- value uses, shared bytes the rest; split bytes divide each layer among all images that use it and sum to what the
-- source's images take. Images without the label have the value NULL. Images are the listed ones.
-- param: label text  The label's name, such as org.opencontainers.image.vendor.
-- param: source text = null  Only this source.
-- param: basis text = null  Only this basis: compressed, uncompressed or on_disk.
WITH members AS (
    SELECT p.index_key, p.source_key, s.name AS source, p.image_key, l.value AS label_value
    FROM source_image_summaries AS p
    JOIN source_streams AS s ON s.index_key = p.index_key AND s.source_key = p.source_key
    LEFT JOIN image_labels AS l ON l.image_key = p.image_key AND l.name = CAST(:label AS TEXT)
    WHERE p.listed
        AND (CAST(:source AS TEXT) IS NULL OR s.name = CAST(:source AS TEXT))
), units AS (
    SELECT u.source, u.basis, u.store, u.unit_key, u.size_bytes, m.label_value
    FROM members AS m
    JOIN image_units AS u ON u.index_key = m.index_key AND u.source_key = m.source_key AND u.image_key = m.image_key
    WHERE (CAST(:basis AS TEXT) IS NULL OR u.basis = CAST(:basis AS TEXT))
    GROUP BY u.source, u.basis, u.store, u.unit_key, u.size_bytes, m.label_value
), counted AS (
    SELECT source, basis, label_value, size_bytes,
        COUNT(*) OVER (PARTITION BY source, basis, store, unit_key) AS group_count
    FROM units
), layer_sums AS (
    SELECT source, basis, label_value,
        CASE
            WHEN SUM(size_bytes) <= 9223372036854775807
            THEN CAST(SUM(size_bytes) AS BIGINT)
        END AS layer_bytes,
        CASE
            WHEN SUM(CASE WHEN group_count > 1 THEN size_bytes ELSE 0 END) <= 9223372036854775807
            THEN CAST(SUM(CASE WHEN group_count > 1 THEN size_bytes ELSE 0 END) AS BIGINT)
        END AS shared_bytes,
        CASE
            WHEN SUM(CASE WHEN group_count = 1 THEN size_bytes ELSE 0 END) <= 9223372036854775807
            THEN CAST(SUM(CASE WHEN group_count = 1 THEN size_bytes ELSE 0 END) AS BIGINT)
        END AS own_bytes
    FROM counted
    GROUP BY source, basis, label_value
), image_sums AS (
    SELECT m.source, z.basis, m.label_value, COUNT(*) AS image_count,
        CASE
            WHEN SUM(z.split_bytes) <= 9223372036854775807
            THEN CAST(SUM(z.split_bytes) AS BIGINT)
        END AS split_bytes,
        CAST(SUM(z.unknown_layers) AS BIGINT) AS unknown_layers
    FROM members AS m
    JOIN source_image_sizes AS z ON z.index_key = m.index_key AND z.source_key = m.source_key
        AND z.image_key = m.image_key
    WHERE (CAST(:basis AS TEXT) IS NULL OR z.basis = CAST(:basis AS TEXT))
    GROUP BY m.source, z.basis, m.label_value
)
SELECT
    i.source, i.basis, i.label_value, i.image_count,
    CASE WHEN z.source IS NULL THEN 0 ELSE z.layer_bytes END AS layer_bytes,
    CASE WHEN z.source IS NULL THEN 0 ELSE z.own_bytes END AS marginal_bytes,
    i.split_bytes, i.unknown_layers,
    CASE WHEN z.source IS NULL THEN 0 ELSE z.shared_bytes END AS shared_bytes
FROM image_sums AS i
LEFT JOIN layer_sums AS z ON z.source = i.source AND z.basis = i.basis
    AND COALESCE(z.label_value, '') = COALESCE(i.label_value, '') AND (z.label_value IS NULL) = (i.label_value IS NULL)
ORDER BY layer_bytes DESC NULLS LAST, i.source, i.basis, i.label_value ASC NULLS LAST
