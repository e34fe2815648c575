"""Indexes made in tests: a database from a template, an ingest without a watcher, tables and views read as plain rows.

Further builders of stores stand here, too: whatever `builders` does not make.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import text

from imgindex.ingest import IngestOptions, ScanReport, ingest
from imgindex.store import migrate
from imgindex.store.check import check
from imgindex.store.engine import open_engine
from imgindex.store.schema import metadata
from tests.builders import OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST, Blob, Image, Index, Layer, as_json, digest_of

Row = tuple[Any, ...]

CONTENT = sorted(table.name for table in metadata.sorted_tables if table.info["room"] == "content")
"""Tables of content: what a digest proves."""
OBSERVED = sorted(table.name for table in metadata.sorted_tables if table.info["room"] != "content")
"""Tables of observations, and those derived from them."""

NOON = int(datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp())
"""Seconds since 1970 of the first look in tests that tell of several."""
HOUR = 3600


class Unwatched:
    """Implements `ingest.Watch`."""

    def start(self, source: str) -> None: ...

    def expect(self, documents: int) -> None: ...

    def advance(self, documents: int, bytes_read: int) -> None: ...

    def tell(self, noun: str, count: int) -> None: ...

    def say(self, text: str) -> None: ...

    def finish(self) -> None: ...


def at(seconds: int) -> datetime:
    """A time of a column, from seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)


class Database:
    """One index: in a file of its own, or where a URL says."""

    def __init__(self, path: Path | str) -> None:
        self.path = path

    def ingest(self, *specs: str | Path, as_of: int | None = None, **options: Any) -> list[ScanReport]:
        """One run; `as_of` in seconds since 1970."""
        micros = None if as_of is None else as_of * 1_000_000
        return ingest(str(self.path), list(map(str, specs)), IngestOptions(as_of=micros, **options), Unwatched())

    def look(self, *specs: str | Path, **options: Any) -> ScanReport:
        """A run that must not fail; the report of its last source."""
        reports = self.ingest(*specs, **options)
        assert [None] * len(specs) == [report.error for report in reports]
        return reports[-1]

    @contextmanager
    def reading(self) -> Iterator[Any]:
        """A function from SQL and its parameters to rows."""
        engine = open_engine(str(self.path), read_only=True)
        try:
            with engine.connect() as connection:

                def rows(sql: str, **parameters: Any) -> list[Row]:
                    return [tuple(row) for row in connection.execute(text(sql), parameters)]

                yield rows
        finally:
            engine.dispose()

    def rows(self, sql: str, **parameters: Any) -> list[Row]:
        with self.reading() as rows:
            return list(rows(sql, **parameters))

    def column(self, sql: str, **parameters: Any) -> list[Any]:
        return [row[0] for row in self.rows(sql, **parameters)]

    def value(self, sql: str, **parameters: Any) -> Any:
        return self.rows(sql, **parameters)[0][0]

    @contextmanager
    def writing(self) -> Iterator[Any]:
        """A function that runs a statement, to damage the index with."""
        engine = open_engine(str(self.path), read_only=False)
        try:
            with engine.begin() as connection:
                yield lambda sql, **parameters: connection.execute(text(sql), parameters)
        finally:
            engine.dispose()

    def dump(self, tables: Iterable[str], without: Iterable[str] = ()) -> dict[str, list[Row]]:
        """By table, all rows, sorted; `without`: columns to leave out."""
        left_out = set(without)
        found: dict[str, list[Row]] = {}
        with self.reading() as rows:
            for table in tables:
                columns = [column.name for column in metadata.tables[table].columns if column.name not in left_out]
                found[table] = sorted(rows(f"SELECT {', '.join(columns)} FROM {table}"), key=repr)
        return found

    def problems(self) -> list[Row]:
        """(kind, digest) of each open problem, sorted."""
        return sorted(self.rows("SELECT kind, digest FROM problem_detail"), key=repr)

    def copy(self, path: Path) -> Database:
        shutil.copyfile(self.path, path)
        return Database(path)


def is_sound(db: Database) -> bool:
    """Whether `db check` finds nothing."""
    engine = open_engine(str(db.path), read_only=True)
    try:
        return check(engine) == []
    finally:
        engine.dispose()


def new_index(folder: Path, name: str = "index.duckdb") -> Database:
    """An empty index in this folder. All of a test process have one `index_key`."""
    path = folder / name
    path.write_bytes(_template())
    return Database(path)


@cache
def _template() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index.duckdb"
        migrate.upgrade(str(path))
        return path.read_bytes()


