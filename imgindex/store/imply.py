"""What follows from what a scan listed: done in sets, through documents already in the index, before scopes are decided.

- In a scope with closure (a layout), what the listed manifests reach and the store holds is present, too.
- A present manifest that is an image makes its image present; it is listed if a current tag reaches it, in a layout if
  index.json does.
- Blobs that manifests name and the store does not show are there as declared; foreign layers are not.
- What is named and not held is a problem, if the source shows what it holds. What is odd in a document itself is a
  problem wherever the document is.

All statements work on the scopes in `decided`: what each ended with, and previous_at.
"""

from __future__ import annotations

from imgindex.limits import Limits
from imgindex.records.keys import name_key
from imgindex.store.known import DOCUMENTS
from imgindex.store.session import Session

_IS_DOCUMENT = "(e.media_type IS NULL OR e.media_type IN ({}))".format(", ".join(map(repr, DOCUMENTS)))
"""Of an entry of an index: it is a manifest, and no blob of another kind, as in an index that keeps a build's cache."""


def imply(session: Session, source_key: int, limits: Limits) -> None:
    """Add to the seen tables what follows from them."""
    _hold(session, source_key)
    if session.value("SELECT COUNT(*) FROM seen_source_manifests WHERE scope_key IN (SELECT scope_key FROM decided)"):
        _close_over(session, limits)
        _reach(session, limits)
        _make_images(session, source_key)
        _declare_blobs(session)
        _miss(session, source_key)
        session.execute("DROP TABLE reached")
        session.execute("DROP TABLE named")
    _check_sizes(session)
    _check_declared(session)
    _compare_counts(session)
    _doubt_pairs(session)
    _carry_problems(session)
    _carry_collisions(session, source_key)
    session.execute("DROP TABLE held")


def _close_over(session: Session, limits: Limits) -> None:
    """Indexes first; then subjects that no repository of the layout has, and what lies under those."""
    for _ in range(2 * (limits.index_depth + 1)):
        if not (session.run(_ADD.format(found=_UNDER_INDEXES)) or session.run(_ADD.format(found=_SUBJECTS))):
            break


_UNDER_INDEXES = f"""
    SELECT s.scope_key, s.repository_key, e.child_key AS manifest_key
    FROM seen_source_manifests AS s
    JOIN decided AS d ON d.scope_key = s.scope_key AND d.closure
    JOIN index_entries AS e ON e.manifest_key = s.manifest_key AND {_IS_DOCUMENT}
"""
_SUBJECTS = """
    SELECT s.scope_key, s.repository_key, m.subject_key AS manifest_key
    FROM seen_source_manifests AS s
    JOIN decided AS d ON d.scope_key = s.scope_key AND d.closure
    JOIN manifests AS m ON m.manifest_key = s.manifest_key
    WHERE m.subject_key IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM seen_source_manifests AS y WHERE y.scope_key = s.scope_key AND y.manifest_key = m.subject_key
    )
"""
_ADD = """
INSERT INTO seen_source_manifests (scope_key, repository_key, manifest_key, is_root)
SELECT DISTINCT c.scope_key, c.repository_key, c.manifest_key, FALSE AS is_root
FROM ({found}) AS c
WHERE EXISTS (
    SELECT 1 FROM held AS h WHERE h.scope_key = c.scope_key AND h.blob_key = c.manifest_key
) AND NOT EXISTS (
    SELECT 1 FROM seen_source_manifests AS x
    WHERE x.scope_key = c.scope_key AND x.repository_key = c.repository_key AND x.manifest_key = c.manifest_key
)
"""


