"""`imgindex db check`: proves that an index is what it says it is.

No key twice, no child without its parent, no edge to a digest that is not there, every key the digest's own, chain IDs
and stacks recomputed, derived tables recomputed, sizes conserved, no tag in two places at one time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine

from imgindex.oci.chain import chain_ids
from imgindex.records.keys import content_key, name_key
from imgindex.store.batch import TABLE_OF
from imgindex.store.content import PARENTS
from imgindex.store.intervals import COLUMNS as INTERVAL_COLUMNS
from imgindex.store.intervals import compute_intervals
from imgindex.store.schema import PRESENCE, metadata
from imgindex.store.session import Session
from imgindex.store.usage import COLUMNS, compute_usage, drop_units

STEP = 50_000
"""Rows that are recomputed at a time."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that the index breaks."""

    rule: str
    relation: str
    """The table or view."""
    count: int
    example: str
    """One of the rows, in words."""


def check(engine: Engine) -> list[Finding]:
    """Everything that is wrong with the index; an empty list proves it. Raises StoreError where it cannot be read."""
    session = Session(engine)
    try:
        with session.reading():
            return [
                *_check_keys(session),
                *_check_duplicates(session),
                *_check_orphans(session),
                *_check_chains(session),
                *_check_images(session),
                *_check_presence(session),
                *_check_tags(session),
                *_check_derived(session),
                *_check_conservation(session),
            ]
    finally:
        session.close()


def _found(session: Session, rule: str, relation: str, sql: str) -> Iterator[Finding]:
    """A finding if the query has rows; its first column is the example."""
    count = session.value(f"SELECT COUNT(*) FROM ({sql}) AS v")
    if count:
        example = session.value(f"SELECT v.* FROM ({sql}) AS v LIMIT 1")
        yield Finding(rule, relation, int(count), str(example))


def _check_keys(session: Session) -> Iterator[Finding]:
    """Every key is the first 63 bits of its digest, or of its name's SHA-256."""
    named = {"blobs": "digest", "layers": "diff_id", "chains": "chain_id", "repositories": "name", "sources": "name"}
    for table, name in named.items():
        key = f"{table[:-1]}_key" if table != "repositories" else "repository_key"
        make = name_key if table in ("repositories", "sources") else content_key
        wrong = [
            text
            for part in _pages(session, f"SELECT {key}, {name} FROM {table}", key)
            for held, text in part
            if make(text or "") != held
        ]
        if wrong:
            yield Finding("a key is that of its digest or name", table, len(wrong), str(wrong[0]))


def _check_duplicates(session: Session) -> Iterator[Finding]:
    for table in metadata.sorted_tables:
        keys = ", ".join(column.name for column in table.primary_key.columns)
        sql = f"SELECT {keys} FROM {table.name} GROUP BY {keys} HAVING COUNT(*) > 1"
        yield from _found(session, "no key stands twice", table.name, sql)


def _check_orphans(session: Session) -> Iterator[Finding]:
    for parent, (key, children) in PARENTS.items():
        table = TABLE_OF[parent]
        for child in map(TABLE_OF.__getitem__, children):
            sql = f"SELECT c.{key} FROM {child} AS c WHERE NOT EXISTS (SELECT 1 FROM {table} AS p WHERE p.{key} = c.{key})"
            yield from _found(session, "a child has its parent", child, sql)
    keys = {"blobs": "blob_key", "layers": "layer_key", "chains": "chain_key", "repositories": "repository_key"}
    for table_ in metadata.sorted_tables:
        for column in table_.columns:
            if dictionary := column.info.get("dictionary"):
                # A container, or a parent, may stand on what is gone: that is what it says, and no orphan.
                if table_.name == "containers" or column.name == "parent_key":
                    continue
                sql = (
                    f"SELECT c.{column.name} FROM {table_.name} AS c WHERE c.{column.name} IS NOT NULL AND NOT EXISTS "
                    f"(SELECT 1 FROM {dictionary} AS d WHERE d.{keys[dictionary]} = c.{column.name})"
                )
                yield from _found(session, f"what is referred to is in {dictionary}", table_.name, sql)


def _check_chains(session: Session) -> Iterator[Finding]:
    """Every chain ID, recomputed from its parent and its layer (image-spec, config.md)."""
    sql = """
SELECT c.chain_key, c.chain_id, c.depth, l.diff_id, p.chain_id AS parent_id, p.depth AS parent_depth
FROM chains AS c
LEFT JOIN layers AS l ON l.layer_key = c.layer_key
LEFT JOIN chains AS p ON p.chain_key = c.parent_key
"""
    wrong = [
        chain_id
        for part in _pages(session, sql, "chain_key")
        for _, chain_id, depth, diff_id, parent_id, parent_depth in part
        if depth != (parent_depth or 0) + 1
        or chain_ids([diff_id] if parent_id is None else [parent_id, diff_id])[-1] != chain_id
    ]
    if wrong:
        yield Finding("a chain ID is that of its parent and layer", "chains", len(wrong), wrong[0])


def _check_images(session: Session) -> Iterator[Finding]:
    """An image's layers are a stack from the base layer to its own top, and its ID is its config's digest."""
    sql = """
SELECT il.image_key
FROM image_layers AS il
JOIN chains AS c ON c.chain_key = il.chain_key
LEFT JOIN image_layers AS below ON below.image_key = il.image_key AND below.position = il.position - 1
WHERE c.layer_key <> il.layer_key OR c.depth <> il.position + 1 OR c.parent_key IS DISTINCT FROM below.chain_key
"""
    yield from _found(session, "an image's layers are a stack", "image_layers", sql)
    sql = """
SELECT i.image_id
FROM images AS i
LEFT JOIN blobs AS b ON b.blob_key = i.image_key
LEFT JOIN image_layers AS top ON top.image_key = i.image_key AND top.position = i.layer_count - 1
WHERE b.digest IS DISTINCT FROM i.image_id OR top.chain_key IS DISTINCT FROM i.chain_key
    OR i.layer_count <> (SELECT COUNT(*) FROM image_layers AS il WHERE il.image_key = i.image_key)
"""
    yield from _found(session, "an image is its config, and the stack of its layers", "images", sql)


