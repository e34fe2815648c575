"""Views about sharing and sizes: what layers, repositories and sources cost."""

from __future__ import annotations

from imgindex.store.views.parts import BASIS, REPOSITORY, SOURCE, View, total

LAYER_USAGE = View(
    "layer_usage",
    ("source", "basis", "store", "unit"),
    "What images share: each blob, or each stack within its store, with its size and how many use it; and, where a store "
    "counts it, what it keeps of each image beside its layers.",
    (
        SOURCE,
        BASIS,
        ("store", "TEXT", "Graph driver or namespace/snapshotter; NULL for blobs and what is kept of an image."),
        (
            "unit",
            "TEXT",
            "Blob digest, chain ID or, in docker's archives, diff ID; of what is kept of an image beside its layers, its ID.",
        ),
        ("diff_id", "TEXT", "The layer; NULL if no config that was read says which."),
        ("blob_digest", "TEXT", "The blob that holds it; the first by digest if there are several."),
        ("chain_id", "TEXT", "The stack it is the top of; NULL for blobs."),
        ("size_bytes", "BIGINT", "Size as this source states it; NULL if it does not."),
        ("image_count", "BIGINT", "Listed images that use it."),
        ("repository_count", "BIGINT", "Repositories with a current tag that reaches an image that uses it."),
    ),
    """
SELECT s.name AS source, u.basis, NULLIF(u.store, '') AS store,
    COALESCE(c.chain_id, CASE WHEN u.store = 'archive' THEN l.diff_id END, b.digest) AS unit,
    l.diff_id, b.digest AS blob_digest, c.chain_id, u.size_bytes, u.image_count, u.repository_count
FROM source_usage AS u
JOIN source_streams AS s ON s.index_key = u.index_key AND s.source_key = u.source_key
LEFT JOIN (SELECT blob_key, MIN(layer_key) AS layer_key FROM layer_blobs GROUP BY blob_key) AS bl ON bl.blob_key = u.blob_key
LEFT JOIN (SELECT layer_key, MIN(blob_key) AS blob_key FROM layer_blobs GROUP BY layer_key) AS lb ON lb.layer_key = u.layer_key
LEFT JOIN layers AS l ON l.layer_key = COALESCE(u.layer_key, bl.layer_key)
LEFT JOIN blobs AS b ON b.blob_key = COALESCE(u.blob_key, lb.blob_key)
LEFT JOIN chains AS c ON c.chain_key = u.chain_key
""",
)

LAYER_BLOB_DETAIL = View(
    "layer_blob_detail",
    ("diff_id", "blob_digest"),
    "Which blob holds which layer, and who says so.",
    (
        ("diff_id", "TEXT", "Digest of the layer's uncompressed tar."),
        ("blob_digest", "TEXT", "Digest of the blob."),
        ("size_bytes", "BIGINT", "Size of the blob: verified, else as a source holds it, else as declared."),
        ("evidence", "TEXT", "store = a store's own record; manifest = a manifest and its config; joined by a comma."),
    ),
    """
SELECT l.diff_id, b.digest AS blob_digest, COALESCE(b.size_bytes, h.held_bytes, h.declared_bytes) AS size_bytes, e.evidence
FROM (
    SELECT layer_key, blob_key, STRING_AGG(evidence, ',' ORDER BY evidence) AS evidence
    FROM layer_blobs GROUP BY layer_key, blob_key
) AS e
JOIN layers AS l ON l.layer_key = e.layer_key
JOIN blobs AS b ON b.blob_key = e.blob_key
LEFT JOIN (
    SELECT blob_key, MAX(CASE WHEN bytes_evidence = 'held' THEN bytes END) AS held_bytes,
        MAX(CASE WHEN bytes_evidence = 'declared' THEN bytes END) AS declared_bytes
    FROM source_blobs GROUP BY blob_key
) AS h ON h.blob_key = e.blob_key
""",
)

SOURCE_BLOB_SIZES = View(
    "source_blob_sizes",
    ("index_key", "source_key", "blob_key"),
    "The size of each blob that a source has or declares: as held, else the largest that is declared.",
    (
        ("index_key", "UUID", "The index that speaks for the source."),
        ("source_key", "BIGINT", "The source."),
        ("blob_key", "BIGINT", "The blob."),
        ("bytes", "BIGINT", "Size in bytes; NULL if the source does not say."),
        ("is_held", "BOOLEAN", "The store has it; else a descriptor says so."),
    ),
    """
SELECT x.index_key, x.source_key, x.blob_key,
    COALESCE(MAX(CASE WHEN x.bytes_evidence = 'held' THEN x.bytes END), MAX(x.bytes)) AS bytes,
    BOOL_OR(x.bytes_evidence = 'held') AS is_held
FROM source_blobs AS x
JOIN source_streams AS s ON s.index_key = x.index_key AND s.source_key = x.source_key
WHERE x.ended_at IS NULL
GROUP BY x.index_key, x.source_key, x.blob_key
""",
    internal=True,
)

