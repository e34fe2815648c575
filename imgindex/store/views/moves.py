"""Views of tags that moved: by key, which is how they are joined with other things, and with the names that people read."""

from __future__ import annotations

from imgindex.store.views.parts import MAY_BE_IMAGE, PLATFORM, REPOSITORY, SOURCE, TAG, View

FIRST_SEEN_TO = (
    "first_seen_to",
    "TIMESTAMPTZ",
    "Our first sight of the new target, or when the store says it was set: it had moved by then.",
)
LAST_SEEN_FROM = (
    "last_seen_from",
    "TIMESTAMPTZ",
    "Our last sight of the old target, or when that was set: it moved after this.",
)
FROM_TO = (("from_digest", "TEXT", "Where it pointed before."), LAST_SEEN_FROM)
TO_DIGEST = ("to_digest", "TEXT", "Where it points after the move.")
MOVED_AT = (
    ("moved_at", "TIMESTAMPTZ", "When it moved, as well as is known: in (last_seen_from, first_seen_to]."),
    ("dated_by", "TEXT", "store = moved_at is what the store says; look = it is our first sight of the new target."),
)
EVIDENCE = ("evidence", "TEXT", "observed = looks saw both targets; recovered = the store remembers one of them.")
CHANGE = ("change", "TEXT", "moved, added or removed.")

_KEYS = (("source_key", "BIGINT", "The source."), ("repository_key", "BIGINT", "The repository."), TAG)
_TARGET_KEYS = (
    ("to_key", "BIGINT", "Where it points after the move."),
    ("from_key", "BIGINT", "Where it pointed before."),
)

TAG_MOVE_KEYS = View(
    "tag_move_keys",
    ("source_key", "repository_key", "tag", "first_seen_to", "to_key"),
    "Every move of a tag, by key.",
    (*_KEYS, FIRST_SEEN_TO, *_TARGET_KEYS, LAST_SEEN_FROM, EVIDENCE, *MOVED_AT),
    """
SELECT t.source_key, t.repository_key, t.tag, COALESCE(t.first_seen_at, t.valid_from) AS first_seen_to,
    t.target_key AS to_key, t.from_key, t.last_seen_from,
    CASE WHEN t.from_evidence = 'recovered' THEN 'recovered' ELSE t.evidence END AS evidence, t.valid_from AS moved_at,
    CASE WHEN t.valid_from = t.set_at THEN 'store' ELSE 'look' END AS dated_by
FROM source_tag_intervals AS t
JOIN source_streams AS s ON s.index_key = t.index_key AND s.source_key = t.source_key
WHERE t.from_key IS NOT NULL
""",
    internal=True,
)

