"""The derived tables of a source: who uses which unit, what it costs, and what images are called. Replaced whole; recomputed by `db check`.

A unit is what is shared: a blob (compressed), or a stack of layers within its store (on_disk, uncompressed); in the
store `archive`, what `docker save` writes, a layer, which lies there once whatever it stands on. An image's units are
distinct: a layer that it repeats counts once. An image that several stores could have unpacked costs what it does where
it is unpacked; where that is nowhere, its layers are unknown. What a store keeps of an image beside its layers is a unit
that no other image shares. Listed images alone are counted and pay.

A source that shows no blobs, though it has manifests, has no compressed basis: nothing there is compressed.
"""

from __future__ import annotations

from imgindex.store.session import Session, all_streams

UNITS = """
WITH present AS (
    SELECT image_key, scope_key, BOOL_OR(listed) AS listed
    FROM source_images WHERE {this} AND ended_at IS NULL GROUP BY image_key, scope_key
), listed AS (
    SELECT image_key, BOOL_OR(listed) AS listed FROM present GROUP BY image_key
), sizes AS (
    SELECT blob_key, COALESCE(MAX(CASE WHEN bytes_evidence = 'held' THEN bytes END), MAX(bytes)) AS bytes,
        BOOL_OR(bytes_evidence = 'held') AS is_held
    FROM source_blobs WHERE {this} AND ended_at IS NULL GROUP BY blob_key
)
SELECT DISTINCT 'compressed' AS basis, '' AS store, ml.blob_key AS unit_key, p.image_key, p.listed, z.bytes AS size_bytes,
    CAST(NULL AS BIGINT) AS layer_key, ml.blob_key, CAST(NULL AS BIGINT) AS chain_key
FROM source_manifests AS sm
JOIN manifests AS m ON m.manifest_key = sm.manifest_key AND m.kind = 'image'
JOIN listed AS p ON p.image_key = m.config_key
JOIN manifest_layers AS ml ON ml.manifest_key = sm.manifest_key
LEFT JOIN sizes AS z ON z.blob_key = ml.blob_key
WHERE {sm} AND sm.ended_at IS NULL AND (NOT ml.is_foreign OR COALESCE(z.is_held, FALSE))
    AND EXISTS (SELECT 1 FROM sizes AS c WHERE c.blob_key = m.config_key)
UNION ALL
SELECT DISTINCT b.basis, b.store, CASE WHEN b.store = 'archive' THEN il.layer_key ELSE il.chain_key END AS unit_key,
    b.image_key, b.listed, sl.bytes AS size_bytes, il.layer_key, CAST(NULL AS BIGINT) AS blob_key,
    CASE WHEN b.store <> 'archive' THEN il.chain_key END AS chain_key
FROM (
    SELECT p.image_key, p.scope_key, p.listed, b.store, b.basis, t.chain_key IS NOT NULL AS is_unpacked,
        BOOL_OR(t.chain_key IS NOT NULL) OVER (PARTITION BY p.image_key, b.basis) AS is_unpacked_somewhere
    FROM present AS p
    JOIN (SELECT DISTINCT scope_key, store, basis FROM source_layers WHERE {this} AND ended_at IS NULL) AS b
        ON b.scope_key = p.scope_key
    JOIN images AS i ON i.image_key = p.image_key
    LEFT JOIN source_layers AS t ON {t} AND t.ended_at IS NULL AND t.scope_key = b.scope_key AND t.store = b.store
        AND t.basis = b.basis AND t.chain_key = i.chain_key
) AS b
JOIN image_layers AS il ON il.image_key = b.image_key
LEFT JOIN source_layers AS sl ON {sl} AND sl.ended_at IS NULL AND sl.scope_key = b.scope_key AND sl.store = b.store
    AND sl.basis = b.basis AND sl.chain_key = il.chain_key
WHERE b.is_unpacked OR NOT b.is_unpacked_somewhere
UNION ALL
SELECT 'uncompressed' AS basis, '' AS store, o.image_key AS unit_key, o.image_key, BOOL_OR(o.listed) AS listed,
    CAST(SUM(o.own_bytes) AS BIGINT) AS size_bytes, CAST(NULL AS BIGINT) AS layer_key, o.image_key AS blob_key,
    CAST(NULL AS BIGINT) AS chain_key
FROM source_images AS o
WHERE {o} AND o.ended_at IS NULL AND o.own_bytes IS NOT NULL
GROUP BY o.image_key
"""

