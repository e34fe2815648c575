-- Which base should the images that stand on different versions of it agree on, and what would that save?
-- Bases are the listed images of one repository and platform that other images stand on. Were all those images built
-- on one of them instead, and the other bases deleted, then the layers would go that only these bases, and images on
-- them, have from them. The saving is exact for the layers as they are; what a new build changes on top is not known.
-- Moving are the images that would have to be built anew, standing those that are on this base already.
-- param: limit integer = 20  How many rows.
-- param: source text = null  Only this source.
-- param: basis text = null  Only this basis: compressed, uncompressed or on_disk.
WITH bases AS (
    SELECT DISTINCT n.index_key, n.source_key, n.source, n.repository, i.platform, i.image_key, i.chain_key
    FROM base_images AS k
    JOIN images AS i ON i.image_id = k.base_image_id
    JOIN image_names AS n ON n.source = k.source AND n.image_key = i.image_key
    WHERE k.evidence = 'chain' AND n.repository IS NOT NULL
        AND (CAST(:source AS TEXT) IS NULL OR k.source = CAST(:source AS TEXT))
), families AS (
    SELECT index_key, source_key, repository, platform, COUNT(*) AS base_count
    FROM bases
    GROUP BY index_key, source_key, repository, platform
    HAVING COUNT(*) > 1
), members AS (
    SELECT b.index_key, b.source_key, b.source, b.repository, b.platform, b.image_key, b.chain_key, f.base_count
    FROM bases AS b
    JOIN families AS f ON f.index_key = b.index_key AND f.source_key = b.source_key AND f.repository = b.repository
        AND COALESCE(f.platform, '') = COALESCE(b.platform, '')
), standing AS (
    SELECT DISTINCT b.index_key, b.source_key, b.repository, b.platform, b.image_key AS base_key, il.image_key,
        o.image_key IS NOT NULL AS is_base
    FROM members AS b
    JOIN image_layers AS il ON il.chain_key = b.chain_key
    LEFT JOIN members AS o ON o.index_key = b.index_key AND o.source_key = b.source_key
        AND o.repository = b.repository AND COALESCE(o.platform, '') = COALESCE(b.platform, '')
        AND o.image_key = il.image_key
    JOIN source_images AS si ON si.index_key = b.index_key AND si.source_key = b.source_key
        AND si.image_key = il.image_key AND si.listed AND si.ended_at IS NULL
), base_units AS (
    SELECT b.index_key, b.source_key, b.repository, b.platform, b.image_key AS base_key, u.basis, u.store, u.unit_key,
        u.size_bytes, u.image_count
    FROM members AS b
    JOIN image_units AS u ON u.index_key = b.index_key AND u.source_key = b.source_key AND u.image_key = b.image_key
    WHERE (CAST(:basis AS TEXT) IS NULL OR u.basis = CAST(:basis AS TEXT))
), own AS (
    SELECT u.index_key, u.source_key, u.repository, u.platform, u.basis, u.store, u.unit_key, u.size_bytes
    FROM base_units AS u
    JOIN standing AS t ON t.index_key = u.index_key AND t.source_key = u.source_key AND t.repository = u.repository
        AND COALESCE(t.platform, '') = COALESCE(u.platform, '') AND t.base_key = u.base_key
    JOIN source_image_units AS x ON x.index_key = u.index_key AND x.source_key = u.source_key AND x.basis = u.basis
        AND x.store = u.store AND x.unit_key = u.unit_key
        AND x.image_key = t.image_key
    GROUP BY u.index_key, u.source_key, u.repository, u.platform, u.basis, u.store, u.unit_key, u.size_bytes,
        u.image_count
    HAVING COUNT(DISTINCT t.image_key) = u.image_count
), own_sums AS (
    SELECT index_key, source_key, repository, platform, basis,
        CASE
            WHEN SUM(size_bytes) <= 9223372036854775807
            THEN CAST(SUM(size_bytes) AS BIGINT)
        END AS own_bytes
    FROM own
    GROUP BY index_key, source_key, repository, platform, basis
), kept_sums AS (
    SELECT u.index_key, u.source_key, u.repository, u.platform, u.base_key, u.basis,
        CASE
            WHEN SUM(CASE WHEN o.unit_key IS NULL THEN 0 ELSE u.size_bytes END) <= 9223372036854775807
            THEN CAST(SUM(CASE WHEN o.unit_key IS NULL THEN 0 ELSE u.size_bytes END) AS BIGINT)
        END AS kept_bytes
    FROM base_units AS u
    LEFT JOIN own AS o ON o.index_key = u.index_key AND o.source_key = u.source_key AND o.basis = u.basis
        AND o.store = u.store AND o.unit_key = u.unit_key
        AND o.repository = u.repository AND COALESCE(o.platform, '') = COALESCE(u.platform, '')
    GROUP BY u.index_key, u.source_key, u.repository, u.platform, u.base_key, u.basis
), image_counts AS (
    SELECT index_key, source_key, repository, platform,
        COUNT(DISTINCT CASE WHEN NOT is_base THEN image_key END) AS image_count
    FROM standing
    GROUP BY index_key, source_key, repository, platform
), standing_counts AS (
    SELECT index_key, source_key, repository, platform, base_key,
        COUNT(CASE WHEN NOT is_base THEN 1 END) AS standing_count
    FROM standing
    GROUP BY index_key, source_key, repository, platform, base_key
)
SELECT
    m.source, k.basis, m.repository, m.platform, d.digest AS base_image_id, m.base_count,
    t.standing_count, c.image_count - t.standing_count AS moving_count,
    COALESCE(o.own_bytes, 0) - k.kept_bytes AS saved_bytes
FROM members AS m
JOIN kept_sums AS k ON k.index_key = m.index_key AND k.source_key = m.source_key AND k.repository = m.repository
    AND COALESCE(k.platform, '') = COALESCE(m.platform, '') AND k.base_key = m.image_key
JOIN standing_counts AS t ON t.index_key = m.index_key AND t.source_key = m.source_key
    AND t.repository = m.repository AND COALESCE(t.platform, '') = COALESCE(m.platform, '')
    AND t.base_key = m.image_key
JOIN image_counts AS c ON c.index_key = m.index_key AND c.source_key = m.source_key AND c.repository = m.repository
    AND COALESCE(c.platform, '') = COALESCE(m.platform, '')
LEFT JOIN own_sums AS o ON o.index_key = k.index_key AND o.source_key = k.source_key AND o.repository = k.repository
    AND COALESCE(o.platform, '') = COALESCE(k.platform, '') AND o.basis = k.basis
JOIN blobs AS d ON d.blob_key = m.image_key
ORDER BY
    saved_bytes DESC NULLS LAST, moving_count, m.source, k.basis, m.repository, m.platform ASC NULLS LAST, d.digest
LIMIT CAST(:limit AS INTEGER)
