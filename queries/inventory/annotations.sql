-- Which annotations do the manifests and indexes have, and how many values has each?
-- Each manifest counts once in a source.
-- param: source text = null  Only this source.
-- param: limit integer = 200  How many rows.
WITH present AS (
    SELECT DISTINCT s.name AS source, sm.manifest_key
    FROM source_manifests AS sm
    JOIN source_streams AS s ON s.index_key = sm.index_key AND s.source_key = sm.source_key
    WHERE sm.ended_at IS NULL
        AND (CAST(:source AS TEXT) IS NULL OR s.name = CAST(:source AS TEXT))
)
SELECT
    p.source, a.name AS annotation, m.kind, COUNT(*) AS manifest_count, COUNT(DISTINCT a.value) AS value_count,
    MIN(a.value) AS least_value
FROM present AS p
JOIN manifest_annotations AS a ON a.manifest_key = p.manifest_key
JOIN manifests AS m ON m.manifest_key = p.manifest_key
GROUP BY p.source, a.name, m.kind
ORDER BY p.source, manifest_count DESC NULLS LAST, a.name, m.kind
LIMIT CAST(:limit AS INTEGER)
