-- What is this image: its names, platform, age, and how it starts?
-- One row a fact, in an order that is easy to read; labels, ports, volumes and variables come last. What the image does
-- not say has no row. Values that look like secrets were redacted when the image was read.
-- param: image text  An image ID, its start (4 characters or more), or repository:tag, whole or its end after a slash.
WITH wanted AS (
    SELECT DISTINCT h.image_key
    FROM image_handles AS h
    WHERE RIGHT('/' || h.name, LENGTH(CAST(:image AS TEXT)) + 1) = '/' || CAST(:image AS TEXT)
        OR SUBSTR(h.digest, 8, GREATEST(LENGTH(REPLACE(CAST(:image AS TEXT), 'sha256:', '')), 4))
            = REPLACE(CAST(:image AS TEXT), 'sha256:', '')
    ORDER BY h.image_key
    LIMIT 100
), kept AS (
    SELECT b.digest AS image_id, w.image_key, i.platform, i.os_version,
        REPLACE(SUBSTR(CAST(i.created_at AS TEXT), 1, 19), ' ', 'T') || 'Z' AS made_at, i.author, i.layer_count,
        i.run_as, i.entrypoint, i.cmd, i.working_dir, i.stop_signal, i.docker_version
    FROM wanted AS w
    JOIN blobs AS b ON b.blob_key = w.image_key
    LEFT JOIN images AS i ON i.image_key = w.image_key
), names AS (
    SELECT DISTINCT k.image_id, n.name
    FROM kept AS k
    JOIN image_names AS n ON n.image_key = k.image_key
), facts AS (
    SELECT i.image_id, 1 AS position, 'image ID' AS fact, i.image_id AS value FROM kept AS i
    UNION ALL SELECT n.image_id, 2, 'name', n.name FROM names AS n
    UNION ALL SELECT i.image_id, 3, 'platform', i.platform FROM kept AS i
    UNION ALL SELECT i.image_id, 4, 'operating system version', i.os_version FROM kept AS i
    UNION ALL SELECT i.image_id, 5, 'made at', i.made_at FROM kept AS i
    UNION ALL SELECT i.image_id, 6, 'author', i.author FROM kept AS i
    UNION ALL SELECT i.image_id, 7, 'layers', CAST(i.layer_count AS TEXT) FROM kept AS i
    UNION ALL SELECT i.image_id, 8, 'runs as', NULLIF(i.run_as, '') FROM kept AS i
    UNION ALL SELECT i.image_id, 9, 'entrypoint', i.entrypoint FROM kept AS i
    UNION ALL SELECT i.image_id, 10, 'command', i.cmd FROM kept AS i
    UNION ALL SELECT i.image_id, 11, 'working directory', NULLIF(i.working_dir, '') FROM kept AS i
    UNION ALL SELECT i.image_id, 12, 'stop signal', NULLIF(i.stop_signal, '') FROM kept AS i
    UNION ALL SELECT i.image_id, 13, 'made with Docker', NULLIF(i.docker_version, '') FROM kept AS i
    UNION ALL SELECT i.image_id, 20, 'port', p.exposed
    FROM kept AS i JOIN image_ports AS p ON p.image_key = i.image_key
    UNION ALL SELECT i.image_id, 21, 'volume', v.path
    FROM kept AS i JOIN image_volumes AS v ON v.image_key = i.image_key
    UNION ALL SELECT i.image_id, 22, 'label ' || l.name, l.value
    FROM kept AS i JOIN image_labels AS l ON l.image_key = i.image_key
    UNION ALL SELECT i.image_id, 23, 'variable ' || e.name, e.value
    FROM kept AS i JOIN image_env AS e ON e.image_key = i.image_key
)
SELECT f.image_id, f.fact, f.value
FROM facts AS f
WHERE f.value IS NOT NULL OR f.position > 20
ORDER BY f.image_id, f.position, f.fact, f.value ASC NULLS LAST
