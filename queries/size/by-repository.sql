-- What does each repository cost, and how much of it is its own?
-- Of the layers that its current tags need, each once: shared are those that another repository of the source needs,
-- too, unique the rest; split divides each layer among the repositories that need it, and sums to what all need.
-- param: source text = null  Only this source.
-- param: basis text = null  Only this basis: compressed, uncompressed or on_disk.
WITH members AS (
    SELECT DISTINCT index_key, source_key, source, repository, image_key
    FROM image_names
    WHERE (CAST(:source AS TEXT) IS NULL OR source = CAST(:source AS TEXT))
), units AS (
    SELECT source, repository, basis, store, unit_key, size_bytes
    FROM repository_units
    WHERE (CAST(:source AS TEXT) IS NULL OR source = CAST(:source AS TEXT))
        AND (CAST(:basis AS TEXT) IS NULL OR basis = CAST(:basis AS TEXT))
), counted AS (
    SELECT source, basis, repository, size_bytes,
        COUNT(*) OVER (PARTITION BY source, basis, store, unit_key) AS group_count,
        ROW_NUMBER() OVER (
            PARTITION BY source, basis, store, unit_key ORDER BY repository ASC NULLS LAST
        ) AS place
    FROM units
), parted AS (
    SELECT source, basis, repository, size_bytes, group_count, place,
        CASE
            WHEN group_count = 1 THEN size_bytes
            ELSE CAST(CAST(size_bytes - size_bytes % group_count AS DOUBLE PRECISION) / group_count AS BIGINT)
        END AS part_bytes
    FROM counted
), shares AS (
    SELECT source, basis, repository, size_bytes, group_count,
        CASE WHEN place = 1 THEN size_bytes - part_bytes * (group_count - 1) ELSE part_bytes END AS share_bytes
    FROM parted
), sums AS (
    SELECT source, basis, repository,
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
    GROUP BY source, basis, repository
), image_counts AS (
    SELECT m.source, z.basis, m.repository, COUNT(*) AS image_count
    FROM members AS m
    JOIN source_image_sizes AS z ON z.index_key = m.index_key AND z.source_key = m.source_key
        AND z.image_key = m.image_key
    WHERE (CAST(:basis AS TEXT) IS NULL OR z.basis = CAST(:basis AS TEXT))
    GROUP BY m.source, z.basis, m.repository
)
SELECT
    i.source, i.basis, i.repository, i.image_count,
    CASE WHEN z.source IS NULL THEN 0 ELSE z.layer_bytes END AS layer_bytes,
    CASE WHEN z.source IS NULL THEN 0 ELSE z.shared_bytes END AS shared_bytes,
    CASE WHEN z.source IS NULL THEN 0 ELSE z.unique_bytes END AS unique_bytes,
    CASE WHEN z.source IS NULL THEN 0 ELSE z.split_bytes END AS split_bytes,
    COALESCE(z.unknown_layers, 0) AS unknown_layers
FROM image_counts AS i
LEFT JOIN sums AS z ON z.source = i.source AND z.basis = i.basis
    AND COALESCE(z.repository, '') = COALESCE(i.repository, '')
    AND (z.repository IS NULL) = (i.repository IS NULL)
ORDER BY layer_bytes DESC NULLS LAST, i.source, i.basis, i.repository ASC NULLS LAST
