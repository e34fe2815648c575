-- On which lowest layers does everything stand?
-- One row for each layer that is the lowest of a listed image, in all sources together: how many images stand on it,
-- and the names of an image that is this layer and nothing more, where there is one. Few rows mean few distributions.
-- param: limit integer = 100  How many rows, the most used first.
WITH present AS (
    SELECT DISTINCT si.image_key
    FROM source_images AS si
    JOIN source_streams AS s ON s.index_key = si.index_key AND s.source_key = si.source_key
    WHERE si.ended_at IS NULL AND si.listed
), roots AS (
    SELECT il.layer_key, COUNT(*) AS image_count, MIN(il.image_key) AS image_key
    FROM present AS p
    JOIN image_layers AS il ON il.image_key = p.image_key AND il.position = 0
    GROUP BY il.layer_key
), made AS (
    SELECT r.layer_key, h.created_by, h.created_at
    FROM roots AS r
    JOIN image_layers AS il ON il.image_key = r.image_key AND il.position = 0
    JOIN image_history AS h ON h.image_key = il.image_key AND h.position = il.history_position
), alone AS (
    SELECT x.chain_key, MIN(n.names) AS names
    FROM images AS x
    JOIN image_summary AS n ON n.image_id = x.image_id AND n.listed
    WHERE x.layer_count = 1
    GROUP BY x.chain_key
)
SELECT
    l.diff_id, r.image_count, a.names AS only_layer_of, m.created_by, m.created_at
FROM roots AS r
JOIN layers AS l ON l.layer_key = r.layer_key
LEFT JOIN chains AS c ON c.chain_id = l.diff_id
LEFT JOIN alone AS a ON a.chain_key = c.chain_key
LEFT JOIN made AS m ON m.layer_key = r.layer_key
ORDER BY r.image_count DESC NULLS LAST, l.diff_id
LIMIT CAST(:limit AS INTEGER)
