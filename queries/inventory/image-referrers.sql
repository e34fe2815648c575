-- Which signatures, attestations and other artifacts refer to this image, or to an index that holds it?
-- param: image text  An image ID, its start (4 characters or more), or repository:tag, whole or its end after a slash.
-- param: source text = null  Only in this source.
WITH wanted AS (
    SELECT DISTINCT h.image_key
    FROM image_handles AS h
    WHERE RIGHT('/' || h.name, LENGTH(CAST(:image AS TEXT)) + 1) = '/' || CAST(:image AS TEXT)
        OR SUBSTR(h.digest, 8, GREATEST(LENGTH(REPLACE(CAST(:image AS TEXT), 'sha256:', '')), 4))
            = REPLACE(CAST(:image AS TEXT), 'sha256:', '')
    ORDER BY h.image_key
    LIMIT 100
), carriers_0 AS (
    SELECT DISTINCT w.image_key, m.manifest_key
    FROM wanted AS w
    JOIN manifests AS m ON m.config_key = w.image_key AND m.kind = 'image'
), carriers_1 AS (
    SELECT DISTINCT k.image_key, e.manifest_key
    FROM carriers_0 AS k
    JOIN index_entries AS e ON e.child_key = k.manifest_key
), carriers_2 AS (
    SELECT DISTINCT k.image_key, e.manifest_key
    FROM carriers_1 AS k
    JOIN index_entries AS e ON e.child_key = k.manifest_key
), carriers_3 AS (
    SELECT DISTINCT k.image_key, e.manifest_key
    FROM carriers_2 AS k
    JOIN index_entries AS e ON e.child_key = k.manifest_key
), carriers_4 AS (
    SELECT DISTINCT k.image_key, e.manifest_key
    FROM carriers_3 AS k
    JOIN index_entries AS e ON e.child_key = k.manifest_key
), targets AS (
    SELECT image_key, image_key AS target_key, 'image' AS target_kind FROM wanted
    UNION SELECT image_key, manifest_key AS target_key, 'manifest' AS target_kind FROM carriers_0
    UNION SELECT image_key, manifest_key AS target_key, 'manifest' AS target_kind FROM carriers_1
    UNION SELECT image_key, manifest_key AS target_key, 'manifest' AS target_kind FROM carriers_2
    UNION SELECT image_key, manifest_key AS target_key, 'manifest' AS target_kind FROM carriers_3
    UNION SELECT image_key, manifest_key AS target_key, 'manifest' AS target_kind FROM carriers_4
), subjects AS (
    SELECT DISTINCT b.digest
    FROM targets AS g
    JOIN blobs AS b ON b.blob_key = g.target_key
    WHERE g.target_kind = 'manifest'
)
SELECT
    r.source, r.repository, r.artifact_type, r.how, r.manifest_digest, r.subject_digest
FROM referrers AS r
JOIN subjects AS d ON d.digest = r.subject_digest
WHERE (CAST(:source AS TEXT) IS NULL OR r.source = CAST(:source AS TEXT))
ORDER BY r.source, r.repository ASC NULLS LAST, r.manifest_digest, r.subject_digest
