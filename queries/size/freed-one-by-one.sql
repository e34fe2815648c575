-- What would it free to delete these images one by one, the oldest first?
-- The set is named as for size/freed-by-deleting. Alone is what deleting the image and no other would free; in turn
-- what it frees once those above it are gone; so_far the sum of these, which ends with what deleting all at once
-- frees. A layer that an image which stays, or a container, uses is never freed.
-- param: name text = null  Only images whose every name is like this, repository:tag; % is any text, _ any character.
-- param: before timestamp = null  Only images made before this time.
-- param: untagged boolean = false  Only images without a name.
-- param: unused boolean = false  Only images that no container holds.
-- param: source text = null  Only this source.
-- param: limit integer = 1000  How many rows.
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
), held AS (
    SELECT DISTINCT index_key, source_key, chain_key FROM stacks
), ranked AS (
    SELECT index_key, source_key, source, image_key,
        ROW_NUMBER() OVER (
            PARTITION BY index_key, source_key ORDER BY created_at ASC NULLS LAST, image_key
        ) AS turn
    FROM doomed
), stays AS (
    SELECT o.index_key, o.source_key, o.basis, o.store, o.unit_key
    FROM source_image_units AS o
    JOIN kept AS k ON k.index_key = o.index_key AND k.source_key = o.source_key AND k.image_key = o.image_key
    GROUP BY o.index_key, o.source_key, o.basis, o.store, o.unit_key
), units AS (
    SELECT u.index_key, u.source_key, u.basis, u.store, u.unit_key, u.size_bytes, MAX(r.turn) AS last_turn,
        COUNT(*) AS image_count
    FROM ranked AS r
    JOIN image_units AS u ON u.index_key = r.index_key AND u.source_key = r.source_key AND u.image_key = r.image_key
    LEFT JOIN stays AS t ON t.index_key = u.index_key AND t.source_key = u.source_key AND t.basis = u.basis
        AND t.store = u.store AND t.unit_key = u.unit_key
    LEFT JOIN held AS h ON h.index_key = u.index_key AND h.source_key = u.source_key AND h.chain_key = u.unit_key
        AND u.basis <> 'compressed'
    WHERE t.unit_key IS NULL AND h.chain_key IS NULL
    GROUP BY u.index_key, u.source_key, u.basis, u.store, u.unit_key, u.size_bytes
), bases AS (
    SELECT DISTINCT index_key, source_key, basis FROM source_usage
), turns AS (
    SELECT r.source, b.basis, r.turn, r.image_key,
        CASE
            WHEN SUM(CASE WHEN z.image_count = 1 THEN z.size_bytes ELSE 0 END) <= 9223372036854775807
            THEN CAST(SUM(CASE WHEN z.image_count = 1 THEN z.size_bytes ELSE 0 END) AS BIGINT)
        END AS alone_bytes,
        CASE
            WHEN SUM(COALESCE(z.size_bytes, 0)) <= 9223372036854775807
            THEN CAST(SUM(COALESCE(z.size_bytes, 0)) AS BIGINT)
        END AS turn_bytes
    FROM ranked AS r
    JOIN bases AS b ON b.index_key = r.index_key AND b.source_key = r.source_key
    LEFT JOIN units AS z ON z.index_key = r.index_key AND z.source_key = r.source_key AND z.basis = b.basis
        AND z.last_turn = r.turn
    GROUP BY r.source, b.basis, r.turn, r.image_key
), running AS (
    SELECT source, basis, turn, image_key, alone_bytes, turn_bytes,
        CAST(SUM(CAST(turn_bytes AS DECIMAL(38, 0))) OVER turns_so_far AS DECIMAL(38, 0)) AS so_far_bytes,
        COUNT(*) OVER turns_so_far - COUNT(turn_bytes) OVER turns_so_far AS unknown_turns
    FROM turns
    WINDOW turns_so_far AS (PARTITION BY source, basis ORDER BY turn)
)
SELECT
    t.source, t.basis, t.turn, b.digest AS image_id, p.names, i.created_at, t.alone_bytes, t.turn_bytes,
    CASE
        WHEN t.unknown_turns = 0 AND t.so_far_bytes <= 9223372036854775807 THEN CAST(t.so_far_bytes AS BIGINT)
    END AS so_far_bytes
FROM running AS t
JOIN blobs AS b ON b.blob_key = t.image_key
JOIN source_streams AS s ON s.name = t.source
JOIN source_image_summaries AS p ON p.index_key = s.index_key AND p.source_key = s.source_key
    AND p.image_key = t.image_key
LEFT JOIN images AS i ON i.image_key = t.image_key
ORDER BY t.source, t.basis, t.turn
LIMIT CAST(:limit AS INTEGER)