# A manifest's blobs: its own document, its config, its layers, and what else an index keeps; a foreign layer only where
# the source holds it.
_MANIFEST_BLOBS = """manifest_blobs AS (
    SELECT p.index_key, p.source_key, p.repository_key, p.manifest_key, p.kind, p.reached, p.manifest_key AS blob_key,
        'manifest' AS part
    FROM present AS p
    UNION ALL
    SELECT p.index_key, p.source_key, p.repository_key, p.manifest_key, p.kind, p.reached, p.config_key AS blob_key,
        'config' AS part
    FROM present AS p WHERE p.config_key IS NOT NULL
    UNION ALL
    SELECT p.index_key, p.source_key, p.repository_key, p.manifest_key, p.kind, p.reached, ml.blob_key, 'layer' AS part
    FROM present AS p
    JOIN manifest_layers AS ml ON ml.manifest_key = p.manifest_key
    LEFT JOIN source_blob_sizes AS f ON ml.is_foreign AND f.index_key = p.index_key AND f.source_key = p.source_key
        AND f.blob_key = ml.blob_key AND f.is_held
    WHERE NOT ml.is_foreign OR f.blob_key IS NOT NULL
    UNION ALL
    SELECT p.index_key, p.source_key, p.repository_key, p.manifest_key, p.kind, p.reached, e.child_key AS blob_key,
        'layer' AS part
    FROM present AS p
    JOIN index_entries AS e ON e.manifest_key = p.manifest_key AND e.role = 'unknown' AND e.media_type IS NOT NULL
)"""

