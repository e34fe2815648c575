"""What a source has, as half-open intervals: what goes ends, what comes back opens a new row."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from imgindex.sources.base import Group, ScanContext
from imgindex.sources.registry_root.source import RegistryRoot
from imgindex.store import loader
from tests.builders import Docker, Layout, Registry, make_image, make_index
from tests.indexes import NewIndex
from tests.stores import CONTENT, HOUR, NOON, OBSERVED, Database, at

ONE, TWO, THREE = make_image(1), make_image(2), make_image(3)
CONTAINER = "cd" * 32
FIRST, SECOND, THIRD, FOURTH = (NOON + HOUR * n for n in range(4))

Interval = tuple[Any, ...]


def intervals(db: Database, table: str, columns: str, where: str = "TRUE") -> list[Interval]:
    """(columns…, first_seen_at, last_seen_at, ended_at, end_reason), in order of time."""
    return db.rows(
        f"SELECT {columns}, first_seen_at, last_seen_at, ended_at, end_reason FROM {table} WHERE {where} "
        "ORDER BY first_seen_at, ended_at NULLS LAST, 1"
    )


def key(digest: str) -> str:
    """A condition on a key, worked out by the test: the first 63 bits."""
    return str(int(digest.partition(":")[2][:16], 16) >> 1)


def push_away(registry: Registry, repository: str, tag: str) -> None:
    """Delete a tag, as the registry's API does."""
    shutil.rmtree(registry.tag(repository, tag))


# -- what goes and comes back -----------------------------------------------------------------------------------------


def test_a_tag_that_goes_ends_and_opens_a_new_row_when_it_comes_back(db: Database, tmp_path: Path) -> None:
    registry = Registry(tmp_path / "registry")
    registry.push("team/web", "1", ONE)
    registry.push("team/web", "2", TWO)
    db.look(registry.path, as_of=FIRST)
    push_away(registry, "team/web", "1")
    db.look(registry.path, as_of=SECOND)
    db.look(registry.path, as_of=THIRD)
    registry.push("team/web", "1", ONE)
    db.look(registry.path, as_of=FOURTH)
    assert intervals(db, "tags", "tag", "tag = '1'") == [
        ("1", at(FIRST), at(FIRST), at(SECOND), "gone"),
        ("1", at(FOURTH), None, None, None),
    ]
    assert intervals(db, "tags", "tag", "tag = '2'") == [("2", at(FIRST), None, None, None)]


def test_what_is_seen_for_long_was_last_seen_in_the_look_before_it_went(db: Database, tmp_path: Path) -> None:
    layout = Layout(tmp_path / "layout")
    layout.add(ONE, "1")
    layout.add(TWO, "2")
    for time in (FIRST, SECOND, THIRD):
        db.look(layout.path, as_of=time)
    assert db.rows("SELECT tag, first_seen_at, last_seen_at FROM current_tags ORDER BY tag") == [
        ("1", at(FIRST), at(THIRD)),
        ("2", at(FIRST), at(THIRD)),
    ]
    del layout.descriptors[0]
    layout.write()
    db.look(layout.path, as_of=FOURTH)
    assert intervals(db, "tags", "tag", "tag = '1'") == [("1", at(FIRST), at(THIRD), at(FOURTH), "gone")]
    assert db.rows("SELECT tag, valid_to, last_seen_at FROM tag_history ORDER BY tag") == [
        ("1", at(FOURTH), at(THIRD)),
        ("2", None, at(FOURTH)),
    ]


def test_an_image_and_its_blobs_that_go_end_and_come_back(db: Database, tmp_path: Path) -> None:
    layout = Layout(tmp_path / "layout")
    layout.add(ONE, "1")
    layout.add(TWO, "2")
    db.look(layout.path, as_of=FIRST)
    kept = layout.descriptors.pop()
    layout.write()
    for blob in TWO.blobs:
        layout.blob(blob.digest).unlink()
    db.look(layout.path, as_of=SECOND)
    assert db.rows("SELECT image_id FROM image_summary") == [(ONE.config.digest,)]
    layout.descriptors.append(kept)
    layout.write()
    for blob in TWO.blobs:
        layout.put(blob)
    db.look(layout.path, as_of=THIRD)
    gone, back = (at(FIRST), at(FIRST), at(SECOND), "gone"), (at(THIRD), None, None, None)
    assert intervals(db, "source_images", "listed", f"image_key = {key(TWO.config.digest)}") == [
        (True, *gone),
        (True, *back),
    ]
    for blob in TWO.blobs:
        assert intervals(db, "source_blobs", "bytes, bytes_evidence", f"blob_key = {key(blob.digest)}") == [
            (len(blob.data), "held", *gone),
            (len(blob.data), "held", *back),
        ]
    assert intervals(db, "source_manifests", "1", f"manifest_key = {key(TWO.manifest.digest)}") == [
        (1, *gone),
        (1, *back),
    ]
    assert db.value("SELECT COUNT(*) FROM image_summary WHERE listed") == 2


