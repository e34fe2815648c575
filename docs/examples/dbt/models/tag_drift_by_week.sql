-- How often the tags of each repository moved, week by week.
SELECT
    source, COALESCE(repository, 'none') AS repository,
    CAST({{ dbt.date_trunc('week', 'moved_at') }} AS DATE) AS week,
    COUNT(*) AS move_count, COUNT(DISTINCT tag) AS tag_count
FROM {{ source('imgindex', 'tag_moves') }}
WHERE moved_at IS NOT NULL
GROUP BY 1, 2, 3
