"""Views that carry questions about sharing: what images are called, what they use, where, and what repositories need."""

from __future__ import annotations

from imgindex.store.views.parts import View

IMAGE_NAMES = View(
    "image_names",
    ("source", "image_key", "name"),
    "What each image is called: repository:tag of every current tag that reaches it.",
    (
        ("index_key", "UUID", "The index that speaks for the source."),
        ("source_key", "BIGINT", "The source."),
        ("source", "TEXT", "Name of the source."),
        ("image_key", "BIGINT", "The image."),
        ("repository", "TEXT", "Full name with registry; NULL for a layout's bare refs."),
        ("name", "TEXT", "repository:tag, or the bare ref."),
    ),
    """
SELECT DISTINCT t.index_key, t.source_key, t.source, t.image_key, t.repository,
    CASE WHEN t.repository IS NULL THEN t.tag ELSE t.repository || ':' || t.tag END AS name
FROM tag_reach AS t
WHERE t.image_key IS NOT NULL
""",
    internal=True,
)

IMAGE_HANDLES = View(
    "image_handles",
    ("image_key", "name", "digest"),
    "What each image may be asked for by: a row a name of it, and a row with its digest, of the images gone, too.",
    (
        ("image_key", "BIGINT", "The image."),
        ("name", "TEXT", "repository:tag, or the bare ref, of a current tag that reaches it; NULL in the other row."),
        ("digest", "TEXT", "Its digest, the image ID; NULL in the rows of names."),
    ),
    # UNION ALL, and one of two NULL in each row: a filter of names OR digests then reaches the tables, on both engines.
    """
SELECT DISTINCT n.image_key, n.name, CAST(NULL AS TEXT) AS digest
FROM image_names AS n
UNION ALL
SELECT b.blob_key AS image_key, CAST(NULL AS TEXT) AS name, b.digest
FROM blobs AS b
WHERE b.blob_key IN (SELECT image_key FROM source_images)
""",
    internal=True,
)

IMAGE_UNITS = View(
    "image_units",
    ("source", "basis", "store", "unit_key", "image_key"),
    "What each image uses: blobs, or stacks within their store, each once.",
    (
        ("index_key", "UUID", "The index that speaks for the source."),
        ("source_key", "BIGINT", "The source."),
        ("source", "TEXT", "Name of the source."),
        ("basis", "TEXT", "What is counted: compressed, uncompressed or on_disk."),
        ("store", "TEXT", "Graph driver or namespace/snapshotter; empty for blobs."),
        ("unit_key", "BIGINT", "A blob, or a stack within its store."),
        ("image_key", "BIGINT", "An image that uses it."),
        ("listed", "BOOLEAN", "The store lists the image."),
        ("size_bytes", "BIGINT", "Size of the unit; NULL if the source does not state it."),
        ("image_count", "BIGINT", "Listed images that use the unit."),
    ),
    """
SELECT u.index_key, u.source_key, s.name AS source, u.basis, u.store, u.unit_key, u.image_key, u.listed, z.size_bytes,
    z.image_count
FROM source_image_units AS u
JOIN source_streams AS s ON s.index_key = u.index_key AND s.source_key = u.source_key
JOIN source_usage AS z ON z.index_key = u.index_key AND z.source_key = u.source_key AND z.basis = u.basis
    AND z.store = u.store AND z.unit_key = u.unit_key
""",
    internal=True,
)