def _reach(session: Session, limits: Limits) -> None:
    """What makes an image listed: table `reached` (scope_key, repository_key, manifest_key)."""
    session.make_table(
        "reached",
        """
SELECT DISTINCT s.scope_key, s.repository_key, s.manifest_key
FROM seen_source_manifests AS s
JOIN decided AS d ON d.scope_key = s.scope_key
LEFT JOIN seen_tags AS t ON t.scope_key = s.scope_key AND t.repository_key = s.repository_key
    AND t.target_key = s.manifest_key AND t.target_kind = 'manifest'
WHERE (d.closure AND s.is_root) OR t.tag IS NOT NULL
""",
    )
    for _ in range(limits.index_depth):
        added = session.run("""
INSERT INTO reached (scope_key, repository_key, manifest_key)
SELECT DISTINCT r.scope_key, r.repository_key, e.child_key
FROM reached AS r
JOIN index_entries AS e ON e.manifest_key = r.manifest_key
WHERE EXISTS (
    SELECT 1 FROM seen_source_manifests AS s
    WHERE s.scope_key = r.scope_key AND s.repository_key = r.repository_key AND s.manifest_key = e.child_key
) AND NOT EXISTS (
    SELECT 1 FROM reached AS x
    WHERE x.scope_key = r.scope_key AND x.repository_key = r.repository_key AND x.manifest_key = e.child_key
)
""")
        if not added:
            break


def _make_images(session: Session, source_key: int) -> None:
    """A partial look takes no image off the list. What the store itself says of an image comes first."""
    session.run(
        """
INSERT INTO seen_source_images (scope_key, image_key, local_id, listed, parent_key, set_at)
SELECT s.scope_key, m.config_key, NULL AS local_id,
    BOOL_OR(r.manifest_key IS NOT NULL OR (NOT d.is_complete AND COALESCE(o.listed, FALSE))) AS listed,
    NULL AS parent_key, NULL AS set_at
FROM seen_source_manifests AS s
JOIN decided AS d ON d.scope_key = s.scope_key
JOIN manifests AS m ON m.manifest_key = s.manifest_key AND m.kind = 'image' AND m.config_key IS NOT NULL
LEFT JOIN reached AS r ON r.scope_key = s.scope_key AND r.repository_key = s.repository_key
    AND r.manifest_key = s.manifest_key
LEFT JOIN (
    SELECT scope_key, image_key, listed FROM source_images
    WHERE source_key = :source_key AND ended_at IS NULL AND index_key = (SELECT index_key FROM this_scan)
) AS o ON o.scope_key = s.scope_key AND o.image_key = m.config_key
WHERE NOT EXISTS (
    SELECT 1 FROM seen_source_images AS x WHERE x.scope_key = s.scope_key AND x.image_key = m.config_key
)
GROUP BY s.scope_key, m.config_key
""",
        source_key=source_key,
    )


def _hold(session: Session, source_key: int) -> None:
    """Every blob that the source shows it has: table `held` (scope_key, blob_key, bytes).

    It may lie in a scope that was decided before, or in one whose listing is unchanged.
    """
    session.make_table(
        "held",
        """
SELECT DISTINCT scope_key, blob_key, bytes FROM seen_source_blobs WHERE bytes_evidence = 'held'
UNION
SELECT scope_key, blob_key, bytes FROM source_blobs
WHERE source_key = :source_key AND index_key = (SELECT index_key FROM this_scan) AND ended_at IS NULL
    AND bytes_evidence = 'held' AND scope_key NOT IN (SELECT scope_key FROM decided WHERE NOT unchanged)
""",
        source_key=source_key,
    )


def _declare_blobs(session: Session) -> None:
    """What manifests name and the source does not show: table `named`, and rows that say how large it is said to be.

    Not where layers are kept unpacked alone: blobs are nothing that such a store could have.
    """
    session.make_table(
        "named",
        f"""
SELECT c.scope_key, c.blob_key, MAX(c.declared_bytes) AS declared_bytes, MIN(c.part) AS part
FROM (
    SELECT s.scope_key, ml.blob_key, ml.declared_bytes, 'blob' AS part
    FROM seen_source_manifests AS s
    JOIN decided AS d ON d.scope_key = s.scope_key AND d.declares
    JOIN manifest_layers AS ml ON ml.manifest_key = s.manifest_key AND NOT ml.is_foreign
    UNION ALL
    SELECT s.scope_key, e.child_key AS blob_key, e.declared_bytes, 'blob' AS part
    FROM seen_source_manifests AS s
    JOIN decided AS d ON d.scope_key = s.scope_key AND d.declares
    JOIN index_entries AS e ON e.manifest_key = s.manifest_key AND NOT {_IS_DOCUMENT}
    UNION ALL
    SELECT s.scope_key, m.config_key AS blob_key, m.config_bytes AS declared_bytes, 'config' AS part
    FROM seen_source_manifests AS s
    JOIN decided AS d ON d.scope_key = s.scope_key AND d.declares
    JOIN manifests AS m ON m.manifest_key = s.manifest_key
    WHERE m.config_key IS NOT NULL
) AS c
WHERE NOT EXISTS (SELECT 1 FROM held AS h WHERE h.blob_key = c.blob_key)
GROUP BY c.scope_key, c.blob_key
""",
    )
    session.run(
        """
INSERT INTO seen_source_blobs (scope_key, repository_key, blob_key, bytes, bytes_evidence)
SELECT scope_key, :nameless, blob_key, declared_bytes, 'declared' FROM named
""",
        nameless=name_key(""),
    )


