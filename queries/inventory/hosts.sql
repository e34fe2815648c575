-- Which sources are hosts: stores of an engine that unpacks images to run them?
SELECT
    o.source, o.kind, o.image_count, o.last_complete_at
FROM source_status AS o
WHERE o.kind IN ('docker-root', 'docker-daemon', 'containerd-root', 'containers-storage')
ORDER BY o.source
