"""What the index holds already, for a source that must not read it again. Implements `sources.base.Known`.

A known document is not read, but the walk goes on through it: its children, config and subject that are not in the index
yet come back as wanted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from imgindex.limits import Limits
from imgindex.oci import media_types as types
from imgindex.records.keys import content_key
from imgindex.records.rows import Key
from imgindex.records.wanted import Reached, Role, Wanted
from imgindex.store.session import Session


class KnownDocuments:
    """The documents in an index."""

    def __init__(self, session: Session, limits: Limits, source_key: int) -> None:
        self._session = session
        self._limits = limits
        self._source_key = source_key
        with session.transaction():
            self.is_empty = not session.value("SELECT COUNT(*) FROM blobs")

    def unread(self, wanted: Iterable[Wanted]) -> list[Wanted]:
        """Of these documents, and of all that they reach through documents in the index, those that are not in it yet."""
        asked = {item.digest: item for item in wanted}
        if self.is_empty or not asked:  # what this scan itself brings in, its source has read
            return list(asked.values())
        with self._session.transaction():
            self._walk([(0, item) for item in asked.values()])
            found = self._session.rows("""
SELECT w.place, w.is_config, b.digest, w.media_type, w.declared_bytes
FROM walk AS w
LEFT JOIN blobs AS b ON b.blob_key = w.blob_key
WHERE NOT w.is_known
ORDER BY w.depth, w.place, w.blob_key
""")
            self._session.execute("DROP TABLE walk")
        asked_list = list(asked.values())
        unread: dict[str, Wanted] = {}
        for place, is_config, digest, media_type, size in found:
            role: Role = "config" if is_config else "manifest"
            item = Wanted(digest, role, media_type, size) if place is None else asked_list[place]
            unread.setdefault(item.digest, item)
        return list(unread.values())

    def reach(self, asked: Sequence[tuple[Key, Wanted]]) -> list[Reached]:
        """These documents, each in a scope, and what they reach there. See `sources.base.Known`."""
        if not asked:
            return []
        with self._session.transaction():
            self._walk(list(asked), referrers=_REFERRERS.format(source_key=self._source_key))
            found = self._session.rows(_REACHED, source_key=self._source_key)
            self._session.execute("DROP TABLE walk")
        reached: list[Reached] = []
        for scope, place, is_config, digest, media_type, declared, platform, parent, depth, is_known, size in found:
            role: Role = "config" if is_config else "manifest"
            item = Wanted(digest, role, media_type, declared) if place is None else asked[place][1]
            reached.append(Reached(scope, item, parent, depth, is_known, size, platform))
        return reached

    def listing(self, scope: Key) -> str | None:
        """The fingerprint of the blobs that the last look at this scope listed; None if it has to be read anew."""
        with self._session.transaction():
            found = self._session.rows(
                "SELECT p.outcome, p.listing FROM scan_scopes AS p JOIN scans AS s "
                "ON s.index_key = p.index_key AND s.scan_key = p.scan_key "
                "WHERE p.source_key = :source_key AND p.scope_key = :scope_key "
                "AND p.index_key = (SELECT index_key FROM this_scan) AND p.outcome IN ('complete', 'partial') "
                "ORDER BY p.as_of DESC, s.started_at DESC LIMIT 1",
                source_key=self._source_key,
                scope_key=scope,
            )
        return found[0][1] if found and found[0][0] == "complete" else None

    def _walk(self, asked: Sequence[tuple[Key, Wanted]], referrers: str = "") -> None:
        """Table `walk`: the documents asked for and those reached, by scope, each with whether the index holds it.

        A document asked for is known if the index holds its digest, not merely its key. `referrers`: a further SELECT of
        what a step reaches.
        """
        session = self._session
        session.stage(
            "asked",
            {
                "place": ("BIGINT", list(range(len(asked)))),
                "scope_key": ("BIGINT", [scope for scope, _ in asked]),
                "blob_key": ("BIGINT", [content_key(item.digest) for _, item in asked]),
                "digest": ("TEXT", [item.digest for _, item in asked]),
                "is_config": ("BOOLEAN", [item.role == "config" for _, item in asked]),
            },
        )
        session.make_table(
            "walk",
            """
SELECT CAST(0 AS BIGINT) AS depth, a.place, a.scope_key, a.blob_key, a.is_config, CAST(NULL AS TEXT) AS media_type,
    CAST(NULL AS BIGINT) AS declared_bytes, CAST(NULL AS TEXT) AS platform, CAST(NULL AS BIGINT) AS parent_key,
    b.blob_key IS NOT NULL AND CASE WHEN a.is_config THEN i.image_key IS NOT NULL ELSE m.manifest_key IS NOT NULL END AS is_known