def _miss(session: Session, source_key: int) -> None:
    """One problem for each blob, config and manifest that is named and not there, if the source shows what it has.

    Where something else lies in its place, the store's own listing has told so: table `broken` (digest). A sparse scope
    need not have the children of its indexes, nor the blobs of what it has unpacked: table `unpacked`.
    """
    session.make_table(
        "broken",
        """
SELECT digest FROM seen_problems WHERE kind IN ('wrong_type', 'path_escape', 'unreadable', 'missing_file')
UNION
SELECT digest FROM problems
WHERE source_key = :source_key AND index_key = (SELECT index_key FROM this_scan) AND ended_at IS NULL
    AND kind IN ('wrong_type', 'path_escape', 'unreadable', 'missing_file')
    AND scope_key NOT IN (SELECT scope_key FROM decided)
""",
        source_key=source_key,
    )
    session.make_table(
        "unpacked",
        """
SELECT DISTINCT s.scope_key, ml.blob_key
FROM seen_source_layers AS s
JOIN decided AS d ON d.scope_key = s.scope_key AND d.sparse
JOIN image_layers AS il ON il.chain_key = s.chain_key
JOIN manifests AS m ON m.config_key = il.image_key AND m.kind = 'image'
JOIN manifest_layers AS ml ON ml.manifest_key = m.manifest_key AND ml.position = il.position
""",
    )
    session.run("""
INSERT INTO seen_problems (scope_key, locator, kind, digest, detail, document_key)
SELECT n.scope_key, b.digest, 'missing_' || n.part, b.digest,
    CASE n.part WHEN 'config' THEN 'A manifest names this config, and the store does not have it.'
        ELSE 'A manifest names this blob, and the store does not have it.' END,
    CAST(NULL AS BIGINT) AS document_key
FROM named AS n
JOIN decided AS d ON d.scope_key = n.scope_key AND (NOT d.more_held OR (
    d.is_complete AND n.part = 'config' AND n.blob_key IN (SELECT config_key FROM manifests WHERE kind = 'image')
))
JOIN blobs AS b ON b.blob_key = n.blob_key
WHERE EXISTS (SELECT 1 FROM held) AND b.digest NOT IN (SELECT digest FROM broken) AND NOT EXISTS (
    SELECT 1 FROM unpacked AS u WHERE u.scope_key = n.scope_key AND u.blob_key = n.blob_key
)
""")
    session.run(f"""
INSERT INTO seen_problems (scope_key, locator, kind, digest, detail, document_key)
SELECT DISTINCT c.scope_key, b.digest, 'missing_manifest', b.digest, c.detail, CAST(NULL AS BIGINT) AS document_key
FROM (
    SELECT s.scope_key, s.repository_key, e.child_key AS manifest_key,
        'An index names this manifest, and its repository does not have it.' AS detail
    FROM seen_source_manifests AS s
    JOIN decided AS d ON d.scope_key = s.scope_key AND d.is_complete AND NOT d.sparse
    JOIN index_entries AS e ON e.manifest_key = s.manifest_key AND {_IS_DOCUMENT}
) AS c
JOIN blobs AS b ON b.blob_key = c.manifest_key
WHERE EXISTS (SELECT 1 FROM held) AND b.digest NOT IN (SELECT digest FROM broken) AND NOT EXISTS (
    SELECT 1 FROM seen_source_manifests AS x
    WHERE x.scope_key = c.scope_key AND x.repository_key = c.repository_key AND x.manifest_key = c.manifest_key
)
""")
    session.execute("DROP TABLE broken")
    session.execute("DROP TABLE unpacked")


