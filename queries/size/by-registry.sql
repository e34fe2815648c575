-- What do the images of each registry cost in each source?
-- A name's registry is the first part of its repository: on a host, where images were pulled from. Of the layers that
-- its current tags need, each once: shared are those that another registry's need, too, unique the rest; split divides
-- each layer among the registries, and sums to what all need. Names without a registry have the value NULL.
-- param: source text = null  Only this source.
-- param: basis text = null  Only this basis: compressed, uncompressed or on_disk.
WITH members AS (
    SELECT DISTINCT n.index_key, n.source_key, n.source, r.registry, n.image_key
    FROM image_names AS n
    LEFT JOIN repositories AS r ON r.name = n.repository
    WHERE (CAST(:source AS TEXT) IS NULL OR n.source = CAST(:source AS TEXT))
), units AS (
    SELECT DISTINCT u.source, r.registry, u.basis, u.store, u.unit_key, u.size_bytes
    FROM repository_units AS u
    JOIN repositories AS r ON r.repository_key = u.repository_key
    WHERE (CAST(:source AS TEXT) IS NULL OR u.source = CAST(:source AS TEXT))
        AND (CAST(:basis AS TEXT) IS NULL OR u.basis = CAST(:basis AS TEXT))
), counted AS (
    SELECT source, basis, registry, size_bytes,
        COUNT(*) OVER (PARTITION BY source, basis, store, unit_key) AS group_count,
        ROW_NUMBER() OVER (
            PARTITION BY source, basis, store, unit_key ORDER BY registry ASC NULLS LAST
        ) AS place
    FROM units
), parted AS (
    SELECT source, basis, registry, size_bytes, group_count, place,
        CASE
            WHEN group_count = 1 THEN size_bytes
            ELSE CAST(CAST(size_bytes - size_bytes % group_count AS DOUBLE PRECISION) / group_count AS BIGINT)
        END AS part_bytes
    FROM counted
), shares AS (
    SELECT source, basis, registry, size_bytes, group_count,
        CASE WHEN place = 1 THEN size_bytes - part_bytes * (group_count - 1) ELSE part_bytes END AS share_bytes
    FROM parted
), sums AS (
    SELECT source, basis, registry,
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
        END AS unique_bytes,
        CASE WHEN SUM(share_bytes) <= 9223372036854775807 THEN CAST(SUM(share_bytes) AS BIGINT) END AS split_bytes,
        COUNT(*) - COUNT(size_bytes) AS unknown_layers
    FROM shares
    GROUP BY source, basis, registry
), image_counts AS (
    SELECT m.source, z.basis, m.registry, COUNT(*) AS image_count
    FROM members AS m
    JOIN source_image_sizes AS z ON z.index_key = m.index_key AND z.source_key = m.source_key
        AND z.image_key = m.image_key
    WHERE (CAST(:basis AS TEXT) IS NULL OR z.basis = CAST(:basis AS TEXT))
    GROUP BY m.source, z.basis, m.registry
)
SELECT
    i.source, i.basis, i.registry, i.image_count,
    CASE WHEN z.source IS NULL THEN 0 ELSE z.layer_bytes END AS layer_bytes,
    CASE WHEN z.source IS NULL THEN 0 ELSE z.shared_bytes END AS shared_bytes,
    CASE WHEN z.source IS NULL THEN 0 ELSE z.unique_bytes END AS unique_bytes,
    CASE WHEN z.source IS NULL THEN 0 ELSE z.split_bytes END AS split_bytes,
    COALESCE(z.unknown_layers, 0) AS unknown_layers
FROM image_counts AS i
LEFT JOIN sums AS z ON z.source = i.source AND z.basis = i.basis AND COALESCE(z.registry, '') = COALESCE(i.registry, '')
    AND (z.registry IS NULL) = (i.registry IS NULL)
ORDER BY layer_bytes DESC NULLS LAST, i.source, i.basis, i.registry ASC NULLS LAST
