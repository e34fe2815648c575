-- Which bases do labels and annotations claim, and do the layers bear that out?
-- A claim is org.opencontainers.image.base.digest or .base.name, as a label of the image or an annotation of its
-- manifest. A digest names a manifest, an index or an image of the index; a name a tag of any source. The verdict is
-- agrees, if an image that is claimed has layers that are a strict start of this one's; disagrees, if none has;
-- unknown, if the index knows no image by the claim. A tag may have moved since: then a name disagrees, and the digest
-- tells more.
-- param: verdict text = null  Only this verdict: agrees, disagrees or unknown.
-- param: source text = null  Only images in this source.
-- param: limit integer = 1000  How many rows.
WITH claims AS (
    SELECT l.image_key, l.name, l.value, 'label' AS evidence
    FROM image_labels AS l
    WHERE l.name IN ('org.opencontainers.image.base.digest', 'org.opencontainers.image.base.name')
        AND l.value <> ''
    UNION
    SELECT m.config_key AS image_key, a.name, a.value, 'annotation' AS evidence
    FROM manifest_annotations AS a
    JOIN manifests AS m ON m.manifest_key = a.manifest_key AND m.kind = 'image'
    WHERE a.name IN ('org.opencontainers.image.base.digest', 'org.opencontainers.image.base.name')
        AND a.value <> ''
), named AS (
    SELECT DISTINCT c.value, t.target_key, t.target_kind
    FROM claims AS c
    JOIN tag_targets AS t ON c.name = 'org.opencontainers.image.base.name'
        AND c.value = CASE WHEN t.repository IS NULL THEN t.tag ELSE t.repository || ':' || t.tag END
    UNION
    SELECT DISTINCT c.value, t.target_key, t.target_kind
    FROM claims AS c
    JOIN tag_targets AS t ON c.name = 'org.opencontainers.image.base.name'
        AND (t.repository = 'docker.io/' || SPLIT_PART(c.value, ':', 1)
            OR t.repository = 'docker.io/library/' || SPLIT_PART(c.value, ':', 1))
        AND t.tag = COALESCE(NULLIF(SPLIT_PART(c.value, ':', 2), ''), 'latest')
    UNION
    SELECT DISTINCT c.value, b.blob_key AS target_key, 'manifest' AS target_kind
    FROM claims AS c
    JOIN blobs AS b ON b.digest = c.value AND c.name = 'org.opencontainers.image.base.digest'
), claimed AS (
    SELECT n.value, n.target_key AS base_key FROM named AS n JOIN images AS i ON i.image_key = n.target_key
    UNION
    SELECT n.value, m.config_key AS base_key
    FROM named AS n
    JOIN manifests AS m ON m.manifest_key = n.target_key AND m.kind = 'image'
    WHERE n.target_kind = 'manifest'
    UNION
    SELECT n.value, l.image_key AS base_key
    FROM named AS n
    JOIN index_leaves AS l ON l.root_key = n.target_key AND l.image_key IS NOT NULL
    WHERE n.target_kind = 'manifest'
), judged AS (
    SELECT c.image_key, c.name, c.value, c.evidence, COUNT(b.image_key) AS base_count,
        COUNT(il.image_key) AS match_count
    FROM claims AS c
    JOIN images AS i ON i.image_key = c.image_key
    LEFT JOIN claimed AS k ON k.value = c.value
    LEFT JOIN images AS b ON b.image_key = k.base_key
    LEFT JOIN image_layers AS il ON il.image_key = i.image_key AND il.chain_key = b.chain_key
        AND b.layer_count < i.layer_count
    GROUP BY c.image_key, c.name, c.value, c.evidence
), verdicts AS (
    SELECT j.image_key, j.name, j.value, j.evidence,
        CASE WHEN j.match_count > 0 THEN 'agrees' WHEN j.base_count > 0 THEN 'disagrees' ELSE 'unknown' END AS verdict
    FROM judged AS j
)
SELECT
    s.source, s.image_id, s.names, v.evidence, v.name AS claim, v.value AS claimed, v.verdict,
    a.base_image_id AS nearest_image_id, n.names AS nearest_names
FROM verdicts AS v
JOIN blobs AS b ON b.blob_key = v.image_key
JOIN image_summary AS s ON s.image_id = b.digest AND s.listed
LEFT JOIN base_images AS a ON a.source = s.source AND a.image_id = s.image_id AND a.evidence = 'chain'
LEFT JOIN image_summary AS n ON n.source = a.source AND n.image_id = a.base_image_id
WHERE (CAST(:source AS TEXT) IS NULL OR s.source = CAST(:source AS TEXT))
    AND (CAST(:verdict AS TEXT) IS NULL OR v.verdict = CAST(:verdict AS TEXT))
ORDER BY s.source, s.names ASC NULLS LAST, s.image_id, v.evidence, v.name, v.value
LIMIT CAST(:limit AS INTEGER)
