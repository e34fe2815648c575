"""Views that carry others: which index speaks for a source, when scopes were last complete, and indexes unrolled."""

from __future__ import annotations

from imgindex.store.views.parts import View

SOURCE_STREAMS = View(
    "source_streams",
    ("source_key",),
    "The index that speaks for each source: of those that saw it, the one with the latest complete look.",
    (
        ("index_key", "UUID", "The index."),
        ("source_key", "BIGINT", "The source."),
        ("name", "TEXT", "Name of the source."),
        ("last_complete_at", "TIMESTAMPTZ", "as_of of the last complete scan."),
    ),
    """
SELECT ranked.index_key, ranked.source_key, ranked.name, ranked.last_complete_at
FROM (
    SELECT
        s.index_key, s.source_key, s.name, c.last_complete_at,
        ROW_NUMBER() OVER (
            PARTITION BY s.source_key ORDER BY c.last_complete_at DESC NULLS LAST, s.index_key DESC
        ) AS place
    FROM sources AS s
    LEFT JOIN (
        SELECT index_key, source_key, MAX(as_of) AS last_complete_at
        FROM scans WHERE outcome = 'complete' GROUP BY index_key, source_key
    ) AS c ON c.index_key = s.index_key AND c.source_key = s.source_key
    WHERE s.forgotten_at IS NULL
) AS ranked
WHERE ranked.place <= 1
""",
    internal=True,
)

SCOPE_LOOKS = View(
    "scope_looks",
    ("index_key", "source_key", "scope_key"),
    "The last complete look at each scope.",
    (
        ("index_key", "UUID", "The index."),
        ("source_key", "BIGINT", "The source."),
        ("scope_key", "BIGINT", "The scope."),
        ("last_complete_at", "TIMESTAMPTZ", "as_of of the last scan that read the scope's listing to its end."),
    ),
    """
SELECT index_key, source_key, scope_key, MAX(as_of) AS last_complete_at
FROM scan_scopes
WHERE outcome = 'complete'
GROUP BY index_key, source_key, scope_key
""",
    internal=True,
)


_INNER = """
    -- Entries that are indexes themselves: few or none. COALESCE keeps PostgreSQL from expecting one for each index.
    SELECT e.manifest_key, e.position, e.child_key
    FROM index_entries AS e
    JOIN manifests AS m ON m.manifest_key = e.child_key
    WHERE COALESCE(m.kind, '') = 'index'
"""


def _leaf(depth: int) -> str:
    """What lies `depth` levels under an index and is no index itself."""
    above = "".join(
        f"FROM inner_indexes AS e{n}\n"
        if n == 1
        else f"JOIN inner_indexes AS e{n} ON e{n}.manifest_key = e{n - 1}.child_key\n"
        for n in range(1, depth)
    )
    last = (
        f"JOIN index_entries AS e{depth} ON e{depth}.manifest_key = e{depth - 1}.child_key"
        if above
        else "FROM index_entries AS e1"
    )
    names = ", ".join(f"{f'e{n}.position' if n <= depth else 'CAST(-1 AS BIGINT)'} AS place_{n}" for n in range(1, 5))
    where = "" if depth == 4 else "WHERE COALESCE(m.kind, '') <> 'index'\n"
    return f"""
SELECT e1.manifest_key AS root_key, {names}, e{depth}.child_key, e{depth}.role, e{depth}.media_type, e{depth}.platform,
    e{depth}.os_version, m.kind AS child_kind, CASE WHEN m.kind = 'image' THEN m.config_key END AS image_key
{above}{last}
LEFT JOIN manifests AS m ON m.manifest_key = e{depth}.child_key
{where}"""