REPOSITORY_SIZES = View(
    "repository_sizes",
    ("source", "repository"),
    "What each repository of a source costs.",
    (
        SOURCE,
        REPOSITORY,
        ("tag_count", "BIGINT", "Current tags."),
        ("image_count", "BIGINT", "Images that they reach."),
        ("layer_bytes", "BIGINT", "Distinct layers of those images; unpacked where the source has no blobs."),
        ("config_bytes", "BIGINT", "Distinct configs of those images."),
        ("manifest_bytes", "BIGINT", "Distinct manifests and indexes that current tags reach."),
        ("exclusive_layer_bytes", "BIGINT", "Of the layers, those that no other repository of the source uses."),
        ("untagged_manifest_count", "BIGINT", "Manifests that no current tag reaches in any way."),
        ("untagged_bytes", "BIGINT", "What only those manifests need within the repository."),
    ),
    f"""
WITH present AS (
    SELECT r.index_key, r.source_key, r.repository_key, r.manifest_key, m.kind, m.config_key,
        r.by_tag OR r.by_index OR r.by_subject AS reached
    FROM manifest_reach AS r
    LEFT JOIN manifests AS m ON m.manifest_key = r.manifest_key
), {_MANIFEST_BLOBS}, reach_images AS (
    SELECT DISTINCT t.index_key, t.source_key, t.repository_key, t.manifest_key, t.image_key
    FROM tag_reach AS t
    LEFT JOIN present AS p ON p.index_key = t.index_key AND p.source_key = t.source_key
        AND p.repository_key = t.repository_key AND p.manifest_key = t.manifest_key
    WHERE t.image_key IS NOT NULL AND (t.manifest_key IS NULL OR p.manifest_key IS NOT NULL)
), units AS (
    SELECT DISTINCT ri.index_key, ri.source_key, ri.repository_key, ml.blob_key AS unit_key, u.size_bytes
    FROM reach_images AS ri
    JOIN manifest_layers AS ml ON ml.manifest_key = ri.manifest_key
    JOIN source_usage AS u ON u.index_key = ri.index_key AND u.source_key = ri.source_key
        AND u.basis = 'compressed' AND u.unit_key = ml.blob_key
    UNION
    SELECT DISTINCT ri.index_key, ri.source_key, ri.repository_key, iu.unit_key, u.size_bytes
    FROM reach_images AS ri
    JOIN source_image_units AS iu ON iu.index_key = ri.index_key AND iu.source_key = ri.source_key
        AND iu.image_key = ri.image_key AND iu.basis <> 'compressed'
    JOIN source_usage AS u ON u.index_key = iu.index_key AND u.source_key = iu.source_key AND u.basis = iu.basis
        AND u.store = iu.store AND u.unit_key = iu.unit_key AND u.layer_key IS NOT NULL
    WHERE ri.manifest_key IS NULL OR NOT EXISTS (
        SELECT 1 FROM source_usage AS c
        WHERE c.index_key = ri.index_key AND c.source_key = ri.source_key AND c.basis = 'compressed'
    )
), layer_sums AS (
    SELECT k.index_key, k.source_key, k.repository_key, {total("k.size_bytes")} AS layer_bytes,
        {total("CASE WHEN k.repositories = 1 THEN k.size_bytes ELSE 0 END")} AS exclusive_layer_bytes
    FROM (
        SELECT index_key, source_key, repository_key, size_bytes,
            COUNT(*) OVER (PARTITION BY index_key, source_key, unit_key) AS repositories
        FROM units
    ) AS k
    GROUP BY k.index_key, k.source_key, k.repository_key
), config_sums AS (
    SELECT d.index_key, d.source_key, d.repository_key, COUNT(*) AS image_count,
        {total("COALESCE(z.bytes, b.size_bytes)")} AS config_bytes
    FROM (SELECT DISTINCT index_key, source_key, repository_key, image_key FROM reach_images) AS d
    JOIN blobs AS b ON b.blob_key = d.image_key
    LEFT JOIN source_blob_sizes AS z ON z.index_key = d.index_key AND z.source_key = d.source_key AND z.blob_key = d.image_key
    GROUP BY d.index_key, d.source_key, d.repository_key
), classes AS (
    SELECT mb.index_key, mb.source_key, mb.repository_key, mb.blob_key, BOOL_OR(mb.reached) AS reached,
        BOOL_OR(mb.reached AND mb.part = 'manifest') AS reached_manifest
    FROM manifest_blobs AS mb
    GROUP BY mb.index_key, mb.source_key, mb.repository_key, mb.blob_key
), class_sums AS (
    SELECT c.index_key, c.source_key, c.repository_key,
        {total("CASE WHEN c.reached_manifest THEN z.bytes ELSE 0 END")} AS manifest_bytes,
        {total("CASE WHEN NOT c.reached THEN z.bytes ELSE 0 END")} AS untagged_bytes
    FROM classes AS c
    LEFT JOIN source_blob_sizes AS z ON z.index_key = c.index_key AND z.source_key = c.source_key AND z.blob_key = c.blob_key
    GROUP BY c.index_key, c.source_key, c.repository_key
), tag_sums AS (
    SELECT index_key, source_key, repository_key, COUNT(*) AS tag_count
    FROM tag_targets GROUP BY index_key, source_key, repository_key
), untagged AS (
    SELECT index_key, source_key, repository_key, COUNT(*) AS untagged_manifest_count
    FROM present WHERE NOT reached GROUP BY index_key, source_key, repository_key
), known AS (
    SELECT index_key, source_key, repository_key FROM tag_sums
    UNION
    SELECT index_key, source_key, repository_key FROM present
)
SELECT s.name AS source, r.name AS repository, COALESCE(t.tag_count, 0) AS tag_count,
    COALESCE(c.image_count, 0) AS image_count,
    CASE WHEN l.index_key IS NULL THEN 0 ELSE l.layer_bytes END AS layer_bytes,
    CASE WHEN c.index_key IS NULL THEN 0 ELSE c.config_bytes END AS config_bytes,
    CASE WHEN k.index_key IS NULL THEN 0 ELSE k.manifest_bytes END AS manifest_bytes,
    CASE WHEN l.index_key IS NULL THEN 0 ELSE l.exclusive_layer_bytes END AS exclusive_layer_bytes,
    COALESCE(u.untagged_manifest_count, 0) AS untagged_manifest_count,
    CASE WHEN k.index_key IS NULL THEN 0 ELSE k.untagged_bytes END AS untagged_bytes
FROM known AS n
JOIN source_streams AS s ON s.index_key = n.index_key AND s.source_key = n.source_key
JOIN repositories AS r ON r.repository_key = n.repository_key
LEFT JOIN tag_sums AS t ON t.index_key = n.index_key AND t.source_key = n.source_key AND t.repository_key = n.repository_key
LEFT JOIN layer_sums AS l ON l.index_key = n.index_key AND l.source_key = n.source_key AND l.repository_key = n.repository_key
LEFT JOIN config_sums AS c ON c.index_key = n.index_key AND c.source_key = n.source_key AND c.repository_key = n.repository_key
LEFT JOIN class_sums AS k ON k.index_key = n.index_key AND k.source_key = n.source_key AND k.repository_key = n.repository_key
LEFT JOIN untagged AS u ON u.index_key = n.index_key AND u.source_key = n.source_key AND u.repository_key = n.repository_key
""",
)