USAGE = """
SELECT u.basis, u.store, u.unit_key, MIN(u.layer_key) AS layer_key, MIN(u.blob_key) AS blob_key, u.chain_key,
    MAX(u.size_bytes) AS size_bytes, COUNT(DISTINCT CASE WHEN u.listed THEN u.image_key END) AS image_count,
    COALESCE(MAX(r.repository_count), 0) AS repository_count
FROM (
    SELECT basis, store, unit_key, image_key, listed, size_bytes, layer_key, blob_key, chain_key FROM units
    UNION ALL
    SELECT l.basis, l.store, CASE WHEN l.store = 'archive' THEN c.layer_key ELSE l.chain_key END AS unit_key,
        NULL AS image_key, FALSE AS listed, l.bytes AS size_bytes, c.layer_key, NULL AS blob_key,
        CASE WHEN l.store <> 'archive' THEN l.chain_key END AS chain_key
    FROM source_layers AS l LEFT JOIN chains AS c ON c.chain_key = l.chain_key
    WHERE {l} AND l.ended_at IS NULL
) AS u
LEFT JOIN (
    SELECT x.basis, x.store, x.unit_key, COUNT(DISTINCT t.repository_key) AS repository_count
    FROM units AS x
    JOIN (SELECT DISTINCT repository_key, image_key FROM tagged_images) AS t ON t.image_key = x.image_key
    GROUP BY x.basis, x.store, x.unit_key
) AS r ON r.basis = u.basis AND r.store = u.store AND r.unit_key = u.unit_key
GROUP BY u.basis, u.store, u.unit_key, u.chain_key
"""

TAGGED = """
WITH targets AS (
    SELECT repository_key, tag, target_key, target_kind FROM tags
    WHERE {this} AND ended_at IS NULL AND evidence = 'observed' AND target_key IS NOT NULL
), held AS (
    -- What this source does not have, another scan may bring into the index: no figure of this one must follow that.
    SELECT DISTINCT manifest_key FROM source_manifests WHERE {this} AND ended_at IS NULL
)
SELECT t.repository_key, t.tag, t.target_key AS image_key FROM targets AS t WHERE t.target_kind = 'image'
UNION
SELECT t.repository_key, t.tag, m.config_key AS image_key
FROM targets AS t
JOIN held AS h ON h.manifest_key = t.target_key
JOIN manifests AS m ON m.manifest_key = t.target_key AND m.kind = 'image'
WHERE t.target_kind = 'manifest'
UNION
SELECT t.repository_key, t.tag, l.image_key
FROM targets AS t
JOIN index_leaves AS l ON l.root_key = t.target_key
JOIN held AS h ON h.manifest_key = l.child_key
WHERE t.target_kind = 'manifest' AND l.image_key IS NOT NULL
UNION
SELECT t.repository_key, t.tag, t.target_key AS image_key
FROM targets AS t JOIN manifests AS m ON m.manifest_key = t.target_key AND m.kind <> 'image'
WHERE t.target_kind = 'manifest' AND t.target_key IN (
    -- A list of images is an image to some stores: it is known by its manifest.
    SELECT image_key FROM source_images WHERE {this} AND ended_at IS NULL
)
"""

