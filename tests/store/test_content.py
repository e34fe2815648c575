"""Tables of content: what a digest proves, the same whatever the order of looks, the size of batches or the sources."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from imgindex.records import keys
from imgindex.sources import base
from imgindex.sources.docker_root import source as docker_root
from imgindex.sources.registry_root import source as registry_root
from imgindex.store import loader
from tests.builders import (
    Layout,
    Registry,
    make_image,
    make_index,
)
from tests.held import chain_ids, hold_layout, hold_registry
from tests.indexes import NewIndex
from tests.stores import CONTENT, HOUR, NOON, OBSERVED, Database, Row, image_from, layer_of

BASE = "sha256:2edcec3590a4ec7f40cf0743c15d78fb39d8326bc029073b41ef9727da6c851f"
ABOVE = "sha256:e379e8aedd4d72bb4c529a4ca07a4e4d230b5a1d3f7a61bc80179e8f02421ad8"
STACK = "sha256:780238f18c540007376dd5e904f583896a69fe620876cabc06977a3af4ba4fb5"
"""Two layers of the official nginx image, and the chain ID that Docker gives to their stack."""

COMPARED = [table for table in CONTENT + OBSERVED if table not in ("scans", "scan_scopes", "sources", "index_info")]
"""Tables that do not tell when a look took place, where looks have the same `as_of`."""


def test_the_chain_id_of_two_layers_of_nginx_is_that_of_docker(db: Database, tmp_path: Path) -> None:
    config = {"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": [BASE, ABOVE]}}
    layout = Layout(tmp_path / "layout")
    layout.add(image_from(config, layer_of(b"base"), layer_of(b"above")), "nginx")
    db.look(layout.path)
    assert db.rows("SELECT position, diff_id, chain_id FROM image_layer_detail ORDER BY position") == [
        (0, BASE, BASE),
        (1, ABOVE, STACK),
    ]
    assert sorted(db.rows("SELECT chain_id, depth FROM chains")) == [(BASE, 1), (STACK, 2)]


def test_content_and_what_views_say_of_a_source_is_the_same_in_any_order_of_looks(
    new_index: NewIndex, full: Database, sample_stores: list[Path], tmp_path: Path
) -> None:
    # Each store comes first, and each comes last.
    docker, registry, skopeo, umoci = sample_stores
    expected, expected_views = full.dump(CONTENT), rows_of_views(full)
    assert len(expected["image_history"]) > 200
    orders = [
        (umoci, skopeo, registry, docker),
        (registry, docker, umoci, skopeo),
        (skopeo, umoci, docker, registry),
    ]
    for number, order in enumerate(orders):
        made = new_index(tmp_path, f"{number}.duckdb")
        for store in order:
            made.look(store)
        assert expected == made.dump(CONTENT)
        assert expected_views == rows_of_views(made)


def rows_of_views(db: Database, source: str | None = None) -> dict[str, list[Row]]:
    """By view, the rows of one source, or of all."""
    with db.reading() as rows:
        return {
            view: sorted(
                rows(f"SELECT {columns} FROM {view} WHERE COALESCE(:source, source) = source", source=source), key=repr
            )
            for view, columns in PER_SOURCE.items()
        }


PER_SOURCE = {
    "image_sizes": "*",
    "repository_sizes": "*",
    "source_sizes": "*",
    "base_images": "*",
    "referrers": "*",
    "manifest_detail": "*",
    "manifest_reachability": "*",
    "image_summary": "*",
    "tag_images": "*",
    "layer_usage": "source, basis, store, unit, size_bytes, image_count, repository_count",
    "problem_detail": "source, locator, kind, digest, detail",
}
"""Views whose rows are one source's, with the columns that do not tell when it was looked at."""


def test_what_a_source_costs_does_not_depend_on_the_others(
    new_index: NewIndex, full: Database, sample_stores: list[Path], tmp_path: Path
) -> None:
    for number, store in enumerate(sample_stores):
        alone = new_index(tmp_path, f"{number}.duckdb")
        source = alone.look(store).source
        assert rows_of_views(alone) == rows_of_views(full, source)


def test_what_a_source_lacks_does_not_come_from_another(new_index: NewIndex, db: Database, tmp_path: Path) -> None:
    # An index whose child was never pushed here: only its name is known, though another registry has the child.
    here, there = make_image(1), make_image(2, architecture="arm64")
    index = make_index(here, there)
    poor, rich = Registry(tmp_path / "poor"), Registry(tmp_path / "rich")
    rich.push("team/web", "1", index)
    poor.push("team/web", "1", here)
    poor.put(index.manifest)
    poor.link(poor.revision("team/web", index.manifest.digest), index.manifest.digest)
    poor.point("team/web", "1", index.manifest.digest)
    alone = new_index(tmp_path, "alone.duckdb")
    alone.look(poor.path, name="poor")
    db.look(rich.path, name="rich")
    db.look(poor.path, name="poor")
    assert db.rows("SELECT image_id, listed FROM image_summary WHERE source = 'poor'") == [(here.config.digest, True)]
    views = rows_of_views(db, "poor")
    assert [
        ("poor", "local/team/web", "1", 0, "linux/amd64", here.manifest.digest, False),
        ("poor", "local/team/web", "1", 1, "linux/arm64", there.manifest.digest, True),
    ] == [(*row[:5], row[6], row[8]) for row in views.pop("tag_images")]
    assert views == {view: rows for view, rows in rows_of_views(alone).items() if view != "tag_images"}


