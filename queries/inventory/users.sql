-- As which users do the images run, and which of these are root?
-- Images are the listed ones; user NULL is none, which is root on Linux. Which images run as root is told by
-- inventory/runs-as-root.
-- param: source text = null  Only this source.
WITH listed AS (
    SELECT DISTINCT s.name AS source, si.image_key
    FROM source_images AS si
    JOIN source_streams AS s ON s.index_key = si.index_key AND s.source_key = si.source_key
    WHERE si.ended_at IS NULL AND si.listed
        AND (CAST(:source AS TEXT) IS NULL OR s.name = CAST(:source AS TEXT))
), users AS (
    SELECT l.source, NULLIF(i.run_as, '') AS run_as,
        CASE
            WHEN i.os = 'windows' THEN LOWER(COALESCE(i.run_as, '')) IN ('containeradministrator', 'administrator')
            ELSE SPLIT_PART(COALESCE(i.run_as, ''), ':', 1) IN ('', 'root', '0')
        END AS is_root
    FROM listed AS l
    JOIN images AS i ON i.image_key = l.image_key
)
SELECT u.source, u.run_as, u.is_root, COUNT(*) AS image_count
FROM users AS u
GROUP BY u.source, u.run_as, u.is_root
ORDER BY u.source, image_count DESC NULLS LAST, u.run_as ASC NULLS FIRST, u.is_root