def test_a_layer_a_name_and_a_container_of_a_docker_host_that_go_end_and_come_back(
    db: Database, tmp_path: Path
) -> None:
    docker = Docker(tmp_path / "docker")
    docker.load(ONE, "web:1", digest=f"web@{ONE.manifest.digest}")
    docker.load(TWO, "web:2")
    docker.run(CONTAINER, ONE, "web:1", Running=True)
    db.look(docker.path, as_of=FIRST)
    top = docker.layer(ONE.chain_ids[-1])
    shutil.move(top, tmp_path / "top")
    shutil.move(docker.container(CONTAINER).parent, tmp_path / "container")
    names = docker.names.pop("web")
    docker.load(TWO, "web:2")
    db.look(docker.path, as_of=SECOND)
    shutil.move(tmp_path / "top", top)
    shutil.move(tmp_path / "container", docker.container(CONTAINER).parent)
    docker.names["web"] = names
    docker.load(TWO, "web:2")
    db.look(docker.path, as_of=THIRD)
    gone, back = (at(FIRST), at(FIRST), at(SECOND), "gone"), (at(THIRD), None, None, None)
    size = 10 * len(ONE.layers[-1].blob.data)
    assert intervals(db, "source_layers", "store, bytes", f"chain_key = {key(ONE.chain_ids[-1])}") == [
        ("overlay2", size, *gone),
        ("overlay2", size, *back),
    ]
    assert intervals(db, "containers", "name, state") == [
        ("name-cdcd", "running", *gone),
        ("name-cdcd", "running", *back),
    ]
    assert intervals(db, "repo_digests", "1") == [(1, *gone), (1, *back)]
    assert intervals(db, "tags", "tag", "tag = '1'") == [("1", *gone), ("1", *back)]


# -- what changes -----------------------------------------------------------------------------------------------------


def test_a_tag_that_moves_ends_as_changed_and_opens_with_its_new_target(db: Database, tmp_path: Path) -> None:
    registry = Registry(tmp_path / "registry")
    registry.push("team/web", "latest", ONE)
    db.look(registry.path, as_of=FIRST)
    db.look(registry.path, as_of=SECOND)
    registry.push("team/web", "latest", TWO)
    db.look(registry.path, as_of=THIRD)
    assert intervals(db, "tags", "target_key") == [
        (int(key(ONE.manifest.digest)), at(FIRST), at(SECOND), at(THIRD), "changed"),
        (int(key(TWO.manifest.digest)), at(THIRD), None, None, None),
    ]


def test_an_image_that_is_no_longer_listed_changes(db: Database, tmp_path: Path) -> None:
    registry = Registry(tmp_path / "registry")
    registry.push("team/web", "latest", ONE)
    db.look(registry.path, as_of=FIRST)
    registry.push("team/web", "latest", TWO)
    db.look(registry.path, as_of=SECOND)
    assert intervals(db, "source_images", "listed", f"image_key = {key(ONE.config.digest)}") == [
        (True, at(FIRST), at(FIRST), at(SECOND), "changed"),
        (False, at(SECOND), None, None, None),
    ]
    assert db.rows("SELECT image_id, tag_count FROM image_summary WHERE listed") == [(TWO.config.digest, 1)]
    assert db.column("SELECT image_id FROM image_sizes") == [TWO.config.digest]


def test_a_blob_that_is_lost_changes_from_held_to_declared(db: Database, tmp_path: Path) -> None:
    layout = Layout(tmp_path / "layout")
    layout.add(ONE, "1")
    db.look(layout.path, as_of=FIRST)
    lost = ONE.layers[0].blob
    layout.blob(lost.digest).unlink()
    db.look(layout.path, as_of=SECOND)
    size = len(lost.data)
    assert intervals(db, "source_blobs", "bytes, bytes_evidence", f"blob_key = {key(lost.digest)}") == [
        (size, "held", at(FIRST), at(FIRST), at(SECOND), "changed"),
        (size, "declared", at(SECOND), None, None, None),
    ]
    assert db.problems() == [("missing_blob", lost.digest)]
    assert db.value("SELECT missing_bytes FROM source_sizes WHERE basis = 'total'") == size