def _check_sizes(session: Session) -> None:
    """A held blob whose digest was verified elsewhere with another size is broken here."""
    session.run("""
INSERT INTO seen_problems (scope_key, locator, kind, digest, detail, document_key)
SELECT s.scope_key, b.digest, 'size_mismatch', b.digest,
    'The store holds ' || CAST(s.bytes AS TEXT) || ' bytes under this digest; the content has '
        || CAST(b.size_bytes AS TEXT) || '.',
    CAST(NULL AS BIGINT) AS document_key
FROM held AS s
JOIN decided AS d ON d.scope_key = s.scope_key
JOIN blobs AS b ON b.blob_key = s.blob_key AND b.size_bytes <> s.bytes
WHERE NOT EXISTS (
    SELECT 1 FROM seen_problems AS p WHERE p.digest = b.digest AND p.kind IN ('size_mismatch', 'digest_mismatch')
)
GROUP BY s.scope_key, b.digest, s.bytes, b.size_bytes
""")


def _check_declared(session: Session) -> None:
    """What descriptors say of sizes, whether the documents are read in this look or not.

    Of a document the size is verified, so the descriptor is wrong; of a layer only its file is known, which is broken.
    """
    session.run("""
INSERT INTO seen_problems (scope_key, locator, kind, digest, detail, document_key)
SELECT DISTINCT c.scope_key, p.digest, 'size_mismatch', b.digest,
    'declared as ' || CAST(c.declared_bytes AS TEXT) || ' bytes, but it has ' || CAST(b.size_bytes AS TEXT), c.parent_key
FROM (
    SELECT s.scope_key, s.manifest_key AS parent_key, e.child_key AS blob_key, e.declared_bytes
    FROM seen_source_manifests AS s JOIN index_entries AS e ON e.manifest_key = s.manifest_key
    UNION ALL
    SELECT s.scope_key, s.manifest_key AS parent_key, m.config_key AS blob_key, m.config_bytes AS declared_bytes
    FROM seen_source_manifests AS s JOIN manifests AS m ON m.manifest_key = s.manifest_key
) AS c
JOIN decided AS d ON d.scope_key = c.scope_key
JOIN blobs AS b ON b.blob_key = c.blob_key AND b.size_bytes <> c.declared_bytes
JOIN blobs AS p ON p.blob_key = c.parent_key
WHERE c.blob_key IN (SELECT blob_key FROM held) AND NOT EXISTS (
    SELECT 1 FROM seen_problems AS x WHERE x.locator = p.digest AND x.digest = b.digest AND x.kind = 'size_mismatch'
)
""")
    session.run("""
INSERT INTO seen_problems (scope_key, locator, kind, digest, detail, document_key)
SELECT h.scope_key, b.digest, 'size_mismatch', b.digest,
    'The store holds ' || CAST(h.bytes AS TEXT) || ' bytes; a manifest declares '
        || CAST(MIN(n.declared_bytes) AS TEXT) || '.',
    CAST(NULL AS BIGINT) AS document_key
FROM (
    -- Made distinct first: joined by scope before by blob, every layer would meet every blob of its scope.
    SELECT DISTINCT s.scope_key, l.blob_key, l.declared_bytes
    FROM seen_source_manifests AS s
    JOIN decided AS d ON d.scope_key = s.scope_key
    JOIN manifest_layers AS l ON l.manifest_key = s.manifest_key
) AS n
JOIN held AS h ON h.blob_key = n.blob_key AND h.scope_key = n.scope_key AND h.bytes <> n.declared_bytes
JOIN blobs AS b ON b.blob_key = n.blob_key AND b.size_bytes IS NULL
GROUP BY h.scope_key, b.digest, h.bytes
""")


