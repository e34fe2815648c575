"""Views about images: what each is, its layers, its history and what it costs."""

from __future__ import annotations

from imgindex.store.views.parts import BASIS, IMAGE_ID, PLATFORM, SOURCE, View

POSITION = ("position", "BIGINT", "Place in the stack, 0 = base layer.")
INSTRUCTION = ("instruction", "TEXT", "Kind of instruction that made it: RUN, COPY …; NULL where it cannot be told.")
CREATED_BY = ("created_by", "TEXT", "The command that made it, secrets redacted.")

IMAGE_SUMMARY = View(
    "image_summary",
    ("source", "image_id"),
    "Every image that a source has.",
    (
        SOURCE,
        IMAGE_ID,
        PLATFORM,
        ("os", "TEXT", "Operating system, as the config says, else the index entry."),
        ("architecture", "TEXT", "Architecture, as the config says, else the index entry."),
        ("variant", "TEXT", "Variant, as the config says, else the index entry."),
        ("created_at", "TIMESTAMPTZ", "When it was made, as its config says; NULL if the config was not read."),
        ("layer_count", "BIGINT", "How many layers it has, repeats counted."),
        ("history_count", "BIGINT", "How many history entries it has, empty ones counted."),
        ("listed", "BOOLEAN", "The store lists it: these are the images that count."),
        ("tag_count", "BIGINT", "Current tags that reach it."),
        ("names", "TEXT", "Those tags as repository:tag, sorted, separated by a comma and a space; NULL if none."),
    ),
    """
SELECT
    s.name AS source, b.digest AS image_id,
    COALESCE(p.platform, i.platform) AS platform,
    COALESCE(i.os, p.os) AS os, COALESCE(i.architecture, p.architecture) AS architecture,
    COALESCE(i.variant, p.variant) AS variant,
    i.created_at,
    COALESCE(i.layer_count, p.layer_count) AS layer_count, i.history_count,
    p.listed, p.tag_count, p.names
FROM source_image_summaries AS p
JOIN source_streams AS s ON s.index_key = p.index_key AND s.source_key = p.source_key
JOIN blobs AS b ON b.blob_key = p.image_key
LEFT JOIN images AS i ON i.image_key = p.image_key
""",
)

IMAGE_SIZES = View(
    "image_sizes",
    ("source", "basis", "image_id"),
    "What each listed image costs in its source: size = unique + shared.",
    (
        SOURCE,
        BASIS,
        IMAGE_ID,
        ("size_bytes", "BIGINT", "All its distinct units; NULL if one is unknown."),
        ("shared_bytes", "BIGINT", "Those that another listed image of the source uses, too."),
        ("unique_bytes", "BIGINT", "Those that no other listed image of the source uses."),
        ("split_bytes", "BIGINT", "Its part of each unit it uses; the parts of all images sum to the distinct bytes."),
        ("unknown_layers", "BIGINT", "How many of its units have no known size."),
    ),
    """
SELECT s.name AS source, z.basis, b.digest AS image_id, z.size_bytes, z.shared_bytes, z.unique_bytes, z.split_bytes,
    z.unknown_layers
FROM source_image_sizes AS z
JOIN source_streams AS s ON s.index_key = z.index_key AND s.source_key = z.source_key
JOIN blobs AS b ON b.blob_key = z.image_key
""",
)

IMAGE_LAYER_DETAIL = View(
    "image_layer_detail",
    ("image_id", "position"),
    "The layers of every image that was read.",
    (
        IMAGE_ID,
        POSITION,
        ("diff_id", "TEXT", "Digest of the layer's uncompressed tar."),
        ("chain_id", "TEXT", "Digest of the stack up to and with this layer."),
        INSTRUCTION,
        CREATED_BY,
    ),
    """
SELECT i.image_id, il.position, l.diff_id, c.chain_id, h.instruction, h.created_by
FROM image_layers AS il
JOIN images AS i ON i.image_key = il.image_key
JOIN layers AS l ON l.layer_key = il.layer_key
JOIN chains AS c ON c.chain_key = il.chain_key
LEFT JOIN image_history AS h ON h.image_key = il.image_key AND h.position = il.history_position
""",
)

