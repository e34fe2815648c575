"""The parts of a manifest's page: as `crane manifest` has it, where it is, and what refers to it."""

from __future__ import annotations

from imgindex.query.show.names import NAME, OF_NAMED, PROBLEMS, TAGS_OF_TARGETS
from imgindex.query.show.page import Part

MANIFEST = Part(
    "manifest",
    "Manifest",
    """
SELECT b.digest AS manifest_digest, m.media_type, m.kind, m.artifact_type, b.size_bytes, c.digest AS config_digest,
    m.config_media_type, m.config_bytes, m.layer_count, m.total_bytes AS pull_bytes, j.digest AS subject_digest,
    CASE WHEN m.kind = 'schema1' THEN m.os END AS os,
    CASE WHEN m.kind = 'schema1' THEN m.architecture END AS architecture, m.extra
FROM blobs AS b
LEFT JOIN (SELECT * FROM manifests WHERE manifest_key = :key) AS m ON m.manifest_key = b.blob_key
LEFT JOIN (
    SELECT blob_key, digest FROM blobs WHERE blob_key IN (SELECT config_key FROM manifests WHERE manifest_key = :key)
) AS c ON c.blob_key = m.config_key
LEFT JOIN (
    SELECT blob_key, digest FROM blobs WHERE blob_key IN (SELECT subject_key FROM manifests WHERE manifest_key = :key)
) AS j ON j.blob_key = m.subject_key
WHERE b.blob_key = :key
ORDER BY b.digest
""",
    facts=True,
)

ANNOTATIONS = Part(
    "annotations",
    "Annotations",
    "SELECT a.name, a.value FROM manifest_annotations AS a WHERE a.manifest_key = :key ORDER BY a.name",
)

ENTRIES = Part(
    "entries",
    "Entries of this index",
    """
SELECT e.position, e.platform, e.role, b.digest AS manifest_digest, c.digest AS image_id, e.declared_bytes,
    m.total_bytes AS pull_bytes, j.digest AS subject_digest, e.os_version, e.media_type, e.artifact_type, e.annotations,
    COALESCE(p.source_count, 0) AS source_count
FROM index_entries AS e
JOIN blobs AS b ON b.blob_key = e.child_key
LEFT JOIN manifests AS m ON m.manifest_key = e.child_key
LEFT JOIN blobs AS c ON c.blob_key = m.config_key AND m.kind = 'image'
LEFT JOIN blobs AS j ON j.blob_key = e.subject_key
LEFT JOIN (
    SELECT sm.manifest_key, COUNT(DISTINCT sm.source_key) AS source_count
    FROM source_manifests AS sm
    JOIN index_entries AS x ON x.child_key = sm.manifest_key AND x.manifest_key = :key
    WHERE sm.ended_at IS NULL
    GROUP BY sm.manifest_key
) AS p ON p.manifest_key = e.child_key
WHERE e.manifest_key = :key
ORDER BY e.position
""",
    shown=("position", "platform", "role", "manifest_digest", "image_id", "pull_bytes", "source_count"),
)

LAYERS = Part(
    "manifest_layers",
    "Layers as the manifest lists them",
    """
SELECT ml.position, b.digest AS blob_digest, ml.declared_bytes, ml.media_type, l.diff_id, ml.is_foreign, ml.urls,
    ml.annotations, COALESCE(h.source_count, 0) AS source_count
FROM manifest_layers AS ml
JOIN blobs AS b ON b.blob_key = ml.blob_key
LEFT JOIN (
    SELECT lb.blob_key, MIN(lb.layer_key) AS layer_key
    FROM layer_blobs AS lb
    JOIN manifest_layers AS x ON x.blob_key = lb.blob_key AND x.manifest_key = :key
    GROUP BY lb.blob_key
) AS lb ON lb.blob_key = ml.blob_key
LEFT JOIN layers AS l ON l.layer_key = lb.layer_key
LEFT JOIN (
    SELECT sb.blob_key, COUNT(DISTINCT sb.source_key) AS source_count
    FROM source_blobs AS sb
    JOIN manifest_layers AS x ON x.blob_key = sb.blob_key AND x.manifest_key = :key
    WHERE sb.ended_at IS NULL AND sb.bytes_evidence = 'held'
    GROUP BY sb.blob_key
) AS h ON h.blob_key = ml.blob_key
WHERE ml.manifest_key = :key
ORDER BY ml.position
""",
    shown=("position", "blob_digest", "declared_bytes", "media_type", "diff_id"),
    whole=True,
)

