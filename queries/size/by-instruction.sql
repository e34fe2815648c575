-- How many bytes did each kind of instruction make?
-- Each layer once, as the oldest listed image that has it says what made it; NULL where its history does not tell.
-- param: source text = null  Only this source.
-- param: basis text = null  Only this basis: compressed, uncompressed or on_disk.
WITH makers AS (
    SELECT p.source, p.basis, p.unit_key, p.size_bytes, p.image_count, h.instruction, h.created_by,
        ROW_NUMBER() OVER (
            PARTITION BY p.source, p.basis, p.store, p.unit_key
            ORDER BY i.created_at ASC NULLS LAST, p.image_key, p.position
        ) AS place
    FROM image_places AS p
    LEFT JOIN images AS i ON i.image_key = p.image_key
    LEFT JOIN image_history AS h ON h.image_key = p.image_key AND h.position = p.history_position
    WHERE p.listed
        AND (CAST(:source AS TEXT) IS NULL OR p.source = CAST(:source AS TEXT))
        AND (CAST(:basis AS TEXT) IS NULL OR p.basis = CAST(:basis AS TEXT))
), sums AS (
    SELECT source, basis, instruction, COUNT(*) AS layer_count,
        CASE
            WHEN SUM(COALESCE(size_bytes, 0)) <= 9223372036854775807
            THEN CAST(SUM(COALESCE(size_bytes, 0)) AS BIGINT)
        END AS layer_bytes,
        MAX(size_bytes) AS largest_bytes, COUNT(*) - COUNT(size_bytes) AS unknown_layers
    FROM makers
    WHERE place = 1
    GROUP BY source, basis, instruction
), totals AS (
    SELECT source, basis,
        CASE
            WHEN SUM(COALESCE(size_bytes, 0)) <= 9223372036854775807
            THEN CAST(SUM(COALESCE(size_bytes, 0)) AS BIGINT)
        END AS all_bytes
    FROM makers
    WHERE place = 1
    GROUP BY source, basis
)
SELECT
    z.source, z.basis, z.instruction, z.layer_count, z.layer_bytes,
    CAST(
        100 * CAST(z.layer_bytes AS DOUBLE PRECISION)
        / NULLIF(t.all_bytes, 0)
        AS DECIMAL(5, 2)
    ) AS percent, z.largest_bytes, z.unknown_layers
FROM sums AS z
JOIN totals AS t ON t.source = z.source AND t.basis = z.basis
ORDER BY z.source, z.basis, z.layer_bytes DESC NULLS LAST, z.instruction ASC NULLS LAST
