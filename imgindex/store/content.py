"""Writing content: names get their keys, and new documents come in with their children, set by set.

A content child is written only together with its new parent, in the caller's transaction. A document that is there
already changes nothing but NULLs that it proves.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from imgindex.records import rows
from imgindex.records.keys import Keyring
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


class Written(NamedTuple):
    """What a batch brought."""

    documents: int
    """Documents that were new."""
    artifacts_told: int
    """Manifests that a config turned out to make artifacts; other sources may have counted them as images."""


class CollidedError(Exception):
    """Names of the batch whose keys other names hold in the index. The transaction is to be rolled back: it is of no use."""

    def __init__(self, names: dict[str, set[str]]) -> None:
        super().__init__("names with the keys of others")
        self.names = names
        """By dictionary."""


def write_content(session: Session, batch: Batch, keys: Keyring) -> Written:
    """Write the batch's names and documents, table by table in one order, and in each by key: two writers that have some
    in common wait for each other, and never in a circle. Neither the batch nor the keys are changed.

    Raises CollidedError where names have to be refused first.
    """
    _write_names(session, batch, keys)
    new = {parent: _write_documents(session, batch, parent) for parent in PARENTS}
    told = 0
    if any(new.values()):
        told = settle_content(session)
    _write_layer_blobs(session, batch)
    for parent in PARENTS:
        session.unstage(f"new_{TABLE_OF[parent]}")
    return Written(sum(new.values()), told)


# -- names ------------------------------------------------------------------------------------------------------------


def _write_names(session: Session, batch: Batch, keys: Keyring) -> None:
    collided: dict[str, set[str]] = {}
    for dictionary in keys.dictionaries():
        table = dictionary.table
        session.stage(f"batch_{table}", _COLUMNS[table](list(dictionary.pending())))
        key, name = NAMED[table]
        session.run(
            f"INSERT INTO {table} SELECT s.* FROM batch_{table} AS s "
            f"WHERE NOT EXISTS (SELECT 1 FROM {table} AS t WHERE t.{key} = s.{key}) "
            f"ORDER BY s.{key} {session.dialect.on_conflict}"
        )
        # Compared afterwards: another writer may have brought a name while this one waited to insert its own.
        found = session.rows(
            f"SELECT s.{name} FROM batch_{table} AS s JOIN {table} AS t ON t.{key} = s.{key} "
            f"WHERE t.{name} IS DISTINCT FROM s.{name}"
        )
        if found:
            collided[table] = {row[0] or "" for row in found}
        if table in VERIFIED:
            _verify_names(session, table, batch)
        session.unstage(f"batch_{table}")
    if collided:
        raise CollidedError(collided)


def _verify_names(session: Session, table: str, batch: Batch) -> None:
    """A verified size fills a NULL. With the rows are locked those of configs, whose documents and manifests may come in
    by two writers at once: the second is to see what the first wrote (`settle_content`)."""
    key, _ = NAMED[table]
    verified = VERIFIED[table]
    session.stage("batch_configs", {"config_key": ("BIGINT", sorted(_configs(batch)) if table == "blobs" else [])})
    session.lock_rows(
        f"SELECT t.{key} FROM {table} AS t WHERE t.{key} IN (SELECT config_key FROM batch_configs "
        f"UNION SELECT s.{key} FROM batch_{table} AS s WHERE s.{verified} IS NOT NULL) ORDER BY t.{key}"
    )
    session.unstage("batch_configs")
    session.run(
        f"UPDATE {table} SET {verified} = s.{verified} FROM batch_{table} AS s "
        f"WHERE s.{key} = {table}.{key} AND {table}.{verified} IS NULL AND s.{verified} IS NOT NULL"
    )


def _configs(batch: Batch) -> set[int]:
    manifests: Any = batch.records[rows.Manifest]
    images: Any = batch.records[rows.Image]
    return {m.config_key for m in manifests if m.config_key is not None} | {image.image_key for image in images}


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
    """Insert the documents that are not there, and the children of those that this inserted. Their keys are staged as
    new_<table>."""
    key, children = PARENTS[parent]
    table = TABLE_OF[parent]
    kept = {getattr(record, key): record for record in batch.records[parent]}
    new: set[int] = set()
    if kept:
        fields = ", ".join(parent.__struct_fields__)
        session.stage(f"batch_{table}", columns_of(parent, list(kept.values())))
        found = session.rows(
            f"INSERT INTO {table} ({fields}) SELECT {fields} FROM batch_{table} AS s "
            f"WHERE NOT EXISTS (SELECT 1 FROM {table} AS t WHERE t.{key} = s.{key}) "
            f"ORDER BY s.{key} {session.dialect.on_conflict} RETURNING {key}"
        )
        session.unstage(f"batch_{table}")
        new = {row[0] for row in found}
    session.stage(f"new_{table}", {key: ("BIGINT", sorted(new))})
    if not new:
        return 0
    for child in children:
        # Not those of a document that was there, nor of one that was left out.
        if records := [record for record in batch.records[child] if getattr(record, key) in new]:
            _insert(session, child, records)
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
    return session.run(f"""
