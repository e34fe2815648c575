"""Views about manifests: what each is, what reaches it, and what refers to what."""

from __future__ import annotations

from imgindex.store.views.parts import IMAGE_ID, MANIFEST, PLATFORM, REPOSITORY, SOURCE, View

ARTIFACT_TYPE = ("artifact_type", "TEXT", "artifactType, else for an artifact its config's media type.")

MANIFEST_DETAIL = View(
    "manifest_detail",
    ("source", "repository", "manifest_digest"),
    "Every manifest that a source has, by repository.",
    (
        SOURCE,
        REPOSITORY,
        MANIFEST,
        ("media_type", "TEXT", "Media type; NULL if the document was not read."),
        ("kind", "TEXT", "image, index, artifact, schema1 or unknown; NULL if the document was not read."),
        ARTIFACT_TYPE,
        IMAGE_ID,
        ("subject_digest", "TEXT", "The manifest that it refers to."),
        ("layer_count", "BIGINT", "Entries in its layer list."),
        (
            "size_bytes",
            "BIGINT",
            "What a pull costs: config and every layer entry as declared, repeats and foreign too.",
        ),
    ),
    """
SELECT DISTINCT s.name AS source, r.name AS repository, b.digest AS manifest_digest, m.media_type, m.kind, m.artifact_type,
    c.digest AS image_id, j.digest AS subject_digest, m.layer_count, m.total_bytes AS size_bytes
FROM source_manifests AS sm
JOIN source_streams AS s ON s.index_key = sm.index_key AND s.source_key = sm.source_key
JOIN repositories AS r ON r.repository_key = sm.repository_key
JOIN blobs AS b ON b.blob_key = sm.manifest_key
LEFT JOIN manifests AS m ON m.manifest_key = sm.manifest_key
LEFT JOIN blobs AS c ON c.blob_key = m.config_key AND m.kind = 'image'
LEFT JOIN blobs AS j ON j.blob_key = m.subject_key
WHERE sm.ended_at IS NULL
""",
)

MANIFEST_REACH = View(
    "manifest_reach",
    ("index_key", "source_key", "repository_key", "manifest_key"),
    "What reaches each manifest, by key.",
    (
        ("index_key", "UUID", "The index that speaks for the source."),
        ("source_key", "BIGINT", "The source."),
        ("source", "TEXT", "Name of the source."),
        ("repository_key", "BIGINT", "The repository."),
        ("repository", "TEXT", "Full name with registry; NULL for a layout's bare refs."),
        ("manifest_key", "BIGINT", "The manifest."),
        ("by_tag", "BOOLEAN", "A current tag points at it."),
        ("by_index", "BOOLEAN", "A current tag points at an index that it lies under."),
        ("by_subject", "BOOLEAN", "It refers to a manifest that a current tag reaches."),
    ),
    """
WITH inner_indexes AS (
    SELECT t.index_key, t.source_key, t.repository_key, e1.child_key AS one, e2.child_key AS two, e3.child_key AS three
    FROM tag_targets AS t
    JOIN index_entries AS e1 ON e1.manifest_key = t.target_key
    LEFT JOIN index_entries AS e2 ON e2.manifest_key = e1.child_key
    LEFT JOIN index_entries AS e3 ON e3.manifest_key = e2.child_key
    WHERE t.target_kind = 'manifest'
), under AS (
    SELECT t.index_key, t.source_key, t.repository_key, l.child_key AS manifest_key
    FROM tag_targets AS t JOIN index_leaves AS l ON l.root_key = t.target_key WHERE t.target_kind = 'manifest'
    UNION
    SELECT index_key, source_key, repository_key, one AS manifest_key FROM inner_indexes
    UNION
    SELECT index_key, source_key, repository_key, two AS manifest_key FROM inner_indexes WHERE two IS NOT NULL
    UNION
    SELECT index_key, source_key, repository_key, three AS manifest_key FROM inner_indexes WHERE three IS NOT NULL
), targets AS (
    SELECT DISTINCT t.index_key, t.source_key, t.repository_key, t.target_key AS manifest_key
    FROM tag_targets AS t WHERE t.target_kind = 'manifest' AND t.target_key IS NOT NULL
), reached AS (
    SELECT index_key, source_key, repository_key, manifest_key FROM targets
    UNION
    SELECT index_key, source_key, repository_key, manifest_key FROM under
)
SELECT p.index_key, p.source_key, p.source, p.repository_key, p.repository, p.manifest_key,
    t.manifest_key IS NOT NULL AS by_tag, u.manifest_key IS NOT NULL AS by_index, q.manifest_key IS NOT NULL AS by_subject
FROM (
    SELECT DISTINCT sm.index_key, sm.source_key, s.name AS source, sm.repository_key, r.name AS repository, sm.manifest_key,
        m.subject_key
    FROM source_manifests AS sm
    JOIN source_streams AS s ON s.index_key = sm.index_key AND s.source_key = sm.source_key
    JOIN repositories AS r ON r.repository_key = sm.repository_key
    LEFT JOIN manifests AS m ON m.manifest_key = sm.manifest_key
    WHERE sm.ended_at IS NULL
) AS p
LEFT JOIN targets AS t ON t.index_key = p.index_key AND t.source_key = p.source_key
    AND t.repository_key = p.repository_key AND t.manifest_key = p.manifest_key
LEFT JOIN under AS u ON u.index_key = p.index_key AND u.source_key = p.source_key
    AND u.repository_key = p.repository_key AND u.manifest_key = p.manifest_key
LEFT JOIN reached AS q ON q.index_key = p.index_key AND q.source_key = p.source_key
    AND q.repository_key = p.repository_key AND q.manifest_key = p.subject_key
""",
    internal=True,
)

