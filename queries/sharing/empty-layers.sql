-- Which layers are empty, and how often do images have them?
-- Empty are the layers whose content is an empty tar, of 1,024 or 10,240 zero bytes or none, the blobs that Docker and
-- BuildKit compress it to, and unpacked layers of no bytes. They cost a request each at every pull. Places counts
-- each position in each image; images are the listed ones.
-- param: source text = null  Only this source.
-- param: basis text = null  Only this basis: compressed, uncompressed or on_disk.
WITH places AS (
    SELECT DISTINCT p.source, p.basis, p.store, p.unit_key, p.image_key, p.position, p.size_bytes, l.diff_id
    FROM image_places AS p
    LEFT JOIN layers AS l ON l.layer_key = p.layer_key
    LEFT JOIN blobs AS b ON b.blob_key = p.unit_key AND p.basis = 'compressed'
    WHERE p.listed
        AND (
            l.diff_id IN (
                'sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef',
                'sha256:84ff92691f909a05b224e1c56abb4864f01b4f8e3c854e4bb4c7baf1d3f6d652',
                'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
            )
            OR b.digest IN (
                'sha256:a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4',
                'sha256:4f4fb700ef54461cfa02571ae0db9a0dc1e0cdb5577484a6d75e68dc38e8acc1'
            )
            OR p.size_bytes = 0
        )
        AND (CAST(:source AS TEXT) IS NULL OR p.source = CAST(:source AS TEXT))
        AND (CAST(:basis AS TEXT) IS NULL OR p.basis = CAST(:basis AS TEXT))
), per_image AS (
    SELECT source, basis, diff_id, image_key, COUNT(DISTINCT position) AS place_count
    FROM places
    GROUP BY source, basis, diff_id, image_key
), counts AS (
    SELECT source, basis, diff_id, COUNT(*) AS image_count, CAST(SUM(place_count) AS BIGINT) AS place_count,
        MAX(place_count) AS most_in_one_image
    FROM per_image
    GROUP BY source, basis, diff_id
), stored AS (
    SELECT k.source, k.basis, k.diff_id, COUNT(*) AS stored_count,
        CASE
            WHEN SUM(k.size_bytes) <= 9223372036854775807
            THEN CAST(SUM(k.size_bytes) AS BIGINT)
        END AS stored_bytes
    FROM (SELECT DISTINCT source, basis, diff_id, store, unit_key, size_bytes FROM places) AS k
    GROUP BY k.source, k.basis, k.diff_id
)
SELECT
    c.source, c.basis, c.diff_id, c.image_count, c.place_count, c.most_in_one_image, z.stored_count, z.stored_bytes
FROM counts AS c
JOIN stored AS z ON z.source = c.source AND z.basis = c.basis AND COALESCE(z.diff_id, '') = COALESCE(c.diff_id, '')
ORDER BY c.place_count DESC NULLS LAST, c.source, c.basis, c.diff_id ASC NULLS LAST