TAG_MOVES = View(
    "tag_moves",
    ("source", "repository", "tag", "first_seen_to", "to_digest"),
    "Every move of a tag from one target to another.",
    (SOURCE, REPOSITORY, TAG, FIRST_SEEN_TO, TO_DIGEST, *FROM_TO, EVIDENCE, *MOVED_AT),
    """
SELECT s.name AS source, r.name AS repository, v.tag, v.first_seen_to, b.digest AS to_digest, f.digest AS from_digest,
    v.last_seen_from, v.evidence, v.moved_at, v.dated_by
FROM tag_move_keys AS v
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
WHERE l.role IN ('image', 'unknown') AND (l.child_kind = 'image' OR (l.child_kind IS NULL AND {MAY_BE_IMAGE}))
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

TAG_PLATFORM_MOVE_KEYS = View(
    "tag_platform_move_keys",
    ("source_key", "repository_key", "tag", "first_seen_to", "to_key", "platform"),
    "What each move of a tag changed, platform by platform, by key.",
    (
        *_KEYS,
        FIRST_SEEN_TO,
        *_TARGET_KEYS,
        LAST_SEEN_FROM,
        EVIDENCE,
        PLATFORM,
        ("from_manifest_key", "BIGINT", "The platform's manifest before."),
        ("to_manifest_key", "BIGINT", "The platform's manifest after."),
        ("from_image_key", "BIGINT", "The platform's image before."),
        ("to_image_key", "BIGINT", "The platform's image after."),
        CHANGE,
        *MOVED_AT,
    ),
    f"""
WITH moves AS MATERIALIZED (
    SELECT source_key, repository_key, tag, first_seen_to, to_key, from_key, last_seen_from, evidence, moved_at, dated_by
    FROM tag_move_keys
), pairs AS (
    -- Many tags move from one target to the same other.
    SELECT DISTINCT from_key, to_key FROM moves
), leaves AS (
    SELECT root_key, place_1, place_2, place_3, place_4, manifest_key, image_key, leaf_key, platform FROM target_leaves
), sides AS ({_side("from_key", "to_key", new=0)}UNION ALL{_side("to_key", "from_key", new=1)}), changes AS MATERIALIZED (
    -- Apart, since PostgreSQL thinks all this so dear that it no longer minds how it joins the rest of a question.
    SELECT d.from_key, d.to_key, d.platform,
        MAX(CASE WHEN d.is_new = 0 THEN d.manifest_key END) AS from_manifest_key,
        MAX(CASE WHEN d.is_new = 0 THEN d.image_key END) AS from_image_key,
        MAX(CASE WHEN d.is_new = 1 THEN d.manifest_key END) AS to_manifest_key,
        MAX(CASE WHEN d.is_new = 1 THEN d.image_key END) AS to_image_key,
        CASE WHEN MIN(d.is_new) = 1 THEN 'added' WHEN MAX(d.is_new) = 0 THEN 'removed' ELSE 'moved' END AS change
    FROM sides AS d
    GROUP BY d.from_key, d.to_key, d.platform
)
SELECT v.source_key, v.repository_key, v.tag, v.first_seen_to, v.to_key, v.from_key, v.last_seen_from, v.evidence,
    c.platform, c.from_manifest_key, c.to_manifest_key, c.from_image_key, c.to_image_key, c.change, v.moved_at, v.dated_by
FROM moves AS v
JOIN changes AS c ON c.from_key = v.from_key AND c.to_key = v.to_key
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
        EVIDENCE,
        PLATFORM,
        ("from_manifest_digest", "TEXT", "The platform's manifest before."),
        ("to_manifest_digest", "TEXT", "The platform's manifest after."),
        ("from_image_id", "TEXT", "The platform's image before."),
        ("to_image_id", "TEXT", "The platform's image after."),
        CHANGE,
        *MOVED_AT,
    ),
    """
SELECT s.name AS source, r.name AS repository, v.tag, v.first_seen_to, t.digest AS to_digest, f.digest AS from_digest,
    v.last_seen_from, v.evidence, v.platform, fm.digest AS from_manifest_digest, tm.digest AS to_manifest_digest,
    fi.digest AS from_image_id, ti.digest AS to_image_id, v.change, v.moved_at, v.dated_by
FROM tag_platform_move_keys AS v
JOIN source_streams AS s ON s.source_key = v.source_key
JOIN repositories AS r ON r.repository_key = v.repository_key
LEFT JOIN blobs AS f ON f.blob_key = v.from_key
LEFT JOIN blobs AS t ON t.blob_key = v.to_key
LEFT JOIN blobs AS fm ON fm.blob_key = v.from_manifest_key
LEFT JOIN blobs AS tm ON tm.blob_key = v.to_manifest_key
LEFT JOIN blobs AS fi ON fi.blob_key = v.from_image_key
LEFT JOIN blobs AS ti ON ti.blob_key = v.to_image_key
""",
)

ALL = (TAG_MOVE_KEYS, TAG_MOVES, TARGET_LEAVES, TAG_PLATFORM_MOVE_KEYS, TAG_PLATFORM_MOVES)