SCHEMA1 = Part(
    "manifest_history",
    "History that the manifest carries, the oldest first",
    """
SELECT h.position, h.created_at, h.created_by, h.instruction, h.empty_layer, b.digest AS blob_digest, h.comment
FROM manifest_history AS h
LEFT JOIN blobs AS b ON b.blob_key = h.blob_key
WHERE h.manifest_key = :key
ORDER BY h.position
""",
    shown=("position", "created_at", "created_by", "blob_digest"),
    whole=True,
)

REPOSITORIES = Part(
    "repositories",
    "Where it is",
    """
SELECT s.name AS source, r.name AS repository, sm.first_seen_at, sm.ended_at, sm.end_reason
FROM source_manifests AS sm
JOIN source_streams AS s ON s.index_key = sm.index_key AND s.source_key = sm.source_key
JOIN repositories AS r ON r.repository_key = sm.repository_key
WHERE sm.manifest_key = :key
ORDER BY sm.ended_at ASC NULLS FIRST, s.name, r.name ASC NULLS LAST, sm.first_seen_at
""",
)

TAGS = Part(
    "manifest_tags",
    "Tags that point, or pointed, at it or at an index above it",
    f"""
WITH above_1 AS (
    SELECT DISTINCT manifest_key FROM index_entries WHERE child_key = :key
), above_2 AS (
    SELECT DISTINCT e.manifest_key FROM index_entries AS e JOIN above_1 AS k ON k.manifest_key = e.child_key
), above_3 AS (
    SELECT DISTINCT e.manifest_key FROM index_entries AS e JOIN above_2 AS k ON k.manifest_key = e.child_key
), holders AS (
    SELECT blob_key AS manifest_key, 0 AS depth FROM blobs WHERE blob_key = :key
    UNION ALL SELECT manifest_key, 1 AS depth FROM above_1
    UNION ALL SELECT manifest_key, 2 AS depth FROM above_2
    UNION ALL SELECT manifest_key, 3 AS depth FROM above_3
), targets AS (
    SELECT manifest_key AS target_key, 'manifest' AS target_kind, depth FROM holders
), named AS ({TAGS_OF_TARGETS}), pointed AS (SELECT * FROM tag_intervals WHERE {OF_NAMED})
SELECT s.name AS source, {NAME} AS name, CASE WHEN g.depth > 0 THEN b.digest END AS index_digest, t.valid_from,
    t.valid_to, t.evidence
FROM targets AS g
JOIN pointed AS t ON t.target_key = g.target_key AND t.target_kind = g.target_kind
JOIN source_streams AS s ON s.index_key = t.index_key AND s.source_key = t.source_key
JOIN repositories AS r ON r.repository_key = t.repository_key
JOIN blobs AS b ON b.blob_key = g.target_key
ORDER BY t.evidence, t.valid_to ASC NULLS FIRST, s.name, name, t.valid_from DESC NULLS LAST, g.depth, b.digest,
    t.first_seen_at
""",
)

REFERRERS = Part(
    "referrers",
    "What refers to it: signatures, attestations, SBOMs",
    """
WITH found AS (
    SELECT m.manifest_key, 'subject' AS how FROM manifests AS m WHERE m.subject_key = :key
    UNION
    SELECT e.child_key AS manifest_key, 'index' AS how FROM index_entries AS e WHERE e.subject_key = :key
    UNION
    SELECT t.target_key AS manifest_key, 'tag' AS how
    FROM blobs AS b
    JOIN tags AS t ON t.target_kind = 'manifest' AND t.ended_at IS NULL
        AND t.tag IN (REPLACE(b.digest, ':', '-') || '.sig', REPLACE(b.digest, ':', '-') || '.att',
            REPLACE(b.digest, ':', '-') || '.sbom')
    WHERE b.blob_key = :key
)
SELECT b.digest AS manifest_digest, f.how, m.artifact_type, m.total_bytes AS pull_bytes
FROM found AS f
JOIN blobs AS b ON b.blob_key = f.manifest_key
LEFT JOIN manifests AS m ON m.manifest_key = f.manifest_key
ORDER BY b.digest, f.how
""",
    more="inventory/artifacts",
)

PARTS = (
    MANIFEST,
    ANNOTATIONS,
    ENTRIES,
    LAYERS,
    SCHEMA1,
    REPOSITORIES,
    TAGS,
    REFERRERS,
    Part("manifest_problems", "Problems of the manifest", PROBLEMS),
)
