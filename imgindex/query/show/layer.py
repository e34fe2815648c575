"""The parts of the pages of layers, chains and blobs: who made them, where they are, who uses them, what that saves."""

from __future__ import annotations

from imgindex.query.show.names import PRESENT, PROBLEMS, named
from imgindex.query.show.page import Part

PROBLEM_PART = Part("problems", "Problems", PROBLEMS)

LAYER = Part(
    "layer",
    "Layer",
    """
SELECT l.diff_id, l.tar_bytes, COUNT(DISTINCT il.image_key) AS known_image_count,
    COUNT(DISTINCT il.chain_key) AS stack_count
FROM layers AS l
LEFT JOIN image_layers AS il ON il.layer_key = l.layer_key
WHERE l.layer_key = :key
GROUP BY l.diff_id, l.tar_bytes
ORDER BY l.diff_id
""",
    facts=True,
)

MADE_BY = Part(
    "made_by",
    "What made it",
    """
WITH made AS (
    SELECT h.instruction, h.created_by, COUNT(DISTINCT il.image_key) AS image_count,
        MIN(h.created_at) AS first_created_at
    FROM image_layers AS il
    JOIN image_history AS h ON h.image_key = il.image_key AND h.position = il.history_position
    WHERE il.layer_key = :key
    GROUP BY h.instruction, h.created_by
)
SELECT m.created_by, m.instruction, m.image_count, m.first_created_at, COUNT(*) OVER () AS total_count
FROM made AS m
ORDER BY m.image_count DESC NULLS LAST, m.created_by ASC NULLS LAST, m.instruction ASC NULLS LAST
LIMIT CAST(:limit AS INTEGER)
""",
    shown=("created_by", "image_count", "first_created_at"),
)

BLOBS = Part(
    "blobs",
    "Blobs that hold it",
    """
SELECT b.digest AS blob_digest, MAX(sb.bytes) AS size_bytes, STRING_AGG(DISTINCT e.evidence, ', ' ORDER BY e.evidence)
        AS evidence, COUNT(DISTINCT sb.source_key) AS source_count
FROM layer_blobs AS e
JOIN blobs AS b ON b.blob_key = e.blob_key
LEFT JOIN source_blobs AS sb ON sb.blob_key = e.blob_key AND sb.ended_at IS NULL
WHERE e.layer_key = :key
GROUP BY b.digest
ORDER BY b.digest
""",
)

_USAGE = """
SELECT s.name AS source, u.basis, NULLIF(u.store, '') AS store, COALESCE(c.chain_id, b.digest) AS unit, u.size_bytes,
    u.image_count, u.repository_count,
    CASE WHEN u.image_count > 1 THEN u.size_bytes * (u.image_count - 1) ELSE 0 END AS saved_bytes
FROM (
    {units}
) AS u
JOIN source_streams AS s ON s.index_key = u.index_key AND s.source_key = u.source_key
LEFT JOIN blobs AS b ON b.blob_key = u.blob_key
LEFT JOIN chains AS c ON c.chain_key = u.chain_key
ORDER BY s.name, u.basis, u.store, unit
"""
_USAGE_SHOWN = ("source", "basis", "unit", "size_bytes", "image_count", "repository_count", "saved_bytes")
_UNITS = "SELECT * FROM source_usage AS n WHERE n.{which} = :key"
_BY_LAYER = f"""{_UNITS.format(which="layer_key")}
    UNION ALL
    SELECT n.*
    FROM (SELECT DISTINCT blob_key FROM layer_blobs WHERE layer_key = :key) AS e
    JOIN source_usage AS n ON n.blob_key = e.blob_key AND n.layer_key IS NULL"""
_COSTS = "What it costs, who uses it, and what sharing it saves"

USAGE = Part("usage", _COSTS, _USAGE.format(units=_BY_LAYER), _USAGE_SHOWN)
CHAIN_USAGE = Part("usage", _COSTS, _USAGE.format(units=_UNITS.format(which="chain_key")), _USAGE_SHOWN)
BLOB_USAGE = Part("usage", _COSTS, _USAGE.format(units=_UNITS.format(which="blob_key")), _USAGE_SHOWN)

