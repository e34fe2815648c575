"""The parts of an image's page: as `docker inspect` and `docker history` have it, where it is, and what it costs."""

from __future__ import annotations

from imgindex.query.show.names import LAYER_SIZES, NAME, OF_NAMED, PRESENT, PROBLEMS, TAGS_OF_TARGETS, named, reaching
from imgindex.query.show.page import Part

IMAGE = Part(
    "image",
    "Image",
    """
SELECT b.digest AS image_id, i.platform, i.os, i.architecture, i.variant, i.os_version, i.created_at, i.author,
    NULLIF(i.run_as, '') AS run_as, i.entrypoint, i.cmd, i.working_dir, i.stop_signal, i.docker_version,
    i.layer_count, i.history_count, c.chain_id, b.size_bytes AS config_bytes, i.extra
FROM blobs AS b
LEFT JOIN images AS i ON i.image_key = b.blob_key
LEFT JOIN chains AS c ON c.chain_key = i.chain_key
WHERE b.blob_key = :key
ORDER BY b.digest
""",
    facts=True,
)

ENV = Part(
    "env",
    "Environment",
    "SELECT e.name, e.value FROM image_env AS e WHERE e.image_key = :key ORDER BY e.position",
    whole=True,
)
LABELS = Part(
    "labels",
    "Labels",
    "SELECT l.name, l.value FROM image_labels AS l WHERE l.image_key = :key ORDER BY l.name",
    whole=True,
)
PORTS = Part(
    "ports",
    "Ports",
    "SELECT p.exposed, p.port, p.protocol FROM image_ports AS p WHERE p.image_key = :key ORDER BY p.exposed",
)
VOLUMES = Part("volumes", "Volumes", "SELECT v.path FROM image_volumes AS v WHERE v.image_key = :key ORDER BY v.path")

SOURCES = Part(
    "sources",
    "Where it is",
    """
SELECT s.name AS source, o.kind, BOOL_OR(si.ended_at IS NULL) AS present, BOOL_OR(si.listed) AS listed,
    MIN(si.first_seen_at) AS first_seen_at, MAX(si.ended_at) AS ended_at, MAX(si.set_at) AS set_at,
    MIN(si.local_id) AS local_id, MIN(p.digest) AS parent_image_id
FROM source_images AS si
JOIN source_streams AS s ON s.index_key = si.index_key AND s.source_key = si.source_key
JOIN sources AS o ON o.index_key = si.index_key AND o.source_key = si.source_key
LEFT JOIN blobs AS p ON p.blob_key = si.parent_key
WHERE si.image_key = :key
GROUP BY s.name, o.kind
ORDER BY s.name
""",
)

TAGS = Part(
    "tags",
    "Tags that reach it",
    f"""
WITH wanted AS (
    SELECT blob_key AS image_key FROM blobs WHERE blob_key = :key
), {reaching("wanted")}, named AS ({TAGS_OF_TARGETS}), pointed AS (SELECT * FROM tag_intervals WHERE {OF_NAMED})
SELECT s.name AS source, {NAME} AS name, b.digest AS target_digest, t.valid_from, t.valid_to, t.evidence
FROM targets AS g
JOIN pointed AS t ON t.target_key = g.target_key AND t.target_kind = g.target_kind
JOIN source_streams AS s ON s.index_key = t.index_key AND s.source_key = t.source_key
JOIN repositories AS r ON r.repository_key = t.repository_key
JOIN blobs AS b ON b.blob_key = g.target_key
ORDER BY t.evidence, t.valid_to ASC NULLS FIRST, s.name, name, t.valid_from DESC NULLS LAST, b.digest, t.first_seen_at
""",
    more="inventory/tags-of-image -p image={name}",
)

