-- Which layers does a source store several times, because they were compressed differently?
-- One layer under several blobs is stored, sent and cached once each. Wasted are all of them but the smallest;
-- pushing with one tool and one setting saves it.
-- param: limit integer = 50  How many rows.
-- param: source text = null  Only this source.
SELECT
    u.source, u.diff_id, COUNT(*) AS blob_count, CAST(SUM(u.size_bytes) AS BIGINT) AS total_bytes,
    CAST(SUM(u.size_bytes) AS BIGINT) - MIN(u.size_bytes) AS wasted_bytes,
    STRING_AGG(u.blob_digest, ', ' ORDER BY u.blob_digest) AS blob_digests
FROM layer_usage AS u
WHERE u.basis = 'compressed' AND u.diff_id IS NOT NULL
    AND (CAST(:source AS TEXT) IS NULL OR u.source = CAST(:source AS TEXT))
GROUP BY u.source, u.diff_id
HAVING COUNT(*) > 1
ORDER BY wasted_bytes DESC NULLS LAST, u.source, u.diff_id
LIMIT CAST(:limit AS INTEGER)
