"""What an export says of itself: which index, of what time, and every file with its rows, size and digest.

lake/_manifest/018f….json, snapshot.duckdb.manifest.json
{"manifest_version": 1, "index_key": "018f…", "made_at": "2026-01-31T02:00:00Z", "schema_version": "0003",
 "sources": [{"source": "registry", "last_complete_at": "2026-01-31T01:59:00Z", ...}],
 "relations": [{"name": "image_sizes", "path": "image_sizes/018f….parquet", "rows": 65, "sha256": "…", ...}]}
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

from imgindex import __version__
from imgindex.query.export.workshop import INDEX, Workshop
from imgindex.query.formats.cells import plain_of
from imgindex.store.engine import HEAD, translated

VERSION = 1
STATUS = ("source", "kind", "last_complete_at", "last_outcome", "image_count", "tag_count", "problem_count")
"""What is said of each source, from the view `source_status`."""
NEEDED = ("index_info", "source_status")
"""What a manifest is made from."""


_OWN = (
    "SELECT CAST(index_key AS VARCHAR), keep_env FROM {place}index_info "
    "WHERE merged_at IS NULL ORDER BY created_at, index_key LIMIT 1"
)


def own_key(engine: Engine) -> str:
    """The key of the index that this database is."""
    with translated(engine), engine.connect() as connection:
        return str(connection.execute(text(_OWN.format(place=""))).scalar())


def begin_manifest(workshop: Workshop, format_name: str) -> dict[str, Any]:
    """All that is said of the index."""
    own = workshop.execute(_OWN.format(place=f"{INDEX}."))[0]
    keys = workshop.execute(f"SELECT CAST(index_key AS VARCHAR) FROM {INDEX}.index_info ORDER BY index_key")
    status = workshop.execute(f"SELECT {', '.join(STATUS)} FROM {INDEX}.source_status ORDER BY source")
    return {
        "manifest_version": VERSION,
        "imgindex_version": __version__,
        "schema_version": HEAD,
        "index_key": own[0],
        "index_keys": [key for (key,) in keys],
        "keep_env": own[1],
        "made_at": plain_of(datetime.now(UTC).replace(microsecond=0)),
        "format": format_name,
        "sources": [dict(zip(STATUS, map(plain_of, row), strict=True)) for row in status],
    }


def describe_file(file: Path) -> dict[str, Any]:
    """Its size and digest."""
    with file.open("rb") as content:
        return {"bytes": file.stat().st_size, "sha256": hashlib.file_digest(content, "sha256").hexdigest()}


def write_manifest(manifest: dict[str, Any], file: Path) -> None:
    file.write_text(json.dumps(manifest, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def read_manifest(file: Path) -> dict[str, Any] | None:
    """A manifest that an export wrote; None where it is something else."""
    try:
        manifest = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    is_one = isinstance(manifest, dict) and isinstance(manifest.get("manifest_version"), int)
    return manifest if is_one and isinstance(manifest.get("index_keys"), list) else None