def _compare_counts(session: Session) -> None:
    """A manifest and its config that disagree on the number of layers cannot be paired: no blob gets a diff ID by them."""
    session.run("""
INSERT INTO seen_problems (scope_key, locator, kind, digest, detail, document_key)
SELECT DISTINCT s.scope_key, b.digest, 'layers_disagree', b.digest,
    'The manifest has ' || CAST(m.layer_count AS TEXT) || ' layers, its config ' || CAST(i.layer_count AS TEXT) || '.',
    CAST(NULL AS BIGINT) AS document_key
FROM seen_source_manifests AS s
JOIN decided AS d ON d.scope_key = s.scope_key
JOIN manifests AS m ON m.manifest_key = s.manifest_key AND m.kind = 'image'
JOIN images AS i ON i.image_key = m.config_key AND i.layer_count <> m.layer_count
JOIN blobs AS b ON b.blob_key = s.manifest_key
""")


def _doubt_pairs(session: Session) -> None:
    """A blob holds one layer: two diff IDs for it mean that a config lies, or a store's record."""
    doubted = session.rows(
        "SELECT blob_key FROM layer_blobs GROUP BY blob_key HAVING MIN(layer_key) <> MAX(layer_key) ORDER BY blob_key"
    )
    if not doubted:
        return
    session.stage("doubted", {"blob_key": ("BIGINT", [row[0] for row in doubted])})
    session.run("""
INSERT INTO seen_problems (scope_key, locator, kind, digest, detail, document_key)
SELECT DISTINCT c.scope_key, b.digest, 'two_diff_ids', b.digest,
    'Configs or records disagree on which layer this blob holds.', CAST(NULL AS BIGINT) AS document_key
FROM (
    SELECT s.scope_key, ml.blob_key
    FROM seen_source_manifests AS s JOIN manifest_layers AS ml ON ml.manifest_key = s.manifest_key
    UNION ALL
    SELECT s.scope_key, s.blob_key FROM held AS s
) AS c
JOIN decided AS d ON d.scope_key = c.scope_key
JOIN doubted AS t ON t.blob_key = c.blob_key
JOIN blobs AS b ON b.blob_key = c.blob_key
""")
    session.unstage("doubted")


def _carry_problems(session: Session) -> None:
    """What is odd in a document is so wherever it lies, and stays so though it is not read again.

    Where a store shows what it holds, a document that is merely named does not lie there.
    """
    session.run("""
INSERT INTO seen_problems (scope_key, locator, kind, digest, detail, document_key)
SELECT DISTINCT c.scope_key, p.locator, p.kind, p.digest, p.detail, p.document_key
FROM (
    SELECT locator, kind, digest, detail, document_key FROM problems WHERE document_key IS NOT NULL
    UNION
    SELECT locator, kind, digest, detail, document_key FROM seen_problems WHERE document_key IS NOT NULL
) AS p
JOIN (
    SELECT scope_key, manifest_key AS document_key FROM seen_source_manifests
    WHERE manifest_key IN (SELECT blob_key FROM held)
    UNION
    SELECT scope_key, image_key AS document_key FROM seen_source_images
    WHERE image_key IN (SELECT blob_key FROM held) OR NOT EXISTS (SELECT 1 FROM held)
) AS c ON c.document_key = p.document_key
JOIN decided AS d ON d.scope_key = c.scope_key
WHERE NOT EXISTS (
    SELECT 1 FROM seen_problems AS x
    WHERE x.scope_key = c.scope_key AND x.locator = p.locator AND x.kind = p.kind AND x.digest = p.digest
)
""")


def _carry_collisions(session: Session, source_key: int) -> None:
    """Where nothing has changed, a refused name stays so, though the document that has it is not read again."""
    session.run(
        """
INSERT INTO seen_problems (scope_key, locator, kind, digest, detail, document_key)
SELECT p.scope_key, p.locator, p.kind, p.digest, p.detail, p.document_key
FROM problems AS p
JOIN decided AS d ON d.scope_key = p.scope_key AND d.unchanged
WHERE p.source_key = :source_key AND p.index_key = (SELECT index_key FROM this_scan) AND p.ended_at IS NULL
    AND p.kind = 'key_collision'
""",
        source_key=source_key,
    )