IMAGE_LAYER_SIZES = View(
    "image_layer_sizes",
    ("source", "basis", "image_id", "position"),
    "The size of each layer of each image, as its source states it. Of several manifests of one image in a source, the "
    "first by digest speaks.",
    (SOURCE, BASIS, IMAGE_ID, POSITION, ("size_bytes", "BIGINT", "Size; NULL if the source does not state it.")),
    """
SELECT s.name AS source, 'compressed' AS basis, b.digest AS image_id, ml.position, u.size_bytes
FROM (
    SELECT sm.index_key, sm.source_key, m.config_key AS image_key, MIN(sm.manifest_key) AS manifest_key
    FROM source_manifests AS sm
    JOIN manifests AS m ON m.manifest_key = sm.manifest_key AND m.kind = 'image'
    WHERE sm.ended_at IS NULL
    GROUP BY sm.index_key, sm.source_key, m.config_key
) AS f
JOIN source_streams AS s ON s.index_key = f.index_key AND s.source_key = f.source_key
JOIN blobs AS b ON b.blob_key = f.image_key
JOIN manifest_layers AS ml ON ml.manifest_key = f.manifest_key
LEFT JOIN source_usage AS u ON u.index_key = f.index_key AND u.source_key = f.source_key
    AND u.basis = 'compressed' AND u.unit_key = ml.blob_key
UNION ALL
SELECT s.name AS source, u.basis, b.digest AS image_id, il.position, MAX(u.size_bytes) AS size_bytes
FROM source_image_units AS iu
JOIN source_streams AS s ON s.index_key = iu.index_key AND s.source_key = iu.source_key
JOIN blobs AS b ON b.blob_key = iu.image_key
JOIN image_layers AS il ON il.image_key = iu.image_key
    AND iu.unit_key = CASE WHEN iu.store = 'archive' THEN il.layer_key ELSE il.chain_key END
JOIN source_usage AS u ON u.index_key = iu.index_key AND u.source_key = iu.source_key AND u.basis = iu.basis
    AND u.store = iu.store AND u.unit_key = iu.unit_key
WHERE iu.basis <> 'compressed'
GROUP BY s.name, u.basis, b.digest, il.position
""",
)

IMAGE_HISTORY_DETAIL = View(
    "image_history_detail",
    ("image_id", "position"),
    "The history of every image that was read, oldest first.",
    (
        IMAGE_ID,
        ("position", "BIGINT", "Place in the history, 0 = oldest."),
        ("created_at", "TIMESTAMPTZ", "When the entry was made."),
        CREATED_BY,
        INSTRUCTION,
        ("empty_layer", "BOOLEAN", "It made no layer."),
        ("diff_id", "TEXT", "The layer it made; NULL if none, or if history and layers do not agree."),
        ("chain_id", "TEXT", "The stack up to and with that layer."),
        ("comment", "TEXT", "Comment, secrets redacted."),
    ),
    """
SELECT i.image_id, h.position, h.created_at, h.created_by, h.instruction, h.empty_layer, l.diff_id, c.chain_id, h.comment
FROM image_history AS h
JOIN images AS i ON i.image_key = h.image_key
LEFT JOIN image_layers AS il ON il.image_key = h.image_key AND il.position = h.layer_position
LEFT JOIN layers AS l ON l.layer_key = il.layer_key
LEFT JOIN chains AS c ON c.chain_key = il.chain_key
""",
)