def test_a_container_that_stops_changes(db: Database, tmp_path: Path) -> None:
    docker = Docker(tmp_path / "docker")
    docker.load(ONE, "web:1")
    docker.run(CONTAINER, ONE, "web:1", Running=True, StartedAt="2024-03-01T00:00:01Z")
    db.look(docker.path, as_of=FIRST)
    docker.run(CONTAINER, ONE, "web:1", Running=False, StartedAt="2024-03-01T00:00:01Z")
    db.look(docker.path, as_of=SECOND)
    assert intervals(db, "containers", "state") == [
        ("running", at(FIRST), at(FIRST), at(SECOND), "changed"),
        ("exited", at(SECOND), None, None, None),
    ]


def test_nothing_is_rewritten_where_nothing_changed(db: Database, tmp_path: Path) -> None:
    registry, docker = Registry(tmp_path / "registry"), Docker(tmp_path / "docker")
    registry.push("team/web", "1", make_index(ONE, TWO))
    docker.load(ONE, "web:1")
    docker.run(CONTAINER, ONE, "web:1")
    for store in (registry, docker):
        db.look(store.path, as_of=FIRST)
    tables = [table for table in OBSERVED if table not in ("scans", "scan_scopes")]
    before = db.dump(tables)
    for store in (registry, docker):
        assert db.look(store.path, as_of=SECOND).changed_rows == 0
    assert before == db.dump(tables)
    assert db.rows("SELECT DISTINCT last_seen_at FROM current_tags") == [(at(SECOND),)]
    assert db.rows("SELECT DISTINCT last_complete_at FROM source_status") == [(at(SECOND),)]


# -- scopes that were not read to their end ---------------------------------------------------------------------------


def test_a_repository_that_vanishes_from_a_complete_catalog_ends(db: Database, tmp_path: Path) -> None:
    registry = Registry(tmp_path / "registry")
    registry.push("team/web", "1", ONE)
    registry.push("team/api", "1", TWO)
    db.look(registry.path, as_of=FIRST)
    shutil.rmtree(registry.repository("team/api"))
    db.look(registry.path, as_of=SECOND)
    assert db.rows("SELECT repository FROM current_tags") == [("local/team/web",)]
    assert db.rows("SELECT repository FROM repository_sizes") == [("local/team/web",)]
    assert [row[1:] for row in intervals(db, "tags", "tag", "ended_at IS NOT NULL")] == [
        (at(FIRST), at(FIRST), at(SECOND), "gone")
    ]
    assert intervals(db, "source_images", "1", f"image_key = {key(TWO.config.digest)}") == [
        (1, at(FIRST), at(FIRST), at(SECOND), "gone")
    ]
    registry.push("team/api", "1", TWO)
    db.look(registry.path, as_of=THIRD)
    assert db.rows("SELECT repository, first_seen_at FROM current_tags ORDER BY 1") == [
        ("local/team/api", at(THIRD)),
        ("local/team/web", at(FIRST)),
    ]


def test_a_repository_that_vanishes_from_a_partial_catalog_stays(db: Database, tmp_path: Path) -> None:
    registry = Registry(tmp_path / "registry")
    registry.push("team/web", "1", ONE)
    registry.push("team/api", "1", TWO)
    db.look(registry.path, as_of=FIRST)
    shutil.rmtree(registry.repository("team/api"))
    (registry.repository("other")).symlink_to(tmp_path)
    assert db.look(registry.path, as_of=SECOND).outcome == "partial"
    assert db.rows("SELECT repository, last_seen_at FROM current_tags ORDER BY 1") == [
        ("local/team/api", at(FIRST)),
        ("local/team/web", at(SECOND)),
    ]
    assert db.value("SELECT COUNT(*) FROM image_summary WHERE listed") == 2


def test_a_repository_that_was_not_listed_to_its_end_closes_nothing(db: Database, tmp_path: Path) -> None:
    registry = Registry(tmp_path / "registry")
    registry.push("team/web", "1", ONE)
    registry.push("team/web", "2", TWO)
    registry.push("team/api", "1", ONE)
    db.look(registry.path, as_of=FIRST)
    tags = registry.tag("team/web", "1").parent
    shutil.move(tags, tmp_path / "tags")
    tags.symlink_to(tmp_path / "tags")
    push_away(registry, "team/api", "1")
    db.look(registry.path, as_of=SECOND)
    assert db.rows("SELECT repository, tag, last_seen_at FROM current_tags ORDER BY 1, 2") == [
        ("local/team/web", "1", at(FIRST)),
        ("local/team/web", "2", at(FIRST)),
    ]
    assert db.value("SELECT COUNT(*) FROM image_summary WHERE listed") == 2


