"""Looks in any order of time, at stores that moved, were forgotten or cannot be read."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from imgindex.errors import SourceIdentityError, StoreError, UnknownSourceError, UsageError
from imgindex.store.forget import forget
from tests.builders import Docker, Layout, Registry, make_image
from tests.stores import CONTENT, HOUR, NOON, OBSERVED, Database, at, is_sound

ONE, TWO, THREE = make_image(1), make_image(2), make_image(3)
FIRST, SECOND, THIRD, FOURTH = (NOON + HOUR * n for n in range(4))
REMEMBERED = ("tag_traces", "source_tag_intervals")
DECIDED = [table for table in OBSERVED if table not in ("scans", "scan_scopes", "index_info", *REMEMBERED)]


def layout_of(path: Path, *images: Any) -> Layout:
    """A layout of these and nothing else, at a path that stays the same folder."""
    if path.exists():
        for entry in path.iterdir():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    layout = Layout(path)
    for number, image in enumerate(images, start=1):
        layout.add(image, str(number))
    layout.write()
    (path / "blobs/sha256").mkdir(parents=True, exist_ok=True)
    return layout


# -- copies of a store ------------------------------------------------------------------------------------------------


def test_a_copy_of_an_earlier_time_adds_content_and_decides_nothing(db: Database, tmp_path: Path) -> None:
    path = tmp_path / "layout"
    db.look(layout_of(path, ONE, TWO).path, as_of=SECOND)
    before = db.dump(DECIDED)
    report = db.look(layout_of(path, TWO, THREE).path, as_of=FIRST)
    assert report.outcome == "superseded"
    assert before == db.dump(DECIDED)
    assert {("1", TWO.manifest.digest), ("2", THREE.manifest.digest)} == set(
        db.rows("SELECT t.tag, b.digest FROM tag_traces AS t JOIN blobs AS b ON b.blob_key = t.target_key")
    )
    assert db.value("SELECT COUNT(*) FROM images WHERE image_id = :image", image=THREE.config.digest) == 1
    assert db.column("SELECT outcome FROM scans ORDER BY as_of") == ["superseded", "complete"]
    assert db.column("SELECT outcome FROM scan_scopes ORDER BY as_of") == ["superseded", "complete"]
    assert db.rows("SELECT last_complete_at, last_outcome FROM source_status") == [(at(SECOND), "superseded")]


def test_scopes_of_one_store_are_superseded_one_by_one(db: Database, tmp_path: Path) -> None:
    registry = Registry(tmp_path / "registry")
    registry.push("team/web", "1", ONE)
    db.look(registry.path, as_of=SECOND)
    registry.push("team/web", "1", TWO)
    registry.push("team/api", "1", THREE)
    db.look(registry.path, as_of=FIRST)
    assert db.rows("SELECT repository, target_digest FROM current_tags") == [("local/team/web", ONE.manifest.digest)]


def test_a_repository_that_a_later_look_found_gone_is_not_brought_back_by_a_copy(db: Database, tmp_path: Path) -> None:
    # The catalog of the later look was complete: it decided on every repository, listed or not.
    registry = Registry(tmp_path / "registry")
    registry.push("team/web", "1", ONE)
    registry.push("team/api", "1", TWO)
    db.look(registry.path, as_of=FIRST)
    shutil.move(registry.repository("team/api"), tmp_path / "api")
    db.look(registry.path, as_of=THIRD)
    before = db.dump(DECIDED)
    shutil.move(tmp_path / "api", registry.repository("team/api"))
    db.look(registry.path, as_of=SECOND)
    assert before == db.dump(DECIDED)
    assert db.column("SELECT repository FROM current_tags") == ["local/team/web"]
    db.look(registry.path, as_of=FOURTH)
    assert db.rows("SELECT repository, first_seen_at FROM current_tags ORDER BY 1") == [
        ("local/team/api", at(FOURTH)),
        ("local/team/web", at(FIRST)),
    ]


def test_a_partial_look_of_a_later_time_is_not_undone_by_a_copy(db: Database, tmp_path: Path) -> None:
    path = tmp_path / "layout"
    layout_of(path, ONE, TWO)
    db.look(f"oci:{path}:2", as_of=SECOND)
    db.look(layout_of(path, ONE).path, as_of=FIRST)
    assert is_sound(db)
    assert db.rows("SELECT tag, target_digest FROM current_tags WHERE tag = '2'") == [("2", TWO.manifest.digest)]


def test_two_looks_of_one_time_leave_a_sound_index(db: Database, tmp_path: Path) -> None:
    path = tmp_path / "layout"
    db.look(layout_of(path, ONE, TWO).path, as_of=FIRST)
    db.look(layout_of(path, TWO).path, as_of=FIRST)
    db.look(layout_of(path, ONE, TWO).path, as_of=FIRST)
    assert is_sound(db)
    assert db.rows("SELECT tag, target_digest FROM current_tags ORDER BY 1") == [
        ("1", ONE.manifest.digest),
        ("2", TWO.manifest.digest),
    ]


def test_looks_of_ever_later_times_end_as_the_last_one(db: Database, tmp_path: Path) -> None:
    path = tmp_path / "layout"
    states = [(ONE,), (ONE, TWO), (TWO,), (THREE, ONE)]
    for time, images in zip((FIRST, SECOND, THIRD, FOURTH), states, strict=True):
        db.look(layout_of(path, *images).path, as_of=time)
    assert db.column("SELECT image_id FROM image_summary ORDER BY 1") == sorted(
        image.config.digest for image in states[-1]
    )
    assert is_sound(db)


def test_a_time_in_the_future_is_refused_before_anything_is_read(db: Database, tmp_path: Path) -> None:
    layout = layout_of(tmp_path / "layout", ONE)
    before = db.dump(CONTENT + OBSERVED)
    with pytest.raises(UsageError, match="future"):
        db.ingest(layout.path, as_of=4_000_000_000)
    assert before == db.dump(CONTENT + OBSERVED)


def test_a_look_without_a_time_is_of_when_it_began(db: Database, tmp_path: Path) -> None:
    db.look(layout_of(tmp_path / "layout", ONE).path)
    (row,) = db.rows("SELECT started_at, as_of, finished_at FROM scans")
    started_at, as_of, finished_at = row
    assert as_of <= started_at <= finished_at
    assert (started_at - as_of).total_seconds() < 60


# -- which store it is ------------------------------------------------------------------------------------------------


def test_a_name_that_belongs_to_another_store_is_refused(db: Database, tmp_path: Path) -> None:
    here, there = layout_of(tmp_path / "here", ONE), layout_of(tmp_path / "there", TWO)
    db.look(here.path, name="images", as_of=FIRST)
    before = db.dump(CONTENT + OBSERVED)
    (report,) = db.ingest(there.path, name="images", as_of=SECOND)
    assert isinstance(report.error, SourceIdentityError)
    assert report.outcome == "failed"
    assert before == db.dump(CONTENT + OBSERVED)


def test_a_name_that_belongs_to_a_store_of_another_kind_is_refused(db: Database, tmp_path: Path) -> None:
    docker = Docker(tmp_path / "docker")
    docker.load(ONE, "web:1")
    db.look(layout_of(tmp_path / "here", ONE).path, name="images")
    (report,) = db.ingest(docker.path, name="images")
    assert isinstance(report.error, SourceIdentityError)
    assert db.column("SELECT kind FROM sources") == ["oci"]


def test_a_store_that_moved_is_adopted_and_goes_on_as_the_same_source(db: Database, tmp_path: Path) -> None:
    here = layout_of(tmp_path / "here", ONE)
    db.look(here.path, name="images", as_of=FIRST)
    there = layout_of(tmp_path / "there", ONE, TWO)
    db.look(there.path, name="images", adopt=True, as_of=SECOND)
    assert db.rows("SELECT address FROM source_status") == [(f"oci:{there.path}",)]
    assert db.rows("SELECT tag, first_seen_at FROM current_tags ORDER BY 1") == [("1", at(FIRST)), ("2", at(SECOND))]
    assert db.ingest(there.path, name="images", as_of=THIRD)[0].error is None
    assert isinstance(db.ingest(here.path, name="images", as_of=FOURTH)[0].error, SourceIdentityError)


def test_one_folder_is_one_source_by_whatever_path(db: Database, tmp_path: Path) -> None:
    layout = layout_of(tmp_path / "layout", ONE)
    (tmp_path / "link").symlink_to(layout.path)
    db.look(f"oci:{layout.path}", as_of=FIRST)
    db.look(f"oci:{tmp_path}/./layout/", as_of=SECOND)
    db.look(f"oci:{layout.path}:1", as_of=THIRD)
    db.look(tmp_path / "link", as_of=FOURTH)
    assert db.value("SELECT COUNT(*) FROM sources") == 1


# -- forgetting -------------------------------------------------------------------------------------------------------


def test_a_forgotten_source_ends_and_a_later_look_brings_it_back(db: Database, tmp_path: Path) -> None:
    path = tmp_path / "layout"
    docker = Docker(tmp_path / "docker")
    docker.load(ONE, "web:1")
    db.look(docker.path, name="host", as_of=FIRST)
    db.look(layout_of(path, ONE, TWO).path, name="images", as_of=FIRST)
    content = db.dump(CONTENT)
    assert forget(str(db.path), "images") > 0
    assert content == db.dump(CONTENT)
    for view in ("current_tags", "image_summary", "image_sizes", "layer_usage", "source_status", "tag_history"):
        assert set(db.column(f"SELECT DISTINCT source FROM {view}")) == {"host"}, view
    assert set(db.column("SELECT DISTINCT end_reason FROM tags WHERE ended_at IS NOT NULL")) == {"forgotten"}
    assert is_sound(db)
    db.look(layout_of(path, TWO).path, name="images")
    assert db.rows("SELECT source, tag, target_digest FROM current_tags ORDER BY 1") == [
        ("host", "1", ONE.config.digest),
        ("images", "1", TWO.manifest.digest),
    ]
    assert db.column("SELECT image_id FROM image_sizes WHERE source = 'images'") == [TWO.config.digest]
    assert db.value("SELECT COUNT(*) FROM tags WHERE end_reason = 'forgotten'") == 2
    assert is_sound(db)


def test_a_source_that_is_not_there_cannot_be_forgotten(db: Database, tmp_path: Path) -> None:
    with pytest.raises(UnknownSourceError, match="nowhere"):
        forget(str(db.path), "nowhere")
    db.look(layout_of(tmp_path / "layout", ONE).path, name="images")
    forget(str(db.path), "images")
    with pytest.raises(UnknownSourceError):
        forget(str(db.path), "images")


def test_nothing_can_be_forgotten_where_there_is_no_index(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        forget(str(tmp_path / "none.duckdb"), "images")


# -- several sources --------------------------------------------------------------------------------------------------


def test_the_other_sources_are_read_when_one_fails(db: Database, tmp_path: Path) -> None:
    good, bad, docker = layout_of(tmp_path / "good", ONE), layout_of(tmp_path / "bad", TWO), Docker(tmp_path / "docker")
    docker.load(THREE, "web:1")
    bad.index.write_bytes(b"no JSON")
    reports = db.ingest(good.path, bad.path, tmp_path / "nowhere", docker.path)
    assert [report.outcome for report in reports] == ["complete", "failed", "failed", "complete"]
    assert [type(report.error).__name__ for report in reports] == [
        "NoneType",
        "LayoutError",
        "SourceUnavailableError",
        "NoneType",
    ]
    assert sorted(db.column("SELECT image_id FROM image_summary")) == sorted([ONE.config.digest, THREE.config.digest])
    # What could not even be opened is no source; what failed is one, with nothing in it.
    assert sorted(db.rows("SELECT source, last_outcome, image_count FROM source_status")) == sorted(
        [
            (f"oci:{good.path}", "complete", 1),
            (f"oci:{bad.path}", "failed", 0),
            (f"docker-root:{docker.path}", "complete", 1),
        ]
    )


def test_one_name_for_several_sources_is_refused(db: Database, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="name"):
        db.ingest(tmp_path / "a", tmp_path / "b", name="images")


def test_a_host_and_its_registry_join_by_the_registrys_name(db: Database, tmp_path: Path) -> None:
    registry, docker = Registry(tmp_path / "registry"), Docker(tmp_path / "docker")
    registry.push("team/web", "1", ONE)
    docker.load(ONE, "reg.example:443/team/web:1", digest=f"mirror.example/team/web@{ONE.manifest.digest}")
    db.look(registry.path, registry=("Reg.Example:443",))
    db.look(docker.path, registry=("reg.example=mirror.example",))
    assert db.rows("SELECT repository, tag FROM current_tags") == [("reg.example/team/web", "1")] * 2
    assert db.column(
        "SELECT r.name FROM repo_digests AS d JOIN repositories AS r ON r.repository_key = d.repository_key"
    ) == ["reg.example/team/web"]
    assert db.value("SELECT COUNT(*) FROM repositories WHERE name LIKE 'mirror%'") == 0


# -- verifying again --------------------------------------------------------------------------------------------------


def test_a_known_document_is_not_read_again_but_by_a_full_look(db: Database, tmp_path: Path) -> None:
    layout = layout_of(tmp_path / "layout", ONE)
    assert db.look(layout.path, as_of=FIRST).bytes_read == len(ONE.manifest.data) + len(ONE.config.data)
    damaged = layout.blob(ONE.config.digest)
    damaged.write_bytes(damaged.read_bytes().replace(b"linux", b"Linux"))
    assert db.look(layout.path, as_of=SECOND).bytes_read == 0
    assert db.problems() == []
    assert db.look(layout.path, full=True, as_of=THIRD).bytes_read > 0
    assert db.problems() == [("digest_mismatch", ONE.config.digest)]
    assert db.value("SELECT os FROM image_summary") == "linux"


def test_a_known_document_whose_size_is_another_is_a_problem_in_any_look(db: Database, tmp_path: Path) -> None:
    layout = layout_of(tmp_path / "layout", ONE)
    db.look(layout.path, as_of=FIRST)
    layout.blob(ONE.config.digest).write_bytes(ONE.config.data[:-1])
    db.look(layout.path, as_of=SECOND)
    assert db.problems() == [("size_mismatch", ONE.config.digest)]
    layout.put(ONE.config)
    db.look(layout.path, as_of=THIRD)
    assert db.problems() == []


# -- what a look reports ----------------------------------------------------------------------------------------------


def test_a_look_reports_what_the_source_holds(db: Database, tmp_path: Path) -> None:
    registry, docker = Registry(tmp_path / "registry"), Docker(tmp_path / "docker")
    registry.push("team/web", "1", ONE)
    registry.push("team/web", "2", TWO)
    registry.push("team/web", None, THREE)
    registry.blob(TWO.layers[0].blob.digest).unlink()
    docker.load(ONE, "web:1")
    docker.run("ab" * 32, ONE, "web:1")
    report = db.look(registry.path, name="registry")
    assert (report.source, report.outcome, report.problems) == ("registry", "complete", {"missing_blob": 1})
    assert report.counts == {"images": 2, "tags": 2, "manifests": 3, "blobs": 12, "new documents": 6}
    assert report.bytes_read == sum(len(image.manifest.data) + len(image.config.data) for image in (ONE, TWO, THREE))
    report = db.look(docker.path, name="docker")
    assert report.counts == {"images": 1, "tags": 1, "layers": 2, "containers": 1, "new documents": 0}
    assert db.rows("SELECT source, image_count, tag_count, problem_count FROM source_status ORDER BY 1") == [
        ("docker", 1, 1, 0),
        ("registry", 2, 2, 1),
    ]
