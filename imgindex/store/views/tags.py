"""Views about tags: where they point, pointed, and what moved."""

from __future__ import annotations

from imgindex.store.views.parts import (
    EVIDENCE,
    FIRST_SEEN,
    IMAGE_ID,
    LAST_SEEN,
    MANIFEST,
    PLATFORM,
    REPOSITORY,
    SET_AT,
    SOURCE,
    TAG,
    TARGET_KIND,
    View,
)

TARGET = ("target_digest", "TEXT", "Digest of the manifest or image it points at; NULL if listed without one.")
_MAY_BE_IMAGE = "(l.role = 'image' OR (l.role = 'unknown' AND l.media_type IS NULL))"
"""Of a leaf that was not read: its descriptor leaves it open that it is an image."""
VALID_FROM = ("valid_from", "TIMESTAMPTZ", "set_at if that lies after the previous look, else first_seen_at.")

DATED_BY = (
    "dated_by",
    "TEXT",
    "Where valid_from is from: store = the store says so, look = our first sight; NULL if undated.",
)

TAG_HISTORY = View(
    "tag_history",
    ("source", "repository", "tag", "target_digest", "valid_from"),
    "Where tags point and pointed, as half-open intervals [valid_from, valid_to). A recovered row without times once was so.",
    (
        SOURCE,
        REPOSITORY,
        TAG,
        TARGET,
        VALID_FROM,
        TARGET_KIND,
        SET_AT,
        FIRST_SEEN,
        LAST_SEEN,
        ("valid_to", "TIMESTAMPTZ", "When the next target took over, or the look that missed the tag; NULL = current."),
        EVIDENCE,
        DATED_BY,
    ),
    """
SELECT s.name AS source, r.name AS repository, t.tag, b.digest AS target_digest, t.valid_from, t.target_kind, t.set_at,
    t.first_seen_at, t.last_seen_at, t.valid_to, t.evidence,
    CASE WHEN t.valid_from = t.set_at THEN 'store' WHEN t.valid_from IS NOT NULL THEN 'look' END AS dated_by
FROM tag_intervals AS t
JOIN source_streams AS s ON s.index_key = t.index_key AND s.source_key = t.source_key
JOIN repositories AS r ON r.repository_key = t.repository_key
LEFT JOIN blobs AS b ON b.blob_key = t.target_key
""",
)

CURRENT_TAGS = View(
    "current_tags",
    ("source", "repository", "tag"),
    "Where each tag points now.",
    (SOURCE, REPOSITORY, TAG, TARGET, TARGET_KIND, VALID_FROM, SET_AT, FIRST_SEEN, LAST_SEEN, EVIDENCE),
    """
SELECT s.name AS source, r.name AS repository, t.tag, b.digest AS target_digest, t.target_kind, t.valid_from, t.set_at,
    t.first_seen_at, GREATEST(COALESCE(t.last_seen_at, t.first_seen_at), k.last_complete_at) AS last_seen_at, t.evidence
FROM tags AS t
JOIN source_streams AS s ON s.index_key = t.index_key AND s.source_key = t.source_key
JOIN repositories AS r ON r.repository_key = t.repository_key
LEFT JOIN scope_looks AS k ON k.index_key = t.index_key AND k.source_key = t.source_key AND k.scope_key = t.scope_key
LEFT JOIN blobs AS b ON b.blob_key = t.target_key
WHERE t.ended_at IS NULL AND t.evidence = 'observed'
""",
)