_COLUMNS = (
    "image_count",
    "layer_count",
    "referenced_bytes",
    "distinct_bytes",
    "stored_bytes",
    "document_bytes",
    "artifact_bytes",
    "untagged_bytes",
    "orphan_bytes",
    "missing_bytes",
)

SOURCE_SIZES = View(
    "source_sizes",
    ("source", "basis"),
    "What each source stores, by basis and in total: stored = distinct + document + artifact + untagged + orphan bytes, "
    "each blob or layer in the first class that reaches it.",
    (
        SOURCE,
        ("basis", "TEXT", "compressed, uncompressed, on_disk, or total = all of the source's together."),
        ("image_count", "BIGINT", "Listed images that count on this basis; in total, all listed images."),
        ("layer_count", "BIGINT", "Distinct blobs or stacks that they use."),
        ("referenced_bytes", "BIGINT", "What those images would take without sharing."),
        ("distinct_bytes", "BIGINT", "The units of listed images, each once."),
        ("stored_bytes", "BIGINT", "All that the source stores, or says it stores."),
        ("document_bytes", "BIGINT", "Manifests, indexes and configs that are reached."),
        ("artifact_bytes", "BIGINT", "Artifacts that are reached: attestations, signatures, charts."),
        ("untagged_bytes", "BIGINT", "What only unreached manifests, or unlisted images, need."),
        ("orphan_bytes", "BIGINT", "What nothing needs."),
        (
            "missing_bytes",
            "BIGINT",
            "Of the stored bytes, those only declared: the store does not show that it has them.",
        ),
    ),
    f"""
WITH present AS (
    SELECT DISTINCT sm.index_key, sm.source_key, sm.repository_key, sm.manifest_key, m.kind, m.config_key,
        r.by_tag OR r.by_index OR r.by_subject OR COALESCE(si.listed, y.scope_key IS NOT NULL) AS reached
    FROM source_manifests AS sm
    JOIN manifest_reach AS r ON r.index_key = sm.index_key AND r.source_key = sm.source_key
        AND r.repository_key = sm.repository_key AND r.manifest_key = sm.manifest_key
    LEFT JOIN manifests AS m ON m.manifest_key = sm.manifest_key
    LEFT JOIN source_images AS si ON si.index_key = sm.index_key AND si.source_key = sm.source_key
        AND si.scope_key = sm.scope_key AND si.image_key = m.config_key AND m.kind = 'image' AND si.ended_at IS NULL
    LEFT JOIN (
        SELECT DISTINCT index_key, source_key, scope_key FROM scan_scopes WHERE kind IN ('layout', 'archive', 'dir')
    ) AS y ON y.index_key = sm.index_key AND y.source_key = sm.source_key AND y.scope_key = sm.scope_key
    WHERE sm.ended_at IS NULL
), {_MANIFEST_BLOBS}, blob_classes AS (
    SELECT z.index_key, z.source_key, z.blob_key, z.bytes, z.is_held,
        CASE
            WHEN u.image_count > 0 THEN 'distinct'
            WHEN k.reached_document THEN 'document'
            WHEN k.reached_artifact THEN 'artifact'
            WHEN k.blob_key IS NOT NULL THEN 'untagged'
            ELSE 'orphan'
        END AS class
    FROM source_blob_sizes AS z
    LEFT JOIN source_usage AS u ON u.index_key = z.index_key AND u.source_key = z.source_key
        AND u.basis = 'compressed' AND u.unit_key = z.blob_key
    LEFT JOIN (
        SELECT mb.index_key, mb.source_key, mb.blob_key,
            BOOL_OR(mb.reached AND mb.part <> 'layer' AND COALESCE(mb.kind, 'image') <> 'artifact') AS reached_document,
            BOOL_OR(mb.reached) AS reached_artifact
        FROM manifest_blobs AS mb
        GROUP BY mb.index_key, mb.source_key, mb.blob_key
    ) AS k ON k.index_key = z.index_key AND k.source_key = z.source_key AND k.blob_key = z.blob_key
), layer_classes AS (
    SELECT u.index_key, u.source_key, u.basis, u.size_bytes,
        CASE WHEN u.image_count > 0 THEN 'distinct' WHEN x.chain_key IS NOT NULL OR u.chain_key IS NULL THEN 'untagged'
            ELSE 'orphan' END AS class
    FROM source_usage AS u
    LEFT JOIN (
        SELECT DISTINCT si.index_key, si.source_key, il.chain_key
        FROM source_images AS si JOIN image_layers AS il ON il.image_key = si.image_key
        WHERE si.ended_at IS NULL
    ) AS x ON x.index_key = u.index_key AND x.source_key = u.source_key AND x.chain_key = u.chain_key
    WHERE u.basis <> 'compressed'
), classes AS (
    SELECT index_key, source_key, 'compressed' AS basis, bytes AS size_bytes, class, NOT is_held AS is_missing
    FROM blob_classes
    UNION ALL
    SELECT index_key, source_key, basis, size_bytes, class, FALSE AS is_missing FROM layer_classes
), stored AS (
    SELECT index_key, source_key, basis,
        {total("CASE WHEN class = 'distinct' THEN size_bytes ELSE 0 END")} AS distinct_bytes,
        {total("COALESCE(size_bytes, 0)")} AS stored_bytes,
        {total("CASE WHEN class = 'document' THEN size_bytes ELSE 0 END")} AS document_bytes,
        {total("CASE WHEN class = 'artifact' THEN size_bytes ELSE 0 END")} AS artifact_bytes,
        {total("CASE WHEN class = 'untagged' THEN size_bytes ELSE 0 END")} AS untagged_bytes,
        {total("CASE WHEN class = 'orphan' THEN size_bytes ELSE 0 END")} AS orphan_bytes,
        {total("CASE WHEN is_missing THEN size_bytes ELSE 0 END")} AS missing_bytes
    FROM classes GROUP BY index_key, source_key, basis
), used AS (
    SELECT index_key, source_key, basis,
        SUM(CASE WHEN image_count > 0 AND (basis = 'compressed' OR layer_key IS NOT NULL) THEN 1 ELSE 0 END) AS layer_count,
        {total("COALESCE(CAST(size_bytes AS DECIMAL(38, 0)) * image_count, 0)")} AS referenced_bytes
    FROM source_usage GROUP BY index_key, source_key, basis
), listed AS (
    SELECT index_key, source_key, basis, COUNT(*) AS image_count
    FROM source_image_sizes GROUP BY index_key, source_key, basis
), by_basis AS (
    SELECT t.index_key, t.source_key, t.basis, COALESCE(l.image_count, 0) AS image_count,
        COALESCE(CAST(u.layer_count AS BIGINT), 0) AS layer_count, COALESCE(u.referenced_bytes, 0) AS referenced_bytes,
        t.distinct_bytes, t.stored_bytes, t.document_bytes, t.artifact_bytes, t.untagged_bytes, t.orphan_bytes, t.missing_bytes
    FROM stored AS t
    LEFT JOIN used AS u ON u.index_key = t.index_key AND u.source_key = t.source_key AND u.basis = t.basis
    LEFT JOIN listed AS l ON l.index_key = t.index_key AND l.source_key = t.source_key AND l.basis = t.basis
)
SELECT s.name AS source, k.basis, {", ".join(f"k.{name}" for name in _COLUMNS)}
FROM by_basis AS k
JOIN source_streams AS s ON s.index_key = k.index_key AND s.source_key = k.source_key
UNION ALL
SELECT s.name AS source, 'total' AS basis, MAX(COALESCE(i.image_count, 0)) AS image_count,
    {", ".join(f"{total(f'COALESCE(k.{name}, 0)')} AS {name}" for name in _COLUMNS[1:])}
FROM source_streams AS s
LEFT JOIN by_basis AS k ON k.index_key = s.index_key AND k.source_key = s.source_key
LEFT JOIN (
    SELECT index_key, source_key, COUNT(DISTINCT image_key) AS image_count
    FROM source_images WHERE ended_at IS NULL AND listed GROUP BY index_key, source_key
) AS i ON i.index_key = s.index_key AND i.source_key = s.source_key
GROUP BY s.name, s.source_key
""",
)

ALL = (LAYER_USAGE, LAYER_BLOB_DETAIL, SOURCE_BLOB_SIZES, REPOSITORY_SIZES, SOURCE_SIZES)
