-- Where are the bytes not what their digest or their descriptor says, and which tags does that touch?
-- Told are the open problems of digests and sizes; the tags are those that reach a manifest of the digest, or one
-- whose config or layer it is. Such content is damaged, or was altered.
-- param: source text = null  Only this source.
-- param: limit integer = 1000  How many rows.
WITH wrong AS (
    SELECT DISTINCT s.index_key, s.source_key, p.source, p.kind, p.locator, p.digest, p.detail, p.first_seen_at,
        b.blob_key
    FROM problem_detail AS p
    JOIN source_streams AS s ON s.name = p.source
    LEFT JOIN blobs AS b ON b.digest = p.digest
    WHERE p.kind IN ('digest_mismatch', 'size_mismatch')
        AND (CAST(:source AS TEXT) IS NULL OR p.source = CAST(:source AS TEXT))
), needing AS (
    SELECT w.index_key, w.source_key, w.blob_key, w.blob_key AS manifest_key FROM wrong AS w
    UNION
    SELECT w.index_key, w.source_key, w.blob_key, m.manifest_key
    FROM wrong AS w
    JOIN manifests AS m ON m.config_key = w.blob_key
    UNION
    SELECT w.index_key, w.source_key, w.blob_key, ml.manifest_key
    FROM wrong AS w
    JOIN manifest_layers AS ml ON ml.blob_key = w.blob_key
), names AS (
    SELECT x.index_key, x.source_key, x.blob_key, COUNT(*) AS tag_count,
        STRING_AGG(x.name, ', ' ORDER BY x.name) AS names
    FROM (
        SELECT DISTINCT n.index_key, n.source_key, n.blob_key,
            CASE WHEN t.repository IS NULL THEN t.tag ELSE t.repository || ':' || t.tag END AS name
        FROM needing AS n
        JOIN tag_reach AS t ON t.index_key = n.index_key AND t.source_key = n.source_key
            AND t.manifest_key = n.manifest_key
    ) AS x
    GROUP BY x.index_key, x.source_key, x.blob_key
)
SELECT
    w.source, w.kind, w.locator, w.digest, w.detail, w.first_seen_at, COALESCE(n.tag_count, 0) AS tag_count, n.names
FROM wrong AS w
LEFT JOIN names AS n ON n.index_key = w.index_key AND n.source_key = w.source_key AND n.blob_key = w.blob_key
ORDER BY w.source, w.kind, w.locator, w.digest ASC NULLS LAST
LIMIT CAST(:limit AS INTEGER)
