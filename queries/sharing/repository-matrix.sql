-- How many bytes does each repository share with each other one, as a matrix?
-- One row a cell, so that a spreadsheet or a BI tool can turn it: the largest repositories of each source against one
-- another, themselves included. The matrix is symmetric; percent is of the row's repository.
-- param: repositories integer = 10  How many repositories of each source, the largest first.
-- param: source text = null  Only this source.
-- param: basis text = null  Only this basis: compressed, uncompressed or on_disk.
WITH units AS (
    SELECT source, COALESCE(repository, '') AS repository, basis, store, unit_key, size_bytes
    FROM repository_units
    WHERE (CAST(:source AS TEXT) IS NULL OR source = CAST(:source AS TEXT))
        AND (CAST(:basis AS TEXT) IS NULL OR basis = CAST(:basis AS TEXT))
), totals AS (
    SELECT source, basis, repository,
        CASE
            WHEN SUM(size_bytes) <= 9223372036854775807
            THEN CAST(SUM(size_bytes) AS BIGINT)
        END AS layer_bytes
    FROM units
    GROUP BY source, basis, repository
), ranked AS (
    SELECT source, basis, repository, layer_bytes,
        ROW_NUMBER() OVER (PARTITION BY source, basis ORDER BY layer_bytes DESC NULLS LAST, repository) AS place
    FROM totals
), chosen AS (
    SELECT source, basis, repository, layer_bytes, place
    FROM ranked
    WHERE place <= CAST(:repositories AS INTEGER)
), mine AS (
    SELECT u.source, u.repository, u.basis, u.store, u.unit_key, u.size_bytes
    FROM units AS u
    JOIN chosen AS c ON c.source = u.source AND c.basis = u.basis AND c.repository = u.repository
), cells AS (
    SELECT a.source, a.basis, a.repository, b.repository AS other_repository, COUNT(*) AS shared_layer_count,
        CASE WHEN SUM(a.size_bytes) <= 9223372036854775807 THEN CAST(SUM(a.size_bytes) AS BIGINT) END AS shared_bytes
    FROM mine AS a
    JOIN mine AS b ON b.source = a.source AND b.basis = a.basis AND b.store = a.store AND b.unit_key = a.unit_key
    GROUP BY a.source, a.basis, a.repository, b.repository
)
SELECT
    a.source, a.basis, NULLIF(a.repository, '') AS repository, NULLIF(b.repository, '') AS other_repository,
    COALESCE(c.shared_layer_count, 0) AS shared_layer_count,
    CASE WHEN c.source IS NULL THEN 0 ELSE c.shared_bytes END AS shared_bytes,
    CAST(
        100 * CAST(CASE WHEN c.source IS NULL THEN 0 ELSE c.shared_bytes END AS DOUBLE PRECISION)
        / NULLIF(a.layer_bytes, 0)
        AS DECIMAL(5, 2)
    ) AS shared_percent
FROM chosen AS a
JOIN chosen AS b ON b.source = a.source AND b.basis = a.basis
LEFT JOIN cells AS c ON c.source = a.source AND c.basis = a.basis AND c.repository = a.repository
    AND c.other_repository = b.repository
ORDER BY a.source, a.basis, a.place, b.place