_MOVES = """
    SELECT w.source, w.repository, w.tag, COALESCE(w.first_seen_at, w.valid_from) AS first_seen_to, w.target_key AS to_key,
        w.from_key, w.last_seen_from, w.evidence, w.valid_from AS moved_at,
        CASE WHEN w.valid_from = w.set_at THEN 'store' ELSE 'look' END AS dated_by
    FROM (
        SELECT
            s.name AS source, r.name AS repository, t.tag, t.first_seen_at, t.valid_from, t.set_at, t.target_key,
            LAG(t.target_key) OVER per_tag AS from_key,
            LAG(COALESCE(t.last_seen_at, t.valid_from)) OVER per_tag AS last_seen_from,
            CASE WHEN LAG(t.evidence) OVER per_tag = 'recovered' THEN 'recovered' ELSE t.evidence END AS evidence
        FROM tag_intervals AS t
        JOIN source_streams AS s ON s.index_key = t.index_key AND s.source_key = t.source_key
        JOIN repositories AS r ON r.repository_key = t.repository_key
        -- A link that could not be read for a while is no move there and back.
        WHERE t.place IS NOT NULL AND t.target_key IS NOT NULL
        WINDOW per_tag AS (
            PARTITION BY t.index_key, t.source_key, t.scope_key, t.repository_key, t.tag ORDER BY t.place
        )
    ) AS w
    WHERE w.target_key <> w.from_key
"""

FIRST_SEEN_TO = (
    "first_seen_to",
    "TIMESTAMPTZ",
    "Our first sight of the new target, or when the store says it was set: it had moved by then.",
)
FROM_TO = (
    ("from_digest", "TEXT", "Where it pointed before."),
    ("last_seen_from", "TIMESTAMPTZ", "Our last sight of the old target, or when that was set: it moved after this."),
)
TO_DIGEST = ("to_digest", "TEXT", "Where it points after the move.")
MOVED_AT = (
    ("moved_at", "TIMESTAMPTZ", "When it moved, as well as is known: in (last_seen_from, first_seen_to]."),
    ("dated_by", "TEXT", "store = moved_at is what the store says; look = it is our first sight of the new target."),
)
_MOVE_EVIDENCE = ("evidence", "TEXT", "observed = looks saw both targets; recovered = the store remembers one of them.")

TAG_MOVES = View(
    "tag_moves",
    ("source", "repository", "tag", "first_seen_to", "to_digest"),
    "Every move of a tag from one target to another.",
    (SOURCE, REPOSITORY, TAG, FIRST_SEEN_TO, TO_DIGEST, *FROM_TO, _MOVE_EVIDENCE, *MOVED_AT),
    f"""
SELECT v.source, v.repository, v.tag, v.first_seen_to, b.digest AS to_digest, f.digest AS from_digest, v.last_seen_from,
    v.evidence, v.moved_at, v.dated_by
FROM ({_MOVES}) AS v
LEFT JOIN blobs AS b ON b.blob_key = v.to_key
LEFT JOIN blobs AS f ON f.blob_key = v.from_key
""",
)


def _side(name: str, own: str, other: str) -> str:
    """Of each platform, the first leaf of one side that the other side lacks."""
    return f"""{name} AS (
    SELECT n.source, n.repository, n.tag, n.first_seen_to, n.to_key, n.platform, n.manifest_key, n.image_key
    FROM (
        SELECT v.source, v.repository, v.tag, v.first_seen_to, v.to_key, l.platform, l.manifest_key, l.image_key,
            ROW_NUMBER() OVER (
                PARTITION BY v.source, v.repository, v.tag, v.first_seen_to, v.to_key, l.platform
                ORDER BY l.place_1, l.place_2, l.place_3, l.place_4
            ) AS place
        FROM moves AS v
        JOIN leaves AS l ON l.root_key = v.{own}
        LEFT JOIN leaves AS x ON x.root_key = v.{other} AND x.platform = l.platform
            AND COALESCE(x.manifest_key, x.image_key) = COALESCE(l.manifest_key, l.image_key)
        WHERE x.root_key IS NULL
    ) AS n
    WHERE n.place = 1
)"""


