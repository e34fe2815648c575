"""Views about tags: where they point, pointed, and what moved."""

from __future__ import annotations

from imgindex.store.views.intervals import intervals_of
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

_INTERVALS = intervals_of("(index_key, source_key) IN (SELECT index_key, source_key FROM source_streams)")
"""As the view tag_intervals, of the one index that speaks for each source."""

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
    f"""
SELECT s.name AS source, r.name AS repository, t.tag, b.digest AS target_digest, t.valid_from, t.target_kind, t.set_at,
    t.first_seen_at, t.last_seen_at, t.valid_to, t.evidence,
    CASE WHEN t.valid_from = t.set_at THEN 'store' WHEN t.valid_from IS NOT NULL THEN 'look' END AS dated_by
FROM ({_INTERVALS}) AS t
JOIN source_streams AS s ON s.source_key = t.source_key
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

_MOVES = f"""
    SELECT w.source_key, w.repository_key, w.tag, COALESCE(w.first_seen_at, w.valid_from) AS first_seen_to,
        w.target_key AS to_key, w.from_key, w.last_seen_from, w.evidence, w.valid_from AS moved_at,
        CASE WHEN w.valid_from = w.set_at THEN 'store' ELSE 'look' END AS dated_by
    FROM (
        SELECT t.source_key, t.repository_key, t.tag, t.first_seen_at, t.valid_from, t.set_at, t.target_key,
            LAG(t.target_key) OVER per_tag AS from_key,
            LAG(COALESCE(t.last_seen_at, t.valid_from)) OVER per_tag AS last_seen_from,
            CASE WHEN LAG(t.evidence) OVER per_tag = 'recovered' THEN 'recovered' ELSE t.evidence END AS evidence
        FROM ({_INTERVALS}) AS t
        -- A link that could not be read for a while is no move there and back.
        WHERE t.place IS NOT NULL AND t.target_key IS NOT NULL
        WINDOW per_tag AS (PARTITION BY t.tag_number ORDER BY t.place)
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
SELECT s.name AS source, r.name AS repository, v.tag, v.first_seen_to, b.digest AS to_digest, f.digest AS from_digest,
    v.last_seen_from, v.evidence, v.moved_at, v.dated_by
FROM ({_MOVES}) AS v
JOIN source_streams AS s ON s.source_key = v.source_key
JOIN repositories AS r ON r.repository_key = v.repository_key
LEFT JOIN blobs AS b ON b.blob_key = v.to_key
LEFT JOIN blobs AS f ON f.blob_key = v.from_key
""",
)


def _side(own: str, other: str, *, new: int) -> str:
    """Of each platform, the first leaf of one side of a pair of targets that the other side lacks."""
    return f"""
    SELECT n.from_key, n.to_key, n.platform, n.manifest_key, n.image_key, {new} AS is_new
    FROM (
        SELECT p.from_key, p.to_key, l.platform, l.manifest_key, l.image_key,
            ROW_NUMBER() OVER (
                PARTITION BY p.from_key, p.to_key, l.platform ORDER BY l.place_1, l.place_2, l.place_3, l.place_4
            ) AS place
        FROM pairs AS p
        JOIN leaves AS l ON l.root_key = p.{own}
        LEFT JOIN leaves AS x ON x.root_key = p.{other} AND x.platform = l.platform AND x.leaf_key = l.leaf_key
        WHERE x.root_key IS NULL
    ) AS n
    WHERE n.place <= 1
"""


TARGET_LEAVES = View(
    "target_leaves",
    ("root_key", "place_1", "place_2", "place_3", "place_4"),
    "What every possible target of a tag stands for, platform by platform: the images under an index, or the one image.",
    (
        ("root_key", "BIGINT", "The index, manifest or image."),
        ("place_1", "BIGINT", "Position in it."),
        ("place_2", "BIGINT", "Position in the index under that; -1 = none."),
        ("place_3", "BIGINT", "Position in the index under that; -1 = none."),
        ("place_4", "BIGINT", "Position in the index under that; -1 = none."),
        ("manifest_key", "BIGINT", "The manifest; NULL where the target is an image."),
        ("image_key", "BIGINT", "The image; NULL if the manifest was not read."),
        ("leaf_key", "BIGINT", "The manifest, else the image."),
        ("platform", "TEXT", "os/architecture[/variant], normalised; unknown where nothing says it."),
    ),
    f"""
SELECT l.root_key, l.place_1, l.place_2, l.place_3, l.place_4, l.child_key AS manifest_key, l.image_key,
    l.child_key AS leaf_key, COALESCE(l.platform, i.platform, 'unknown') AS platform
FROM index_leaves AS l
LEFT JOIN images AS i ON i.image_key = l.image_key
WHERE l.role IN ('image', 'unknown') AND (l.child_kind = 'image' OR (l.child_kind IS NULL AND {_MAY_BE_IMAGE}))
UNION ALL
SELECT m.manifest_key AS root_key, 0 AS place_1, -1 AS place_2, -1 AS place_3, -1 AS place_4, m.manifest_key,
    m.config_key AS image_key, m.manifest_key AS leaf_key, COALESCE(i.platform, 'unknown') AS platform
FROM manifests AS m
LEFT JOIN images AS i ON i.image_key = m.config_key
WHERE m.kind = 'image'
UNION ALL
SELECT i.image_key AS root_key, 0 AS place_1, -1 AS place_2, -1 AS place_3, -1 AS place_4, NULL AS manifest_key,
    i.image_key, i.image_key AS leaf_key, COALESCE(i.platform, 'unknown') AS platform
FROM images AS i
""",
    internal=True,
)

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
WITH moves AS ({_MOVES}), pairs AS (
    -- Many tags move from one target to the same other.
    SELECT DISTINCT from_key, to_key FROM moves
), leaves AS (
    SELECT root_key, place_1, place_2, place_3, place_4, manifest_key, image_key, leaf_key, platform FROM target_leaves
), sides AS ({_side("from_key", "to_key", new=0)}UNION ALL{_side("to_key", "from_key", new=1)}), changes AS (
    SELECT d.from_key, d.to_key, d.platform,
        MAX(CASE WHEN d.is_new = 0 THEN d.manifest_key END) AS from_manifest,
        MAX(CASE WHEN d.is_new = 0 THEN d.image_key END) AS from_image,
        MAX(CASE WHEN d.is_new = 1 THEN d.manifest_key END) AS to_manifest,
        MAX(CASE WHEN d.is_new = 1 THEN d.image_key END) AS to_image,
        CASE WHEN MIN(d.is_new) = 1 THEN 'added' WHEN MAX(d.is_new) = 0 THEN 'removed' ELSE 'moved' END AS change
    FROM sides AS d
    GROUP BY d.from_key, d.to_key, d.platform
), named AS MATERIALIZED (
    -- Apart, since PostgreSQL thinks all this so dear that it no longer minds how it joins the rest of a question.
    SELECT c.from_key, c.to_key, c.platform, c.change, f.digest AS from_digest, t.digest AS to_digest,
        fm.digest AS from_manifest_digest, tm.digest AS to_manifest_digest, fi.digest AS from_image_id,
        ti.digest AS to_image_id
    FROM changes AS c
    LEFT JOIN blobs AS f ON f.blob_key = c.from_key
    LEFT JOIN blobs AS t ON t.blob_key = c.to_key
    LEFT JOIN blobs AS fm ON fm.blob_key = c.from_manifest
    LEFT JOIN blobs AS tm ON tm.blob_key = c.to_manifest
    LEFT JOIN blobs AS fi ON fi.blob_key = c.from_image
    LEFT JOIN blobs AS ti ON ti.blob_key = c.to_image
)
SELECT s.name AS source, r.name AS repository, v.tag, v.first_seen_to, n.to_digest, n.from_digest, v.last_seen_from,
    v.evidence, n.platform, n.from_manifest_digest, n.to_manifest_digest, n.from_image_id, n.to_image_id, n.change,
    v.moved_at, v.dated_by
FROM moves AS v
JOIN named AS n ON n.from_key = v.from_key AND n.to_key = v.to_key
JOIN source_streams AS s ON s.source_key = v.source_key
JOIN repositories AS r ON r.repository_key = v.repository_key
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
WITH rows_of_tags AS (
    SELECT t.index_key, t.source_key, t.source, t.repository_key, t.repository, t.tag, l.platform, l.os_version,
        CASE WHEN t.target_kind = 'manifest' THEN COALESCE(l.child_key, t.target_key) END AS manifest_key,
        CASE WHEN t.target_kind = 'image' THEN t.target_key WHEN m.kind = 'image' THEN m.config_key ELSE l.image_key END
            AS image_key,
        l.place_1, l.place_2, l.place_3, l.place_4
    FROM tag_targets AS t
    LEFT JOIN manifests AS m ON m.manifest_key = t.target_key AND t.target_kind = 'manifest'
    LEFT JOIN index_leaves AS l ON l.root_key = t.target_key AND t.target_kind = 'manifest'
        AND (l.child_kind IN ('image', 'schema1') OR (l.child_kind IS NULL AND {_MAY_BE_IMAGE}))
)
SELECT
    r.source, r.repository, r.tag,
    ROW_NUMBER() OVER (
        PARTITION BY r.source_key, r.repository_key, r.tag ORDER BY r.place_1, r.place_2, r.place_3, r.place_4
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

ALL = (TAG_HISTORY, CURRENT_TAGS, TAG_MOVES, TARGET_LEAVES, TAG_PLATFORM_MOVES, TAG_IMAGES)
