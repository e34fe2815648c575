-- On which bases do the sources state sizes, and which of them fits best?
-- Sizes of different bases are never added, so whoever adds must choose one: of hosts first the unpacked files, as
-- their disks are full of those, of all else first the blobs. The basis that fits the most sources comes first.
-- param: source text = null  Only this source.
WITH stated AS (
    SELECT DISTINCT s.name AS source, u.basis, o.kind
    FROM source_usage AS u
    JOIN source_streams AS s ON s.index_key = u.index_key AND s.source_key = u.source_key
    JOIN sources AS o ON o.index_key = u.index_key AND o.source_key = u.source_key
    WHERE (CAST(:source AS TEXT) IS NULL OR s.name = CAST(:source AS TEXT))
), ranked AS (
    SELECT source, basis,
        ROW_NUMBER() OVER (
            PARTITION BY source
            ORDER BY CASE
                WHEN (kind IN ('docker-root', 'docker-daemon', 'containerd-root', 'containers-storage'))
                    = (basis = 'compressed')
                THEN 1
                ELSE 0
            END,
            basis
        ) AS place
    FROM stated
)
SELECT
    basis, COUNT(*) AS source_count, COUNT(CASE WHEN place = 1 THEN 1 END) AS first_count
FROM ranked
GROUP BY basis
ORDER BY first_count DESC NULLS LAST, source_count DESC NULLS LAST, basis
