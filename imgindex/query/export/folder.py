"""An index as a folder of Parquet or CSV: a file a table or view.

Several indexes may be exported into one folder, from several hosts at once, since nothing has one name for two of them:

    lake/image_sizes/018f….parquet      <relation>/<key of the index>.<format>
    lake/_manifest/018f….json

A reader takes `lake/image_sizes/*.parquet`. Exporting an index again replaces all that the folder had of it, and
touches nothing else. Two exports that hold the same index's observations are refused: each row would be there twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Engine

from imgindex.errors import UsageError, near_misses, quote
from imgindex.query.export.copy import Watch, copy_index, tables_of
from imgindex.query.export.manifest import NEEDED, begin_manifest, describe_file, read_manifest, write_manifest
from imgindex.query.export.place import PREFIX, publish, publishing, working_folder
from imgindex.query.export.relation import FORMATS, Exportable, exportables, select, written_types
from imgindex.query.export.workshop import Workshop, is_server, literal, opened
from imgindex.store.engine import open_engine

MANIFESTS = "_manifest"
"""Where manifests lie: what reads a folder of data passes over a name that starts so."""


class Written(NamedTuple):
    """A file that was made and has no place yet."""

    relation: Exportable
    file: Path
    rows: int


def export_folder(
    db: str, folder: Path, format_name: str, relations: Sequence[Exportable], watch: Watch
) -> dict[str, Any]:
    """Write these relations of the index as files into the folder, which is made if need be. Returns the manifest.

    Raises:
        UsageError: the folder holds something else, or the observations of this index by another export.
        StoreError: the index cannot be opened, or the disk does not take what is written.
    """
    engine = open_engine(db, read_only=True)
    folder = _check_folder(folder)
    with working_folder(folder) as working:
        with _opened_index(engine, working, relations, watch) as workshop:
            manifest = begin_manifest(workshop, format_name)
            _check_others(folder, manifest)
            files = [_write(workshop, relation, format_name, working, watch) for relation in relations]
        manifest["relations"] = [_describe(written, manifest["index_key"], format_name) for written in files]
        _publish(folder, working, manifest, files)
    return manifest


def choose(names: Sequence[str], *, tables_only: bool) -> list[Exportable]:
    """The relations of these names; without names all but the views that carry others. Raises UsageError."""
    known = exportables()
    if unknown := [name for name in names if name not in known]:
        near = near_misses(unknown[0], known, "imgindex schema")
        raise UsageError(f'There is no table or view "{quote(unknown[0])}".{near}')
    if tables_only and (views := [name for name in names if known[name].kind == "view"]):
        raise UsageError(f"{views[0]} is a view, and --tables leaves views out. Say one of the two.")
    wanted = [relation for relation in known.values() if relation.name in names or not (names or relation.internal)]
    return [relation for relation in wanted if relation.kind == "table" or not tables_only]


def _check_folder(folder: Path) -> Path:
    """The folder, made if need be; it is new, empty or an export's."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{quote(folder)} is a file. Name a folder, or for a snapshot a file that ends with .duckdb.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = [entry.name for entry in folder.iterdir() if not entry.name.startswith(PREFIX)]
    except OSError as error:
        raise UsageError(f"{quote(folder)} cannot be written into: {error.strerror}.") from error
    if held and not any(_manifests(folder)):
        raise UsageError(f"{quote(folder)} holds other things than an export. Name a new or an empty folder.")
    return folder.resolve()


def _manifests(folder: Path) -> Iterator[dict[str, Any]]:
    for file in sorted((folder / MANIFESTS).glob("*.json")):
        if manifest := read_manifest(file):
            yield manifest


def _check_others(folder: Path, manifest: dict[str, Any]) -> None:
    for other in _manifests(folder):
        both = set(other["index_keys"]) & set(manifest["index_keys"])
        if both and other["index_key"] != manifest["index_key"]:
            raise UsageError(
                f"{quote(folder)} holds an export of the index {quote(other['index_key'])}, which shares "
                "observations with this one by a merge: they would be there twice. Export into another folder, or "
                f"remove the files of that one: rm {quote(folder)}/*/{quote(other['index_key'])}.*"
            )


@contextmanager
def _opened_index(engine: Engine, working: Path, relations: Sequence[Exportable], watch: Watch) -> Iterator[Workshop]:
    """A workshop with the index as a catalog: a DuckDB file itself, of PostgreSQL a copy."""
    with opened(working, engine) as workshop:
        if is_server(engine):
            file = working / "index.duckdb"
            names = tables_of([*NEEDED, *(relation.name for relation in relations)])
            copy_index(engine, workshop, file, names, watch)
            workshop.attach_file(file)
        yield workshop


def _write(workshop: Workshop, relation: Exportable, format_name: str, working: Path, watch: Watch) -> Written:
    """Write one file into the working folder."""
    file = working / f"{relation.name}.{format_name}"
    query = select(relation, format_name)
    rows = int(workshop.execute(f"COPY ({query}) TO {literal(str(file))} ({FORMATS[format_name]})")[0][0])
    watch.tell("rows", rows)
    watch.advance(rows, file.stat().st_size)
    return Written(relation, file, rows)


def _describe(written: Written, index_key: str, format_name: str) -> dict[str, Any]:
    """The entry of a file in the manifest."""
    relation = written.relation
    return {
        "name": relation.name,
        "kind": relation.kind,
        "path": f"{relation.name}/{index_key}.{format_name}",
        "rows": written.rows,
        **describe_file(written.file),
        "key": list(relation.key),
        "columns": written_types(relation),
    }


def _publish(folder: Path, working: Path, manifest: dict[str, Any], files: Sequence[Written]) -> None:
    """Give the files their places, the manifest last, and take away what an earlier export of the index left."""
    made = working / "manifest.json"
    write_manifest(manifest, made)
    place = folder / MANIFESTS / f"{manifest['index_key']}.json"
    places = {written.file: folder / entry["path"] for written, entry in zip(files, manifest["relations"], strict=True)}
    with publishing(folder):
        before = read_manifest(place) if place.exists() else None
        for target in (*places.values(), place):
            target.parent.mkdir(exist_ok=True)
        publish({**places, made: place})
        _remove(folder, before, manifest)


def _remove(folder: Path, before: dict[str, Any] | None, manifest: dict[str, Any]) -> None:
    """Remove the files of an earlier export of this index that this one did not replace."""
    there = {folder / entry["path"] for entry in manifest["relations"]}
    for name in exportables() if before else ():
        for format_name in FORMATS:
            file = folder / name / f"{manifest['index_key']}.{format_name}"
            if file not in there and file.exists():
                file.unlink()
                if not any(file.parent.iterdir()):
                    file.parent.rmdir()