IMAGE_PLACES = View(
    "image_places",
    ("source", "basis", "store", "unit_key", "image_key", "position", "manifest_key"),
    "Where in its stack each image has what it uses, and what made it.",
    (
        ("index_key", "UUID", "The index that speaks for the source."),
        ("source_key", "BIGINT", "The source."),
        ("source", "TEXT", "Name of the source."),
        ("basis", "TEXT", "What is counted: compressed, uncompressed or on_disk."),
        ("store", "TEXT", "Graph driver or namespace/snapshotter; empty for blobs."),
        ("unit_key", "BIGINT", "A blob, or a stack within its store."),
        ("image_key", "BIGINT", "An image that uses it."),
        ("position", "BIGINT", "Place in the stack, 0 = base layer."),
        ("manifest_key", "BIGINT", "The manifest that says so; NULL for unpacked layers."),
        ("listed", "BOOLEAN", "The store lists the image."),
        ("size_bytes", "BIGINT", "Size of the unit; NULL if the source does not state it."),
        ("image_count", "BIGINT", "Listed images that use the unit."),
        ("layer_key", "BIGINT", "The layer; NULL if no config that was read says which."),
        ("chain_key", "BIGINT", "The stack up to and with it; NULL as the layer."),
        ("history_position", "BIGINT", "The history entry that made it; NULL if unknown."),
    ),
    """
SELECT u.index_key, u.source_key, u.source, u.basis, u.store, u.unit_key, u.image_key, ml.position, ml.manifest_key,
    u.listed, u.size_bytes, u.image_count, il.layer_key, il.chain_key, il.history_position
FROM image_units AS u
JOIN manifests AS m ON m.config_key = u.image_key AND m.kind = 'image'
JOIN manifest_layers AS ml ON ml.manifest_key = m.manifest_key AND ml.blob_key = u.unit_key
JOIN (SELECT DISTINCT index_key, source_key, manifest_key FROM source_manifests WHERE ended_at IS NULL) AS sm
    ON sm.index_key = u.index_key AND sm.source_key = u.source_key AND sm.manifest_key = m.manifest_key
LEFT JOIN images AS i ON i.image_key = m.config_key AND i.layer_count = m.layer_count
LEFT JOIN image_layers AS il ON il.image_key = i.image_key AND il.position = ml.position
WHERE u.basis = 'compressed'
UNION ALL
SELECT u.index_key, u.source_key, u.source, u.basis, u.store, u.unit_key, u.image_key, il.position,
    NULL AS manifest_key, u.listed, u.size_bytes, u.image_count, il.layer_key, il.chain_key, il.history_position
FROM image_units AS u
JOIN image_layers AS il ON il.image_key = u.image_key
    AND u.unit_key = CASE WHEN u.store = 'archive' THEN il.layer_key ELSE il.chain_key END
WHERE u.basis <> 'compressed'
""",
    internal=True,
)

REPOSITORY_UNITS = View(
    "repository_units",
    ("source", "repository_key", "basis", "store", "unit_key"),
    "What the current tags of each repository need: blobs, or stacks within their store, each once.",
    (
        ("index_key", "UUID", "The index that speaks for the source."),
        ("source_key", "BIGINT", "The source."),
        ("source", "TEXT", "Name of the source."),
        ("repository_key", "BIGINT", "The repository."),
        ("repository", "TEXT", "Full name with registry; NULL for a layout's bare refs."),
        ("basis", "TEXT", "What is counted: compressed, uncompressed or on_disk."),
        ("store", "TEXT", "Graph driver or namespace/snapshotter; empty for blobs."),
        ("unit_key", "BIGINT", "A blob, or a stack within its store."),
        ("size_bytes", "BIGINT", "Size of the unit; NULL if the source does not state it."),
    ),
    """
SELECT DISTINCT r.index_key, r.source_key, r.source, r.repository_key, r.repository, u.basis, u.store, u.unit_key,
    u.size_bytes
FROM tag_reach AS r
JOIN source_manifests AS sm ON sm.index_key = r.index_key AND sm.source_key = r.source_key
    AND sm.repository_key = r.repository_key AND sm.manifest_key = r.manifest_key AND sm.ended_at IS NULL
JOIN manifest_layers AS ml ON ml.manifest_key = r.manifest_key
JOIN source_usage AS u ON u.index_key = r.index_key AND u.source_key = r.source_key AND u.basis = 'compressed'
    AND u.unit_key = ml.blob_key
WHERE r.image_key IS NOT NULL
UNION ALL
SELECT DISTINCT r.index_key, r.source_key, r.source, r.repository_key, r.repository, u.basis, u.store, u.unit_key,
    u.size_bytes
FROM tag_reach AS r
JOIN image_units AS u ON u.index_key = r.index_key AND u.source_key = r.source_key AND u.image_key = r.image_key
    AND u.basis <> 'compressed'
""",
    internal=True,
)

ALL = (IMAGE_NAMES, IMAGE_HANDLES, IMAGE_UNITS, IMAGE_PLACES, REPOSITORY_UNITS)
