-- How many bytes does sharing layers save in each source?
-- Referenced are the bytes that the listed images would take if each had its layers to itself; distinct is what they
-- take, each layer once. Sizes of different bases are never added.
-- param: source text = null  Only this source.
-- param: basis text = null  Only this basis: compressed, uncompressed or on_disk.
SELECT
    z.source, z.basis, z.image_count, z.layer_count, z.referenced_bytes, z.distinct_bytes,
    z.referenced_bytes - z.distinct_bytes AS saved_bytes,
    CAST(
        100 * CAST(z.referenced_bytes - z.distinct_bytes AS DOUBLE PRECISION) / NULLIF(z.referenced_bytes, 0)
        AS DECIMAL(5, 2)
    ) AS saved_percent
FROM source_sizes AS z
WHERE z.basis <> 'total'
    AND (CAST(:source AS TEXT) IS NULL OR z.source = CAST(:source AS TEXT))
    AND (CAST(:basis AS TEXT) IS NULL OR z.basis = CAST(:basis AS TEXT))
ORDER BY saved_bytes DESC NULLS LAST, z.source, z.basis