def test_a_driver_whose_layers_cannot_be_listed_closes_nothing(db: Database, tmp_path: Path) -> None:
    docker = Docker(tmp_path / "docker")
    docker.load(ONE, "web:1")
    docker.load(TWO, "web:2")
    db.look(docker.path, as_of=FIRST)
    docker.names.clear()
    docker.load(THREE, "web:3")
    layers = docker.store / "layerdb/sha256"
    shutil.move(layers, tmp_path / "layers")
    layers.write_bytes(b"")
    assert db.look(docker.path, as_of=SECOND).outcome == "partial"
    assert db.column("SELECT tag FROM current_tags ORDER BY 1") == ["1", "2", "3"]
    assert db.value("SELECT COUNT(*) FROM source_layers WHERE ended_at IS NOT NULL") == 0
    assert db.value("SELECT COUNT(*) FROM image_sizes") == 3


def test_a_part_of_a_layout_closes_nothing_and_adds_what_it_shows(db: Database, tmp_path: Path) -> None:
    layout = Layout(tmp_path / "layout")
    layout.add(ONE, "1")
    layout.add(TWO, "2")
    db.look(layout.path, as_of=FIRST)
    layout.descriptors.clear()
    layout.add(THREE, "2")
    assert db.look(f"oci:{layout.path}:2", as_of=SECOND).outcome == "partial"
    assert db.rows("SELECT source, tag, target_digest, last_seen_at FROM current_tags ORDER BY 2") == [
        (f"oci:{layout.path}", "1", ONE.manifest.digest, at(FIRST)),
        (f"oci:{layout.path}", "2", THREE.manifest.digest, at(SECOND)),
    ]
    assert intervals(db, "tags", "tag", "ended_at IS NOT NULL") == [("2", at(FIRST), at(FIRST), at(SECOND), "changed")]
    assert sorted(db.column("SELECT image_id FROM image_summary WHERE listed")) == sorted(
        image.config.digest for image in (ONE, TWO, THREE)
    )


def test_a_source_that_cannot_be_read_keeps_what_it_had(db: Database, tmp_path: Path) -> None:
    layout = Layout(tmp_path / "layout")
    layout.add(ONE, "1")
    db.look(layout.path, as_of=FIRST)
    tables = [table for table in OBSERVED if table not in ("scans", "scan_scopes")]
    before = db.dump(tables)
    layout.index.write_bytes(b'{"schemaVersion": 2, "manifests": [')
    (report,) = db.ingest(layout.path, as_of=SECOND)
    assert (report.outcome, type(report.error).__name__) == ("failed", "LayoutError")
    assert before == db.dump(tables)
    assert db.rows("SELECT last_complete_at, last_outcome, tag_count FROM source_status") == [(at(FIRST), "failed", 1)]


def test_a_scan_that_was_stopped_leaves_content_and_the_next_goes_on(
    new_index: NewIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whatever group it was stopped at, the next look makes the index that an undisturbed one makes.
    registry = Registry(tmp_path / "registry")
    registry.push("team/web", "1", make_index(ONE, TWO))
    registry.push("team/api", "1", THREE)
    undisturbed = new_index(tmp_path, "undisturbed.duckdb")
    undisturbed.look(registry.path, as_of=SECOND)
    tables = [table for table in CONTENT + OBSERVED if table not in ("scans", "scan_scopes", "sources", "index_info")]
    expected = content_and_open(undisturbed.dump(tables))
    whole, batch = RegistryRoot.scan, loader.BATCH_RECORDS
    count = sum(1 for _ in RegistryRoot(str(registry.top)).scan(ScanContext()))

    class StoppedError(Exception):
        """As if the process had been killed."""

    for last in (1, count // 3, count // 2, count - 2):

        def stopping(self: RegistryRoot, context: ScanContext, last: int = last) -> Iterator[Group]:
            yield from itertools.islice(whole(self, context), last)
            raise StoppedError

        stopped = new_index(tmp_path, "stopped.duckdb")
        monkeypatch.setattr(RegistryRoot, "scan", stopping)
        monkeypatch.setattr(loader, "BATCH_RECORDS", 1)
        with pytest.raises(StoppedError):
            stopped.look(registry.path, as_of=FIRST)
        monkeypatch.setattr(RegistryRoot, "scan", whole)
        monkeypatch.setattr(loader, "BATCH_RECORDS", batch)
        stopped.look(registry.path, as_of=SECOND)
        assert expected == content_and_open(stopped.dump(tables)), last
        assert stopped.column("SELECT outcome FROM scans ORDER BY as_of") == ["failed", "complete"]


def content_and_open(dump: dict[str, list[tuple[Any, ...]]]) -> dict[str, list[str]]:
    """Rows that are open, without the time when they were first seen."""
    found = {}
    for table, rows in dump.items():
        found[table] = sorted(
            repr([value for value in row if value not in (at(FIRST), at(SECOND))])
            for row in rows
            if not (row and row[-1] == "gone")
        )
    return found