def test_another_look_changes_no_row(sample_stores: list[Path], full: Database, tmp_path: Path) -> None:
    again = full.copy(tmp_path / "again.duckdb")
    before = again.dump(COMPARED)
    scans = again.value("SELECT COUNT(*) FROM scans")
    for store in sample_stores:
        report = again.look(store)
        assert (report.source, report.changed_rows) == (report.source, 0)
    assert before == again.dump(COMPARED)
    assert scans + len(sample_stores) == again.value("SELECT COUNT(*) FROM scans")


def test_a_full_look_changes_no_row_either(sample_stores: list[Path], full: Database, tmp_path: Path) -> None:
    again = full.copy(tmp_path / "again.duckdb")
    before = again.dump(COMPARED)
    for store in sample_stores:
        again.look(store, full=True)
    assert before == again.dump(COMPARED)


def test_what_is_written_does_not_depend_on_the_size_of_batches(
    new_index: NewIndex, registry_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = new_index(tmp_path, "whole.duckdb")
    whole.look(registry_store, as_of=1_795_500_000)
    parts = new_index(tmp_path, "parts.duckdb")
    monkeypatch.setattr(loader, "BATCH_RECORDS", 40)
    parts.look(registry_store, as_of=1_795_500_000)
    assert whole.dump(COMPARED) == parts.dump(COMPARED)


def test_a_verified_size_fills_a_null_and_another_one_is_a_problem(db: Database, tmp_path: Path) -> None:
    image = make_image(1)
    without = Layout(tmp_path / "without")
    without.add(image, "1")
    without.blob(image.config.digest).unlink()
    db.look(without.path, name="without")
    size = "SELECT size_bytes FROM blobs WHERE digest = :digest"
    assert [None] == db.column(size, digest=image.config.digest)
    whole = Layout(tmp_path / "whole")
    whole.add(image, "1")
    db.look(whole.path, name="whole")
    assert [len(image.config.data)] == db.column(size, digest=image.config.digest)
    broken = Layout(tmp_path / "broken")
    broken.add(image, "1")
    broken.blob(image.config.digest).write_bytes(image.config.data + b" ")
    db.look(broken.path, name="broken")
    assert [len(image.config.data)] == db.column(size, digest=image.config.digest)
    assert db.rows("SELECT kind, digest FROM problem_detail WHERE source = 'broken'") == [
        ("size_mismatch", image.config.digest)
    ]


def test_a_document_that_is_missing_in_one_store_and_there_in_another_is_content_once(
    db: Database, tmp_path: Path
) -> None:
    image, index = make_image(1), make_index(make_image(1), make_image(2))
    for name, lost in (("a", image.config), ("b", image.manifest)):
        layout = Layout(tmp_path / name)
        layout.add(index, "multi")
        layout.blob(lost.digest).unlink()
        db.look(layout.path, name=name)
    assert [1] == db.column(
        "SELECT COUNT(*) FROM manifests WHERE config_key = :key", key=keys.content_key(image.config.digest)
    )
    assert [2] == db.column("SELECT COUNT(*) FROM images")
    assert sorted(db.column("SELECT blob_digest FROM layer_blob_detail")) == sorted(
        {layer.blob.digest for child in index.children for layer in child.layers}  # type: ignore[union-attr]
    )


# -- key collisions ---------------------------------------------------------------------------------------------------


SCOPES = (docker_root._CATALOG, registry_root._BLOBS, registry_root._CATALOG)
"""Made when their modules are imported: before keys are cut."""


@pytest.fixture
def short_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys of 8 bits. Scopes keep whole ones: nobody chooses a store's scopes, and two that collide are one listing."""
    whole = {}

    def scope_name_key(name: str) -> int:
        if name not in whole:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(keys, "KEY_BITS", 63)
                whole[name] = keys.name_key(name)
        return whole[name]

    monkeypatch.setattr(base, "name_key", scope_name_key)
    monkeypatch.setattr(keys, "KEY_BITS", 8)


@pytest.mark.usefixtures("short_keys")
@pytest.mark.parametrize("batch", [150_000, 60])
def test_with_keys_that_collide_no_edge_leads_to_a_wrong_digest(
    new_index: NewIndex,
    registry_store: Path,
    skopeo_layout: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    batch: int,
) -> None:
    monkeypatch.setattr(loader, "BATCH_RECORDS", batch)
    db = new_index(tmp_path)
    for store in (registry_store, skopeo_layout, registry_store):
        assert db.look(store).outcome == "complete"
    documents: dict[str, Any] = {}
    for held in (hold_registry(registry_store), hold_layout(skopeo_layout)):
        documents.update(held.documents)
    with db.reading() as rows:
        assert rows("SELECT COUNT(*) FROM problem_detail WHERE kind = 'key_collision'") > [(0,)]
        for manifest, position, blob in rows(
            "SELECT m.digest, l.position, b.digest FROM manifest_layers AS l "
            "JOIN blobs AS m ON m.blob_key = l.manifest_key "
            "JOIN blobs AS b ON b.blob_key = l.blob_key"
        ):
            body = documents[manifest]
            layers = body.get("layers") or [{"digest": layer["blobSum"]} for layer in reversed(body["fsLayers"])]
            assert layers[position]["digest"] == blob
        for index, position, child in rows("SELECT index_digest, position, manifest_digest FROM index_detail"):
            assert documents[index]["manifests"][position]["digest"] == child
        for manifest, image in rows("SELECT manifest_digest, image_id FROM manifest_detail WHERE image_id IS NOT NULL"):
            assert documents[manifest]["config"]["digest"] == image
        for manifest, subject in rows(
            "SELECT manifest_digest, subject_digest FROM manifest_detail WHERE subject_digest IS NOT NULL"
        ):
            assert documents[manifest]["subject"]["digest"] == subject
        for image, position, diff_id, chain_id in rows(
            "SELECT image_id, position, diff_id, chain_id FROM image_layer_detail"
        ):
            diff_ids = documents[image]["rootfs"]["diff_ids"]
            assert (diff_ids[position], chain_ids(diff_ids)[position]) == (diff_id, chain_id)
        registry = hold_registry(registry_store)
        for repository, tag, digest in rows(
            "SELECT repository, tag, target_digest FROM current_tags WHERE source LIKE 'registry-root:%'"
        ):
            assert registry.tags[repository, tag] == digest
        held = {**registry.blobs, **hold_layout(skopeo_layout).blobs}
        for digest, size in rows("SELECT digest, size_bytes FROM blobs WHERE size_bytes IS NOT NULL"):
            assert held[digest] == size


@pytest.mark.usefixtures("short_keys")
def test_a_collision_names_the_item_that_is_left_out(new_index: NewIndex, registry_store: Path, tmp_path: Path) -> None:
    db = new_index(tmp_path)
    db.look(registry_store)
    left_out = set(db.column("SELECT digest FROM problem_detail WHERE kind = 'key_collision' AND digest IS NOT NULL"))
    there = {
        name
        for column, table in (("digest", "blobs"), ("diff_id", "layers"), ("chain_id", "chains"))
        for name in db.column(f"SELECT {column} FROM {table}")
    }
    held = hold_registry(registry_store)
    assert set(held.blobs) <= there | left_out
    assert set(held.blobs) - there


@pytest.mark.usefixtures("short_keys")
def test_collisions_are_settled_the_same_way_every_time(
    new_index: NewIndex, registry_store: Path, skopeo_layout: Path, tmp_path: Path
) -> None:
    dumps = []
    for name in ("one", "two"):
        made = new_index(tmp_path, name)
        for store in (registry_store, skopeo_layout):
            made.look(store, as_of=1_795_500_000)
        dumps.append(made.dump(COMPARED))
    assert dumps[0] == dumps[1]


@pytest.mark.usefixtures("short_keys")
def test_another_look_at_a_store_with_collisions_changes_no_row(
    new_index: NewIndex, registry_store: Path, tmp_path: Path
) -> None:
    # What the index holds already is not the one to be left out.
    db = new_index(tmp_path)
    db.look(registry_store, as_of=1_795_500_000)
    before = db.dump(COMPARED)
    assert db.look(registry_store, as_of=1_795_500_001).changed_rows == 0
    assert before == db.dump(COMPARED)


@pytest.mark.usefixtures("short_keys")
def test_a_collision_is_mended_when_the_item_that_was_left_out_is_gone(db: Database, tmp_path: Path) -> None:
    layout = Layout(tmp_path / "layout")
    images = [make_image(seed) for seed in range(30)]
    for number, image in enumerate(images):
        layout.add(image, f"t{number}")
    db.look(layout.path, as_of=NOON)
    collisions = "SELECT locator FROM problem_detail WHERE kind = 'key_collision'"
    left_out = set(db.column(collisions))
    assert left_out
    whole = next(
        image
        for image in images
        if left_out.isdisjoint(
            {blob.digest for blob in image.blobs} | {layer.diff_id for layer in image.layers} | {*image.chain_ids}
        )
    )
    layout.descriptors.clear()
    layout.add(whole, "whole")
    for image in images:
        for blob in image.blobs:
            if blob not in whole.blobs:
                layout.blob(blob.digest).unlink(missing_ok=True)
    db.look(layout.path, as_of=NOON + HOUR)
    assert db.column(collisions) == []
    assert db.column("SELECT image_id FROM image_summary") == [whole.config.digest]
