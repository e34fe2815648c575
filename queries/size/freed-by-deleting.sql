-- What would it free to delete a set of images, all at once?
-- The set is named by one or more of: a pattern of names, an age, having no name, being used by no container; without
-- any, it is all images. Freed are the layers that no image which stays, and no container, uses. Unlisted bytes are
-- those that only untagged manifests which stay keep: they go once those are deleted, too. Held are those that only
-- containers keep, which are named: they were made of one of these images, or stand on a layer that would go. An
-- intermediate image of a Docker host goes with what was built on it. Manifests and configs come on top of layers.
-- param: name text = null  Only images whose every name is like this, repository:tag; % is any text, _ any character.
-- param: before timestamp = null  Only images made before this time.
-- param: untagged boolean = false  Only images without a name.
-- param: unused boolean = false  Only images that no container holds.
-- param: source text = null  Only this source.
WITH named AS (
    SELECT n.index_key, n.source_key, n.image_key, COUNT(*) AS name_count,
        COUNT(CASE WHEN n.name LIKE CAST(:name AS TEXT) THEN 1 END) AS like_count
    FROM image_names AS n
    GROUP BY n.index_key, n.source_key, n.image_key
), held_images AS (
    SELECT DISTINCT index_key, source_key, image_key
    FROM containers
    WHERE ended_at IS NULL AND image_key IS NOT NULL
), doomed AS (
    SELECT p.index_key, p.source_key, s.name AS source, p.image_key, p.listed, i.created_at
    FROM source_image_summaries AS p
    JOIN source_streams AS s ON s.index_key = p.index_key AND s.source_key = p.source_key
    LEFT JOIN images AS i ON i.image_key = p.image_key
    LEFT JOIN named AS n ON n.index_key = p.index_key AND n.source_key = p.source_key AND n.image_key = p.image_key
    LEFT JOIN held_images AS h ON h.index_key = p.index_key AND h.source_key = p.source_key
        AND h.image_key = p.image_key
    WHERE (CAST(:source AS TEXT) IS NULL OR s.name = CAST(:source AS TEXT))
        AND (CAST(:name AS TEXT) IS NULL OR n.like_count = n.name_count)
        AND (CAST(:before AS TIMESTAMPTZ) IS NULL OR i.created_at < CAST(:before AS TIMESTAMPTZ))
        AND (n.image_key IS NULL OR NOT CAST(:untagged AS BOOLEAN))
        AND (h.image_key IS NULL OR NOT CAST(:unused AS BOOLEAN))
), parents AS (
    SELECT DISTINCT index_key, source_key, parent_key
    FROM source_images
    WHERE ended_at IS NULL AND parent_key IS NOT NULL
), kept AS (
    SELECT p.index_key, p.source_key, p.image_key, p.listed
    FROM source_image_summaries AS p
    LEFT JOIN doomed AS d ON d.index_key = p.index_key AND d.source_key = p.source_key AND d.image_key = p.image_key
    LEFT JOIN parents AS c ON c.index_key = p.index_key AND c.source_key = p.source_key AND c.parent_key = p.image_key
    WHERE d.image_key IS NULL AND (p.listed OR c.parent_key IS NULL)
), stacks AS (
    SELECT c.index_key, c.source_key, c.container_id, c.chain_key
    FROM containers AS c
    WHERE c.ended_at IS NULL AND c.chain_key IS NOT NULL
    UNION
    SELECT c.index_key, c.source_key, c.container_id, il.chain_key
    FROM containers AS c
    JOIN image_layers AS il ON il.image_key = c.image_key
    WHERE c.ended_at IS NULL
), unit_states AS (
    SELECT u.index_key, u.source_key, u.basis, u.store, u.unit_key, u.size_bytes,
        BOOL_OR(k.listed) AS is_kept, COUNT(k.image_key) AS kept_count
    FROM (
        SELECT DISTINCT x.index_key, x.source_key, x.basis, x.store, x.unit_key, x.size_bytes
        FROM doomed AS d
        JOIN image_units AS x ON x.index_key = d.index_key AND x.source_key = d.source_key
            AND x.image_key = d.image_key
    ) AS u
    JOIN source_image_units AS o ON o.index_key = u.index_key AND o.source_key = u.source_key AND o.basis = u.basis
        AND o.store = u.store AND o.unit_key = u.unit_key
    LEFT JOIN kept AS k ON k.index_key = o.index_key AND k.source_key = o.source_key AND k.image_key = o.image_key
    GROUP BY u.index_key, u.source_key, u.basis, u.store, u.unit_key, u.size_bytes
), units AS (
    SELECT u.index_key, u.source_key, u.basis, u.unit_key, u.size_bytes,
        CASE
            WHEN u.is_kept THEN 'kept'
            WHEN h.chain_key IS NOT NULL THEN 'held'
            WHEN u.kept_count > 0 THEN 'untagged'
            ELSE 'freed'
        END AS fate
    FROM unit_states AS u
    LEFT JOIN (SELECT DISTINCT index_key, source_key, chain_key FROM stacks) AS h
        ON h.index_key = u.index_key AND h.source_key = u.source_key AND h.chain_key = u.unit_key
        AND u.basis <> 'compressed'
), holders AS (
    SELECT c.index_key, c.source_key, c.container_id
    FROM containers AS c
    JOIN doomed AS d ON d.index_key = c.index_key AND d.source_key = c.source_key AND d.image_key = c.image_key
    WHERE c.ended_at IS NULL
    UNION
    SELECT h.index_key, h.source_key, h.container_id
    FROM stacks AS h
    JOIN units AS u ON u.index_key = h.index_key AND u.source_key = h.source_key AND u.unit_key = h.chain_key
        AND u.basis <> 'compressed' AND u.fate = 'held'
), container_names AS (
    SELECT h.index_key, h.source_key, COUNT(*) AS container_count,
        STRING_AGG(COALESCE(c.name, c.container_id), ', ' ORDER BY COALESCE(c.name, c.container_id)) AS containers
    FROM holders AS h
    JOIN containers AS c ON c.index_key = h.index_key AND c.source_key = h.source_key
        AND c.container_id = h.container_id AND c.ended_at IS NULL
    GROUP BY h.index_key, h.source_key
), sums AS (
    SELECT index_key, source_key, basis, COUNT(*) AS layer_count,
        CASE
            WHEN SUM(size_bytes) <= 9223372036854775807
            THEN CAST(SUM(size_bytes) AS BIGINT)
        END AS size_bytes,
        CASE
            WHEN SUM(CASE WHEN fate = 'freed' THEN size_bytes ELSE 0 END) <= 9223372036854775807
            THEN CAST(SUM(CASE WHEN fate = 'freed' THEN size_bytes ELSE 0 END) AS BIGINT)
        END AS freed_bytes,
        CASE
            WHEN SUM(CASE WHEN fate = 'untagged' THEN size_bytes ELSE 0 END) <= 9223372036854775807
            THEN CAST(SUM(CASE WHEN fate = 'untagged' THEN size_bytes ELSE 0 END) AS BIGINT)
        END AS unlisted_bytes,
        CASE
            WHEN SUM(CASE WHEN fate = 'held' THEN size_bytes ELSE 0 END) <= 9223372036854775807
            THEN CAST(SUM(CASE WHEN fate = 'held' THEN size_bytes ELSE 0 END) AS BIGINT)
        END AS held_bytes,
        COUNT(*) - COUNT(size_bytes) AS unknown_layers
    FROM units
    GROUP BY index_key, source_key, basis
), bases AS (
    SELECT DISTINCT index_key, source_key, basis FROM source_usage
), image_counts AS (
    SELECT index_key, source_key, source, COUNT(*) AS image_count
    FROM doomed
    GROUP BY index_key, source_key, source
)
SELECT
    i.source, b.basis, i.image_count, COALESCE(u.layer_count, 0) AS layer_count,
    CASE WHEN u.basis IS NULL THEN 0 ELSE u.size_bytes END AS size_bytes,
    CASE WHEN u.basis IS NULL THEN 0 ELSE u.freed_bytes END AS freed_bytes,
    CASE WHEN u.basis IS NULL THEN 0 ELSE u.unlisted_bytes END AS unlisted_bytes,
    CASE WHEN u.basis IS NULL THEN 0 ELSE u.held_bytes END AS held_bytes,
    COALESCE(u.unknown_layers, 0) AS unknown_layers, COALESCE(c.container_count, 0) AS container_count, c.containers
FROM image_counts AS i
JOIN bases AS b ON b.index_key = i.index_key AND b.source_key = i.source_key
LEFT JOIN sums AS u ON u.index_key = b.index_key AND u.source_key = b.source_key AND u.basis = b.basis
LEFT JOIN container_names AS c ON c.index_key = i.index_key AND c.source_key = i.source_key
ORDER BY freed_bytes DESC NULLS LAST, i.source, b.basis
