"""Writing content: names get their keys, and new documents come in with their children, set by set.

A content child is written only together with its new parent, in the caller's transaction. A document that is there
already changes nothing but NULLs that it proves.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from imgindex.records import rows
from imgindex.records.keys import Dictionary, Keyring
from imgindex.records.rows import Record
from imgindex.store.batch import TABLE_OF, Batch, columns_of
from imgindex.store.session import Columns, Session

PARENTS: dict[type[Record], tuple[str, tuple[type[Record], ...]]] = {
    rows.Manifest: (
        "manifest_key",
        (rows.IndexEntry, rows.ManifestLayer, rows.ManifestAnnotation, rows.ManifestHistory),
    ),
    rows.Image: (
        "image_key",
        (rows.ImageLayer, rows.ImageHistory, rows.ImageLabel, rows.ImageEnv, rows.ImagePort, rows.ImageVolume),
    ),
}
"""Each document with its key and its children."""


class Refusal(NamedTuple):
    """A name whose key another name holds."""

    dictionary: str
    name: str


class Written(NamedTuple):
    """What a batch brought."""

    documents: int
    """Documents that were new."""
    artifacts_told: int
    """Manifests that a config turned out to make artifacts; other sources may have counted them as images."""
    refusals: list[Refusal]


def write_content(session: Session, batch: Batch, keys: Keyring, *, refused_before: bool = False) -> Written:
    """Write the batch's names and documents.

    Rows that refer to a refused name are left out of the batch, those of observations included. `refused_before`: the
    scan had a name refused in an earlier batch, so that this one may refer to it.
    """
    refusals = _write_names(session, batch, keys, refused_before)
    new = {parent: _write_documents(session, batch, parent) for parent in PARENTS}
    told = 0
    if any(new.values()):
        told = settle_content(session)
    _write_layer_blobs(session, batch)
    for parent in PARENTS:
        session.unstage(f"new_{TABLE_OF[parent]}")
    return Written(sum(new.values()), told, refusals)


# -- names ------------------------------------------------------------------------------------------------------------


def _write_names(session: Session, batch: Batch, keys: Keyring, refused_before: bool) -> list[Refusal]:
    taken: dict[str, set[int]] = {}
    for dictionary in keys.dictionaries():
        _stage_names(session, dictionary)
        if colliding := _find_collisions(session, dictionary):
            taken[dictionary.table] = {key for key, name, _ in dictionary.pending() if name in colliding}
            for name in colliding:
                dictionary.refuse(name)
    refusals = [
        Refusal(dictionary.table, name) for dictionary in keys.dictionaries() for name in dictionary.unreported()
    ]
    if refusals or refused_before:
        batch.leave_out(taken)
        for dictionary in keys.dictionaries():
            _stage_names(session, dictionary)
    for dictionary in keys.dictionaries():
        _insert_names(session, dictionary)
        dictionary.drain()
    return refusals


def _stage_names(session: Session, dictionary: Dictionary) -> None:
    session.stage(f"batch_{dictionary.table}", _COLUMNS[dictionary.table](list(dictionary.pending())))


def _find_collisions(session: Session, dictionary: Dictionary) -> set[str]:
    key, name = NAMED[dictionary.table]
    table = dictionary.table
    found = session.rows(
        f"SELECT s.{name} FROM batch_{table} AS s JOIN {table} AS t ON t.{key} = s.{key} "
        f"WHERE t.{name} IS DISTINCT FROM s.{name}"
    )
    return {row[0] or "" for row in found}


def _insert_names(session: Session, dictionary: Dictionary) -> None:
    key, _ = NAMED[dictionary.table]
    table = dictionary.table
    session.run(
        f"INSERT INTO {table} SELECT s.* FROM batch_{table} AS s "
        f"WHERE NOT EXISTS (SELECT 1 FROM {table} AS t WHERE t.{key} = s.{key})"
    )
    if verified := VERIFIED.get(table):
        session.run(
            f"UPDATE {table} SET {verified} = s.{verified} FROM batch_{table} AS s "
            f"WHERE s.{key} = {table}.{key} AND {table}.{verified} IS NULL AND s.{verified} IS NOT NULL"
        )
    session.unstage(f"batch_{table}")


NAMED = {
    "blobs": ("blob_key", "digest"),
    "layers": ("layer_key", "diff_id"),
    "chains": ("chain_key", "chain_id"),
    "repositories": ("repository_key", "name"),
}
VERIFIED = {"blobs": "size_bytes", "layers": "tar_bytes"}


def _sized(key: str, name: str, size: str) -> Any:
    def columns(pending: list[tuple[int, str, Any]]) -> Columns:
        return {
            key: ("BIGINT", [k for k, _, _ in pending]),
            name: ("TEXT", [n for _, n, _ in pending]),
            size: ("BIGINT", [v for _, _, v in pending]),
        }

    return columns


def _chain_columns(pending: list[tuple[int, str, Any]]) -> Columns:
    """Of chains whose layers are known; one that is only mentioned has no row. A chain on a refused one has none either."""
    known = [(k, n, v) for k, n, v in pending if v is not None and v[1] >= 0 and (v[0] is None or v[0] >= 0)]
    return {
        "chain_key": ("BIGINT", [k for k, _, _ in known]),
        "chain_id": ("TEXT", [n for _, n, _ in known]),
        "parent_key": ("BIGINT", [v[0] for _, _, v in known]),
        "layer_key": ("BIGINT", [v[1] for _, _, v in known]),
        "depth": ("BIGINT", [v[2] for _, _, v in known]),
    }


def _repository_columns(pending: list[tuple[int, str, Any]]) -> Columns:
    parts = [_split(name) for _, name, _ in pending]
    return {
        "repository_key": ("BIGINT", [key for key, _, _ in pending]),
        "name": ("TEXT", [name or None for _, name, _ in pending]),
        "registry": ("TEXT", [registry for registry, _ in parts]),
        "path": ("TEXT", [path for _, path in parts]),
    }


def _split(name: str) -> tuple[str | None, str | None]:
    """(registry, path); a name without a host, as layouts have them, is all path."""
    head, slash, tail = name.partition("/")
    if slash and ("." in head or ":" in head or head in ("local", "localhost")):
        return head, tail
    return None, name or None


_COLUMNS = {
    "blobs": _sized("blob_key", "digest", "size_bytes"),
    "layers": _sized("layer_key", "diff_id", "tar_bytes"),
    "chains": _chain_columns,
    "repositories": _repository_columns,
}


# -- documents --------------------------------------------------------------------------------------------------------


def _write_documents(session: Session, batch: Batch, parent: type[Record]) -> int:
    """Insert the documents that are not there, and their children. Their keys are staged as new_<table>."""
    key, children = PARENTS[parent]
    table = TABLE_OF[parent]
    kept = {getattr(record, key): record for record in batch.records[parent]}
    there = set()
    if kept:
        session.stage(f"new_{table}", {key: ("BIGINT", list(kept))})
        there = {
            row[0]
            for row in session.rows(f"SELECT t.{key} FROM {table} AS t JOIN new_{table} AS n ON n.{key} = t.{key}")
        }
    new = [record for document, record in kept.items() if document not in there]
    session.stage(f"new_{table}", {key: ("BIGINT", [getattr(record, key) for record in new])})
    if not new:
        return 0
    _insert(session, parent, new)
    for child in children:
        rows_of_child = batch.records[child]
        if there:
            rows_of_child = [record for record in rows_of_child if getattr(record, key) not in there]
        if rows_of_child:
            _insert(session, child, rows_of_child)
    return len(new)


def _insert(session: Session, kind: type[Record], records: list[Record]) -> None:
    table = TABLE_OF[kind]
    fields = ", ".join(kind.__struct_fields__)
    session.stage(f"batch_{table}", columns_of(kind, records))
    session.run(f"INSERT INTO {table} ({fields}) SELECT {fields} FROM batch_{table}")
    session.unstage(f"batch_{table}")


def settle_content(session: Session) -> int:
    """What documents say of each other, once new ones are there: their keys are in new_manifests and new_images.

    Returns how many manifests turned out to be artifacts.
    """
    told = _tell_artifacts(session)
    _claim_layers(session)
    return told


def _tell_artifacts(session: Session) -> int:
    """A config whose os is unknown makes its manifest an artifact, whichever of the two is read first."""
    return session.run(
        "UPDATE manifests SET kind = 'artifact', artifact_type = COALESCE(artifact_type, config_media_type) "
        "WHERE kind = 'image' AND config_key IN (SELECT image_key FROM images WHERE os = 'unknown')"
    )


def _claim_layers(session: Session) -> None:
    """A manifest and its config pair blobs with diff IDs, place by place, as soon as both are there."""
    session.run("""