UPDATE manifests SET kind = 'artifact', artifact_type = COALESCE(artifact_type, config_media_type)
WHERE kind = 'image' AND manifest_key IN (
    SELECT p.manifest_key FROM ({_NEW_PAIRS}) AS p JOIN images AS i ON i.image_key = p.image_key AND i.os = 'unknown'
)
""")


_NEW_PAIRS = """
SELECT m.manifest_key, m.config_key AS image_key
FROM new_manifests AS n JOIN manifests AS m ON m.manifest_key = n.manifest_key
WHERE m.config_key IS NOT NULL
UNION
SELECT m.manifest_key, m.config_key AS image_key
FROM new_images AS n JOIN manifests AS m ON m.config_key = n.image_key
"""
"""Manifests and their configs where either is new."""


def _claim_layers(session: Session) -> None:
    """A manifest and its config pair blobs with diff IDs, place by place, as soon as both are there."""
    session.run(f"""
INSERT INTO layer_blobs (layer_key, blob_key, evidence)
SELECT DISTINCT il.layer_key, ml.blob_key, 'manifest' AS evidence
FROM ({_NEW_PAIRS}) AS p
JOIN images AS i ON i.image_key = p.image_key
JOIN manifests AS m ON m.manifest_key = p.manifest_key AND m.kind = 'image' AND m.layer_count = i.layer_count
JOIN manifest_layers AS ml ON ml.manifest_key = p.manifest_key
JOIN image_layers AS il ON il.image_key = p.image_key AND il.position = ml.position
WHERE NOT EXISTS (
    SELECT 1 FROM layer_blobs AS t
    WHERE t.layer_key = il.layer_key AND t.blob_key = ml.blob_key AND t.evidence = 'manifest'
)
ORDER BY il.layer_key, ml.blob_key {session.dialect.on_conflict}
""")


def _write_layer_blobs(session: Session, batch: Batch) -> None:
    """Pairs of layer and blob that a store's own records state."""
    if not (records := batch.records[rows.LayerBlob]):
        return
    session.stage("batch_layer_blobs", columns_of(rows.LayerBlob, records))
    session.run(f"""
INSERT INTO layer_blobs (layer_key, blob_key, evidence)
SELECT DISTINCT s.layer_key, s.blob_key, s.evidence
FROM batch_layer_blobs AS s
WHERE NOT EXISTS (
    SELECT 1 FROM layer_blobs AS t
    WHERE t.layer_key = s.layer_key AND t.blob_key = s.blob_key AND t.evidence = s.evidence
)
ORDER BY s.layer_key, s.blob_key, s.evidence {session.dialect.on_conflict}
""")
    session.unstage("batch_layer_blobs")
