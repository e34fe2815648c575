"""The parts of a tag's page: where it points in each source, which images that is, and where it pointed before."""

from __future__ import annotations

from imgindex.query.show.page import Part

TARGETS = Part(
    "targets",
    "Where it points",
    """
SELECT s.name AS source, b.digest AS target_digest, COALESCE(m.kind, t.target_kind) AS kind, t.valid_from, t.set_at,
    t.first_seen_at, GREATEST(COALESCE(t.last_seen_at, t.first_seen_at), k.last_complete_at) AS last_seen_at
FROM tags AS t
JOIN source_streams AS s ON s.index_key = t.index_key AND s.source_key = t.source_key
LEFT JOIN scope_looks AS k ON k.index_key = t.index_key AND k.source_key = t.source_key AND k.scope_key = t.scope_key
LEFT JOIN blobs AS b ON b.blob_key = t.target_key
LEFT JOIN manifests AS m ON m.manifest_key = t.target_key AND t.target_kind = 'manifest'
WHERE t.repository_key = :key AND t.tag = :tag AND t.ended_at IS NULL AND t.evidence = 'observed'
ORDER BY s.name, b.digest ASC NULLS LAST
""",
    shown=("source", "target_digest", "kind", "valid_from", "last_seen_at"),
)

_REACHED = """WITH targets AS (
    SELECT DISTINCT s.name AS source, t.target_key, t.target_kind
    FROM tags AS t
    JOIN source_streams AS s ON s.index_key = t.index_key AND s.source_key = t.source_key
    WHERE t.repository_key = :key AND t.tag = :tag AND t.ended_at IS NULL AND t.evidence = 'observed'
        AND t.target_key IS NOT NULL
), level_1 AS (
    SELECT g.source, e.child_key, e.role, e.platform, e.position
    FROM targets AS g
    JOIN index_entries AS e ON e.manifest_key = g.target_key
    WHERE g.target_kind = 'manifest'
), level_2 AS (
    SELECT k.source, e.child_key, e.role, e.platform, k.position
    FROM level_1 AS k
    JOIN index_entries AS e ON e.manifest_key = k.child_key
), level_3 AS (
    SELECT k.source, e.child_key, e.role, e.platform, k.position
    FROM level_2 AS k
    JOIN index_entries AS e ON e.manifest_key = k.child_key
), level_4 AS (
    SELECT k.source, e.child_key, e.role, e.platform, k.position
    FROM level_3 AS k
    JOIN index_entries AS e ON e.manifest_key = k.child_key
), entries AS (
    SELECT source, target_key AS child_key, 'image' AS role, CAST(NULL AS TEXT) AS platform,
        CAST(0 AS BIGINT) AS position
    FROM targets
    WHERE target_kind = 'manifest'
    UNION ALL SELECT source, child_key, role, platform, position FROM level_1
    UNION ALL SELECT source, child_key, role, platform, position FROM level_2
    UNION ALL SELECT source, child_key, role, platform, position FROM level_3
    UNION ALL SELECT source, child_key, role, platform, position FROM level_4
), reached AS (
    SELECT g.source, CAST(NULL AS BIGINT) AS manifest_key, g.target_key AS image_key, CAST(NULL AS TEXT) AS platform,
        CAST(0 AS BIGINT) AS position
    FROM targets AS g
    WHERE g.target_kind = 'image'
    UNION ALL
    SELECT e.source, e.child_key AS manifest_key, CASE WHEN m.kind = 'image' THEN m.config_key END AS image_key,
        e.platform, e.position
    FROM entries AS e
    LEFT JOIN manifests AS m ON m.manifest_key = e.child_key
    WHERE e.role = 'image' AND COALESCE(m.kind, '') NOT IN ('index', 'artifact', 'schema1')
)"""
"""Common tables `targets` and `reached`: what lies under a tag; indexes are unrolled from the tag down."""

IMAGES = Part(
    "images",
    "Images that it stands for",
    f"""
{_REACHED}
SELECT r.source, COALESCE(r.platform, i.platform) AS platform, c.digest AS image_id, b.digest AS manifest_digest,
    i.created_at, i.layer_count, m.total_bytes AS pull_bytes
FROM reached AS r
LEFT JOIN images AS i ON i.image_key = r.image_key
LEFT JOIN blobs AS c ON c.blob_key = r.image_key
LEFT JOIN blobs AS b ON b.blob_key = r.manifest_key
LEFT JOIN manifests AS m ON m.manifest_key = r.manifest_key
ORDER BY r.source, r.position, b.digest ASC NULLS LAST, c.digest ASC NULLS LAST
""",
    shown=("source", "platform", "image_id", "manifest_digest", "created_at", "pull_bytes"),
)

REACHED = f"""
{_REACHED}
SELECT DISTINCT r.image_key, COALESCE(r.platform, i.platform) AS platform, c.digest AS image_id, r.manifest_key
FROM reached AS r
LEFT JOIN images AS i ON i.image_key = r.image_key
JOIN blobs AS c ON c.blob_key = r.image_key
ORDER BY platform ASC NULLS LAST, c.digest, r.manifest_key ASC NULLS LAST
"""
"""The images that a tag stands for, by key."""

POINTED_AT = """
SELECT DISTINCT t.target_key AS manifest_key, b.digest
FROM tags AS t
JOIN source_streams AS s ON s.index_key = t.index_key AND s.source_key = t.source_key
JOIN blobs AS b ON b.blob_key = t.target_key
WHERE t.repository_key = :key AND t.tag = :tag AND t.ended_at IS NULL AND t.evidence = 'observed'
    AND t.target_kind = 'manifest'
ORDER BY b.digest
"""
"""The manifests that a tag points at, by key."""

HISTORY = Part(
    "tag_history",
    "Where it points and pointed, the latest first",
    """
SELECT s.name AS source, i.valid_from, i.valid_to, b.digest AS target_digest, i.target_kind, i.evidence, i.set_at,
    i.first_seen_at
FROM tag_intervals AS i
JOIN source_streams AS s ON s.index_key = i.index_key AND s.source_key = i.source_key
LEFT JOIN blobs AS b ON b.blob_key = i.target_key
WHERE i.repository_key = :key AND i.tag = :tag
ORDER BY s.name, i.valid_from DESC NULLS LAST, i.first_seen_at DESC NULLS LAST, b.digest ASC NULLS LAST, i.evidence
""",
    shown=("source", "valid_from", "valid_to", "target_digest", "evidence"),
    more="drift/tag-history",
)

PARTS = (TARGETS, IMAGES, HISTORY)
