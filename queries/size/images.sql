-- What does each image cost, and how much of it is its own?
-- Size is all distinct layers of the image, shared those that another listed image of the source uses, too, and
-- unique the rest. Split divides each layer among the images that use it: over all images it sums to the distinct
-- bytes. Where the source does not state the size of every layer, sizes are NULL, and unknown_layers says how many
-- are missing.
-- param: limit integer = 1000  How many rows, the largest first.
-- param: source text = null  Only this source.
-- param: basis text = null  Only this basis: compressed, uncompressed or on_disk.
-- param: name text = null  Only images with a name like this, repository:tag; % is any text, _ any character.
WITH named AS (
    SELECT DISTINCT t.source, b.digest AS image_id
    FROM tag_reach AS t
    JOIN blobs AS b ON b.blob_key = t.image_key
    WHERE CASE WHEN t.repository IS NULL THEN t.tag ELSE t.repository || ':' || t.tag END LIKE CAST(:name AS TEXT)
), chosen AS (
    SELECT z.source, z.basis, z.image_id, z.size_bytes, z.shared_bytes, z.unique_bytes, z.split_bytes, z.unknown_layers
    FROM image_sizes AS z
    LEFT JOIN named AS n ON n.source = z.source AND n.image_id = z.image_id
    WHERE (CAST(:name AS TEXT) IS NULL OR n.image_id IS NOT NULL)
        AND (CAST(:source AS TEXT) IS NULL OR z.source = CAST(:source AS TEXT))
        AND (CAST(:basis AS TEXT) IS NULL OR z.basis = CAST(:basis AS TEXT))
    ORDER BY z.size_bytes DESC NULLS LAST, z.source, z.basis, z.image_id
    LIMIT CAST(:limit AS INTEGER)
)
SELECT
    c.source, c.basis, c.image_id, c.size_bytes, c.shared_bytes, c.unique_bytes, c.split_bytes, c.unknown_layers,
    i.platform, i.created_at, i.layer_count, i.names
FROM chosen AS c
JOIN image_summary AS i ON i.source = c.source AND i.image_id = c.image_id
ORDER BY c.size_bytes DESC NULLS LAST, c.source, c.basis, c.image_id
