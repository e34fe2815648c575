"""An index as one compact DuckDB file: an index like any other, for programs that only read.

It is built beside its place and takes it by a rename. Whoever has the old file open goes on reading that, and sees the
new one when he opens it next; nobody waits, and no ingest is held up by readers of a snapshot.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from imgindex.errors import UsageError, quote
from imgindex.query.export.copy import Watch, copy_index
from imgindex.query.export.manifest import begin_manifest, describe_file, own_key, write_manifest
from imgindex.query.export.place import publish, working_folder
from imgindex.query.export.relation import exportables
from imgindex.query.export.workshop import is_server, opened
from imgindex.store.engine import open_engine
from imgindex.store.schema import metadata

SUFFIX = ".duckdb"


def export_snapshot(db: str, file: Path, watch: Watch) -> dict[str, Any]:
    """Write the index as a DuckDB file, in place of an older snapshot of it. Returns the manifest.

    Raises:
        UsageError: the file is the index itself, another index, or something else.
        StoreError: the index cannot be opened, or the disk does not take what is written.
    """
    engine = open_engine(db, read_only=True)
    place = _check_place(file, None if is_server(engine) else engine.url.database)
    _check_index(place, own_key(engine))
    with working_folder(place.parent) as working:
        made = working / "snapshot.duckdb"
        with opened(working, engine) as workshop:
            rows = copy_index(engine, workshop, made, list(metadata.tables), watch)
        with opened(working) as workshop:
            workshop.attach_file(made)
            manifest = begin_manifest(workshop, "duckdb")
        manifest |= {"path": place.name, **describe_file(made)}
        manifest["relations"] = [
            {"name": name, "kind": "table", "rows": rows[name]} for name in exportables() if name in rows
        ]
        described = working / "manifest.json"
        write_manifest(manifest, described)
        publish({made: place, described: place.with_name(f"{place.name}.manifest.json")})
    return manifest


def _check_place(file: Path, index: str | None) -> Path:
    """Where the snapshot goes, links followed."""
    place = Path(file.resolve())
    if not place.parent.is_dir():
        raise UsageError(f"The folder of {quote(file)} does not exist. Make it first.")
    if not place.exists():
        return place
    if place.is_dir():
        raise UsageError(f"{quote(file)} is a folder. Name a file for the snapshot, or a folder that does not end so.")
    if index is not None and place.samefile(index):
        raise UsageError(f"{quote(file)} is the index itself. Name another file for the snapshot.")
    if Path(f"{place}.wal").exists():
        raise UsageError(
            f"{quote(file)} is no snapshot: it is being written to, or its writer did not end well, since "
            f"{quote(place.name)}.wal lies beside it. Name another file."
        )
    return place


def _check_index(place: Path, index_key: str) -> None:
    """What is replaced is an older snapshot of the same index, and nothing else."""
    if not place.exists():
        return
    try:
        with duckdb.connect(str(place), read_only=True, config={"enable_external_access": "false"}) as connection:
            found = connection.execute(
                "SELECT COUNT(*) FROM index_info WHERE CAST(index_key AS VARCHAR) = ?", [index_key]
            ).fetchone()
    except duckdb.Error as error:
        if "Could not set lock" in str(error):
            raise UsageError(f"{quote(place)} is being written to: it is no snapshot. Name another file.") from error
        found = None
    if not (found and found[0]):
        raise UsageError(f"{quote(place)} is no snapshot of this index. Name another file, or remove that one first.")
