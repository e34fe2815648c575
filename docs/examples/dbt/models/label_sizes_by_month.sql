-- What the images of each label value cost, by the month they were made in. Split bytes add up to the distinct bytes.
SELECT
    z.source, z.basis, COALESCE(l.value, 'none') AS label_value,
    CAST({{ dbt.date_trunc('month', 's.created_at') }} AS DATE) AS month,
    COUNT(*) AS image_count,
    CAST(SUM(z.split_bytes) AS BIGINT) AS split_bytes
FROM {{ source('imgindex', 'image_sizes') }} AS z
JOIN {{ source('imgindex', 'image_summary') }} AS s ON s.source = z.source AND s.image_id = z.image_id
JOIN {{ source('imgindex_tables', 'blobs') }} AS b ON b.digest = z.image_id
LEFT JOIN {{ source('imgindex_tables', 'image_labels') }} AS l ON l.image_key = b.blob_key AND l.name = '{{ var("label") }}'
GROUP BY 1, 2, 3, 4
