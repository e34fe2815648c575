-- How much is stored, how much would it be without sharing, and what does sharing save, in all?
-- One row a basis, all sources together; sizes of different bases are never added. Referenced are the bytes that the
-- listed images would take if each had its layers to itself, distinct what they take, each layer once a source.
-- Stored is all that the sources have: beside the layers of images also documents, artifacts, and what is untagged.
-- param: source text = null  Only this source.
-- param: basis text = null  Only this basis: compressed, uncompressed or on_disk.
WITH sums AS (
    SELECT z.basis, COUNT(*) AS source_count, CAST(SUM(z.image_count) AS BIGINT) AS image_count,
        CAST(SUM(z.layer_count) AS BIGINT) AS layer_count,
        CASE
            WHEN COUNT(z.referenced_bytes) = COUNT(*) AND SUM(z.referenced_bytes) <= 9223372036854775807
            THEN CAST(SUM(z.referenced_bytes) AS BIGINT)
        END AS referenced_bytes,
        CASE
            WHEN COUNT(z.distinct_bytes) = COUNT(*) AND SUM(z.distinct_bytes) <= 9223372036854775807
            THEN CAST(SUM(z.distinct_bytes) AS BIGINT)
        END AS distinct_bytes,
        CASE
            WHEN COUNT(z.stored_bytes) = COUNT(*) AND SUM(z.stored_bytes) <= 9223372036854775807
            THEN CAST(SUM(z.stored_bytes) AS BIGINT)
        END AS stored_bytes
    FROM source_sizes AS z
    WHERE z.basis <> 'total'
        AND (CAST(:source AS TEXT) IS NULL OR z.source = CAST(:source AS TEXT))
        AND (CAST(:basis AS TEXT) IS NULL OR z.basis = CAST(:basis AS TEXT))
    GROUP BY z.basis
)
SELECT
    basis, stored_bytes, referenced_bytes, distinct_bytes, referenced_bytes - distinct_bytes AS saved_bytes,
    CAST(
        100 * CAST(referenced_bytes - distinct_bytes AS DOUBLE PRECISION) / NULLIF(referenced_bytes, 0)
        AS DECIMAL(5, 2)
    ) AS saved_percent,
    source_count, image_count, layer_count
FROM sums
ORDER BY stored_bytes DESC NULLS LAST, basis