INDEX_LEAVES = View(
    "index_leaves",
    ("root_key", "place_1", "place_2", "place_3", "place_4"),
    "Every index unrolled, to a depth of four: what lies under it and is no index itself.",
    (
        ("root_key", "BIGINT", "The index."),
        ("place_1", "BIGINT", "Position in it."),
        ("place_2", "BIGINT", "Position in the index under that; -1 = none."),
        ("place_3", "BIGINT", "Position in the index under that; -1 = none."),
        ("place_4", "BIGINT", "Position in the index under that; -1 = none."),
        ("child_key", "BIGINT", "The manifest."),
        ("role", "TEXT", "What its descriptor says it is."),
        ("media_type", "TEXT", "Media type of its descriptor."),
        ("platform", "TEXT", "os/architecture[/variant] of its descriptor, normalised."),
        ("os_version", "TEXT", "Version of the operating system, as its descriptor says."),
        ("child_kind", "TEXT", "What it is; NULL if it was not read."),
        ("image_key", "BIGINT", "Its image, if it is one."),
    ),
    f"WITH inner_indexes AS MATERIALIZED ({_INNER})" + "UNION ALL".join(_leaf(depth) for depth in range(1, 5)),
    internal=True,
)

TAG_TARGETS = View(
    "tag_targets",
    ("source", "repository_key", "tag"),
    "Current tags, by key.",
    (
        ("index_key", "UUID", "The index that speaks for the source."),
        ("source_key", "BIGINT", "The source."),
        ("scope_key", "BIGINT", "The scope that lists it."),
        ("source", "TEXT", "Name of the source."),
        ("repository_key", "BIGINT", "The repository."),
        ("repository", "TEXT", "Full name with registry; NULL for a layout's bare refs."),
        ("tag", "TEXT", "The tag."),
        ("target_key", "BIGINT", "What it points at."),
        ("target_kind", "TEXT", "image or manifest."),
    ),
    """
SELECT t.index_key, t.source_key, t.scope_key, s.name AS source, t.repository_key, r.name AS repository, t.tag,
    t.target_key, t.target_kind
FROM tags AS t
JOIN source_streams AS s ON s.index_key = t.index_key AND s.source_key = t.source_key
JOIN repositories AS r ON r.repository_key = t.repository_key
WHERE t.ended_at IS NULL AND t.evidence = 'observed'
""",
    internal=True,
)

TAG_REACH = View(
    "tag_reach",
    ("source", "repository_key", "tag", "manifest_key", "image_key"),
    "What each current tag reaches: its target, and all under it where that is an index.",
    (
        ("index_key", "UUID", "The index that speaks for the source."),
        ("source_key", "BIGINT", "The source."),
        ("source", "TEXT", "Name of the source."),
        ("repository_key", "BIGINT", "The repository."),
        ("repository", "TEXT", "Full name with registry; NULL for a layout's bare refs."),
        ("tag", "TEXT", "The tag."),
        ("manifest_key", "BIGINT", "A manifest that it reaches; NULL for a tag of an image."),
        ("image_key", "BIGINT", "The image that is, if it is one."),
    ),
    """
SELECT t.index_key, t.source_key, t.source, t.repository_key, t.repository, t.tag,
    CASE WHEN t.target_kind = 'manifest' THEN t.target_key END AS manifest_key,
    CASE WHEN t.target_kind = 'image' THEN t.target_key WHEN m.kind = 'image' THEN m.config_key END AS image_key
FROM tag_targets AS t
LEFT JOIN manifests AS m ON m.manifest_key = t.target_key AND t.target_kind = 'manifest'
WHERE t.target_key IS NOT NULL
UNION
SELECT t.index_key, t.source_key, t.source, t.repository_key, t.repository, t.tag, l.child_key AS manifest_key, l.image_key
FROM tag_targets AS t
JOIN index_leaves AS l ON l.root_key = t.target_key
WHERE t.target_kind = 'manifest'
""",
    internal=True,
)

ALL = (SOURCE_STREAMS, SCOPE_LOOKS, INDEX_LEAVES, TAG_TARGETS, TAG_REACH)
