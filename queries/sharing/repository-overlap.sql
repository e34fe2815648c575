-- Which repositories of a source share most bytes with each other?
-- A repository has the layers of all images that its current tags reach, each once. Layers that very many
-- repositories use are left out, since each pairs all of them: raise most_repositories to count those, too.
-- param: repository text = null  Only pairs with this repository: its full name.
-- param: source text = null  Only this source.
-- param: most_repositories integer = 200  Leave out layers that more repositories use than this.
-- param: limit integer = 50  How many rows.
WITH units AS (
    SELECT source, COALESCE(repository, '') AS repository, basis, store, unit_key, size_bytes
    FROM repository_units
    WHERE (CAST(:source AS TEXT) IS NULL OR source = CAST(:source AS TEXT))
), totals AS (
    SELECT source, basis, repository,
        CASE
            WHEN SUM(size_bytes) <= 9223372036854775807
            THEN CAST(SUM(size_bytes) AS BIGINT)
        END AS layer_bytes
    FROM units
    GROUP BY source, basis, repository
), counted AS (
    SELECT source, repository, basis, store, unit_key, size_bytes,
        COUNT(*) OVER (PARTITION BY source, basis, store, unit_key) AS repository_count
    FROM units
), shared AS (
    SELECT source, repository, basis, store, unit_key, size_bytes
    FROM counted
    WHERE repository_count BETWEEN 2 AND CAST(:most_repositories AS INTEGER)
), pairs AS (
    SELECT a.source, a.basis, a.repository, b.repository AS other_repository, COUNT(*) AS shared_layer_count,
        CASE WHEN SUM(a.size_bytes) <= 9223372036854775807 THEN CAST(SUM(a.size_bytes) AS BIGINT) END AS shared_bytes
    FROM shared AS a
    JOIN shared AS b ON b.source = a.source AND b.basis = a.basis AND b.store = a.store AND b.unit_key = a.unit_key
        AND b.repository <> a.repository
    WHERE a.repository = CAST(:repository AS TEXT)
        OR (CAST(:repository AS TEXT) IS NULL AND a.repository < b.repository)
    GROUP BY a.source, a.basis, a.repository, b.repository
)
SELECT
    p.source, p.basis, NULLIF(p.repository, '') AS repository, NULLIF(p.other_repository, '') AS other_repository,
    p.shared_layer_count, p.shared_bytes, t.layer_bytes, o.layer_bytes AS other_layer_bytes
FROM pairs AS p
JOIN totals AS t ON t.source = p.source AND t.basis = p.basis AND t.repository = p.repository
JOIN totals AS o ON o.source = p.source AND o.basis = p.basis AND o.repository = p.other_repository
ORDER BY
    p.shared_bytes DESC NULLS LAST, p.shared_layer_count DESC NULLS LAST, p.source, p.basis,
    p.repository, p.other_repository
LIMIT CAST(:limit AS INTEGER)
