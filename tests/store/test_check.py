"""`db check` proves an index: it finds nothing on a sound one, and each kind of damage where it was planted."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from imgindex.store.check import Finding, check
from imgindex.store.engine import open_engine
from tests.builders import Docker, Layout, Registry, make_image, make_index
from tests.stores import HOUR, NOON, Database, new_index

BASE = make_image(1, layers=2, Labels={"team": "web"}, ExposedPorts={"80/tcp": {}}, Volumes={"/data": {}})
WEB = make_image(2, layers=1, base=BASE)
ARM = make_image(3, architecture="arm64")
MULTI = make_index(WEB, ARM)

Run = Callable[..., Any]


def findings(db: Database) -> list[Finding]:
    engine = open_engine(str(db.path), read_only=True)
    try:
        return check(engine)
    finally:
        engine.dispose()


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Database:
    """Three stores, looked at twice: rows of every table of observations, open ones and closed ones."""
    folder = tmp_path_factory.mktemp("sound")
    db = new_index(folder)
    registry, layout, docker = Registry(folder / "registry"), Layout(folder / "layout"), Docker(folder / "docker")
    registry.push("team/web", "1", BASE)
    registry.push("team/multi", "1", MULTI)
    layout.add(BASE, "base")
    docker.load(BASE, "web:1", digest=f"web@{BASE.manifest.digest}")
    docker.load(WEB, "web:2", parent=BASE)
    docker.run("ab" * 32, WEB, "web:2")
    for store in (registry, layout, docker):
        db.look(store.path, as_of=NOON)
    registry.push("team/web", "1", WEB)
    shutil.rmtree(registry.tag("team/multi", "1"))
    layout.blob(BASE.layers[0].blob.digest).unlink()
    docker.load(ARM, "web:2")
    for store in (registry, layout, docker):
        db.look(store.path, as_of=NOON + HOUR)
    return db


@dataclass(frozen=True)
class Damage:
    name: str
    table: str
    sql: str
    """What is done to the table."""
    view: str = ""
    """Where the damage shows, if not in the table."""


def first(table: str, key: str) -> str:
    return f"{key} = (SELECT MIN({key}) FROM {table})"


def again(table: str, key: str) -> str:
    """An open row once more, as if it had been seen a second before as well."""
    return (
        f"INSERT INTO {table} SELECT * REPLACE (first_seen_at - INTERVAL 1 SECOND AS first_seen_at) FROM {table} "
        f"WHERE ended_at IS NULL ORDER BY {key} LIMIT 1"
    )


ZEROS = "'sha256:' || REPEAT('0', 64)"

NOTHING = 4_611_686_018_427_387_904
"""A key that no digest of these stores has."""

TWICE = {
    "index_entries": "manifest_key",
    "manifest_layers": "manifest_key",
    "image_layers": "image_key",
    "image_history": "image_key",
    "image_env": "image_key",
    "image_labels": "image_key",
    "image_ports": "image_key",
    "image_volumes": "image_key",
    "layer_blobs": "layer_key",
    "scan_scopes": "scan_key",
    "tags": "tag",
    "repo_digests": "manifest_key",
    "source_manifests": "manifest_key",
    "source_images": "image_key",
    "source_blobs": "blob_key",
    "source_layers": "chain_key",
    "containers": "container_id",
    "problems": "locator",
    "source_usage": "unit_key",
    "source_image_sizes": "image_key",
    "source_image_summaries": "image_key",
    "source_image_units": "image_key",
    "source_tag_intervals": "repository_key",
}
"""Tables that have no primary key on DuckDB, with a column by which one row is picked."""

ORPHANS = {
    "index_entries": "manifest_key",
    "manifest_layers": "manifest_key",
    "image_layers": "image_key",
    "image_history": "image_key",
    "image_labels": "image_key",
    "image_env": "image_key",
    "image_ports": "image_key",
    "image_volumes": "image_key",
}
"""Children, with the key of their parent."""

EDGES = {
    "manifests": ("manifest_key", "config_key"),
    "index_entries": ("child_key",),
    "manifest_layers": ("blob_key",),
    "images": ("image_key", "chain_key"),
    "image_layers": ("layer_key", "chain_key"),
    "layer_blobs": ("layer_key", "blob_key"),
    "chains": ("layer_key",),
    "tags": ("repository_key", "target_key"),
    "repo_digests": ("repository_key", "manifest_key", "image_key"),
    "source_manifests": ("repository_key", "manifest_key"),
    "source_images": ("image_key",),
    "source_blobs": ("repository_key", "blob_key"),
    "source_layers": ("chain_key",),
}
"""Columns that lead to a digest or name."""

DAMAGES = [
    Damage(
        "a digest that is another", "blobs", f"UPDATE blobs SET digest = {ZEROS} WHERE {first('blobs', 'blob_key')}"
    ),
    Damage(
        "a diff ID that is another",
        "layers",
        f"UPDATE layers SET diff_id = {ZEROS} WHERE {first('layers', 'layer_key')}",
    ),
    Damage(
        "a chain ID that is another",
        "chains",
        f"UPDATE chains SET chain_id = {ZEROS} WHERE {first('chains', 'chain_key')}",
    ),
    Damage(
        "a repository's name that is another",
        "repositories",
        "UPDATE repositories SET name = 'local/other' WHERE name = 'local/team/web'",
    ),
    Damage(
        "a source's name that is another", "sources", f"UPDATE sources SET name = 'x' WHERE {first('sources', 'name')}"
    ),
    Damage(
        "a chain of another layer",
        "chains",
        "UPDATE chains SET layer_key = (SELECT MIN(layer_key) FROM layers) WHERE depth = 1 AND layer_key > "
        "(SELECT MIN(layer_key) FROM layers)",
    ),
    Damage("a chain on no other", "chains", "UPDATE chains SET parent_key = NULL WHERE depth = 3"),
    Damage("a chain on one that is not there", "chains", f"UPDATE chains SET parent_key = {NOTHING} WHERE depth = 3"),
    Damage("a chain of another depth", "chains", "UPDATE chains SET depth = 9 WHERE depth = 2"),
    Damage(
        "an image of other layers",
        "image_layers",
        f"UPDATE image_layers SET layer_key = (SELECT MAX(layer_key) FROM layers) WHERE position = 0 AND "
        f"{first('image_layers', 'layer_key')}",
    ),
    Damage(
        "an image on another stack",
        "image_layers",
        "UPDATE image_layers SET chain_key = (SELECT MIN(chain_key) FROM chains) WHERE position = 1 AND chain_key > "
        "(SELECT MIN(chain_key) FROM chains)",
    ),
    Damage(
        "an image with another top",
        "images",
        "UPDATE images SET chain_key = (SELECT MIN(chain_key) FROM chains) WHERE chain_key > "
        "(SELECT MIN(chain_key) FROM chains)",
    ),
    Damage(
        "an image that is another",
        "images",
        f"UPDATE images SET image_id = {ZEROS} WHERE {first('images', 'image_key')}",
    ),
    Damage("an image short of a layer", "image_layers", "DELETE FROM image_layers WHERE position = 0"),
    Damage("two open rows of one tag", "tags", again("tags", "tag")),
    Damage("two open rows of one blob", "source_blobs", again("source_blobs", "blob_key")),
    Damage(
        "an interval that ends before it begins",
        "tags",
        "UPDATE tags SET ended_at = first_seen_at - INTERVAL 1 SECOND WHERE ended_at IS NOT NULL",
    ),
    Damage(
        "a tag in two places at one time",
        "tags",
        "UPDATE tags SET valid_from = TIMESTAMPTZ '2020-01-01 00:00:00+00' WHERE ended_at IS NULL AND tag = '1'",
        "source_tag_intervals",
    ),
    Damage(
        "a unit of another size",
        "source_usage",
        f"UPDATE source_usage SET size_bytes = size_bytes + 1 WHERE {first('source_usage', 'unit_key')}",
    ),
    Damage(
        "a unit that is lost", "source_usage", f"DELETE FROM source_usage WHERE {first('source_usage', 'unit_key')}"
    ),
    Damage(
        "a unit that its image lost",
        "source_image_units",
        f"DELETE FROM source_image_units WHERE {first('source_image_units', 'image_key')}",
    ),
    Damage(
        "a history of two places at one time",
        "source_tag_intervals",
        "UPDATE source_tag_intervals SET valid_from = TIMESTAMPTZ '2020-01-01 00:00:00+00' WHERE valid_to IS NULL",
        "tag_history",
    ),
    Damage(
        "a move that its tag never made",
        "source_tag_intervals",
        "UPDATE source_tag_intervals SET from_key = target_key WHERE from_key IS NULL AND target_key IS NOT NULL",
    ),
    Damage("an image of another name", "source_image_summaries", "UPDATE source_image_summaries SET names = 'other:1'"),
    Damage(
        "an image of another size",
        "source_image_sizes",
        "UPDATE source_image_sizes SET size_bytes = size_bytes + 1, unique_bytes = unique_bytes + 1",
    ),
    Damage(
        "an image whose sizes do not add up",
        "source_image_sizes",
        "UPDATE source_image_sizes SET shared_bytes = shared_bytes + 1",
        "image_sizes",
    ),
    Damage(
        "split bytes that do not add up",
        "source_image_sizes",
        "UPDATE source_image_sizes SET split_bytes = split_bytes + 1",
        "image_sizes",
    ),
]


def test_all_sample_stores_make_a_sound_index(full: Database) -> None:
    assert findings(full) == []


def test_an_index_of_no_source_is_sound(db: Database) -> None:
    assert findings(db) == []


def test_stores_that_changed_make_a_sound_index(sound: Database) -> None:
    assert findings(sound) == []
    ends = sound.column("SELECT DISTINCT end_reason FROM tags UNION SELECT DISTINCT end_reason FROM source_blobs")
    assert {"changed", "gone"} < set(ends)


def relations(db: Database, rule: str) -> list[str]:
    """Where a rule with these words is broken."""
    return sorted({finding.relation for finding in findings(db) if rule in finding.rule})


def test_a_row_that_stands_twice_is_found_in_every_table(sound: Database, tmp_path: Path) -> None:
    db = sound.copy(tmp_path / "damaged.duckdb")
    with db.writing() as run:
        for table, column in TWICE.items():
            run(f"INSERT INTO {table} SELECT * FROM {table} ORDER BY {column} LIMIT 1")
    assert sorted(TWICE) == relations(db, "twice")


def test_a_child_without_its_parent_is_found_in_every_table(sound: Database, tmp_path: Path) -> None:
    db = sound.copy(tmp_path / "damaged.duckdb")
    with db.writing() as run:
        for table, key in ORPHANS.items():
            run(f"UPDATE {table} SET {key} = {NOTHING} WHERE {key} = (SELECT MIN({key}) FROM {table})")
    assert sorted(ORPHANS) == relations(db, "parent")


@pytest.mark.parametrize("place", range(3))
def test_an_edge_that_leads_nowhere_is_found_in_every_table(place: int, sound: Database, tmp_path: Path) -> None:
    # One column of each table at a time.
    db = sound.copy(tmp_path / "damaged.duckdb")
    damaged = {table: columns[place] for table, columns in EDGES.items() if place < len(columns)}
    with db.writing() as run:
        for table, column in damaged.items():
            run(f"UPDATE {table} SET {column} = {NOTHING} WHERE {column} = (SELECT MIN({column}) FROM {table})")
    assert sorted(damaged) == relations(db, "referred to")


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.name)
def test_damage_is_found_where_it_was_planted(damage: Damage, sound: Database, tmp_path: Path) -> None:
    db = sound.copy(tmp_path / "damaged.duckdb")
    with db.writing() as run:
        before = rows_of(run, damage.table)
        run(damage.sql)
        assert before != rows_of(run, damage.table)
    assert (damage.view or damage.table) in {finding.relation for finding in findings(db)}


def rows_of(run: Run, table: str) -> list[str]:
    return sorted(map(repr, run(f"SELECT * FROM {table}")))


def test_a_finding_says_how_many_and_shows_one(sound: Database, tmp_path: Path) -> None:
    db = sound.copy(tmp_path / "damaged.duckdb")
    with db.writing() as run:
        run("UPDATE chains SET depth = 9 WHERE depth = 2")
    wrong = sorted(db.column("SELECT chain_id FROM chains WHERE depth = 9"))
    assert wrong
    (finding,) = (finding for finding in findings(db) if finding.relation == "chains")
    assert finding.example in db.column("SELECT chain_id FROM chains")
    assert finding.count >= len(wrong)
    assert finding.rule
