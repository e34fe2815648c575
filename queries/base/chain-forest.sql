-- On which stacks of layers do the images stand, and where do they part?
-- The stacks that the most listed images start with, as trees: one row a stack at which images part ways, or end;
-- parent is the nearest such stack below it. Of stacks that are the start of the same images, only the tallest is a
-- row; one that a single image has is none. Bytes are those of the layers above the parent, on the basis that is
-- given, at the largest size that a source states. The label is the first name of an image that is this stack, else
-- the command that made its top layer.
-- param: chains integer = 60  How many stacks, those of the most images first.
-- param: source text = null  Only images of this source.
-- param: basis text = compressed  What bytes are counted: compressed, uncompressed or on_disk.
WITH present AS (
    SELECT DISTINCT si.image_key
    FROM source_images AS si
    JOIN source_streams AS s ON s.index_key = si.index_key AND s.source_key = si.source_key
    WHERE si.ended_at IS NULL AND si.listed
        AND (CAST(:source AS TEXT) IS NULL OR s.name = CAST(:source AS TEXT))
), used AS (
    SELECT il.chain_key, COUNT(*) AS image_count, MIN(il.position) AS position, MIN(il.image_key) AS image_key
    FROM present AS p
    JOIN image_layers AS il ON il.image_key = p.image_key
    GROUP BY il.chain_key
    HAVING COUNT(*) > 1
), widest AS (
    SELECT c.parent_key AS chain_key, MAX(u.image_count) AS image_count
    FROM used AS u
    JOIN chains AS c ON c.chain_key = u.chain_key
    WHERE c.parent_key IS NOT NULL
    GROUP BY c.parent_key
), forks AS (
    SELECT u.chain_key, u.image_count, u.position, u.image_key
    FROM used AS u
    LEFT JOIN widest AS w ON w.chain_key = u.chain_key
    WHERE w.image_count IS NULL OR w.image_count < u.image_count
), nodes AS (
    SELECT chain_key, image_count, position, image_key
    FROM forks
    ORDER BY image_count DESC NULLS LAST, position, chain_key
    LIMIT CAST(:chains AS INTEGER)
), below AS (
    SELECT n.chain_key, MAX(il.position) AS parent_position
    FROM nodes AS n
    JOIN image_layers AS il ON il.image_key = n.image_key AND il.position < n.position
    JOIN nodes AS o ON o.chain_key = il.chain_key
    GROUP BY n.chain_key
), placed AS (
    SELECT n.chain_key, n.image_count, n.position, n.image_key, COALESCE(b.parent_position, -1) AS parent_position
    FROM nodes AS n
    LEFT JOIN below AS b ON b.chain_key = n.chain_key
), between_layers AS (
    SELECT p.chain_key, il.layer_key, il.chain_key AS stack_key, il.position
    FROM placed AS p
    JOIN image_layers AS il ON il.image_key = p.image_key AND il.position > p.parent_position
        AND il.position <= p.position
), sized AS (
    SELECT k.chain_key, k.position, MAX(u.size_bytes) AS size_bytes
    FROM (
        SELECT b.chain_key, b.position, lb.blob_key AS unit_key
        FROM between_layers AS b
        JOIN layer_blobs AS lb ON lb.layer_key = b.layer_key
        WHERE CAST(:basis AS TEXT) = 'compressed'
        UNION
        SELECT b.chain_key, b.position, b.stack_key AS unit_key
        FROM between_layers AS b
        WHERE CAST(:basis AS TEXT) <> 'compressed'
        UNION
        SELECT b.chain_key, b.position, b.layer_key AS unit_key
        FROM between_layers AS b
        WHERE CAST(:basis AS TEXT) = 'uncompressed'
    ) AS k
    JOIN source_usage AS u ON u.unit_key = k.unit_key AND u.basis = CAST(:basis AS TEXT)
    JOIN source_streams AS s ON s.index_key = u.index_key AND s.source_key = u.source_key
    WHERE (CAST(:source AS TEXT) IS NULL OR s.name = CAST(:source AS TEXT))
    GROUP BY k.chain_key, k.position
), sums AS (
    SELECT b.chain_key, COUNT(*) AS layer_count,
        CASE
            WHEN COUNT(z.size_bytes) = COUNT(*) AND SUM(z.size_bytes) <= 9223372036854775807
            THEN CAST(SUM(z.size_bytes) AS BIGINT)
        END AS layer_bytes
    FROM between_layers AS b
    LEFT JOIN sized AS z ON z.chain_key = b.chain_key AND z.position = b.position
    GROUP BY b.chain_key
), named AS (
    SELECT i.chain_key, MIN(SPLIT_PART(p.names, ', ', 1)) AS name
    FROM nodes AS n
    JOIN images AS i ON i.chain_key = n.chain_key
    JOIN source_image_summaries AS p ON p.image_key = i.image_key AND p.names IS NOT NULL
    JOIN source_streams AS s ON s.index_key = p.index_key AND s.source_key = p.source_key
    WHERE (CAST(:source AS TEXT) IS NULL OR s.name = CAST(:source AS TEXT))
    GROUP BY i.chain_key
)
SELECT
    c.chain_id, pc.chain_id AS parent_chain_id, COALESCE(m.name, h.created_by, c.chain_id) AS label,
    m.name AS base_name, p.image_count, p.position + 1 AS depth, z.layer_count, z.layer_bytes, h.instruction,
    h.created_by
FROM placed AS p
JOIN chains AS c ON c.chain_key = p.chain_key
JOIN sums AS z ON z.chain_key = p.chain_key
LEFT JOIN image_layers AS pl ON pl.image_key = p.image_key AND pl.position = p.parent_position
LEFT JOIN chains AS pc ON pc.chain_key = pl.chain_key
LEFT JOIN image_layers AS il ON il.image_key = p.image_key AND il.position = p.position
LEFT JOIN image_history AS h ON h.image_key = p.image_key AND h.position = il.history_position
LEFT JOIN named AS m ON m.chain_key = p.chain_key
ORDER BY p.image_count DESC NULLS LAST, p.position, c.chain_id
