-- Which digests are described differently by the descriptors that name them?
-- One digest has one size and should have one media type. Two sizes mean that a descriptor is wrong; two media types
-- are common where an image was converted between Docker's and OCI's format, and harmless within one family.
-- param: sizes_only boolean = false  Only digests that are said to have several sizes.
-- param: limit integer = 1000  How many rows.
WITH described AS (
    SELECT ml.blob_key, ml.declared_bytes, ml.media_type FROM manifest_layers AS ml
    UNION ALL
    SELECT m.config_key AS blob_key, m.config_bytes AS declared_bytes, m.config_media_type AS media_type
    FROM manifests AS m
    WHERE m.config_key IS NOT NULL
    UNION ALL
    SELECT e.child_key AS blob_key, e.declared_bytes, e.media_type FROM index_entries AS e
), disagreeing AS (
    SELECT d.blob_key, MIN(d.declared_bytes) AS least_bytes, MAX(d.declared_bytes) AS greatest_bytes
    FROM described AS d
    GROUP BY d.blob_key
    HAVING MIN(d.declared_bytes) <> MAX(d.declared_bytes)
        OR (MIN(d.media_type) <> MAX(d.media_type) AND NOT CAST(:sizes_only AS BOOLEAN))
), told AS (
    SELECT DISTINCT d.blob_key, d.declared_bytes, d.media_type
    FROM described AS d
    JOIN disagreeing AS g ON g.blob_key = d.blob_key
), sizes AS (
    SELECT blob_key, COUNT(DISTINCT declared_bytes) AS size_count
    FROM told
    GROUP BY blob_key
), types AS (
    SELECT x.blob_key, COUNT(x.media_type) AS media_type_count,
        STRING_AGG(x.media_type, ', ' ORDER BY x.media_type) AS media_types
    FROM (SELECT DISTINCT blob_key, media_type FROM told) AS x
    GROUP BY x.blob_key
)
SELECT
    b.digest, z.size_count, g.least_bytes, g.greatest_bytes, b.size_bytes AS verified_bytes, t.media_type_count,
    t.media_types
FROM disagreeing AS g
JOIN blobs AS b ON b.blob_key = g.blob_key
JOIN sizes AS z ON z.blob_key = g.blob_key
JOIN types AS t ON t.blob_key = g.blob_key
ORDER BY z.size_count DESC NULLS LAST, t.media_type_count DESC NULLS LAST, b.digest
LIMIT CAST(:limit AS INTEGER)
