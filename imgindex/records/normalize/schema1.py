"""Rows of docker's manifests of schema 1, which make no image: platform and history are the manifest's own.

https://distribution.github.io/distribution/spec/manifest-v2-1/
"""

from __future__ import annotations

from typing import Any

from imgindex.oci.decode import Document
from imgindex.oci.schema1 import SCHEMA1, Compatibility, FsLayer, HistoryItem, read_compatibility
from imgindex.records.normalize import findings as kinds
from imgindex.records.normalize.manifest import decide_media_type
from imgindex.records.normalize.work import NormalizedManifest, Work, refuse_long
from imgindex.records.rows import Key, Manifest, ManifestHistory, ManifestLayer, Record


def normalize_schema1(work: Work, document: Document, served_type: str | None) -> NormalizedManifest:
    """Layers and history are listed newest first, and become rows oldest first."""
    reading = SCHEMA1.read(document)
    work.note_numbers(reading)
    body = reading.value
    layers, history = body.fs_layers or [], body.history or []
    refuse_long("layers", layers, work.limits.layers)
    refuse_long("history entries", history, work.limits.history_entries)
    blob_keys = _blob_keys(work, layers)
    said = _read_history(work, history)
    joined = len(said) == len(layers)
    history_rows = _history_rows(work, said, blob_keys if joined else [None] * len(said), reading.extra)
    newest = said[-1] if said else Compatibility()
    record = Manifest(
        work.key,
        decide_media_type(work, "schema1", body.media_type, served_type, None),
        "schema1",
        None,
        None,
        None,
        None,
        len(layers),
        None,
        work.texts.plain[newest.os],
        work.texts.plain[body.architecture or newest.architecture],
        work.texts.extra_json(reading.extra),
    )
    rows: list[Record] = [
        ManifestLayer(work.key, position, blob_key, None, None, False, None, None)
        for position, blob_key in enumerate(blob_keys)
        if blob_key is not None
    ]
    if not joined:
        work.findings.add(kinds.HISTORY_MISMATCH, f"{len(said)} history entries, {len(layers)} layers")
    return NormalizedManifest([record, *rows, *history_rows], [])


def _blob_keys(work: Work, layers: list[FsLayer]) -> list[Key | None]:
    keys: list[Key | None] = []
    for index, layer in enumerate(layers):
        digest = work.digest_at(layer.blob_sum, f"$.fsLayers[{index}].blobSum")
        keys.append(None if digest is None else work.keys.blobs.key(digest))
    return keys[::-1]


def _read_history(work: Work, history: list[HistoryItem]) -> list[Compatibility]:
    said: list[Compatibility] = []
    for index, item in enumerate(history):
        path = f"$.history[{index}]"
        compatibility, repaired = read_compatibility(item, path)
        said.append(compatibility)
        if repaired:
            work.findings.add(kinds.TEXT_REPAIRED, f"{path}.v1Compatibility")
    return said[::-1]


def _history_rows(
    work: Work, said: list[Compatibility], blob_keys: list[Key | None], extra: dict[str, Any]
) -> list[Record]:
    texts, rows, last = work.texts, list[Record](), len(said) - 1
    for position, (entry, blob_key) in enumerate(zip(said, blob_keys, strict=True)):
        created_by, instruction = texts.commands[entry.created_by]
        rows.append(
            ManifestHistory(
                work.key,
                position,
                blob_key,
                work.time_at(entry.created, ("history", last - position, "v1Compatibility", "created"), extra),
                created_by,
                instruction,
                texts.prose[entry.comment],
                texts.plain[entry.author],
                bool(entry.throwaway),
            )
        )
    return rows
