"""Views about tags: where they point and pointed, and the images that they stand for."""

from __future__ import annotations

from imgindex.store.views.parts import (
    EVIDENCE,
    FIRST_SEEN,
    IMAGE_ID,
    LAST_SEEN,
    MANIFEST,
    MAY_BE_IMAGE,
    PLATFORM,
    REPOSITORY,
    SET_AT,
    SOURCE,
    TAG,
    TARGET_KIND,
    View,
)

TARGET = ("target_digest", "TEXT", "Digest of the manifest or image it points at; NULL if listed without one.")
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

TAG_IMAGE_KEYS = View(
    "tag_image_keys",
    ("source_key", "repository_key", "tag", "place_1", "place_2", "place_3", "place_4"),
    "The images that each current tag stands for, by key.",
    (
        ("index_key", "UUID", "The index that speaks for the source."),
        ("source_key", "BIGINT", "The source."),
        ("source", "TEXT", "Name of the source."),
        ("repository_key", "BIGINT", "The repository."),
        REPOSITORY,
        TAG,
        ("place_1", "BIGINT", "Position in the index that the tag points at; NULL if that is none."),
        ("place_2", "BIGINT", "Position in the index under that; -1 = none."),
        ("place_3", "BIGINT", "Position in the index under that; -1 = none."),
        ("place_4", "BIGINT", "Position in the index under that; -1 = none."),
        PLATFORM,
        ("os_version", "TEXT", "Version of the operating system."),
        ("manifest_key", "BIGINT", "The manifest; NULL for a tag of an image."),
        ("image_key", "BIGINT", "The image, if it is one that was read."),
    ),
    f"""
SELECT r.index_key, r.source_key, r.source, r.repository_key, r.repository, r.tag, r.place_1, r.place_2, r.place_3, r.place_4,
    COALESCE(r.platform, i.platform) AS platform, COALESCE(r.os_version, i.os_version) AS os_version, r.manifest_key,
    r.image_key
FROM (
    SELECT t.index_key, t.source_key, t.source, t.repository_key, t.repository, t.tag, l.platform, l.os_version,
        CASE WHEN t.target_kind = 'manifest' THEN COALESCE(l.child_key, t.target_key) END AS manifest_key,
        CASE WHEN t.target_kind = 'image' THEN t.target_key WHEN m.kind = 'image' THEN m.config_key ELSE l.image_key END
            AS image_key,
        l.place_1, l.place_2, l.place_3, l.place_4
    FROM tag_targets AS t
    LEFT JOIN manifests AS m ON m.manifest_key = t.target_key AND t.target_kind = 'manifest'
    LEFT JOIN index_leaves AS l ON l.root_key = t.target_key AND t.target_kind = 'manifest'
        AND (l.child_kind IN ('image', 'schema1') OR (l.child_kind IS NULL AND {MAY_BE_IMAGE}))
) AS r
LEFT JOIN images AS i ON i.image_key = r.image_key
""",
    internal=True,
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
    """
SELECT
    r.source, r.repository, r.tag,
    ROW_NUMBER() OVER (
        PARTITION BY r.source_key, r.repository_key, r.tag ORDER BY r.place_1, r.place_2, r.place_3, r.place_4
    ) - 1 AS position,
    r.platform, r.os_version, mb.digest AS manifest_digest, ib.digest AS image_id,
    r.manifest_key IS NOT NULL AND p.manifest_key IS NULL AS missing
FROM tag_image_keys AS r
LEFT JOIN blobs AS mb ON mb.blob_key = r.manifest_key
LEFT JOIN blobs AS ib ON ib.blob_key = r.image_key
LEFT JOIN (
    SELECT DISTINCT index_key, source_key, repository_key, manifest_key FROM source_manifests WHERE ended_at IS NULL
) AS p ON p.index_key = r.index_key AND p.source_key = r.source_key AND p.repository_key = r.repository_key
    AND p.manifest_key = r.manifest_key
""",
)

ALL = (TAG_HISTORY, CURRENT_TAGS, TAG_IMAGE_KEYS, TAG_IMAGES)