INSERT INTO layer_blobs (layer_key, blob_key, evidence)
SELECT DISTINCT il.layer_key, ml.blob_key, 'manifest' AS evidence
FROM (
    SELECT m.manifest_key, i.image_key
    FROM manifests AS m JOIN images AS i ON i.image_key = m.config_key AND i.layer_count = m.layer_count
    WHERE m.kind = 'image' AND (
        m.manifest_key IN (SELECT manifest_key FROM new_manifests) OR i.image_key IN (SELECT image_key FROM new_images)
    )
) AS p
JOIN manifest_layers AS ml ON ml.manifest_key = p.manifest_key
JOIN image_layers AS il ON il.image_key = p.image_key AND il.position = ml.position
WHERE NOT EXISTS (
    SELECT 1 FROM layer_blobs AS t
    WHERE t.layer_key = il.layer_key AND t.blob_key = ml.blob_key AND t.evidence = 'manifest'
)
""")


def _write_layer_blobs(session: Session, batch: Batch) -> None:
    """Pairs of layer and blob that a store's own records state."""
    if not (records := batch.records[rows.LayerBlob]):
        return
    session.stage("batch_layer_blobs", columns_of(rows.LayerBlob, records))
    session.run("""
INSERT INTO layer_blobs (layer_key, blob_key, evidence)
SELECT DISTINCT s.layer_key, s.blob_key, s.evidence
FROM batch_layer_blobs AS s
WHERE NOT EXISTS (
    SELECT 1 FROM layer_blobs AS t
    WHERE t.layer_key = s.layer_key AND t.blob_key = s.blob_key AND t.evidence = s.evidence
)
""")
    session.unstage("batch_layer_blobs")
