"""Views about places: sources, containers and problems."""

from __future__ import annotations

from imgindex.store.views.parts import FIRST_SEEN, SOURCE, View

CONTAINER_USAGE = View(
    "container_usage",
    ("source", "container_id"),
    "Containers, and what they hold.",
    (
        SOURCE,
        ("container_id", "TEXT", "The container's ID."),
        ("name", "TEXT", "Its name."),
        ("image_id", "TEXT", "The image that it was made of."),
        ("image_ref", "TEXT", "What its maker called the image."),
        ("chain_id", "TEXT", "The stack that it stands on."),
        ("state", "TEXT", "running, exited, created, paused, restarting, removing or dead."),
        ("created_at", "TIMESTAMPTZ", "When it was made."),
    ),
    """
SELECT s.name AS source, c.container_id, c.name, b.digest AS image_id, c.image_ref, h.chain_id, c.state, c.created_at
FROM containers AS c
JOIN source_streams AS s ON s.index_key = c.index_key AND s.source_key = c.source_key
LEFT JOIN blobs AS b ON b.blob_key = c.image_key
LEFT JOIN chains AS h ON h.chain_key = c.chain_key
WHERE c.ended_at IS NULL
""",
)

PROBLEM_DETAIL = View(
    "problem_detail",
    ("source", "locator", "kind", "digest"),
    "What is broken or odd, open until a complete look finds it mended.",
    (
        SOURCE,
        ("locator", "TEXT", "Where: a path within the store, a reference or a digest."),
        ("kind", "TEXT", "What: missing_blob, digest_mismatch, history_mismatch …"),
        ("digest", "TEXT", "The digest concerned; NULL if none."),
        ("detail", "TEXT", "In words."),
        FIRST_SEEN,
        ("scanned_at", "TIMESTAMPTZ", "The last complete look, which found it still so."),
    ),
    """
SELECT s.name AS source, p.locator, p.kind, NULLIF(p.digest, '') AS digest, MIN(p.detail) AS detail,
    MIN(p.first_seen_at) AS first_seen_at,
    MAX(GREATEST(COALESCE(p.last_seen_at, p.first_seen_at), k.last_complete_at)) AS scanned_at
FROM problems AS p
JOIN source_streams AS s ON s.index_key = p.index_key AND s.source_key = p.source_key
LEFT JOIN scope_looks AS k ON k.index_key = p.index_key AND k.source_key = p.source_key AND k.scope_key = p.scope_key
WHERE p.ended_at IS NULL
GROUP BY s.name, p.locator, p.kind, p.digest
""",
)

SOURCE_STATUS = View(
    "source_status",
    ("source",),
    "Every source, and how its last look went.",
    (
        SOURCE,
        ("kind", "TEXT", "docker-root, oci, registry-root …"),
        ("address", "TEXT", "Where it is: kind:place."),
        ("last_complete_at", "TIMESTAMPTZ", "as_of of the last complete scan."),
        ("last_outcome", "TEXT", "How the last scan ended: complete, partial, failed, superseded or running."),
        ("image_count", "BIGINT", "Listed images."),
        ("tag_count", "BIGINT", "Current tags."),
        ("problem_count", "BIGINT", "Open problems."),
    ),
    """
SELECT s.name AS source, o.kind, o.address, s.last_complete_at, n.outcome AS last_outcome,
    COALESCE(i.image_count, 0) AS image_count, COALESCE(t.tag_count, 0) AS tag_count,
    COALESCE(p.problem_count, 0) AS problem_count
FROM source_streams AS s
JOIN sources AS o ON o.index_key = s.index_key AND o.source_key = s.source_key
LEFT JOIN (
    SELECT index_key, source_key, outcome,
        ROW_NUMBER() OVER (PARTITION BY index_key, source_key ORDER BY started_at DESC, scan_key DESC) AS place
    FROM scans
) AS n ON n.index_key = s.index_key AND n.source_key = s.source_key AND n.place = 1
LEFT JOIN (
    SELECT index_key, source_key, COUNT(DISTINCT image_key) AS image_count
    FROM source_images WHERE ended_at IS NULL AND listed GROUP BY index_key, source_key
) AS i ON i.index_key = s.index_key AND i.source_key = s.source_key
LEFT JOIN (
    SELECT index_key, source_key, COUNT(*) AS tag_count
    FROM tags WHERE ended_at IS NULL AND evidence = 'observed' GROUP BY index_key, source_key
) AS t ON t.index_key = s.index_key AND t.source_key = s.source_key
LEFT JOIN (
    SELECT source, COUNT(*) AS problem_count FROM problem_detail GROUP BY source
) AS p ON p.source = s.name
""",
)

ALL = (CONTAINER_USAGE, PROBLEM_DETAIL, SOURCE_STATUS)
