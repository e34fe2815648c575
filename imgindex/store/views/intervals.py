"""The view of the history of tags by key: the derived table, and how far looks confirm what is current."""

from __future__ import annotations

from imgindex.store.views.parts import View

TAG_INTERVALS = View(
    "tag_intervals",
    ("index_key", "source_key", "scope_key", "repository_key", "tag", "place"),
    "Where tags point and pointed, by key, in every index: what looks saw and what stores remember, made into one history.",
    (
        ("index_key", "UUID", "The index."),
        ("source_key", "BIGINT", "The source."),
        ("scope_key", "BIGINT", "The scope that lists it."),
        ("repository_key", "BIGINT", "The repository."),
        ("tag", "TEXT", "The tag."),
        ("place", "BIGINT", "Place in the tag's history, from 1; what is undated comes last."),
        ("target_key", "BIGINT", "What it pointed at; NULL if listed without a digest."),
        ("target_kind", "TEXT", "image or manifest."),
        ("set_at", "TIMESTAMPTZ", "When the store says it was set; NULL if it does not say."),
        ("first_seen_at", "TIMESTAMPTZ", "Our first sight of it; NULL if no look saw it so."),
        ("last_seen_at", "TIMESTAMPTZ", "Our last sight of it; NULL if no look saw it so."),
        ("valid_from", "TIMESTAMPTZ", "Where the interval begins; NULL if undated."),
        ("valid_to", "TIMESTAMPTZ", "Where it ends; NULL = current, or undated."),
        ("evidence", "TEXT", "observed or recovered."),
    ),
    """
SELECT t.index_key, t.source_key, t.scope_key, t.repository_key, t.tag, t.place, t.target_key, t.target_kind, t.set_at,
    t.first_seen_at,
    CASE WHEN t.valid_to IS NULL THEN GREATEST(t.last_seen_at, CASE WHEN t.evidence = 'observed' THEN k.last_complete_at END)
        ELSE t.last_seen_at END AS last_seen_at,
    t.valid_from, t.valid_to, t.evidence
FROM source_tag_intervals AS t
LEFT JOIN scope_looks AS k ON k.index_key = t.index_key AND k.source_key = t.source_key AND k.scope_key = t.scope_key
""",
    internal=True,
)

ALL = (TAG_INTERVALS,)