STACKS = Part(
    "stacks",
    "Stacks that it is the top of",
    """
WITH stacks AS (
    SELECT il.chain_key, COUNT(DISTINCT il.image_key) AS image_count
    FROM image_layers AS il
    WHERE il.layer_key = :key
    GROUP BY il.chain_key
)
SELECT c.chain_id, c.depth, k.image_count, COUNT(*) OVER () AS total_count
FROM stacks AS k
JOIN chains AS c ON c.chain_key = k.chain_key
ORDER BY k.image_count DESC NULLS LAST, c.chain_id
LIMIT CAST(:limit AS INTEGER)
""",
)


def _images(places: str) -> str:
    """The listed images of `places`, SQL that selects image_key and position."""
    return f"""
WITH {PRESENT}, places AS (
{places}
), found AS (
    SELECT q.image_key, MIN(q.position) AS position, p.source_count
    FROM places AS q
    JOIN present AS p ON p.image_key = q.image_key
    GROUP BY q.image_key, p.source_count
), users AS (
    SELECT f.image_key, f.position, f.source_count, COUNT(*) OVER () AS total_count
    FROM found AS f
    ORDER BY f.image_key
    LIMIT CAST(:limit AS INTEGER)
), {named("users")}
SELECT b.digest AS image_id, n.names, i.platform, u.position, i.layer_count, i.created_at, u.source_count, u.total_count
FROM users AS u
JOIN blobs AS b ON b.blob_key = u.image_key
LEFT JOIN images AS i ON i.image_key = u.image_key
LEFT JOIN named AS n ON n.image_key = u.image_key
ORDER BY u.image_key
"""


_IMAGES_SHOWN = ("image_id", "names", "platform", "position", "layer_count")
_USERS = "sharing/layer-users -p layer={name}"

IMAGES = Part(
    "images",
    "Listed images that have it",
    _images("    SELECT image_key, position FROM image_layers WHERE layer_key = :key"),
    _IMAGES_SHOWN,
    more=_USERS,
)
CHAIN_IMAGES = Part(
    "images",
    "Listed images that have this stack, or stand on it",
    _images("    SELECT image_key, position FROM image_layers WHERE chain_key = :key"),
    _IMAGES_SHOWN,
    more=_USERS,
)
BLOB_IMAGES = Part(
    "images",
    "Listed images that have it",
    _images(
        "    SELECT m.config_key AS image_key, ml.position\n"
        "    FROM manifest_layers AS ml\n"
        "    JOIN manifests AS m ON m.manifest_key = ml.manifest_key AND m.kind = 'image'\n"
        "    WHERE ml.blob_key = :key"
    ),
    _IMAGES_SHOWN,
    more=_USERS,
)

CHAIN = Part(
    "chain",
    "Chain",
    """
SELECT c.chain_id, c.depth, l.diff_id AS top_diff_id, p.chain_id AS parent_chain_id
FROM chains AS c
LEFT JOIN layers AS l ON l.layer_key = c.layer_key
LEFT JOIN chains AS p ON p.chain_key = c.parent_key
WHERE c.chain_key = :key
ORDER BY c.chain_id
""",
    facts=True,
)

CHAIN_LAYERS = Part(
    "layers",
    "Its layers, the base first",
    """
WITH one AS (
    SELECT image_key, MIN(position) AS top
    FROM image_layers
    WHERE chain_key = :key
    GROUP BY image_key
    ORDER BY image_key
    LIMIT 1
)
SELECT il.position, l.diff_id, c.chain_id, h.created_by
FROM one AS o
JOIN image_layers AS il ON il.image_key = o.image_key AND il.position <= o.top
JOIN layers AS l ON l.layer_key = il.layer_key
JOIN chains AS c ON c.chain_key = il.chain_key
LEFT JOIN image_history AS h ON h.image_key = il.image_key AND h.position = il.history_position
ORDER BY il.position
""",
    shown=("position", "diff_id", "created_by"),
    whole=True,
)

