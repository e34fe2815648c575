-- Who uses this layer?
-- One row for each place of the layer in each image that a source has. A diff ID finds the layer's content wherever
-- it stands, a chain ID the layer on just that stack, a blob's digest that blob and the content that it is known to
-- hold.
-- param: layer text  A diff ID, chain ID or blob digest, or its start (4 characters of its hex or more).
-- param: source text = null  Only this source.
-- param: limit integer = 100  How many rows.
WITH asked AS (
    SELECT REPLACE(CAST(:layer AS TEXT), 'sha256:', '') AS beginning
), found_blobs AS (
    SELECT b.blob_key
    FROM asked AS a
    JOIN blobs AS b ON LENGTH(a.beginning) >= 4 AND SUBSTR(b.digest, 8, LENGTH(a.beginning)) = a.beginning
    ORDER BY b.blob_key
    LIMIT 100
), found_layers AS (
    SELECT f.layer_key
    FROM (
        SELECT l.layer_key
        FROM asked AS a
        JOIN layers AS l ON LENGTH(a.beginning) >= 4 AND SUBSTR(l.diff_id, 8, LENGTH(a.beginning)) = a.beginning
        UNION
        SELECT e.layer_key FROM found_blobs AS k JOIN layer_blobs AS e ON e.blob_key = k.blob_key
    ) AS f
    ORDER BY f.layer_key
    LIMIT 100
), found_chains AS (
    SELECT c.chain_key
    FROM asked AS a
    JOIN chains AS c ON LENGTH(a.beginning) >= 4 AND SUBSTR(c.chain_id, 8, LENGTH(a.beginning)) = a.beginning
    ORDER BY c.chain_key
    LIMIT 100
), places AS (
    SELECT il.image_key, il.position FROM image_layers AS il JOIN found_layers AS f ON f.layer_key = il.layer_key
    UNION
    SELECT il.image_key, il.position FROM image_layers AS il JOIN found_chains AS f ON f.chain_key = il.chain_key
    UNION
    SELECT m.config_key AS image_key, ml.position
    FROM found_blobs AS f
    JOIN manifest_layers AS ml ON ml.blob_key = f.blob_key
    JOIN manifests AS m ON m.manifest_key = ml.manifest_key AND m.kind = 'image'
)
SELECT
    s.source, s.image_id, s.listed, s.names, s.platform, p.position, s.layer_count, l.diff_id, c.chain_id,
    h.instruction, h.created_by
FROM places AS p
JOIN blobs AS b ON b.blob_key = p.image_key
JOIN image_summary AS s ON s.image_id = b.digest
LEFT JOIN image_layers AS il ON il.image_key = p.image_key AND il.position = p.position
LEFT JOIN layers AS l ON l.layer_key = il.layer_key
LEFT JOIN chains AS c ON c.chain_key = il.chain_key
LEFT JOIN image_history AS h ON h.image_key = p.image_key AND h.position = il.history_position
WHERE (CAST(:source AS TEXT) IS NULL OR s.source = CAST(:source AS TEXT))
ORDER BY s.listed DESC NULLS LAST, s.source, s.names ASC NULLS LAST, s.image_id, p.position
LIMIT CAST(:limit AS INTEGER)
