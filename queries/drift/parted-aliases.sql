-- Which tags of a repository once named the same thing, and no longer do?
-- latest, 1 and 1.2 often stand for one release, until a push moves some of them and forgets the others. Both tags are
-- current; parted_at is when the last interval ended in which they agreed.
-- param: limit integer = 100  How many rows, those that parted last first.
-- param: source text = null  Only this source.
-- param: repository text = null  Only repositories with a full name like this; % is any text, _ any character.
-- param: tag text = null  Only pairs with this tag in them.
WITH history AS (
    SELECT source, COALESCE(repository, '') AS repository, tag, target_digest, valid_from, valid_to
    FROM tag_history
    WHERE target_digest IS NOT NULL AND valid_from IS NOT NULL
        AND (CAST(:source AS TEXT) IS NULL OR source = CAST(:source AS TEXT))
        AND (CAST(:repository AS TEXT) IS NULL OR repository LIKE CAST(:repository AS TEXT))
), agreed AS (
    SELECT a.source, a.repository, a.tag, b.tag AS other_tag, a.target_digest AS agreed_digest,
        LEAST(a.valid_to, b.valid_to) AS parted_at,
        ROW_NUMBER() OVER (
            PARTITION BY a.source, a.repository, a.tag, b.tag
            ORDER BY LEAST(a.valid_to, b.valid_to) DESC NULLS LAST, a.target_digest
        ) AS place
    FROM history AS a
    JOIN history AS b ON b.source = a.source AND b.repository = a.repository AND b.target_digest = a.target_digest
        AND b.tag > a.tag
    WHERE a.valid_from < COALESCE(b.valid_to, CAST('9999-12-31 00:00:00+00' AS TIMESTAMPTZ))
        AND b.valid_from < COALESCE(a.valid_to, CAST('9999-12-31 00:00:00+00' AS TIMESTAMPTZ))
        AND (CAST(:tag AS TEXT) IS NULL OR CAST(:tag AS TEXT) IN (a.tag, b.tag))
)
SELECT g.source, NULLIF(g.repository, '') AS repository, g.tag, g.other_tag, g.parted_at, g.agreed_digest,
    x.target_digest, y.target_digest AS other_digest
FROM agreed AS g
JOIN current_tags AS x ON x.source = g.source AND COALESCE(x.repository, '') = g.repository AND x.tag = g.tag
JOIN current_tags AS y ON y.source = g.source AND COALESCE(y.repository, '') = g.repository AND y.tag = g.other_tag
WHERE g.place = 1 AND x.target_digest <> y.target_digest
ORDER BY g.parted_at DESC NULLS LAST, g.source, g.repository, g.tag, g.other_tag
LIMIT CAST(:limit AS INTEGER)