MANIFESTS = Part(
    "manifests",
    "Manifests of this image",
    """
SELECT b.digest AS manifest_digest, m.media_type, m.total_bytes AS pull_bytes, s.name AS source, r.name AS repository,
    sm.ended_at
FROM manifests AS m
JOIN blobs AS b ON b.blob_key = m.manifest_key
LEFT JOIN source_manifests AS sm ON sm.manifest_key = m.manifest_key
LEFT JOIN source_streams AS s ON s.index_key = sm.index_key AND s.source_key = sm.source_key
LEFT JOIN repositories AS r ON r.repository_key = sm.repository_key
WHERE m.config_key = :key AND m.kind = 'image'
ORDER BY b.digest, s.name ASC NULLS LAST, r.name ASC NULLS LAST, sm.ended_at ASC NULLS FIRST
""",
    shown=("manifest_digest", "pull_bytes", "source", "repository", "ended_at"),
)

SIZES = Part(
    "sizes",
    "What it costs",
    """
SELECT s.name AS source, z.basis, z.size_bytes, z.shared_bytes, z.unique_bytes, z.split_bytes, z.unknown_layers
FROM source_image_sizes AS z
JOIN source_streams AS s ON s.index_key = z.index_key AND s.source_key = z.source_key
WHERE z.image_key = :key
ORDER BY s.name, z.basis
""",
)

HISTORY = Part(
    "history",
    "History and layers, the oldest first",
    f"""
WITH {LAYER_SIZES}, steps AS (
    SELECT h.position, h.created_at, h.instruction, h.created_by, h.empty_layer, h.layer_position, h.comment
    FROM image_history AS h
    WHERE h.image_key = :key
    UNION ALL
    SELECT NULL AS position, NULL AS created_at, NULL AS instruction, NULL AS created_by, FALSE AS empty_layer,
        il.position AS layer_position, NULL AS comment
    FROM image_layers AS il
    WHERE il.image_key = :key AND il.history_position IS NULL
)
SELECT t.position, t.created_at, t.created_by, t.instruction, t.empty_layer, z.compressed_bytes, z.uncompressed_bytes,
    z.on_disk_bytes, z.used_by, t.layer_position, l.diff_id, c.chain_id, t.comment
FROM steps AS t
LEFT JOIN sizes AS z ON z.position = t.layer_position
LEFT JOIN image_layers AS il ON il.image_key = :key AND il.position = t.layer_position
LEFT JOIN layers AS l ON l.layer_key = il.layer_key
LEFT JOIN chains AS c ON c.chain_key = il.chain_key
ORDER BY t.position ASC NULLS LAST, t.layer_position ASC NULLS LAST
""",
    shown=("position", "created_at", "created_by", "compressed_bytes", "uncompressed_bytes", "on_disk_bytes", "used_by",
        "diff_id"),
    whole=True,
)  # fmt: skip

BASES = Part(
    "bases",
    "What it stands on, the nearest first",
    f"""
WITH {PRESENT}, found AS (
    SELECT b.image_key, b.image_id, b.platform, b.layer_count, b.created_at, p.source_count
    FROM images AS i
    JOIN image_layers AS il ON il.image_key = i.image_key
    JOIN images AS b ON b.chain_key = il.chain_key AND b.layer_count < i.layer_count
    JOIN present AS p ON p.image_key = b.image_key
    WHERE i.image_key = :key
), bases AS (
    SELECT f.image_key, f.image_id, f.platform, f.layer_count, f.created_at, f.source_count,
        COUNT(*) OVER () AS total_count
    FROM found AS f
    ORDER BY f.layer_count DESC NULLS LAST, f.created_at ASC NULLS LAST, f.image_id
    LIMIT CAST(:limit AS INTEGER)
), {named("bases")}
SELECT b.layer_count AS base_layer_count, b.image_id AS base_image_id, n.names AS base_names, b.created_at,
    b.source_count, b.total_count
FROM bases AS b
LEFT JOIN named AS n ON n.image_key = b.image_key
ORDER BY b.layer_count DESC NULLS LAST, b.created_at ASC NULLS LAST, b.image_id
""",
    shown=("base_layer_count", "base_image_id", "base_names", "created_at"),
)

