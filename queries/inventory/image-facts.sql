-- What is this image: its names, platform, age, and how it starts?
-- One row a fact, in an order that is easy to read; labels, ports, volumes and variables come last. What the image does
-- not say has no row. Values that look like secrets were redacted when the image was read.
-- param: image text  An image ID, its start (4 characters or more), or repository:tag, whole or its end after a slash.
WITH found AS (
    SELECT n.image_key
    FROM image_names AS n
    WHERE n.name = CAST(:image AS TEXT)
        OR RIGHT(n.name, LENGTH(CAST(:image AS TEXT)) + 1) = '/' || CAST(:image AS TEXT)
    UNION
    SELECT b.blob_key AS image_key
    FROM (SELECT REPLACE(CAST(:image AS TEXT), 'sha256:', '') AS beginning) AS a
    JOIN blobs AS b ON LENGTH(a.beginning) >= 4 AND SUBSTR(b.digest, 8, LENGTH(a.beginning)) = a.beginning
    WHERE b.blob_key IN (SELECT image_key FROM source_images)
), wanted AS (
    SELECT image_key FROM found ORDER BY image_key LIMIT 100
), kept AS (
    SELECT b.digest AS image_id, w.image_key, i.platform, i.os_version, i.created_at, i.author, i.layer_count, i.run_as,
        i.entrypoint, i.cmd, i.working_dir, i.stop_signal, i.docker_version
    FROM wanted AS w
    JOIN blobs AS b ON b.blob_key = w.image_key
    LEFT JOIN images AS i ON i.image_key = w.image_key
), names AS (
    SELECT DISTINCT k.image_id, n.name
    FROM kept AS k
    JOIN image_names AS n ON n.image_key = k.image_key
), facts AS (
    SELECT i.image_id, 1 AS position, 'image ID' AS fact, i.image_id AS value FROM kept AS i
    UNION ALL SELECT n.image_id, 2 AS position, 'name' AS fact, n.name AS value FROM names AS n
    UNION ALL SELECT i.image_id, 3 AS position, 'platform' AS fact, i.platform AS value FROM kept AS i
    UNION ALL SELECT i.image_id, 4 AS position, 'operating system version' AS fact, i.os_version AS value FROM kept AS i
    UNION ALL SELECT i.image_id, 5 AS position, 'made at' AS fact, REPLACE(SUBSTR(CAST(i.created_at AS TEXT), 1, 19), ' ', 'T') || 'Z' AS value FROM kept AS i
    UNION ALL SELECT i.image_id, 6 AS position, 'author' AS fact, i.author AS value FROM kept AS i
    UNION ALL SELECT i.image_id, 7 AS position, 'layers' AS fact, CAST(i.layer_count AS TEXT) AS value FROM kept AS i
    UNION ALL SELECT i.image_id, 8 AS position, 'runs as' AS fact, NULLIF(i.run_as, '') AS value FROM kept AS i
    UNION ALL SELECT i.image_id, 9 AS position, 'entrypoint' AS fact, i.entrypoint AS value FROM kept AS i
    UNION ALL SELECT i.image_id, 10 AS position, 'command' AS fact, i.cmd AS value FROM kept AS i
    UNION ALL SELECT i.image_id, 11 AS position, 'working directory' AS fact, NULLIF(i.working_dir, '') AS value FROM kept AS i
    UNION ALL SELECT i.image_id, 12 AS position, 'stop signal' AS fact, NULLIF(i.stop_signal, '') AS value FROM kept AS i
    UNION ALL SELECT i.image_id, 13 AS position, 'made with Docker' AS fact, NULLIF(i.docker_version, '') AS value FROM kept AS i
    UNION ALL SELECT i.image_id, 20 AS position, 'port' AS fact, p.exposed AS value
    FROM kept AS i JOIN image_ports AS p ON p.image_key = i.image_key
    UNION ALL SELECT i.image_id, 21 AS position, 'volume' AS fact, v.path AS value
    FROM kept AS i JOIN image_volumes AS v ON v.image_key = i.image_key
    UNION ALL SELECT i.image_id, 22 AS position, 'label ' || l.name AS fact, l.value
    FROM kept AS i JOIN image_labels AS l ON l.image_key = i.image_key
    UNION ALL SELECT i.image_id, 23 AS position, 'variable ' || e.name AS fact, e.value
    FROM kept AS i JOIN image_env AS e ON e.image_key = i.image_key
)
SELECT f.image_id, f.fact, f.value
FROM facts AS f
WHERE f.value IS NOT NULL OR f.position > 20
ORDER BY f.image_id, f.position, f.fact, f.value ASC NULLS LAST
