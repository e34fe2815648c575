"""What a source holds now, counted for the summary of an ingest."""

from __future__ import annotations

from imgindex.records.keys import name_key
from imgindex.store.session import Session, own_index

COUNTED = {
    "images": "SELECT COUNT(DISTINCT image_key) FROM source_images WHERE {this} AND listed",
    "tags": "SELECT COUNT(*) FROM tags WHERE {this} AND evidence = 'observed'",
    "manifests": "SELECT COUNT(DISTINCT manifest_key) FROM source_manifests WHERE {this}",
    "blobs": "SELECT COUNT(DISTINCT blob_key) FROM source_blobs WHERE {this}",
    "layers": "SELECT COUNT(*) FROM source_layers WHERE {this}",
    "containers": "SELECT COUNT(*) FROM containers WHERE {this}",
}
"""Noun -> query; what counts nothing is left out."""


def tally(session: Session, source: str) -> tuple[dict[str, int], dict[str, int]]:
    """({noun in the plural: count}, {kind of problem: count}) of what the source holds now."""
    with session.transaction():
        this = f"index_key = '{own_index(session)}' AND source_key = {name_key(source)} AND ended_at IS NULL"
        counts = {noun: session.value(query.format(this=this)) for noun, query in COUNTED.items()}
        problems = session.rows(
            f"SELECT kind, COUNT(DISTINCT locator || ' ' || digest) FROM problems WHERE {this} GROUP BY kind ORDER BY kind"
        )
    return {noun: count for noun, count in counts.items() if count}, dict(map(tuple, problems))
