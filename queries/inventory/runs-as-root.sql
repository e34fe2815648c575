-- Which images run as root, unless whoever starts them says otherwise?
-- That is: no user, root or 0, whatever the group; on Windows, ContainerAdministrator. Images are the listed ones.
-- param: limit integer = 1000  How many rows, the newest first.
-- param: source text = null  Only this source.
WITH roots AS (
    SELECT image_id, run_as
    FROM images
    WHERE CASE
        WHEN os = 'windows' THEN LOWER(run_as) IN ('containeradministrator', 'administrator')
        ELSE SPLIT_PART(COALESCE(run_as, ''), ':', 1) IN ('', 'root', '0')
    END
)
SELECT i.source, i.image_id, i.names, NULLIF(r.run_as, '') AS run_as, i.platform, i.created_at
FROM roots AS r
JOIN image_summary AS i ON i.image_id = r.image_id
WHERE i.listed
    AND (CAST(:source AS TEXT) IS NULL OR i.source = CAST(:source AS TEXT))
ORDER BY i.created_at DESC NULLS LAST, i.source, i.image_id
LIMIT CAST(:limit AS INTEGER)
