"""Problems: open until a complete look finds them mended, and a document's own wherever the document lies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from imgindex.store import loader
from imgindex.store.session import Session
from tests.builders import OCI_INDEX, Blob, Docker, Index, Layout, Registry, as_json, make_image, make_index
from tests.held import hold_layout, hold_registry
from tests.indexes import NewIndex
from tests.recount import numbers
from tests.stores import HOUR, NOON, Database, at, image_of, index_of, layer_of, numbers_of

ONE, TWO = make_image(1), make_image(2)
ODD = image_of(layer_of(b"one"), layer_of(b"two"), history=[{"created_by": "RUN one"}])
"""Two layers and one entry of history: what is odd lies in the config itself."""
FIRST, SECOND, THIRD, FOURTH = (NOON + HOUR * n for n in range(4))
MISMATCH = ("history_mismatch", ODD.config.digest)


def spans(db: Database) -> list[tuple[object, ...]]:
    """(source, kind, digest, first_seen_at, scanned_at) of open problems."""
    return db.rows("SELECT source, kind, digest, first_seen_at, scanned_at FROM problem_detail ORDER BY 1, 2, 3")


def test_a_problem_of_the_store_is_open_until_a_look_finds_it_mended(db: Database, tmp_path: Path) -> None:
    layout = Layout(tmp_path / "layout")
    layout.add(ONE, "1")
    lost = ONE.layers[0].blob
    layout.blob(lost.digest).unlink()
    db.look(layout.path, name="images", as_of=FIRST)
    db.look(layout.path, name="images", as_of=SECOND)
    assert spans(db) == [("images", "missing_blob", lost.digest, at(FIRST), at(SECOND))]
    layout.put(lost)
    db.look(layout.path, name="images", as_of=THIRD)
    assert spans(db) == []
    assert db.rows("SELECT kind, first_seen_at, last_seen_at, ended_at, end_reason FROM problems") == [
        ("missing_blob", at(FIRST), at(SECOND), at(THIRD), "gone")
    ]
    layout.blob(lost.digest).unlink()
    db.look(layout.path, name="images", as_of=FOURTH)
    assert spans(db) == [("images", "missing_blob", lost.digest, at(FOURTH), at(FOURTH))]


def test_a_partial_look_mends_nothing(db: Database, tmp_path: Path) -> None:
    layout = Layout(tmp_path / "layout")
    layout.add(ONE, "1")
    layout.add(TWO, "2")
    layout.blob(ONE.layers[0].blob.digest).unlink()
    db.look(layout.path, as_of=FIRST)
    layout.put(ONE.layers[0].blob)
    db.look(f"oci:{layout.path}:2", as_of=SECOND)
    assert db.problems() == [("missing_blob", ONE.layers[0].blob.digest)]
    db.look(layout.path, as_of=THIRD)
    assert db.problems() == []


def test_what_is_odd_in_a_document_stays_though_it_is_not_read_again(
    new_index: NewIndex, db: Database, tmp_path: Path
) -> None:
    layout, registry, docker = Layout(tmp_path / "l"), Registry(tmp_path / "r"), Docker(tmp_path / "d")
    layout.add(ODD, "1")
    registry.push("team/web", "1", ODD)
    docker.load(ODD, "web:1")
    for store in (layout, registry, docker):
        alone = new_index(tmp_path, f"{store.path.name}.duckdb")
        alone.look(store.path, name="store", as_of=FIRST)
        report = alone.look(store.path, name="store", as_of=SECOND)
        assert (report.bytes_read, report.changed_rows) == (0, 0)
        assert spans(alone) == [("store", *MISMATCH, at(FIRST), at(SECOND))]


def test_what_is_odd_in_a_document_shows_in_another_source_that_holds_it(db: Database, tmp_path: Path) -> None:
    # The second source's document is known, and never read there.
    layout, registry = Layout(tmp_path / "layout"), Registry(tmp_path / "registry")
    layout.add(ODD, "1")
    db.look(layout.path, name="first", as_of=FIRST)
    registry.push("team/web", "1", ODD)
    registry.push("team/api", "1", ODD)
    assert db.look(registry.path, name="second", as_of=SECOND).bytes_read == 0
    assert spans(db) == [("first", *MISMATCH, at(FIRST), at(FIRST)), ("second", *MISMATCH, at(SECOND), at(SECOND))]


def test_what_is_odd_in_a_document_goes_with_it(db: Database, tmp_path: Path) -> None:
    registry, layout = Registry(tmp_path / "registry"), Layout(tmp_path / "layout")
    registry.push("team/web", "1", ODD)
    layout.add(ODD, "1")
    db.look(registry.path, name="registry", as_of=FIRST)
    db.look(layout.path, name="layout", as_of=FIRST)
    layout.descriptors.clear()
    layout.add(ONE, "1")
    for blob in (ODD.manifest, ODD.config):
        layout.blob(blob.digest).unlink()
    db.look(layout.path, name="layout", as_of=SECOND)
    assert spans(db) == [("registry", *MISMATCH, at(FIRST), at(FIRST))]


def test_what_is_odd_in_a_document_is_known_though_the_look_was_stopped(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The document came in, and the look at it never came to its end: nobody reads it again.
    registry, layout = Registry(tmp_path / "registry"), Layout(tmp_path / "layout")
    registry.push("team/web", "1", ODD)
    layout.add(ODD, "1")

    whole = loader.decide

    def stop(session: Session, *arguments: Any) -> int:
        if session.value("SELECT COUNT(*) FROM images"):
            raise KeyboardInterrupt
        return whole(session, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(loader, "BATCH_RECORDS", 1)
        patch.setattr(loader, "decide", stop)
        with pytest.raises(KeyboardInterrupt):
            db.look(registry.path, name="registry", as_of=FIRST)
    assert db.look(layout.path, name="layout", as_of=SECOND).bytes_read == 0
    db.look(registry.path, name="registry", as_of=SECOND)
    found = db.rows("SELECT source, digest FROM problem_detail WHERE kind = 'history_mismatch' ORDER BY source")
    assert [("layout", ODD.config.digest), ("registry", ODD.config.digest)] == found


def test_the_problem_of_a_document_does_not_show_where_the_document_is_not(db: Database, tmp_path: Path) -> None:
    # A layout that names the odd config and does not have it has another problem.
    whole, poor = Layout(tmp_path / "whole"), Layout(tmp_path / "poor")
    whole.add(ODD, "1")
    poor.add(ODD, "1")
    poor.blob(ODD.config.digest).unlink()
    db.look(whole.path, name="whole", as_of=FIRST)
    db.look(poor.path, name="poor", as_of=FIRST)
    assert [row[:3] for row in spans(db)] == [
        ("poor", "missing_config", ODD.config.digest),
        ("whole", *MISMATCH),
    ]


def test_a_document_that_could_not_be_read_is_tried_in_every_look(db: Database, tmp_path: Path) -> None:
    # Its parent is known by then, so the walk must go on through it.
    index = make_index(ONE, TWO)
    layout = Layout(tmp_path / "layout")
    layout.add(index, "1")
    layout.blob(TWO.config.digest).write_bytes(b"x" * len(TWO.config.data))
    db.look(layout.path, as_of=FIRST)
    assert db.problems() == [("digest_mismatch", TWO.config.digest)]
    db.look(layout.path, as_of=SECOND)
    assert db.problems() == [("digest_mismatch", TWO.config.digest)]
    layout.put(TWO.config)
    report = db.look(layout.path, as_of=THIRD)
    assert (report.bytes_read, db.problems()) == (len(TWO.config.data), [])
    assert db.column("SELECT history_count FROM image_summary WHERE image_id = :image", image=TWO.config.digest) == [3]


def test_an_image_without_its_config_counts_with_the_platform_of_the_index(db: Database, tmp_path: Path) -> None:
    # The media types decide that it is an image, and a problem row says that its config is missing.
    registry = Registry(tmp_path / "registry")
    index = index_of((ONE, {"platform": {"os": "linux", "architecture": "arm64", "variant": "v8"}}))
    registry.push("team/web", "1", index)
    registry.blob(ONE.config.digest).unlink()
    db.look(registry.path)
    assert db.problems() == [("missing_config", ONE.config.digest)]
    assert db.rows("SELECT image_id, platform, listed, layer_count, created_at FROM image_summary") == [
        (ONE.config.digest, "linux/arm64", True, 2, None)
    ]
    assert db.rows("SELECT kind, image_id FROM manifest_detail WHERE image_id IS NOT NULL") == [
        ("image", ONE.config.digest)
    ]
    assert db.rows("SELECT size_bytes FROM image_sizes") == [(sum(len(layer.blob.data) for layer in ONE.layers),)]


def test_a_config_that_tells_of_an_artifact_makes_it_one_in_every_source(db: Database, tmp_path: Path) -> None:
    # Its config's os is unknown, which the first source could not know.
    attestation = image_of(layer_of(b"proof"), os="unknown", architecture="unknown")
    poor, rich = Layout(tmp_path / "poor"), Layout(tmp_path / "rich")
    for layout in (poor, rich):
        layout.add(attestation, "proof")
    poor.blob(attestation.config.digest).unlink()
    db.look(poor.path, name="poor", as_of=FIRST)
    db.look(rich.path, name="rich", as_of=FIRST)
    assert set(db.rows("SELECT source, kind FROM manifest_detail")) == {("poor", "artifact"), ("rich", "artifact")}
    assert db.rows("SELECT source, image_id FROM image_summary WHERE listed") == []
    assert db.rows("SELECT source, image_id FROM image_sizes") == []
    assert set(db.rows("SELECT source, basis, image_count FROM source_sizes")) == {
        (source, basis, 0) for source in ("poor", "rich") for basis in ("compressed", "total")
    }


def test_a_wrong_size_that_a_document_declares_is_its_problem_whatever_is_known_already(
    db: Database, tmp_path: Path
) -> None:
    wrong = index_of((ONE, {"size": len(ONE.manifest.data) + 1}))
    honest, liar = Layout(tmp_path / "honest"), Layout(tmp_path / "liar")
    honest.add(ONE, "1")
    liar.add(wrong, "1")
    db.look(honest.path, name="honest", as_of=FIRST)
    db.look(liar.path, name="liar", as_of=FIRST)
    assert [row[:2] for row in spans(db)] == [("liar", "size_mismatch")]
    liar.descriptors.clear()
    liar.add(ONE, "1")
    liar.blob(wrong.manifest.digest).unlink()
    db.look(liar.path, name="liar", as_of=SECOND)
    assert spans(db) == []


def test_a_blob_that_two_configs_pair_with_two_layers_is_one_problem(db: Database, tmp_path: Path) -> None:
    one, two = layer_of(b"same"), layer_of(b"same")
    assert one == two
    liar = image_of(type(one)(one.blob, "sha256:" + "ab" * 32))
    honest = image_of(one)
    layout = Layout(tmp_path / "layout")
    layout.add(honest, "1")
    layout.add(liar, "2")
    db.look(layout.path, as_of=FIRST)
    db.look(layout.path, as_of=SECOND)
    assert db.problems() == [("two_diff_ids", one.blob.digest)]


def test_several_manifests_that_lack_one_blob_are_one_problem(db: Database, tmp_path: Path) -> None:
    registry = Registry(tmp_path / "registry")
    above = make_image(7, base=ONE)
    registry.push("team/web", "1", ONE)
    registry.push("team/api", "1", above)
    lost = ONE.layers[0].blob
    registry.blob(lost.digest).unlink()
    db.look(registry.path)
    assert db.problems() == [("missing_blob", lost.digest)]


def test_a_build_cache_kept_as_an_index_of_layers_lacks_nothing(db: Database, tmp_path: Path) -> None:
    # BuildKit exports its cache so: the entries are blobs, and no manifests.
    layer = layer_of(b"cached")
    cache = Blob(b"{}", "application/vnd.buildkit.cacheconfig.v0")
    entries = [layer.blob.descriptor(), cache.descriptor()]
    made = Blob(as_json({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}), OCI_INDEX)
    registry, layout = Registry(tmp_path / "registry"), Layout(tmp_path / "layout")
    registry.push("team/web", "cache", Index(made, ()))
    layout.add(Index(made, ()), "cache")
    for blob in (layer.blob, cache):
        registry.put(blob)
        registry.link(registry.layer("team/web", blob.digest), blob.digest)
        layout.put(blob)
    for name, store, hold in (("registry", registry, hold_registry), ("layout", layout, hold_layout)):
        db.look(store.path, name=name)
        assert db.problems() == []
        assert db.rows(
            "SELECT stored_bytes, document_bytes, artifact_bytes, orphan_bytes FROM source_sizes "
            "WHERE source = :source AND basis = 'compressed'",
            source=name,
        ) == [(len(made.data) + 8, len(made.data), 8, 0)]
        assert numbers(hold(store.path)) == numbers_of(db, name)
        assert db.rows("SELECT position, image_id, missing FROM tag_images WHERE source = :source", source=name) == [
            (0, None, False)
        ]
    assert db.rows("SELECT role, COUNT(*) FROM index_detail GROUP BY role") == [("unknown", 2)]
    assert db.column("SELECT kind FROM manifest_detail") == ["index", "index"]
    registry.blob(layer.blob.digest).unlink()
    db.look(registry.path, name="registry")
    assert [kind.partition("_")[0] for kind, _ in db.problems()] == ["missing"]