FROM asked AS a
LEFT JOIN blobs AS b ON b.blob_key = a.blob_key AND b.digest = a.digest
LEFT JOIN manifests AS m ON m.manifest_key = a.blob_key
LEFT JOIN images AS i ON i.image_key = a.blob_key
""",
        )
        session.unstage("asked")
        step = _STEP.replace("{referrers}", referrers)
        for depth in range(1, self._limits.index_depth + 2):
            if not session.run(step, depth=depth):
                break


DOCUMENTS = (
    types.OCI_INDEX,
    types.OCI_MANIFEST,
    types.OCI_ARTIFACT_MANIFEST,
    types.DOCKER_MANIFEST_LIST,
    types.DOCKER_MANIFEST,
    types.DOCKER_SCHEMA1,
    types.DOCKER_SCHEMA1_SIGNED,
)
"""Media types of the entries of an index that are documents; other blobs may be listed there, too."""

_STEP = """
INSERT INTO walk (depth, place, scope_key, blob_key, is_config, media_type, declared_bytes, platform, parent_key, is_known)
SELECT :depth, NULL AS place, c.scope_key, c.blob_key, c.is_config, MIN(c.media_type) AS media_type,
    MIN(c.declared_bytes) AS declared_bytes, MIN(c.platform) AS platform, MIN(c.parent_key) AS parent_key,
    MAX(CASE WHEN c.is_config THEN i.image_key ELSE m.manifest_key END) IS NOT NULL AS is_known
FROM (
    SELECT w.scope_key, e.child_key AS blob_key, FALSE AS is_config, e.media_type, e.declared_bytes, e.platform,
        w.blob_key AS parent_key
    FROM walk AS w JOIN index_entries AS e ON e.manifest_key = w.blob_key
    WHERE w.depth = :depth - 1 AND w.is_known AND NOT w.is_config AND (e.media_type IS NULL OR e.media_type IN ({documents}))
    UNION ALL
    SELECT w.scope_key, m.config_key AS blob_key, TRUE AS is_config, m.config_media_type AS media_type,
        m.config_bytes AS declared_bytes, NULL AS platform, w.blob_key AS parent_key
    FROM walk AS w JOIN manifests AS m ON m.manifest_key = w.blob_key
    WHERE w.depth = :depth - 1 AND w.is_known AND NOT w.is_config AND m.kind = 'image' AND m.config_key IS NOT NULL
    UNION ALL
    SELECT w.scope_key, m.subject_key AS blob_key, FALSE AS is_config, NULL AS media_type, NULL AS declared_bytes,
        NULL AS platform, w.blob_key AS parent_key
    FROM walk AS w JOIN manifests AS m ON m.manifest_key = w.blob_key
    WHERE w.depth = :depth - 1 AND w.is_known AND NOT w.is_config AND m.subject_key IS NOT NULL
{referrers}
) AS c
LEFT JOIN manifests AS m ON m.manifest_key = c.blob_key
LEFT JOIN images AS i ON i.image_key = c.blob_key
WHERE NOT EXISTS (
    SELECT 1 FROM walk AS x WHERE x.scope_key = c.scope_key AND x.blob_key = c.blob_key AND x.is_config = c.is_config
)
GROUP BY c.scope_key, c.blob_key, c.is_config
""".replace("{documents}", ", ".join(f"'{name}'" for name in DOCUMENTS))

_REFERRERS = """
    UNION ALL
    SELECT w.scope_key, m.manifest_key AS blob_key, FALSE AS is_config, NULL AS media_type, NULL AS declared_bytes,
        NULL AS platform, NULL AS parent_key
    FROM walk AS w JOIN manifests AS m ON m.subject_key = w.blob_key
    WHERE w.depth = :depth - 1 AND NOT w.is_config AND EXISTS (
        SELECT 1 FROM source_manifests AS s
        WHERE s.scope_key = w.scope_key AND s.manifest_key = m.manifest_key AND s.ended_at IS NULL
            AND s.source_key = {source_key} AND s.index_key = (SELECT index_key FROM this_scan)
    )
"""
"""What the last look at a scope found to refer to a document."""

_REACHED = """
SELECT w.scope_key, w.place, w.is_config, b.digest, w.media_type, w.declared_bytes, w.platform, p.digest AS parent, w.depth,
    w.is_known AND NOT EXISTS (
        SELECT 1 FROM problems AS q
        WHERE q.scope_key = w.scope_key AND q.digest = b.digest AND q.kind IN ('missing_manifest', 'missing_config')
            AND q.ended_at IS NULL AND q.source_key = :source_key AND q.index_key = (SELECT index_key FROM this_scan)
    ) AS is_known,
    COALESCE(b.size_bytes, h.bytes) AS size_bytes
FROM walk AS w
LEFT JOIN blobs AS b ON b.blob_key = w.blob_key
LEFT JOIN blobs AS p ON p.blob_key = w.parent_key
LEFT JOIN (
    SELECT blob_key, MAX(bytes) AS bytes FROM source_blobs
    WHERE source_key = :source_key AND index_key = (SELECT index_key FROM this_scan) AND ended_at IS NULL
        AND bytes_evidence = 'held'
    GROUP BY blob_key
) AS h ON h.blob_key = w.blob_key
ORDER BY w.depth, w.place, w.scope_key, w.blob_key
"""