def numbers_of(db: Database, source: str, basis: str = "compressed") -> dict[str, Any]:
    """What the views say of a source, in the shape of `recount.numbers`."""
    here = {"source": source, "basis": basis}
    with db.reading() as rows:
        sizes = rows(
            "SELECT image_id, size_bytes, shared_bytes, unique_bytes, split_bytes, unknown_layers FROM image_sizes "
            "WHERE source = :source AND basis = :basis",
            **here,
        )
        layers = rows(
            "SELECT unit, size_bytes, image_count FROM layer_usage "
            "WHERE source = :source AND basis = :basis AND image_count > 0",
            **here,
        )
        repositories = rows(
            "SELECT repository, tag_count, image_count, layer_bytes, exclusive_layer_bytes, config_bytes, "
            "manifest_bytes, untagged_manifest_count, untagged_bytes FROM repository_sizes WHERE source = :source",
            source=source,
        )
        kinds = ("distinct", "document", "artifact", "untagged", "orphan", "stored")
        totals = rows(
            f"SELECT image_count, layer_count, referenced_bytes, {', '.join(f'{kind}_bytes' for kind in kinds)} "
            "FROM source_sizes WHERE source = :source AND basis = :basis",
            **here,
        )
        images = rows("SELECT image_id, listed FROM image_summary WHERE source = :source", source=source)
        bases = rows(
            "SELECT image_id, base_image_id, base_layer_count, tie_count FROM base_images "
            "WHERE source = :source AND evidence = 'chain'",
            source=source,
        )
    names = ["tags", "images", "layer_bytes", "exclusive_bytes"]
    if basis == "compressed":
        names += ["config_bytes", "manifest_bytes", "untagged", "untagged_bytes"]
    (total,) = totals or [(0,) * 9]
    return {
        "images": dict(images),
        "image_sizes": {image: tuple(numbers) for image, *numbers in sizes},
        "layers": {unit: tuple(numbers) for unit, *numbers in layers},
        "repositories": {name or "": dict(zip(names, found, strict=False)) for name, *found in repositories},
        "bytes": dict(zip(kinds, total[3:], strict=True)),
        "counts": tuple(total[:3]),
        "bases": {image: tuple(found) for image, *found in bases},
    }


def layer_of(data: bytes, media_type: str = OCI_LAYER) -> Layer:
    """A layer whose blob is these bytes."""
    return Layer(Blob(data, media_type), digest_of(b"tar of " + data))


def image_of(
    *layers: Layer,
    config: dict[str, Any] | None = None,
    manifest: dict[str, Any] | None = None,
    history: list[dict[str, Any]] | None = None,
    os: str = "linux",
    architecture: str = "amd64",
    created: str | None = "2024-01-01T00:00:00Z",
    **more: Any,
) -> Image:
    """An image of these layers. `config`: its inner object; `manifest`: further members of the manifest; `more`: of the
    config."""
    document: dict[str, Any] = {"os": os, "architecture": architecture, "config": config or {}, **more}
    if created is not None:
        document["created"] = created
    document["rootfs"] = {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]}
    document["history"] = [{"created_by": f"RUN step {n}"} for n in range(len(layers))] if history is None else history
    made = Blob(as_json(document), OCI_CONFIG)
    told = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": made.descriptor(),
        "layers": [layer.blob.descriptor() for layer in layers],
        **(manifest or {}),
    }
    return Image(Blob(as_json(told), OCI_MANIFEST), made, layers)


def image_from(config: dict[str, Any], *layers: Layer) -> Image:
    """An image with just this config."""
    made = Blob(as_json(config), OCI_CONFIG)
    manifest = {
        "schemaVersion": 2,
        "config": made.descriptor(),
        "layers": [layer.blob.descriptor() for layer in layers],
    }
    return Image(Blob(as_json(manifest), OCI_MANIFEST), made, layers)


def index_of(*entries: tuple[Image | Index, dict[str, Any]], **members: Any) -> Index:
    """An index of these, each with what its descriptor says beside media type, digest and size."""
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": [child.manifest.descriptor(**more) for child, more in entries],
        **members,
    }
    return Index(Blob(as_json(document), OCI_INDEX), tuple(child for child, _ in entries))


def platform(word: str) -> dict[str, Any]:
    """The `platform` of an index entry, from `os/architecture[/variant]`."""
    parts = dict(zip(("os", "architecture", "variant"), word.split("/"), strict=False))
    return {"platform": parts}
