-- Which containers run something that their tag no longer is?
-- A container keeps the image that it was made of. Its image_ref is completed as docker does, and looked up among the
-- current tags of the reference: by default each host is asked for its own tag, which a pull may have moved since. A
-- container made from an image ID or a digest follows no tag.
-- param: reference text = null  The source whose tags count, such as the registry; otherwise the container's own.
-- param: source text = null  Only containers of this source.
-- param: state text = null  Only this state: running, exited, created, paused.
WITH written AS (
    SELECT c.source, c.container_id, c.name, c.state, c.image_id, c.image_ref, c.created_at,
        CASE
            WHEN STRPOS(c.image_ref, '/') = 0 THEN 'docker.io/library/' || c.image_ref
            WHEN SPLIT_PART(c.image_ref, '/', 1) = 'localhost' OR STRPOS(SPLIT_PART(c.image_ref, '/', 1), '.') > 0
                OR STRPOS(SPLIT_PART(c.image_ref, '/', 1), ':') > 0 THEN c.image_ref
            ELSE 'docker.io/' || c.image_ref
        END AS full_ref
    FROM container_usage AS c
    WHERE c.image_ref IS NOT NULL AND c.image_id IS NOT NULL AND STRPOS(c.image_ref, '@') = 0
        AND STRPOS(c.image_ref, 'sha256:') = 0
        AND (CAST(:source AS TEXT) IS NULL OR c.source = CAST(:source AS TEXT))
        AND (CAST(:state AS TEXT) IS NULL OR c.state = CAST(:state AS TEXT))
), tagged AS (
    SELECT w.source, w.container_id, w.name, w.state, w.image_id, w.image_ref, w.created_at,
        CASE WHEN STRPOS(REVERSE(w.full_ref), ':') BETWEEN 1 AND STRPOS(REVERSE(w.full_ref), '/')
            THEN w.full_ref ELSE w.full_ref || ':' || 'latest' END AS full_ref
    FROM written AS w
)
SELECT c.source, c.name, c.state, c.image_ref, c.image_id, i.image_id AS tag_image_id, i.source AS tag_source,
    t.valid_from AS tag_valid_from, c.created_at, c.container_id
FROM tagged AS c
JOIN tag_images AS i ON i.source = COALESCE(CAST(:reference AS TEXT), c.source)
    AND i.repository || ':' || i.tag = c.full_ref
JOIN current_tags AS t ON t.source = i.source AND t.repository = i.repository AND t.tag = i.tag
LEFT JOIN image_summary AS s ON s.source = c.source AND s.image_id = c.image_id
WHERE i.image_id IS NOT NULL AND i.image_id <> c.image_id
    AND (s.platform IS NULL OR i.platform IS NULL OR s.platform = i.platform)
    AND NOT EXISTS (
        SELECT 1 FROM tag_images AS x
        WHERE x.source = i.source AND x.repository = i.repository AND x.tag = i.tag AND x.image_id = c.image_id
    )
ORDER BY c.source, c.name ASC NULLS LAST, c.container_id, i.position