TAG_PLATFORM_MOVES = View(
    "tag_platform_moves",
    ("source", "repository", "tag", "first_seen_to", "to_digest", "platform"),
    "What each move of a tag changed, platform by platform; a platform that stayed has no row.",
    (
        SOURCE,
        REPOSITORY,
        TAG,
        FIRST_SEEN_TO,
        TO_DIGEST,
        *FROM_TO,
        _MOVE_EVIDENCE,
        PLATFORM,
        ("from_manifest_digest", "TEXT", "The platform's manifest before."),
        ("to_manifest_digest", "TEXT", "The platform's manifest after."),
        ("from_image_id", "TEXT", "The platform's image before."),
        ("to_image_id", "TEXT", "The platform's image after."),
        ("change", "TEXT", "moved, added or removed."),
        *MOVED_AT,
    ),
    f"""
WITH moves AS ({_MOVES}), leaves AS (
    SELECT l.root_key, l.place_1, l.place_2, l.place_3, l.place_4, l.child_key AS manifest_key, l.image_key,
        COALESCE(l.platform, i.platform, 'unknown') AS platform
    FROM index_leaves AS l
    LEFT JOIN images AS i ON i.image_key = l.image_key
    WHERE l.role IN ('image', 'unknown') AND (l.child_kind = 'image' OR (l.child_kind IS NULL AND {_MAY_BE_IMAGE}))
    UNION ALL
    SELECT m.manifest_key AS root_key, 0 AS place_1, -1 AS place_2, -1 AS place_3, -1 AS place_4, m.manifest_key,
        m.config_key AS image_key, COALESCE(i.platform, 'unknown') AS platform
    FROM manifests AS m
    LEFT JOIN images AS i ON i.image_key = m.config_key
    WHERE m.kind = 'image'
    UNION ALL
    SELECT i.image_key AS root_key, 0 AS place_1, -1 AS place_2, -1 AS place_3, -1 AS place_4, NULL AS manifest_key,
        i.image_key, COALESCE(i.platform, 'unknown') AS platform
    FROM images AS i
), {_side("gone", "from_key", "to_key")}, {_side("come", "to_key", "from_key")}, both_sides AS (
    SELECT
        COALESCE(g.source, c.source) AS source, COALESCE(g.tag, c.tag) AS tag,
        CASE WHEN g.tag IS NULL THEN c.repository ELSE g.repository END AS repository,
        COALESCE(g.first_seen_to, c.first_seen_to) AS first_seen_to,
        CASE WHEN g.tag IS NULL THEN c.to_key ELSE g.to_key END AS to_key,
        COALESCE(g.platform, c.platform) AS platform,
        g.manifest_key AS from_manifest, g.image_key AS from_image, c.manifest_key AS to_manifest, c.image_key AS to_image,
        CASE WHEN g.tag IS NULL THEN 'added' WHEN c.tag IS NULL THEN 'removed' ELSE 'moved' END AS change
    FROM gone AS g
    FULL JOIN come AS c ON c.source = g.source AND COALESCE(c.repository, '') = COALESCE(g.repository, '') AND c.tag = g.tag
        AND c.first_seen_to = g.first_seen_to AND COALESCE(c.to_key, -1) = COALESCE(g.to_key, -1) AND c.platform = g.platform
)
SELECT o.source, o.repository, o.tag, o.first_seen_to, b.digest AS to_digest, f.digest AS from_digest, v.last_seen_from,
    v.evidence, o.platform, fm.digest AS from_manifest_digest, tm.digest AS to_manifest_digest,
    fi.digest AS from_image_id, ti.digest AS to_image_id, o.change,
    v.moved_at, v.dated_by
FROM both_sides AS o
JOIN moves AS v ON v.source = o.source AND COALESCE(v.repository, '') = COALESCE(o.repository, '') AND v.tag = o.tag
    AND v.first_seen_to = o.first_seen_to AND COALESCE(v.to_key, -1) = COALESCE(o.to_key, -1)
LEFT JOIN blobs AS b ON b.blob_key = v.to_key
LEFT JOIN blobs AS f ON f.blob_key = v.from_key
LEFT JOIN blobs AS fm ON fm.blob_key = o.from_manifest
LEFT JOIN blobs AS tm ON tm.blob_key = o.to_manifest
LEFT JOIN blobs AS fi ON fi.blob_key = o.from_image
LEFT JOIN blobs AS ti ON ti.blob_key = o.to_image
""",
)