SIZES = """
WITH bases AS (
    SELECT DISTINCT m.config_key AS image_key, 'compressed' AS basis
    FROM source_manifests AS sm JOIN manifests AS m ON m.manifest_key = sm.manifest_key AND m.kind = 'image'
    WHERE {sm} AND sm.ended_at IS NULL AND EXISTS (
        SELECT 1 FROM source_blobs AS c WHERE {c} AND c.ended_at IS NULL AND c.blob_key = m.config_key
    )
    UNION
    SELECT DISTINCT p.image_key, l.basis
    FROM source_images AS p JOIN source_layers AS l ON {l} AND l.ended_at IS NULL AND l.scope_key = p.scope_key
    WHERE {p} AND p.ended_at IS NULL
    UNION
    SELECT o.image_key, 'uncompressed' AS basis
    FROM source_images AS o WHERE {o} AND o.ended_at IS NULL AND o.own_bytes IS NOT NULL
), listed AS (
    SELECT p.image_key FROM source_images AS p WHERE {p} AND p.ended_at IS NULL AND p.listed GROUP BY p.image_key
), shares AS (
    SELECT u.basis, u.image_key, u.size_bytes,
        COUNT(*) OVER (PARTITION BY u.basis, u.store, u.unit_key) AS users,
        ROW_NUMBER() OVER (PARTITION BY u.basis, u.store, u.unit_key ORDER BY u.image_key) AS place
    FROM units AS u WHERE u.listed
), sums AS (
    SELECT basis, image_key, SUM(size_bytes) AS size_bytes,
        SUM(CASE WHEN users > 1 THEN size_bytes ELSE 0 END) AS shared_bytes,
        SUM(CASE WHEN users = 1 THEN size_bytes ELSE 0 END) AS unique_bytes,
        SUM((size_bytes - size_bytes % users) {div} users + CASE WHEN place = 1 THEN size_bytes % users ELSE 0 END)
            AS split_bytes,
        SUM(CASE WHEN size_bytes IS NULL THEN 1 ELSE 0 END) AS unknown_layers
    FROM shares GROUP BY basis, image_key
)
SELECT b.basis, b.image_key,
    CASE WHEN COALESCE(s.unknown_layers, 0) = 0 AND COALESCE(s.size_bytes, 0) <= 9223372036854775807 THEN CAST(COALESCE(s.size_bytes, 0) AS BIGINT) END AS size_bytes,
    CASE WHEN COALESCE(s.unknown_layers, 0) = 0 AND COALESCE(s.size_bytes, 0) <= 9223372036854775807 THEN CAST(COALESCE(s.shared_bytes, 0) AS BIGINT) END AS shared_bytes,
    CASE WHEN COALESCE(s.unknown_layers, 0) = 0 AND COALESCE(s.size_bytes, 0) <= 9223372036854775807 THEN CAST(COALESCE(s.unique_bytes, 0) AS BIGINT) END AS unique_bytes,
    CASE WHEN COALESCE(s.unknown_layers, 0) = 0 AND COALESCE(s.size_bytes, 0) <= 9223372036854775807 THEN CAST(COALESCE(s.split_bytes, 0) AS BIGINT) END AS split_bytes,
    CAST(COALESCE(s.unknown_layers, 0) AS BIGINT) AS unknown_layers
FROM bases AS b
JOIN listed AS l ON l.image_key = b.image_key
LEFT JOIN sums AS s ON s.basis = b.basis AND s.image_key = b.image_key
"""

IMAGE_UNITS = """
SELECT basis, store, unit_key, image_key, BOOL_OR(listed) AS listed
FROM units GROUP BY basis, store, unit_key, image_key
"""