UNPACKED = Part(
    "unpacked",
    "Where it is unpacked",
    """
SELECT s.name AS source, sl.store, sl.basis, sl.bytes AS size_bytes, sl.cache_id, sl.first_seen_at, sl.ended_at
FROM source_layers AS sl
JOIN source_streams AS s ON s.index_key = sl.index_key AND s.source_key = sl.source_key
WHERE sl.chain_key = :key
ORDER BY sl.ended_at ASC NULLS FIRST, s.name, sl.store, sl.first_seen_at
""",
    shown=("source", "store", "basis", "size_bytes", "cache_id", "ended_at"),
)

CONTAINERS = Part(
    "containers",
    "Containers that stand on it",
    """
SELECT s.name AS source, c.name, c.state, c.image_ref, c.container_id
FROM containers AS c
JOIN source_streams AS s ON s.index_key = c.index_key AND s.source_key = c.source_key
WHERE c.chain_key = :key AND c.ended_at IS NULL
ORDER BY s.name, c.name ASC NULLS LAST, c.container_id
""",
)

BLOB = Part(
    "blob",
    "Blob",
    """
SELECT b.digest AS blob_digest, b.size_bytes AS verified_bytes,
    CASE WHEN EXISTS (SELECT 1 FROM manifest_layers AS ml WHERE ml.blob_key = :key) THEN 'layer'
        WHEN EXISTS (SELECT 1 FROM manifests AS m WHERE m.config_key = :key) THEN 'config'
        WHEN EXISTS (SELECT 1 FROM index_entries AS e WHERE e.child_key = :key) THEN 'manifest' END AS named_as
FROM blobs AS b
WHERE b.blob_key = :key
ORDER BY b.digest
""",
    facts=True,
)

HOLDS = Part(
    "holds",
    "The layer that it is known to hold",
    """
SELECT l.diff_id, e.evidence
FROM layer_blobs AS e
JOIN layers AS l ON l.layer_key = e.layer_key
WHERE e.blob_key = :key
ORDER BY l.diff_id, e.evidence
""",
)

HELD = Part(
    "held",
    "Where it is",
    """
SELECT s.name AS source, r.name AS repository, sb.bytes AS size_bytes, sb.bytes_evidence AS evidence, sb.first_seen_at,
    sb.ended_at
FROM source_blobs AS sb
JOIN source_streams AS s ON s.index_key = sb.index_key AND s.source_key = sb.source_key
JOIN repositories AS r ON r.repository_key = sb.repository_key
WHERE sb.blob_key = :key
ORDER BY sb.ended_at ASC NULLS FIRST, s.name, r.name ASC NULLS FIRST, sb.first_seen_at
""",
)

NAMED_BY = Part(
    "named_by",
    "Manifests that name it",
    """
WITH found AS (
    SELECT ml.manifest_key, 'layer' AS part, ml.position, ml.declared_bytes, ml.media_type
    FROM manifest_layers AS ml
    WHERE ml.blob_key = :key
    UNION ALL
    SELECT m.manifest_key, 'config' AS part, NULL AS position, m.config_bytes AS declared_bytes,
        m.config_media_type AS media_type
    FROM manifests AS m
    WHERE m.config_key = :key
    UNION ALL
    SELECT e.manifest_key, 'entry' AS part, e.position, e.declared_bytes, e.media_type
    FROM index_entries AS e
    WHERE e.child_key = :key
)
SELECT b.digest AS manifest_digest, f.part, f.position, f.declared_bytes, f.media_type, COUNT(*) OVER () AS total_count
FROM found AS f
JOIN blobs AS b ON b.blob_key = f.manifest_key
ORDER BY b.digest, f.part, f.position ASC NULLS LAST
LIMIT CAST(:limit AS INTEGER)
""",
)

LAYER_PARTS = (LAYER, MADE_BY, USAGE, BLOBS, STACKS, IMAGES, PROBLEM_PART)
CHAIN_PARTS = (CHAIN, CHAIN_LAYERS, CHAIN_USAGE, UNPACKED, CONTAINERS, CHAIN_IMAGES, PROBLEM_PART)
BLOB_PARTS = (BLOB, HOLDS, BLOB_USAGE, HELD, NAMED_BY, BLOB_IMAGES, PROBLEM_PART)