STANDING = Part(
    "images_on_it",
    "Images that stand on it",
    f"""
WITH {PRESENT}, found AS (
    SELECT i.image_key, i.image_id, i.platform, i.layer_count - b.layer_count AS added_layer_count, p.source_count
    FROM images AS b
    JOIN image_layers AS il ON il.chain_key = b.chain_key
    JOIN images AS i ON i.image_key = il.image_key AND i.layer_count > b.layer_count
    JOIN present AS p ON p.image_key = i.image_key
    WHERE b.image_key = :key
), standing AS (
    SELECT f.image_key, f.image_id, f.platform, f.added_layer_count, f.source_count, COUNT(*) OVER () AS total_count
    FROM found AS f
    ORDER BY f.added_layer_count, f.image_id
    LIMIT CAST(:limit AS INTEGER)
), {named("standing")}
SELECT t.image_id, n.names, t.platform, t.added_layer_count, t.source_count, t.total_count
FROM standing AS t
LEFT JOIN named AS n ON n.image_key = t.image_key
ORDER BY t.added_layer_count, t.image_id
""",
    shown=("image_id", "names", "added_layer_count"),
    more="base/images-on -p image={name}",
)

SHARING = Part(
    "shares_most_with",
    "Images that share most with it",
    f"""
WITH {PRESENT}, {LAYER_SIZES}, bases AS (
    SELECT MIN(basis) AS basis FROM stated
), own AS (
    SELECT il.layer_key, MAX(
        CASE k.basis WHEN 'compressed' THEN z.compressed_bytes WHEN 'on_disk' THEN z.on_disk_bytes
            ELSE z.uncompressed_bytes END
    ) AS size_bytes
    FROM image_layers AS il
    CROSS JOIN bases AS k
    LEFT JOIN sizes AS z ON z.position = il.position
    WHERE il.image_key = :key
    GROUP BY il.layer_key
), pairs AS (
    SELECT DISTINCT il.image_key, il.layer_key
    FROM own AS o
    JOIN image_layers AS il ON il.layer_key = o.layer_key
    WHERE il.image_key <> :key
), sums AS (
    SELECT q.image_key, COUNT(*) AS shared_layer_count, CAST(SUM(o.size_bytes) AS BIGINT) AS shared_bytes
    FROM pairs AS q
    JOIN own AS o ON o.layer_key = q.layer_key
    GROUP BY q.image_key
), sharers AS (
    SELECT z.image_key, z.shared_layer_count, z.shared_bytes, p.source_count, COUNT(*) OVER () AS total_count
    FROM sums AS z
    JOIN present AS p ON p.image_key = z.image_key
    ORDER BY z.shared_bytes DESC NULLS LAST, z.shared_layer_count DESC NULLS LAST, z.image_key
    LIMIT CAST(:limit AS INTEGER)
), {named("sharers")}
SELECT b.digest AS image_id, n.names, i.platform, t.shared_layer_count, t.shared_bytes, k.basis, t.source_count,
    t.total_count
FROM sharers AS t
CROSS JOIN bases AS k
JOIN blobs AS b ON b.blob_key = t.image_key
LEFT JOIN images AS i ON i.image_key = t.image_key
LEFT JOIN named AS n ON n.image_key = t.image_key
ORDER BY t.shared_bytes DESC NULLS LAST, t.shared_layer_count DESC NULLS LAST, t.image_key
""",
    shown=("image_id", "names", "shared_layer_count", "shared_bytes", "basis"),
    more="sharing/images-sharing-with -p image={name}",
)

CONTAINERS = Part(
    "containers",
    "Containers of it",
    """
SELECT s.name AS source, c.name, c.state, c.image_ref, c.created_at, c.container_id
FROM containers AS c
JOIN source_streams AS s ON s.index_key = c.index_key AND s.source_key = c.source_key
WHERE c.image_key = :key AND c.ended_at IS NULL
ORDER BY s.name, c.name ASC NULLS LAST, c.container_id
""",
    shown=("source", "name", "state", "image_ref", "created_at"),
)

PARTS = (
    IMAGE,
    ENV,
    LABELS,
    PORTS,
    VOLUMES,
    SOURCES,
    TAGS,
    CONTAINERS,
    SIZES,
    MANIFESTS,
    HISTORY,
    BASES,
    STANDING,
    SHARING,
    Part("problems", "Problems", PROBLEMS),
)
