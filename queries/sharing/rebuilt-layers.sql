-- Which instructions gave different layers each time they ran, and what does that cost?
-- The same text made several layers, of which one would do if builds were reproducible or their cache was used.
-- Wasted are all of them but the largest. An instruction that ran on different bases may well give different layers:
-- with same_base only those count that lie on the same stack. Images are the listed ones.
-- param: same_base boolean = false  Only layers on the same stack below them.
-- param: limit integer = 50  How many rows.
-- param: source text = null  Only this source.
-- param: basis text = null  Only this basis: compressed, uncompressed or on_disk.
WITH places AS (
    SELECT p.source, p.basis, p.store, p.unit_key, p.layer_key, MIN(p.size_bytes) AS size_bytes, h.instruction,
        h.created_by, CASE WHEN CAST(:same_base AS BOOLEAN) THEN COALESCE(c.parent_key, -1) END AS below_key,
        MIN(p.image_key) AS image_key, COUNT(DISTINCT p.image_key) AS image_count
    FROM image_places AS p
    JOIN image_history AS h ON h.image_key = p.image_key AND h.position = p.history_position
    JOIN chains AS c ON c.chain_key = p.chain_key
    WHERE p.listed AND h.created_by IS NOT NULL
        AND (CAST(:source AS TEXT) IS NULL OR p.source = CAST(:source AS TEXT))
        AND (CAST(:basis AS TEXT) IS NULL OR p.basis = CAST(:basis AS TEXT))
    GROUP BY p.source, p.basis, p.store, p.unit_key, p.layer_key, h.instruction, h.created_by,
        CASE WHEN CAST(:same_base AS BOOLEAN) THEN COALESCE(c.parent_key, -1) END
), layers_of AS (
    SELECT source, basis, created_by, below_key, layer_key, MIN(instruction) AS instruction,
        MAX(size_bytes) AS size_bytes, MAX(image_count) AS image_count
    FROM places
    GROUP BY source, basis, created_by, below_key, layer_key
), sums AS (
    SELECT source, basis, created_by, below_key, MIN(instruction) AS instruction, COUNT(*) AS layer_count,
        CASE WHEN SUM(size_bytes) <= 9223372036854775807 THEN CAST(SUM(size_bytes) AS BIGINT) END AS layer_bytes,
        MAX(size_bytes) AS largest_bytes
    FROM layers_of
    GROUP BY source, basis, created_by, below_key
    HAVING COUNT(*) > 1
)
SELECT
    z.source, z.basis, z.instruction, z.created_by, c.chain_id AS below_chain_id, z.layer_count, z.layer_bytes,
    z.layer_bytes - z.largest_bytes AS wasted_bytes
FROM sums AS z
LEFT JOIN chains AS c ON c.chain_key = z.below_key
ORDER BY
    wasted_bytes DESC NULLS LAST, z.layer_count DESC NULLS LAST, z.source, z.basis, z.created_by,
    z.below_key ASC NULLS LAST
LIMIT CAST(:limit AS INTEGER)
