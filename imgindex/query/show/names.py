"""SQL that several parts share: from images to the tags that reach them, and the sizes of an image's layers."""

from __future__ import annotations

DEPTH = 4
"""How many indexes may lie between a tag and an image, as in the view index_leaves."""

NAME = "CASE WHEN r.name IS NULL THEN t.tag ELSE r.name || ':' || t.tag END"


def reaching(images: str) -> str:
    """Common tables `targets`: what a tag may point at to reach the images of this one (a column image_key)."""
    first = f"""carriers_0 AS (
    SELECT DISTINCT k.image_key, m.manifest_key
    FROM {images} AS k
    JOIN manifests AS m ON m.config_key = k.image_key AND m.kind = 'image'
)"""
    above = [_carriers(level) for level in range(1, DEPTH + 1)]
    carried = "".join(
        f"    UNION SELECT image_key, manifest_key, 'manifest' AS target_kind FROM carriers_{level}\n"
        for level in range(DEPTH + 1)
    )
    own = f"    SELECT image_key, image_key AS target_key, 'image' AS target_kind FROM {images}\n"
    return ", ".join([first, *above, f"targets AS (\n{own}{carried})"])


def _carriers(level: int) -> str:
    """The indexes that hold the carriers of the level below."""
    return f"""carriers_{level} AS (
    SELECT DISTINCT k.image_key, e.manifest_key
    FROM carriers_{level - 1} AS k
    JOIN index_entries AS e ON e.child_key = k.manifest_key
)"""


def named(images: str) -> str:
    """Common tables `targets`, and `named`: image_key and names, the current tags that reach each image."""
    return f"""{reaching(images)}, names AS (
    SELECT DISTINCT g.image_key, {NAME} AS name
    FROM targets AS g
    JOIN tags AS t ON t.target_key = g.target_key AND t.target_kind = g.target_kind AND t.ended_at IS NULL
        AND t.evidence = 'observed'
    JOIN source_streams AS s ON s.index_key = t.index_key AND s.source_key = t.source_key
    JOIN repositories AS r ON r.repository_key = t.repository_key
), named AS (
    SELECT image_key, STRING_AGG(name, ', ' ORDER BY name) AS names
    FROM names
    GROUP BY image_key
)"""


TAGS_OF_TARGETS = """
    SELECT t.repository_key, t.tag
    FROM targets AS g JOIN tags AS t ON t.target_key = g.target_key AND t.target_kind = g.target_kind
    UNION
    SELECT t.repository_key, t.tag
    FROM targets AS g JOIN tag_traces AS t ON t.target_key = g.target_key AND t.target_kind = g.target_kind
"""
"""The tags that point, or ever pointed, at one of the common table `targets`; to be called `named`."""

OF_NAMED = "(repository_key, tag) IN (SELECT repository_key, tag FROM named)"
"""The condition that a tag is one of them."""

PRESENT = """present AS (
    SELECT si.image_key, COUNT(DISTINCT si.source_key) AS source_count
    FROM source_images AS si
    JOIN source_streams AS s ON s.index_key = si.index_key AND s.source_key = si.source_key
    WHERE si.ended_at IS NULL AND si.listed
    GROUP BY si.image_key
)"""
"""A common table of the images that some source lists."""

LAYER_SIZES = """first_manifests AS (
    SELECT sm.index_key, sm.source_key, MIN(sm.manifest_key) AS manifest_key
    FROM manifests AS m
    JOIN source_manifests AS sm ON sm.manifest_key = m.manifest_key AND sm.ended_at IS NULL
    JOIN source_streams AS s ON s.index_key = sm.index_key AND s.source_key = sm.source_key
    WHERE m.config_key = :key AND m.kind = 'image'
    GROUP BY sm.index_key, sm.source_key
), stated AS (
    SELECT ml.position, u.basis, u.size_bytes, u.image_count
    FROM first_manifests AS f
    JOIN manifest_layers AS ml ON ml.manifest_key = f.manifest_key
    JOIN source_usage AS u ON u.index_key = f.index_key AND u.source_key = f.source_key
        AND u.basis = 'compressed' AND u.unit_key = ml.blob_key
    UNION ALL
    SELECT il.position, u.basis, u.size_bytes, u.image_count
    FROM source_images AS si
    JOIN source_streams AS s ON s.index_key = si.index_key AND s.source_key = si.source_key
    JOIN image_layers AS il ON il.image_key = si.image_key
    JOIN source_usage AS u ON u.index_key = si.index_key AND u.source_key = si.source_key
        AND u.basis <> 'compressed' AND u.unit_key = il.chain_key
    WHERE si.image_key = :key AND si.ended_at IS NULL
), sizes AS (
    SELECT position,
        MAX(CASE WHEN basis = 'compressed' THEN size_bytes END) AS compressed_bytes,
        MAX(CASE WHEN basis = 'uncompressed' THEN size_bytes END) AS uncompressed_bytes,
        MAX(CASE WHEN basis = 'on_disk' THEN size_bytes END) AS on_disk_bytes,
        MAX(image_count) AS used_by
    FROM stated
    GROUP BY position
)"""
"""Common tables `stated` and `sizes`: each layer's size on each basis; of several sources the largest is told."""

PROBLEMS = """
SELECT s.name AS source, p.kind, p.locator, p.detail, p.first_seen_at
FROM problems AS p
JOIN source_streams AS s ON s.index_key = p.index_key AND s.source_key = p.source_key
WHERE p.digest = :digest AND p.ended_at IS NULL
ORDER BY s.name, p.kind, p.locator, p.detail
"""
"""Open problems that name a digest."""
