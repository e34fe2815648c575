-- Which commands made the most bytes?
-- Each layer once, as the oldest listed image that has it says what made it. The same text may have made several
-- layers; sharing/rebuilt-layers tells what that costs.
-- param: limit integer = 50  How many rows.
-- param: instruction text = null  Only this kind of instruction: RUN, COPY, ADD.
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
)
SELECT
    m.source, m.basis, m.instruction, m.created_by, COUNT(*) AS layer_count,
    CASE
        WHEN SUM(COALESCE(m.size_bytes, 0)) <= 9223372036854775807
        THEN CAST(SUM(COALESCE(m.size_bytes, 0)) AS BIGINT)
    END AS layer_bytes,
    MAX(m.image_count) AS most_images
FROM makers AS m
WHERE m.place = 1 AND m.created_by IS NOT NULL
    AND (CAST(:instruction AS TEXT) IS NULL OR m.instruction = CAST(:instruction AS TEXT))
GROUP BY m.source, m.basis, m.instruction, m.created_by
ORDER BY layer_bytes DESC NULLS LAST, m.source, m.basis, m.created_by, m.instruction ASC NULLS LAST
LIMIT CAST(:limit AS INTEGER)