def _check_presence(session: Session) -> Iterator[Finding]:
    """One thing has at most one open row, and no interval ends before it begins."""
    for table, presence in PRESENCE.items():
        keys = ", ".join(("index_key", "source_key", "scope_key", *presence.identity))
        sql = f"SELECT {keys} FROM {table} WHERE ended_at IS NULL GROUP BY {keys} HAVING COUNT(*) > 1"
        yield from _found(session, "one thing has one open row", table, sql)
        sql = f"SELECT first_seen_at FROM {table} WHERE ended_at < first_seen_at"
        yield from _found(session, "an interval ends after it begins", table, sql)


def _check_tags(session: Session) -> Iterator[Finding]:
    """No two intervals of a tag overlap, whether seen or remembered, and no two sightings do."""
    sql = """
SELECT w.tag FROM (
    SELECT source, repository, tag, valid_from, valid_to, LAG(valid_to) OVER per_tag AS previous_to,
        LAG(tag) OVER per_tag AS previous_tag
    FROM tag_history WHERE valid_from IS NOT NULL
    WINDOW per_tag AS (PARTITION BY source, repository, tag ORDER BY valid_from, valid_to NULLS LAST)
) AS w
WHERE w.valid_to < w.valid_from
    OR (w.previous_tag IS NOT NULL AND (w.previous_to IS NULL OR w.previous_to > w.valid_from))
"""
    yield from _found(session, "a tag points to one place at a time", "tag_history", sql)
    sql = """
SELECT w.tag FROM (
    SELECT tag, first_seen_at, LAG(ended_at) OVER per_tag AS previous_end, LAG(tag) OVER per_tag AS previous_tag
    FROM tags
    WINDOW per_tag AS (
        PARTITION BY index_key, source_key, scope_key, repository_key, tag ORDER BY first_seen_at, ended_at NULLS LAST
    )
) AS w
WHERE w.previous_tag IS NOT NULL AND (w.previous_end IS NULL OR w.previous_end > w.first_seen_at)
"""
    yield from _found(session, "a tag was seen in one place at a time", "tags", sql)
    sql = "SELECT tag FROM tag_history WHERE evidence = 'recovered' AND valid_from IS NOT NULL AND valid_to IS NULL"
    yield from _found(session, "what is recovered is never current", "tag_history", sql)
    sql = "SELECT tag FROM tags WHERE valid_from > first_seen_at"
    yield from _found(session, "a tag holds from its first sighting at the latest", "tags", sql)


_SETTLED = """
SELECT s.index_key, s.source_key, s.name
FROM sources AS s
LEFT JOIN (SELECT DISTINCT index_key, source_key FROM scans WHERE outcome = 'running') AS r
    ON r.index_key = s.index_key AND r.source_key = s.source_key
WHERE r.source_key IS NULL
ORDER BY s.name
"""


def _check_derived(session: Session) -> Iterator[Finding]:
    """Not of a source whose scan goes on, or was killed: its tables are those of the scan before until one ends."""
    columns = {**COLUMNS, "source_tag_intervals": INTERVAL_COLUMNS}
    for index_key, source_key, name in session.rows(_SETTLED):
        computed = compute_usage(session, str(index_key), source_key)
        computed["source_tag_intervals"] = compute_intervals(str(index_key), source_key)
        for table, select in computed.items():
            held = f"SELECT {columns[table]} FROM {table} WHERE index_key = '{index_key}' AND source_key = {source_key}"
            fresh = f"SELECT {columns[table]} FROM ({select}) AS f"
            differ = f"({held} EXCEPT {fresh}) UNION ALL ({fresh} EXCEPT {held})"
            sql = f"SELECT '{name.replace(chr(39), chr(39) * 2)}' AS source, v.* FROM ({differ}) AS v"
            yield from _found(session, "a derived table is what its source says", table, sql)
        drop_units(session)


def _check_conservation(session: Session) -> Iterator[Finding]:
    yield from _found(
        session,
        "size = unique + shared",
        "image_sizes",
        "SELECT image_id FROM image_sizes WHERE size_bytes <> unique_bytes + shared_bytes",
    )
    yield from _found(
        session,
        "stored = distinct + document + artifact + untagged + orphan",
        "source_sizes",
        "SELECT source FROM source_sizes WHERE stored_bytes <> "
        "distinct_bytes + document_bytes + artifact_bytes + untagged_bytes + orphan_bytes",
    )
    yield from _found(
        session,
        "split sums to distinct",
        "image_sizes",
        """
SELECT s.source FROM source_sizes AS s
JOIN (
    SELECT source, basis, CAST(SUM(split_bytes) AS BIGINT) AS split_bytes, MAX(unknown_layers) AS unknown_layers
    FROM image_sizes GROUP BY source, basis
) AS i ON i.source = s.source AND i.basis = s.basis
WHERE i.unknown_layers = 0 AND i.split_bytes <> s.distinct_bytes
""",
    )


def _pages(session: Session, sql: str, key: str) -> Iterator[list[Any]]:
    """The rows, in the order of the key, a page at a time."""
    after = -1
    while page := session.rows(f"SELECT v.* FROM ({sql}) AS v WHERE v.{key} > {after} ORDER BY v.{key} LIMIT {STEP}"):
        yield page
        after = page[-1][0]
