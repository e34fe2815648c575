"""Records on their way into the store, kept by table until there are enough of them to write at once."""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter
from typing import Any

from imgindex.records import rows
from imgindex.records.rows import Record
from imgindex.store.schema import metadata
from imgindex.store.schema.parts import type_name
from imgindex.store.session import Columns

TABLE_OF: dict[type[Record], str] = {
    rows.Manifest: "manifests",
    rows.IndexEntry: "index_entries",
    rows.ManifestLayer: "manifest_layers",
    rows.ManifestAnnotation: "manifest_annotations",
    rows.ManifestHistory: "manifest_history",
    rows.Image: "images",
    rows.ImageLayer: "image_layers",
    rows.ImageHistory: "image_history",
    rows.ImageLabel: "image_labels",
    rows.ImageEnv: "image_env",
    rows.ImagePort: "image_ports",
    rows.ImageVolume: "image_volumes",
    rows.LayerBlob: "layer_blobs",
    rows.ScanScope: "scan_scopes",
    rows.Tag: "tags",
    rows.PastTag: "tag_traces",
    rows.RepoDigest: "repo_digests",
    rows.SourceManifest: "source_manifests",
    rows.SourceImage: "source_images",
    rows.SourceBlob: "source_blobs",
    rows.SourceLayer: "source_layers",
    rows.Container: "containers",
    rows.Problem: "problems",
}
"""The table that each type of record is a row of."""


class Batch:
    """Rows by type of record."""

    def __init__(self) -> None:
        self.records: dict[type[Record], list[Record]] = {kind: [] for kind in TABLE_OF}
        self.size = 0

    def extend(self, group: Iterable[Record]) -> None:
        records = self.records
        before = self.size
        for count, record in enumerate(group, start=1):
            records[record.__class__].append(record)
            self.size = before + count

    def clear(self) -> None:
        for kept in self.records.values():
            kept.clear()
        self.size = 0

    def leave_out(self, refused: dict[str, set[int]]) -> None:
        """Drop every row that holds a refused key: a negative one, or one of these, by dictionary."""
        for kind, kept in self.records.items():
            fields = _key_fields(kind)
            if kept and fields:
                self.records[kind] = [record for record in kept if not _refers(record, fields, refused)]
        self.size = sum(map(len, self.records.values()))


def columns_of(kind: type[Record], kept: list[Record]) -> Columns:
    """The records as columns, for `Session.stage`."""
    table = metadata.tables[TABLE_OF[kind]]
    return {
        field: (type_name(table.columns[field]), list(map(attrgetter(field), kept))) for field in kind.__struct_fields__
    }


def _key_fields(kind: type[Record]) -> list[tuple[str, str]]:
    """(field, dictionary) of each field that holds a key."""
    table = metadata.tables[TABLE_OF[kind]]
    found: list[tuple[str, str]] = []
    for field in kind.__struct_fields__:
        column: Any = table.columns.get(field)
        if column is not None and "dictionary" in column.info:
            found.append((field, column.info["dictionary"]))
    return found


def _refers(record: Record, fields: list[tuple[str, str]], refused: dict[str, set[int]]) -> bool:
    for field, dictionary in fields:
        key = getattr(record, field)
        if key is not None and (key < 0 or key in refused.get(dictionary, ())):
            return True
    return False