SUMMARIES = """
SELECT p.image_key, BOOL_OR(p.listed) AS listed, MIN(e.platform) AS platform, MIN(e.os) AS os,
    MIN(e.architecture) AS architecture, MIN(e.variant) AS variant, MIN(e.layer_count) AS layer_count,
    COALESCE(MIN(n.tag_count), 0) AS tag_count, MIN(n.names) AS names
FROM source_images AS p
LEFT JOIN (
    SELECT m.config_key AS image_key, MIN(ie.platform) AS platform, MIN(ie.os) AS os,
        MIN(ie.architecture) AS architecture, MIN(ie.variant) AS variant, MIN(m.layer_count) AS layer_count
    FROM source_manifests AS sm
    JOIN manifests AS m ON m.manifest_key = sm.manifest_key AND m.kind = 'image'
    LEFT JOIN (
        SELECT x.child_key, x.platform, x.os, x.architecture, x.variant
        FROM index_entries AS x
        WHERE x.manifest_key IN (SELECT manifest_key FROM source_manifests WHERE {this} AND ended_at IS NULL)
    ) AS ie ON ie.child_key = sm.manifest_key
    WHERE {sm} AND sm.ended_at IS NULL
    GROUP BY m.config_key
) AS e ON e.image_key = p.image_key
LEFT JOIN (
    SELECT t.image_key, COUNT(*) AS tag_count, STRING_AGG(t.name, ', ' ORDER BY t.name) AS names
    FROM (
        SELECT g.image_key, CASE WHEN r.name IS NULL THEN g.tag ELSE r.name || ':' || g.tag END AS name
        FROM tagged_images AS g JOIN repositories AS r ON r.repository_key = g.repository_key
    ) AS t
    GROUP BY t.image_key
) AS n ON n.image_key = p.image_key
WHERE {p} AND p.ended_at IS NULL
GROUP BY p.image_key
"""

COLUMNS = {
    "source_usage": "basis, store, unit_key, layer_key, blob_key, chain_key, size_bytes, image_count, repository_count",
    "source_image_sizes": "basis, image_key, size_bytes, shared_bytes, unique_bytes, split_bytes, unknown_layers",
    "source_image_summaries": "image_key, listed, platform, os, architecture, variant, layer_count, tag_count, names",
    "source_image_units": "basis, store, unit_key, image_key, listed",
}
"""The columns of the derived tables, but for whose they are."""


def drop_artifacts(session: Session) -> int:
    """What turned out to be an artifact was an image nowhere; a store's own images have an ID there."""
    return session.run(f"DELETE {_COUNTED_ARTIFACTS}")


def count_artifacts(session: Session) -> int:
    """How many rows `drop_artifacts` would drop."""
    return int(session.value(f"SELECT COUNT(*) {_COUNTED_ARTIFACTS}"))


_COUNTED_ARTIFACTS = """
FROM source_images WHERE ended_at IS NULL AND local_id IS NULL
    AND image_key IN (SELECT image_key FROM images WHERE os = 'unknown')
"""


def replace_usage(session: Session, index_key: str, source_key: int) -> None:
    """Build the derived tables of a source anew, in the caller's transaction."""
    for table, select in compute_usage(session, index_key, source_key).items():
        session.run(
            f"DELETE FROM {table} WHERE index_key = :index_key AND source_key = :source_key",
            index_key=index_key,
            source_key=source_key,
        )
        session.run(
            f"INSERT INTO {table} (index_key, source_key, {COLUMNS[table]}) "
            f"SELECT '{index_key}', {source_key}, {COLUMNS[table]} FROM ({select}) AS v"
        )
    drop_units(session)


def replace_all_usage(session: Session) -> None:
    """Build the derived tables of all sources anew, without what turned out to be an artifact; nobody else writes meanwhile."""
    drop_artifacts(session)
    for index_key, source_key in all_streams(session):
        replace_usage(session, index_key, source_key)


def compute_usage(session: Session, index_key: str, source_key: int) -> dict[str, str]:
    """Make the temporary tables that the figures come from. Returns the query of each derived table; see `drop_units`."""

    def fill(sql: str) -> str:
        def mine(alias: str) -> str:
            return f"{alias}index_key = '{index_key}' AND {alias}source_key = {source_key}"

        names = {name: mine(f"{name}.") for name in ("sm", "sl", "l", "p", "o", "c", "t")}
        return sql.format(this=mine(""), div=session.dialect.integer_division, **names)

    session.make_table("units", fill(UNITS))
    session.make_table("tagged_images", fill(TAGGED))
    return {
        "source_usage": fill(USAGE),
        "source_image_sizes": fill(SIZES),
        "source_image_summaries": fill(SUMMARIES),
        "source_image_units": IMAGE_UNITS,
    }


def drop_units(session: Session) -> None:
    session.execute("DROP TABLE units")
    session.execute("DROP TABLE tagged_images")