TAG_IMAGES = View(
    "tag_images",
    ("source", "repository", "tag", "position"),
    "The images that each current tag stands for, one a platform; a tag of something else has one row without an image.",
    (
        SOURCE,
        REPOSITORY,
        TAG,
        ("position", "BIGINT", "Place among the tag's images, in the order of the index."),
        PLATFORM,
        ("os_version", "TEXT", "Version of the operating system, which tells Windows images apart."),
        MANIFEST,
        IMAGE_ID,
        ("missing", "BOOLEAN", "The manifest is named, and the source does not have it."),
    ),
    f"""
WITH found AS (
    SELECT t.index_key, t.source_key, t.source, t.repository_key, t.repository, t.tag, t.target_key AS manifest_key,
        m.config_key AS image_key, CAST(NULL AS TEXT) AS platform, CAST(NULL AS TEXT) AS os_version,
        CAST(0 AS BIGINT) AS place_1, CAST(0 AS BIGINT) AS place_2, CAST(0 AS BIGINT) AS place_3, CAST(0 AS BIGINT) AS place_4
    FROM tag_targets AS t
    JOIN manifests AS m ON m.manifest_key = t.target_key
    WHERE t.target_kind = 'manifest' AND m.kind = 'image'
    UNION ALL
    SELECT t.index_key, t.source_key, t.source, t.repository_key, t.repository, t.tag, NULL AS manifest_key,
        t.target_key AS image_key, NULL AS platform, NULL AS os_version, 0, 0, 0, 0
    FROM tag_targets AS t
    WHERE t.target_kind = 'image'
    UNION ALL
    SELECT t.index_key, t.source_key, t.source, t.repository_key, t.repository, t.tag, l.child_key AS manifest_key,
        l.image_key, l.platform, l.os_version, l.place_1, l.place_2, l.place_3, l.place_4
    FROM tag_targets AS t
    JOIN index_leaves AS l ON l.root_key = t.target_key
    WHERE t.target_kind = 'manifest'
        AND (l.child_kind IN ('image', 'schema1') OR (l.child_kind IS NULL AND {_MAY_BE_IMAGE}))
), rows_of_tags AS (
    SELECT * FROM found
    UNION ALL
    SELECT t.index_key, t.source_key, t.source, t.repository_key, t.repository, t.tag, t.target_key AS manifest_key,
        NULL AS image_key, NULL AS platform, NULL AS os_version, 0, 0, 0, 0
    FROM tag_targets AS t
    WHERE NOT EXISTS (
        SELECT 1 FROM found AS f
        WHERE f.index_key = t.index_key AND f.source_key = t.source_key AND f.repository_key = t.repository_key AND f.tag = t.tag
    )
)
SELECT
    r.source, r.repository, r.tag,
    ROW_NUMBER() OVER (
        PARTITION BY r.source, r.repository_key, r.tag ORDER BY r.place_1, r.place_2, r.place_3, r.place_4
    ) - 1 AS position,
    COALESCE(r.platform, i.platform) AS platform, COALESCE(r.os_version, i.os_version) AS os_version,
    mb.digest AS manifest_digest, ib.digest AS image_id,
    r.manifest_key IS NOT NULL AND p.manifest_key IS NULL AS missing
FROM rows_of_tags AS r
LEFT JOIN images AS i ON i.image_key = r.image_key
LEFT JOIN blobs AS mb ON mb.blob_key = r.manifest_key
LEFT JOIN blobs AS ib ON ib.blob_key = r.image_key
LEFT JOIN (
    SELECT DISTINCT index_key, source_key, repository_key, manifest_key FROM source_manifests WHERE ended_at IS NULL
) AS p ON p.index_key = r.index_key AND p.source_key = r.source_key AND p.repository_key = r.repository_key
    AND p.manifest_key = r.manifest_key
""",
)

ALL = (TAG_HISTORY, CURRENT_TAGS, TAG_MOVES, TAG_PLATFORM_MOVES, TAG_IMAGES)
