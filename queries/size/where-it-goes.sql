-- Where do the bytes go: to which repositories, images and layers?
-- One row a layer of an image, for the images that cost most in the repositories that cost most; what is left of each
-- image, of each repository and in all follows in rows of its own, so that the rows sum to the distinct bytes of the
-- sources. A layer that several listed images use is split among them: each has the same part, the first by ID the
-- remainder. An image stands under the repository of its first name. Layers of unknown size count nothing.
-- param: source text = null  Only this source.
-- param: basis text = null  Only this basis: compressed, uncompressed or on_disk.
-- param: repositories integer = 15  How many repositories of each source.
-- param: images integer = 10  How many images of each repository.
-- param: layers integer = 8  How many layers of each image.
WITH costs AS (
    SELECT z.index_key, z.source_key, s.name AS source, z.basis, z.image_key,
        COALESCE(z.split_bytes, 0) AS split_bytes, SPLIT_PART(p.names, ', ', 1) AS name, p.platform
    FROM source_image_sizes AS z
    JOIN source_streams AS s ON s.index_key = z.index_key AND s.source_key = z.source_key
    LEFT JOIN source_image_summaries AS p ON p.index_key = z.index_key AND p.source_key = z.source_key
        AND p.image_key = z.image_key
    WHERE (CAST(:source AS TEXT) IS NULL OR s.name = CAST(:source AS TEXT))
        AND (CAST(:basis AS TEXT) IS NULL OR z.basis = CAST(:basis AS TEXT))
), homes AS (
    SELECT index_key, source_key, source, basis, image_key, split_bytes, name, platform,
        CASE
            WHEN name IS NULL THEN 'images without a name'
            WHEN name LIKE '%:%' THEN REGEXP_REPLACE(name, ':[^:/]*$', '')
            ELSE 'names without a repository'
        END AS repository
    FROM costs
), repositories AS (
    SELECT source, basis, repository, CAST(SUM(split_bytes) AS DECIMAL(38, 0)) AS repository_bytes,
        COUNT(*) AS image_count
    FROM homes
    GROUP BY source, basis, repository
), ranked_repositories AS (
    SELECT source, basis, repository, repository_bytes, image_count,
        ROW_NUMBER() OVER (
            PARTITION BY source, basis ORDER BY repository_bytes DESC NULLS LAST, repository
        ) AS place
    FROM repositories
), ranked_images AS (
    SELECT h.index_key, h.source_key, h.source, h.basis, h.repository, h.image_key, h.name, h.platform, r.place,
        ROW_NUMBER() OVER (
            PARTITION BY h.source, h.basis, h.repository ORDER BY h.split_bytes DESC NULLS LAST, h.image_key
        ) AS image_place
    FROM homes AS h
    JOIN ranked_repositories AS r ON r.source = h.source AND r.basis = h.basis AND r.repository = h.repository
        AND r.place <= CAST(:repositories AS INTEGER)
), chosen AS (
    SELECT index_key, source_key, source, basis, repository, image_key, name, platform, place, image_place
    FROM ranked_images
    WHERE image_place <= CAST(:images AS INTEGER)
), units AS (
    SELECT c.source, c.basis, c.repository, c.image_key, c.place, c.image_place, iu.store, iu.unit_key, u.size_bytes,
        u.image_count, u.index_key, u.source_key
    FROM chosen AS c
    JOIN source_image_units AS iu ON iu.index_key = c.index_key AND iu.source_key = c.source_key
        AND iu.basis = c.basis AND iu.image_key = c.image_key
    JOIN source_usage AS u ON u.index_key = iu.index_key AND u.source_key = iu.source_key AND u.basis = iu.basis
        AND u.store = iu.store AND u.unit_key = iu.unit_key
    WHERE u.size_bytes IS NOT NULL
), firsts AS (
    SELECT iu.index_key, iu.source_key, iu.basis, iu.store, iu.unit_key, MIN(iu.image_key) AS image_key
    FROM source_image_units AS iu
    JOIN (
        SELECT DISTINCT index_key, source_key, basis, store, unit_key FROM units
    ) AS k ON k.index_key = iu.index_key AND k.source_key = iu.source_key AND k.basis = iu.basis
        AND k.store = iu.store AND k.unit_key = iu.unit_key
    WHERE iu.listed
    GROUP BY iu.index_key, iu.source_key, iu.basis, iu.store, iu.unit_key
), parted AS (
    SELECT t.index_key, t.source_key, t.source, t.basis, t.repository, t.image_key, t.place, t.image_place, t.store,
        t.unit_key, t.size_bytes, t.image_count, f.image_key = t.image_key AS is_first,
        CAST(CAST(t.size_bytes - t.size_bytes % t.image_count AS DOUBLE PRECISION) / t.image_count AS BIGINT)
            AS part_bytes
    FROM units AS t
    JOIN firsts AS f ON f.index_key = t.index_key AND f.source_key = t.source_key AND f.basis = t.basis
        AND f.store = t.store AND f.unit_key = t.unit_key
), shares AS (
    SELECT index_key, source_key, source, basis, repository, image_key, place, image_place, store, unit_key,
        image_count,
        CASE WHEN is_first THEN size_bytes - part_bytes * (image_count - 1) ELSE part_bytes END AS split_bytes
    FROM parted
), ranked_layers AS (
    SELECT index_key, source_key, source, basis, repository, image_key, place, image_place, store, unit_key,
        image_count, split_bytes,
        ROW_NUMBER() OVER (
            PARTITION BY source, basis, image_key ORDER BY split_bytes DESC NULLS LAST, unit_key, store
        ) AS layer_place
    FROM shares
), image_sums AS (
    SELECT source, basis, repository, place, CAST(SUM(split_bytes) AS DECIMAL(38, 0)) AS chosen_bytes,
        COUNT(DISTINCT image_key) AS chosen_count
    FROM shares
    GROUP BY source, basis, repository, place
), totals AS (
    SELECT s.name AS source, u.basis, CAST(SUM(u.size_bytes) AS DECIMAL(38, 0)) AS distinct_bytes
    FROM source_usage AS u
    JOIN source_streams AS s ON s.index_key = u.index_key AND s.source_key = u.source_key
    WHERE u.image_count > 0
        AND (CAST(:source AS TEXT) IS NULL OR s.name = CAST(:source AS TEXT))
        AND (CAST(:basis AS TEXT) IS NULL OR u.basis = CAST(:basis AS TEXT))
    GROUP BY s.name, u.basis
), repository_rests AS (
    SELECT r.source, r.basis, r.repository, r.place, GREATEST(r.repository_bytes - m.chosen_bytes, 0) AS rest_bytes,
        r.image_count - m.chosen_count AS rest_count, m.chosen_bytes
    FROM ranked_repositories AS r
    JOIN image_sums AS m ON m.source = r.source AND m.basis = r.basis AND m.repository = r.repository
), rests AS (
    SELECT t.source, t.basis, t.distinct_bytes - COALESCE(k.shown_bytes, 0) AS rest_bytes,
        n.image_count - COALESCE(k.shown_count, 0) AS rest_count
    FROM totals AS t
    JOIN (SELECT source, basis, COUNT(*) AS image_count FROM costs GROUP BY source, basis) AS n
        ON n.source = t.source AND n.basis = t.basis
    LEFT JOIN (
        SELECT x.source, x.basis, CAST(SUM(x.chosen_bytes + x.rest_bytes) AS DECIMAL(38, 0)) AS shown_bytes,
            CAST(SUM(r.image_count) AS BIGINT) AS shown_count
        FROM repository_rests AS x
        JOIN ranked_repositories AS r ON r.source = x.source AND r.basis = x.basis AND r.repository = x.repository
        GROUP BY x.source, x.basis
    ) AS k ON k.source = t.source AND k.basis = t.basis
), cells AS (
    SELECT l.index_key, l.source_key, l.source, l.basis, l.repository, l.place, l.image_place, l.layer_place,
        l.image_key, l.store, l.unit_key, CAST(l.split_bytes AS DECIMAL(38, 0)) AS split_bytes, l.image_count
    FROM ranked_layers AS l
    WHERE l.layer_place <= CAST(:layers AS INTEGER)
    UNION ALL
    SELECT l.index_key, l.source_key, l.source, l.basis, l.repository, l.place, l.image_place,
        CAST(:layers AS BIGINT) + 1 AS layer_place, l.image_key, '' AS store, NULL AS unit_key,
        CAST(SUM(l.split_bytes) AS DECIMAL(38, 0)) AS split_bytes, COUNT(*) AS image_count
    FROM ranked_layers AS l
    WHERE l.layer_place > CAST(:layers AS INTEGER)
    GROUP BY l.index_key, l.source_key, l.source, l.basis, l.repository, l.place, l.image_place, l.image_key
    UNION ALL
    SELECT NULL AS index_key, NULL AS source_key, x.source, x.basis, x.repository, x.place,
        CAST(:images AS BIGINT) + 1 AS image_place, 0 AS layer_place, NULL AS image_key, '' AS store,
        NULL AS unit_key, x.rest_bytes AS split_bytes, x.rest_count AS image_count
    FROM repository_rests AS x
    WHERE x.rest_count > 0
    UNION ALL
    SELECT NULL AS index_key, NULL AS source_key, r.source, r.basis, NULL AS repository,
        CAST(:repositories AS BIGINT) + 1 AS place, 0 AS image_place, 0 AS layer_place, NULL AS image_key,
        '' AS store, NULL AS unit_key, r.rest_bytes AS split_bytes, r.rest_count AS image_count
    FROM rests AS r
    WHERE r.rest_bytes > 0
)
SELECT
    c.source, c.basis, COALESCE(c.repository, 'other repositories') AS repository,
    CASE
        WHEN c.image_key IS NULL THEN 'other images'
        WHEN h.name IS NULL THEN i.digest
        ELSE CASE WHEN h.name LIKE '%:%' THEN SUBSTR(h.name, LENGTH(h.repository) + 2) ELSE h.name END
            || CASE WHEN h.platform IS NULL THEN '' ELSE ' ' || h.platform END
    END AS image,
    CASE
        WHEN c.unit_key IS NOT NULL THEN COALESCE(ch.chain_id, ub.digest, ul.diff_id)
        WHEN c.image_key IS NOT NULL THEN 'other layers'
    END AS layer,
    CASE
        WHEN c.split_bytes <= 9223372036854775807 THEN CAST(c.split_bytes AS BIGINT)
    END AS split_bytes,
    CASE WHEN c.unit_key IS NOT NULL THEN c.image_count END AS used_by,
    CASE WHEN c.unit_key IS NULL THEN c.image_count ELSE 1 END AS thing_count,
    i.digest AS image_id
FROM cells AS c
LEFT JOIN blobs AS i ON i.blob_key = c.image_key
LEFT JOIN chosen AS h ON h.source = c.source AND h.basis = c.basis AND h.image_key = c.image_key
LEFT JOIN source_usage AS u ON u.index_key = c.index_key AND u.source_key = c.source_key AND u.basis = c.basis
    AND u.store = c.store AND u.unit_key = c.unit_key
LEFT JOIN chains AS ch ON ch.chain_key = u.chain_key
LEFT JOIN blobs AS ub ON ub.blob_key = u.blob_key
LEFT JOIN layers AS ul ON ul.layer_key = u.layer_key
ORDER BY c.source, c.basis, c.place, c.image_place, c.layer_place, c.image_key ASC NULLS LAST