BASE_IMAGES = View(
    "base_images",
    ("source", "image_id"),
    "The nearest base of each listed image: the listed image with a name whose layers are the longest strict start of "
    "this one's. Images that have one.",
    (
        SOURCE,
        IMAGE_ID,
        ("base_image_id", "TEXT", "The base; of several with the same layers the oldest, then the smallest ID."),
        ("base_layer_count", "BIGINT", "How many layers the base has."),
        ("tie_count", "BIGINT", "How many images have exactly the base's layers."),
        ("evidence", "TEXT", "chain = the layers say so; annotation = only the manifest's annotation does."),
    ),
    """
WITH present AS (
    SELECT DISTINCT si.source_key, s.name AS source, si.image_key, i.chain_key, i.layer_count, i.created_at, i.image_id
    FROM source_images AS si
    JOIN source_streams AS s ON s.index_key = si.index_key AND s.source_key = si.source_key
    JOIN images AS i ON i.image_key = si.image_key
    WHERE si.ended_at IS NULL AND si.listed
), named AS (
    SELECT DISTINCT source_key, image_key FROM tag_reach
), candidates AS (
    SELECT c.source_key, c.chain_key, c.image_id, c.layer_count, c.tie_count
    FROM (
        SELECT p.source_key, p.chain_key, p.image_id, p.layer_count,
            COUNT(*) OVER (PARTITION BY p.source_key, p.chain_key) AS tie_count,
            ROW_NUMBER() OVER (
                PARTITION BY p.source_key, p.chain_key ORDER BY p.created_at ASC NULLS LAST, p.image_id
            ) AS place
        FROM present AS p
        JOIN named AS n ON n.source_key = p.source_key AND n.image_key = p.image_key
        WHERE p.chain_key IS NOT NULL
    ) AS c
    WHERE c.place <= 1
), below AS MATERIALIZED (
    -- Before it meets the candidates: joined with them by source alone, all images would meet all.
    SELECT p.source_key, p.source, p.image_key, p.image_id, il.position, il.chain_key
    FROM present AS p
    JOIN image_layers AS il ON il.image_key = p.image_key AND il.position + 1 < p.layer_count
), deepest AS (
    SELECT d.source_key, d.source, d.image_key, d.image_id, d.base_image_id, d.layer_count, d.tie_count
    FROM (
        SELECT b.source_key, b.source, b.image_key, b.image_id, c.image_id AS base_image_id, c.layer_count, c.tie_count,
            ROW_NUMBER() OVER (PARTITION BY b.source_key, b.image_key ORDER BY b.position DESC) AS place
        FROM below AS b
        JOIN candidates AS c ON c.source_key = b.source_key AND c.chain_key = b.chain_key
    ) AS d
    WHERE d.place <= 1
), claimed AS (
    SELECT sm.source_key, m.config_key AS image_key, MIN(base.image_id) AS base_image_id, MIN(base.layer_count) AS layer_count
    FROM manifest_annotations AS a
    JOIN manifests AS m ON m.manifest_key = a.manifest_key AND m.kind = 'image'
    JOIN source_manifests AS sm ON sm.manifest_key = m.manifest_key AND sm.ended_at IS NULL
    JOIN source_streams AS s ON s.index_key = sm.index_key AND s.source_key = sm.source_key
    JOIN blobs AS b ON b.digest = a.value
    JOIN manifests AS bm ON bm.manifest_key = b.blob_key AND bm.kind = 'image'
    JOIN images AS base ON base.image_key = bm.config_key
    WHERE a.name = 'org.opencontainers.image.base.digest' AND bm.config_key <> m.config_key
    GROUP BY sm.source_key, m.config_key
)
SELECT d.source, d.image_id, d.base_image_id, d.layer_count AS base_layer_count, d.tie_count, 'chain' AS evidence
FROM deepest AS d
UNION ALL
SELECT p.source, p.image_id, k.base_image_id, k.layer_count AS base_layer_count, CAST(1 AS BIGINT) AS tie_count,
    'annotation' AS evidence
FROM claimed AS k
JOIN present AS p ON p.source_key = k.source_key AND p.image_key = k.image_key
LEFT JOIN deepest AS d ON d.source_key = k.source_key AND d.image_key = k.image_key
WHERE d.image_key IS NULL
""",
)

ALL = (IMAGE_SUMMARY, IMAGE_SIZES, IMAGE_LAYER_DETAIL, IMAGE_LAYER_SIZES, IMAGE_HISTORY_DETAIL, BASE_IMAGES)
