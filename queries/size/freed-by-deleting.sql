-- What would it free to delete the images whose every name is like this?
-- Freed are the layers that no other listed image of the source uses and no container holds; held those that only
-- containers keep, which are named: they stand on one of these images, or on a layer that would go. Of the freed
-- bytes, unlisted are those that untagged manifests or intermediate images use, too: they go once those are deleted
-- as well. An image with a name that does not match is kept. Manifests and configs come on top of layers in a
-- registry.
-- param: name text  A pattern for repository:tag; % is any text, _ any character.
-- param: source text = null  Only this source.
WITH doomed AS (
    SELECT t.index_key, t.source_key, t.source, t.image_key
    FROM (
        SELECT index_key, source_key, source, image_key,
            CASE WHEN repository IS NULL THEN tag ELSE repository || ':' || tag END AS name
        FROM tag_reach
        WHERE image_key IS NOT NULL
            AND (CAST(:source AS TEXT) IS NULL OR source = CAST(:source AS TEXT))
    ) AS t
    GROUP BY t.index_key, t.source_key, t.source, t.image_key
    HAVING COUNT(*) = COUNT(CASE WHEN t.name LIKE CAST(:name AS TEXT) THEN 1 END)
), image_units AS (
    SELECT DISTINCT d.index_key, d.source_key, 'compressed' AS basis, '' AS store, ml.blob_key AS unit_key, d.image_key
    FROM doomed AS d
    JOIN manifests AS m ON m.config_key = d.image_key AND m.kind = 'image'
    JOIN source_manifests AS sm ON sm.index_key = d.index_key AND sm.source_key = d.source_key
        AND sm.manifest_key = m.manifest_key AND sm.ended_at IS NULL
    JOIN manifest_layers AS ml ON ml.manifest_key = m.manifest_key
    UNION ALL
    SELECT DISTINCT d.index_key, d.source_key, sl.basis, sl.store, il.chain_key AS unit_key, d.image_key
    FROM doomed AS d
    JOIN image_layers AS il ON il.image_key = d.image_key
    JOIN source_images AS si ON si.index_key = d.index_key AND si.source_key = d.source_key
        AND si.image_key = d.image_key AND si.ended_at IS NULL
    JOIN source_layers AS sl ON sl.index_key = d.index_key AND sl.source_key = d.source_key
        AND sl.scope_key = si.scope_key AND sl.chain_key = il.chain_key AND sl.ended_at IS NULL
), unit_counts AS (
    SELECT index_key, source_key, basis, store, unit_key, COUNT(*) AS image_count
    FROM image_units
    GROUP BY index_key, source_key, basis, store, unit_key
), units AS (
    SELECT n.index_key, n.source_key, n.basis, n.store, n.unit_key, u.size_bytes, u.image_count = n.image_count AS goes
    FROM unit_counts AS n
    JOIN source_usage AS u ON u.index_key = n.index_key AND u.source_key = n.source_key AND u.basis = n.basis
        AND u.store = n.store AND u.unit_key = n.unit_key
), stacks AS (
    SELECT c.index_key, c.source_key, c.container_id, c.chain_key
    FROM containers AS c
    WHERE c.ended_at IS NULL AND c.chain_key IS NOT NULL
    UNION
    SELECT c.index_key, c.source_key, c.container_id, il.chain_key
    FROM containers AS c
    JOIN image_layers AS il ON il.image_key = c.image_key
    WHERE c.ended_at IS NULL
), holders AS (
    SELECT c.index_key, c.source_key, c.container_id
    FROM containers AS c
    JOIN doomed AS d ON d.index_key = c.index_key AND d.source_key = c.source_key AND d.image_key = c.image_key
    WHERE c.ended_at IS NULL
    UNION
    SELECT h.index_key, h.source_key, h.container_id
    FROM stacks AS h
    JOIN units AS u ON u.index_key = h.index_key AND u.source_key = h.source_key AND u.unit_key = h.chain_key
        AND u.basis <> 'compressed' AND u.goes
), container_names AS (
    SELECT h.index_key, h.source_key, COUNT(*) AS container_count,
        STRING_AGG(COALESCE(c.name, c.container_id), ', ' ORDER BY COALESCE(c.name, c.container_id)) AS containers
    FROM holders AS h
    JOIN containers AS c ON c.index_key = h.index_key AND c.source_key = h.source_key
        AND c.container_id = h.container_id AND c.ended_at IS NULL
    GROUP BY h.index_key, h.source_key
), unlisted AS (
    SELECT u.index_key, u.source_key, u.basis, u.store, u.unit_key
    FROM units AS u
    JOIN manifest_layers AS ml ON ml.blob_key = u.unit_key
    JOIN manifests AS m ON m.manifest_key = ml.manifest_key AND m.kind = 'image'
    JOIN source_manifests AS sm ON sm.index_key = u.index_key AND sm.source_key = u.source_key
        AND sm.manifest_key = m.manifest_key AND sm.ended_at IS NULL
    JOIN source_images AS si ON si.index_key = u.index_key AND si.source_key = u.source_key
        AND si.image_key = m.config_key AND si.ended_at IS NULL AND NOT si.listed
    WHERE u.goes AND u.basis = 'compressed'
    UNION
    SELECT u.index_key, u.source_key, u.basis, u.store, u.unit_key
    FROM units AS u
    JOIN image_layers AS il ON il.chain_key = u.unit_key
    JOIN source_images AS si ON si.index_key = u.index_key AND si.source_key = u.source_key
        AND si.image_key = il.image_key AND si.ended_at IS NULL AND NOT si.listed
    WHERE u.goes AND u.basis <> 'compressed'
), held AS (
    SELECT DISTINCT index_key, source_key, chain_key FROM stacks
), unit_sums AS (
    SELECT u.index_key, u.source_key, u.basis, COUNT(*) AS layer_count,
        CAST(SUM(u.size_bytes) AS BIGINT) AS size_bytes,
        CAST(SUM(CASE WHEN u.goes AND h.chain_key IS NULL THEN u.size_bytes ELSE 0 END) AS BIGINT) AS freed_bytes,
        CAST(SUM(CASE WHEN u.goes AND h.chain_key IS NOT NULL THEN u.size_bytes ELSE 0 END) AS BIGINT) AS held_bytes,
        CAST(SUM(
            CASE WHEN h.chain_key IS NULL AND x.unit_key IS NOT NULL THEN u.size_bytes ELSE 0 END
        ) AS BIGINT) AS unlisted_bytes,
        COUNT(*) - COUNT(u.size_bytes) AS unknown_layers
    FROM units AS u
    LEFT JOIN held AS h ON h.index_key = u.index_key AND h.source_key = u.source_key AND h.chain_key = u.unit_key
        AND u.basis <> 'compressed'
    LEFT JOIN unlisted AS x ON x.index_key = u.index_key AND x.source_key = u.source_key AND x.basis = u.basis
        AND x.store = u.store AND x.unit_key = u.unit_key
    GROUP BY u.index_key, u.source_key, u.basis
), image_counts AS (
    SELECT d.index_key, d.source_key, d.source, z.basis, COUNT(*) AS image_count
    FROM doomed AS d
    JOIN source_image_sizes AS z ON z.index_key = d.index_key AND z.source_key = d.source_key
        AND z.image_key = d.image_key
    GROUP BY d.index_key, d.source_key, d.source, z.basis
)
SELECT
    i.source, i.basis, i.image_count, COALESCE(u.layer_count, 0) AS layer_count,
    COALESCE(u.size_bytes, 0) AS size_bytes, COALESCE(u.freed_bytes, 0) AS freed_bytes,
    COALESCE(u.unlisted_bytes, 0) AS unlisted_bytes, COALESCE(u.held_bytes, 0) AS held_bytes,
    COALESCE(u.unknown_layers, 0) AS unknown_layers, COALESCE(c.container_count, 0) AS container_count, c.containers
FROM image_counts AS i
LEFT JOIN unit_sums AS u ON u.index_key = i.index_key AND u.source_key = i.source_key AND u.basis = i.basis
LEFT JOIN container_names AS c ON c.index_key = i.index_key AND c.source_key = i.source_key
ORDER BY freed_bytes DESC NULLS LAST, i.source, i.basis
