-- Which sources are registries, and which of them has the most tags?
SELECT
    o.source, o.kind, o.tag_count, o.image_count, o.last_complete_at
FROM source_status AS o
WHERE o.kind IN ('registry-root', 'docker')
ORDER BY o.tag_count DESC NULLS LAST, o.source