MANIFEST_REACHABILITY = View(
    "manifest_reachability",
    ("source", "repository", "manifest_digest"),
    "What reaches each manifest from a current tag; nothing does = untagged.",
    (
        SOURCE,
        REPOSITORY,
        MANIFEST,
        ("by_tag", "BOOLEAN", "A current tag points at it."),
        ("by_index", "BOOLEAN", "A current tag points at an index that it lies under."),
        ("by_subject", "BOOLEAN", "It refers to a manifest that a current tag reaches."),
    ),
    """
SELECT p.source, p.repository, b.digest AS manifest_digest, p.by_tag, p.by_index, p.by_subject
FROM manifest_reach AS p
JOIN blobs AS b ON b.blob_key = p.manifest_key
""",
)

INDEX_DETAIL = View(
    "index_detail",
    ("index_digest", "position"),
    "The entries of every image index that was read.",
    (
        ("index_digest", "TEXT", "Digest of the index."),
        ("position", "BIGINT", "Place in the index, from 0."),
        MANIFEST,
        (
            "role",
            "TEXT",
            "image, index, attestation, signature, artifact or unknown, by the descriptor; artifact also where the child says so.",
        ),
        PLATFORM,
        ("os_version", "TEXT", "Version of the operating system as written."),
    ),
    """
SELECT i.digest AS index_digest, e.position, b.digest AS manifest_digest,
    CASE WHEN e.role = 'image' AND m.kind IN ('artifact', 'index') THEN m.kind ELSE e.role END AS role,
    e.platform, e.os_version
FROM index_entries AS e
JOIN blobs AS i ON i.blob_key = e.manifest_key
JOIN blobs AS b ON b.blob_key = e.child_key
LEFT JOIN manifests AS m ON m.manifest_key = e.child_key
""",
)

REFERRERS = View(
    "referrers",
    ("source", "repository", "subject_digest", "manifest_digest"),
    "Which manifests refer to which: signatures, attestations, SBOMs.",
    (
        SOURCE,
        REPOSITORY,
        ("subject_digest", "TEXT", "What is referred to."),
        MANIFEST,
        ARTIFACT_TYPE,
        (
            "how",
            "TEXT",
            "subject = it says so itself; index = an index's attestation entry says so; tag = a tag named after the subject does.",
        ),
    ),
    """
WITH present AS (
    SELECT DISTINCT sm.index_key, sm.source_key, s.name AS source, sm.repository_key, r.name AS repository, sm.manifest_key
    FROM source_manifests AS sm
    JOIN source_streams AS s ON s.index_key = sm.index_key AND s.source_key = sm.source_key
    JOIN repositories AS r ON r.repository_key = sm.repository_key
    WHERE sm.ended_at IS NULL
), named AS (
    SELECT t.index_key, t.source_key, t.repository_key, t.target_key, b.blob_key AS subject_key, SUBSTR(t.tag, 72) AS suffix
    FROM tag_targets AS t
    JOIN blobs AS b ON b.digest = 'sha256:' || SUBSTR(t.tag, 8, 64)
    WHERE SUBSTR(t.tag, 1, 7) = 'sha256-' AND t.target_kind = 'manifest'
), found AS (
    SELECT p.index_key, p.source_key, p.repository_key, m.subject_key, p.manifest_key, 1 AS place
    FROM present AS p JOIN manifests AS m ON m.manifest_key = p.manifest_key
    WHERE m.subject_key IS NOT NULL
    UNION ALL
    SELECT p.index_key, p.source_key, p.repository_key, e.subject_key, e.child_key AS manifest_key, 2 AS place
    FROM present AS p JOIN index_entries AS e ON e.manifest_key = p.manifest_key
    WHERE e.subject_key IS NOT NULL
    UNION ALL
    SELECT n.index_key, n.source_key, n.repository_key, n.subject_key, n.target_key AS manifest_key, 3 AS place
    FROM named AS n
    WHERE n.suffix IN ('.sig', '.att', '.sbom')
    UNION ALL
    SELECT n.index_key, n.source_key, n.repository_key, n.subject_key, e.child_key AS manifest_key, 3 AS place
    FROM named AS n JOIN index_entries AS e ON e.manifest_key = n.target_key
    WHERE n.suffix = ''
)
SELECT p.source, p.repository, j.digest AS subject_digest, b.digest AS manifest_digest, m.artifact_type,
    CASE MIN(f.place) WHEN 1 THEN 'subject' WHEN 2 THEN 'index' ELSE 'tag' END AS how
FROM found AS f
JOIN present AS p ON p.index_key = f.index_key AND p.source_key = f.source_key AND p.repository_key = f.repository_key
    AND p.manifest_key = f.manifest_key
JOIN blobs AS j ON j.blob_key = f.subject_key
JOIN blobs AS b ON b.blob_key = f.manifest_key
LEFT JOIN manifests AS m ON m.manifest_key = f.manifest_key
GROUP BY p.source, p.repository, j.digest, b.digest, m.artifact_type
""",
)

ALL = (MANIFEST_DETAIL, MANIFEST_REACH, MANIFEST_REACHABILITY, INDEX_DETAIL, REFERRERS)
