-- Which tags stand or stood for this image, and from when to when?
-- One row a span in which the tag pointed at the image, at its manifest, or at an index that holds it. A span without
-- valid_to lasts still; one without valid_from is known to have been, but not when.
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
), digests AS (
    SELECT DISTINCT b.digest, g.target_kind
    FROM targets AS g
    JOIN blobs AS b ON b.blob_key = g.target_key
)
SELECT
    h.source, CASE WHEN h.repository IS NULL THEN h.tag ELSE h.repository || ':' || h.tag END AS name, h.valid_from,
    h.valid_to, h.target_digest, h.evidence, h.first_seen_at
FROM tag_history AS h
JOIN digests AS d ON d.digest = h.target_digest AND d.target_kind = h.target_kind
WHERE (CAST(:source AS TEXT) IS NULL OR h.source = CAST(:source AS TEXT))
ORDER BY
    name, h.source, h.valid_from DESC NULLS LAST, h.first_seen_at DESC NULLS LAST, h.target_digest, h.evidence
