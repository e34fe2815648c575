-- How many layers and bytes do two sets of images have in common?
-- An image is in a set where a name of it is like the set's pattern; it may be in both. Together is what both sets
-- take, each layer once, so that together = one + other - shared.
-- param: one text  A pattern for repository:tag of the first set; % is any text, _ any character.
-- param: other text  A pattern for the second set.
-- param: source text = null  Only this source.
-- param: basis text = null  Only this basis: compressed, uncompressed or on_disk.
WITH members AS (
    SELECT n.index_key, n.source_key, n.image_key, BOOL_OR(n.name LIKE CAST(:one AS TEXT)) AS in_one,
        BOOL_OR(n.name LIKE CAST(:other AS TEXT)) AS in_other
    FROM image_names AS n
    WHERE (n.name LIKE CAST(:one AS TEXT) OR n.name LIKE CAST(:other AS TEXT))
        AND (CAST(:source AS TEXT) IS NULL OR n.source = CAST(:source AS TEXT))
    GROUP BY n.index_key, n.source_key, n.image_key
), units AS (
    SELECT u.source, u.basis, u.store, u.unit_key, MAX(u.size_bytes) AS size_bytes, BOOL_OR(m.in_one) AS in_one,
        BOOL_OR(m.in_other) AS in_other
    FROM members AS m
    JOIN image_units AS u ON u.index_key = m.index_key AND u.source_key = m.source_key AND u.image_key = m.image_key
    WHERE (CAST(:basis AS TEXT) IS NULL OR u.basis = CAST(:basis AS TEXT))
    GROUP BY u.source, u.basis, u.store, u.unit_key
), images_of AS (
    SELECT s.name AS source, z.basis, COUNT(CASE WHEN m.in_one THEN 1 END) AS one_image_count,
        COUNT(CASE WHEN m.in_other THEN 1 END) AS other_image_count,
        COUNT(CASE WHEN m.in_one AND m.in_other THEN 1 END) AS both_image_count
    FROM members AS m
    JOIN source_streams AS s ON s.index_key = m.index_key AND s.source_key = m.source_key
    JOIN source_image_sizes AS z ON z.index_key = m.index_key AND z.source_key = m.source_key
        AND z.image_key = m.image_key
    GROUP BY s.name, z.basis
), sums AS (
    SELECT source, basis, COUNT(CASE WHEN in_one AND in_other THEN 1 END) AS shared_layer_count,
        CASE
            WHEN SUM(CASE WHEN in_one THEN size_bytes ELSE 0 END) <= 9223372036854775807
            THEN CAST(SUM(CASE WHEN in_one THEN size_bytes ELSE 0 END) AS BIGINT)
        END AS one_bytes,
        CASE
            WHEN SUM(CASE WHEN in_other THEN size_bytes ELSE 0 END) <= 9223372036854775807
            THEN CAST(SUM(CASE WHEN in_other THEN size_bytes ELSE 0 END) AS BIGINT)
        END AS other_bytes,
        CASE
            WHEN SUM(CASE WHEN in_one AND in_other THEN size_bytes ELSE 0 END) <= 9223372036854775807
            THEN CAST(SUM(CASE WHEN in_one AND in_other THEN size_bytes ELSE 0 END) AS BIGINT)
        END AS shared_bytes,
        CASE WHEN SUM(size_bytes) <= 9223372036854775807 THEN CAST(SUM(size_bytes) AS BIGINT) END AS together_bytes,
        COUNT(*) - COUNT(size_bytes) AS unknown_layers
    FROM units
    GROUP BY source, basis
)
SELECT
    z.source, z.basis, i.one_image_count, i.other_image_count, i.both_image_count, z.one_bytes, z.other_bytes,
    z.shared_layer_count, z.shared_bytes, z.together_bytes, z.unknown_layers
FROM sums AS z
JOIN images_of AS i ON i.source = z.source AND i.basis = z.basis
ORDER BY z.shared_bytes DESC NULLS LAST, z.source, z.basis
