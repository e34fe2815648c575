-- Which layers are shared by the most images, and how many bytes does that save?
-- A layer is a blob where its source keeps blobs, and a stack within its store where it keeps unpacked layers. Images
-- are the listed ones of the source. Sharing saves every copy but one; of layers that as many images share, the one
-- that saves most comes first.
-- param: limit integer = 20  How many rows.
-- param: source text = null  Only this source.
-- param: basis text = null  Only this basis: compressed, uncompressed or on_disk.
SELECT
    u.source, u.basis, u.image_count, u.repository_count, u.size_bytes,
    u.size_bytes * (u.image_count - 1) AS saved_bytes,
    u.diff_id, u.blob_digest, u.chain_id, u.store
FROM layer_usage AS u
WHERE u.image_count > 1
    AND (CAST(:source AS TEXT) IS NULL OR u.source = CAST(:source AS TEXT))
    AND (CAST(:basis AS TEXT) IS NULL OR u.basis = CAST(:basis AS TEXT))
ORDER BY
    u.image_count DESC NULLS LAST, saved_bytes DESC NULLS LAST, u.source, u.basis, u.unit, u.store
LIMIT CAST(:limit AS INTEGER)
