-- Which layers lie in several sources, under which blobs, and how large are they there?
-- A layer is told by its uncompressed content, however each source compressed or unpacked it. A source that keeps
-- blobs has a row for each blob that holds the layer, one that keeps unpacked layers a row for each stack that the
-- layer tops. The layers that most sources have come first, then the largest.
-- param: limit integer = 20  How many layers; each has several rows.
-- param: source text = null  Only layers that this source has.
WITH by_source AS (
    SELECT u.diff_id, u.source, MAX(u.size_bytes) AS largest_bytes
    FROM layer_usage AS u
    WHERE u.diff_id IS NOT NULL
    GROUP BY u.diff_id, u.source
), chosen AS (
    SELECT diff_id, COUNT(*) AS source_count, MAX(largest_bytes) AS largest_bytes
    FROM by_source
    GROUP BY diff_id
    HAVING COUNT(*) > 1
        AND (CAST(:source AS TEXT) IS NULL OR COUNT(CASE WHEN source = CAST(:source AS TEXT) THEN 1 END) > 0)
    ORDER BY source_count DESC NULLS LAST, largest_bytes DESC NULLS LAST, diff_id
    LIMIT CAST(:limit AS INTEGER)
)
SELECT
    c.diff_id, c.source_count, u.source, u.basis, u.size_bytes, u.image_count,
    CASE WHEN u.basis = 'compressed' THEN u.blob_digest END AS blob_digest, u.chain_id, u.store
FROM chosen AS c
JOIN layer_usage AS u ON u.diff_id = c.diff_id
ORDER BY
    c.source_count DESC NULLS LAST, c.largest_bytes DESC NULLS LAST, c.diff_id, u.source, u.basis, u.unit, u.store
