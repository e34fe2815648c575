-- Which images have the same layer more than once?
-- The same content at several places of one stack: most often an empty layer, else a file that was copied again.
-- A store of unpacked layers keeps each of them; a registry keeps one, and every pull unpacks it as often. Repeated
-- are the bytes of all places but one. Images are the listed ones.
-- param: limit integer = 100  How many rows.
-- param: source text = null  Only this source.
-- param: basis text = null  Only this basis: compressed, uncompressed or on_disk.
WITH places AS (
    SELECT DISTINCT source, basis, image_key, position, size_bytes, layer_key,
        CASE WHEN layer_key IS NULL THEN unit_key END AS unit_key
    FROM image_places
    WHERE listed
        AND (CAST(:source AS TEXT) IS NULL OR source = CAST(:source AS TEXT))
        AND (CAST(:basis AS TEXT) IS NULL OR basis = CAST(:basis AS TEXT))
), spots AS (
    SELECT source, basis, image_key, layer_key, unit_key, position, MIN(size_bytes) AS size_bytes
    FROM places
    GROUP BY source, basis, image_key, layer_key, unit_key, position
), repeats AS (
    SELECT source, basis, image_key, layer_key, unit_key, COUNT(*) AS place_count, MIN(position) AS first_position,
        CASE
            WHEN SUM(size_bytes) <= 9223372036854775807
            THEN CAST(SUM(size_bytes) AS BIGINT)
        END - MIN(size_bytes) AS repeated_bytes
    FROM spots
    GROUP BY source, basis, image_key, layer_key, unit_key
    HAVING COUNT(*) > 1
), chosen AS (
    SELECT r.source, r.basis, b.digest AS image_id, COALESCE(l.diff_id, u.digest) AS digest, l.diff_id,
        r.place_count, r.first_position, r.repeated_bytes
    FROM repeats AS r
    JOIN blobs AS b ON b.blob_key = r.image_key
    LEFT JOIN layers AS l ON l.layer_key = r.layer_key
    LEFT JOIN blobs AS u ON u.blob_key = r.unit_key
    ORDER BY
        r.repeated_bytes DESC NULLS LAST, r.place_count DESC NULLS LAST, r.source, r.basis, b.digest,
        COALESCE(l.diff_id, u.digest)
    LIMIT CAST(:limit AS INTEGER)
)
SELECT
    c.source, c.basis, c.image_id, s.names, c.digest, c.place_count, c.first_position, c.repeated_bytes
FROM chosen AS c
JOIN image_summary AS s ON s.source = c.source AND s.image_id = c.image_id
ORDER BY
    c.repeated_bytes DESC NULLS LAST, c.place_count DESC NULLS LAST, c.source, c.basis, c.image_id, c.digest
