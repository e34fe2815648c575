-- What would `docker system df -v` say of the images of every Docker host?
-- Sizes are the unpacked files as Docker counts them; shared are the layers that another listed image of the host
-- has, too. Names are in full, where Docker prints the short form of the first; an image without a tag has the names
-- that it was pulled or pushed by, repository@digest, and NULL where Docker prints <none>.
-- param: source text = null  Only this source.
WITH digests AS (
    SELECT s.name AS source, d.image_key, STRING_AGG(r.name || '@' || b.digest, ', ' ORDER BY r.name, b.digest) AS names
    FROM repo_digests AS d
    JOIN source_streams AS s ON s.index_key = d.index_key AND s.source_key = d.source_key
    JOIN repositories AS r ON r.repository_key = d.repository_key
    JOIN blobs AS b ON b.blob_key = d.manifest_key
    WHERE d.ended_at IS NULL
    GROUP BY s.name, d.image_key
), container_counts AS (
    SELECT source, image_id, COUNT(*) AS container_count
    FROM container_usage
    GROUP BY source, image_id
)
SELECT
    i.source, COALESCE(i.names, d.names) AS names, i.image_id, i.created_at, z.size_bytes, z.shared_bytes,
    z.unique_bytes, COALESCE(c.container_count, 0) AS container_count
FROM image_summary AS i
JOIN source_status AS o ON o.source = i.source AND o.kind = 'docker-root'
JOIN image_sizes AS z ON z.source = i.source AND z.image_id = i.image_id AND z.basis = 'on_disk'
JOIN blobs AS b ON b.digest = i.image_id
LEFT JOIN digests AS d ON d.source = i.source AND d.image_key = b.blob_key
LEFT JOIN container_counts AS c ON c.source = i.source AND c.image_id = i.image_id
WHERE (CAST(:source AS TEXT) IS NULL OR i.source = CAST(:source AS TEXT))
ORDER BY i.created_at DESC NULLS LAST, i.source, i.image_id
