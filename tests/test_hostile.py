"""Hostile stores through the whole of an ingest: one broken item is one problem row, and all else is there.

Broken documents lie in their store under their own digests, so that only their content is wrong. A store of each kind
holds all of them at once, beside a sound image. Ways to break a store's files themselves are those of `sources.cases`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from imgindex.store.schema import VIEWS
from tests.builders import (
    OCI_INDEX,
    OCI_LAYER,
    OCI_MANIFEST,
    Blob,
    Docker,
    Image,
    Index,
    Layout,
    Registry,
    as_json,
    digest_of,
    make_image,
)
from tests.hostile import (
    BROKEN,
    CONFIGS,
    EXPECTED,
    GOOD,
    LAYER,
    LIMITS,
    MANIFESTS,
    SOUND,
    UNREAD,
    build_layout,
    build_registry,
    manifest,
)
from tests.sources.cases import CASES, Case, Defect
from tests.stores import Database, image_of, index_of, new_index, platform


@pytest.fixture
def db(tmp_path: Path) -> Database:
    return new_index(tmp_path)


# -- documents --------------------------------------------------------------------------------------------------------


def test_no_two_broken_documents_are_the_same() -> None:
    assert set(EXPECTED.values()) == {1}


@pytest.mark.parametrize("build", [build_layout, build_registry], ids=["oci", "registry-root"])
def test_every_broken_document_is_one_problem_and_all_else_is_there(
    db: Database, tmp_path: Path, build: Callable[[Path], Path]
) -> None:
    store = build(tmp_path / "store")
    report = db.look(store)
    assert report.outcome == "complete"
    found = Counter(db.problems())
    assert {place: count for place, count in found.items() if place not in EXPECTED} == {}
    assert {place: count for place, count in EXPECTED.items() if place not in found} == {}
    assert found == EXPECTED
    assert_good(db, "good")
    # Every tag counts as seen, and leads where it did.
    assert dict(db.rows("SELECT tag, target_digest FROM current_tags WHERE tag <> 'good'")) == {
        f"t{number}": image.manifest.digest for number, (_, image, _, _) in enumerate(BROKEN)
    }
    unread = {image.config.digest for name, image, kind, _ in BROKEN if name in CONFIGS and kind in UNREAD}
    read = {image.config.digest for name, image, kind, _ in BROKEN if name in CONFIGS} - unread
    assert set(db.column("SELECT image_id FROM images")) == read | {GOOD.config.digest, SOUND.config.digest}
    # The media types decide that what has a config that cannot be read is an image.
    assert set(db.column("SELECT image_id FROM image_summary WHERE listed")) == (
        read | unread | {GOOD.config.digest, SOUND.config.digest}
    )
    again = db.look(store)
    assert (again.changed_rows, Counter(db.problems())) == (0, EXPECTED)


def assert_good(db: Database, tag: str) -> None:
    """The sound image is there as a whole."""
    with db.reading() as rows:
        assert rows("SELECT image_id FROM tag_images WHERE tag = :tag", tag=tag) == [(GOOD.config.digest,)]
        place = {"image": GOOD.config.digest}
        assert rows("SELECT diff_id FROM image_layer_detail WHERE image_id = :image ORDER BY position", **place) == [
            (layer.diff_id,) for layer in GOOD.layers
        ]
        assert rows("SELECT COUNT(*) FROM image_history_detail WHERE image_id = :image", **place) == [(3,)]
        assert rows(
            "SELECT l.name, l.value FROM image_labels AS l JOIN images AS i ON i.image_key = l.image_key "
            "WHERE i.image_id = :image",
            **place,
        ) == [("team", "web")]


def test_every_broken_config_of_a_docker_host_is_one_problem_and_all_else_is_there(
    db: Database, tmp_path: Path
) -> None:
    docker = Docker(tmp_path / "docker")
    configs = [(image, kind) for name, image, kind, _ in BROKEN if name in CONFIGS]
    for number, (image, _) in enumerate(configs):
        docker.load(image, f"broken:t{number}")
    docker.load(GOOD, "web:good")
    db.look(docker.path)
    expected = Counter((kind, image.config.digest) for image, kind in configs)
    assert Counter(db.problems()) == expected
    assert_good(db, "good")
    assert db.value("SELECT COUNT(*) FROM current_tags") == len(configs) + 1
    read = {image.config.digest for image, kind in configs if kind not in UNREAD}
    assert set(db.column("SELECT image_id FROM image_summary")) == read | {GOOD.config.digest}
    db.look(docker.path)
    assert Counter(db.problems()) == expected


def test_values_that_no_column_holds_are_null_or_replaced_and_their_text_is_kept(db: Database, tmp_path: Path) -> None:
    db.look(build_layout(tmp_path / "layout"))

    def of(name: str) -> str:
        data = CONFIGS[name][0] if name in CONFIGS else MANIFESTS[name][0]
        return Blob(data, "").digest

    def image(name: str, column: str) -> Any:
        return db.value(f"SELECT {column} FROM images WHERE image_id = :image", image=of(name))

    assert image("NUL", "author") == "\ufffd"
    assert image("no UTF-8", "author") == "\ufffd\ufffd"
    labels = (
        "SELECT name, value FROM image_labels AS l JOIN images AS i ON i.image_key = l.image_key WHERE image_id = :i"
    )
    assert db.rows(labels, i=of("half a surrogate pair")) == [("a", "\ufffd")]
    assert db.rows(labels, i=of("a name with NUL")) == [("\ufffd", "a")]
    assert image("a time beyond 9999", "created_at") is None
    assert json.loads(image("a time beyond 9999", "extra")) == {"created": "10000-01-01T00:00:00Z"}
    assert len(image("a long text", "author")) == LIMITS.text_chars
    sizes = (
        "SELECT l.declared_bytes, m.total_bytes, m.extra FROM manifest_layers AS l "
        "JOIN manifests AS m ON m.manifest_key = l.manifest_key JOIN blobs AS b ON b.blob_key = m.manifest_key "
        "WHERE b.digest = :digest"
    )
    for name, text in (("a negative size", "-5"), ("a size beyond 2^63", "9223372036854775808")):
        ((declared, total, extra),) = db.rows(sizes, digest=of(name))
        assert (declared, total, json.loads(extra)) == (None, None, {"layers": {"0": {"size": text}}})


def test_the_first_and_the_last_time_of_the_calendar_can_be_read(db: Database, tmp_path: Path) -> None:
    layout = Layout(tmp_path / "layout")
    for tag, time in (("first", "0001-01-01T00:00:00Z"), ("last", "9999-12-31T23:59:59.999999Z")):
        layout.add(image_of(LAYER, created=time), tag)
    db.look(layout.path)
    assert [time.isoformat() for time in db.column("SELECT created_at FROM image_summary ORDER BY created_at")] == [
        "0001-01-01T00:00:00+00:00",
        "9999-12-31T23:59:59.999999+00:00",
    ]
    assert db.problems() == []


def test_control_characters_stay_as_they_are(db: Database, tmp_path: Path) -> None:
    # They are escaped where they are shown; NUL alone cannot be kept.
    text = "RUN \x1b[31mred\x1b[0m \r\n\t\x07 \u202e <script>'\"; DROP TABLE images; --"
    layout = Layout(tmp_path / "layout")
    layout.add(image_of(LAYER, history=[{"created_by": text}], author=text), "\x1b[2J:\x07")
    db.look(layout.path)
    assert db.rows("SELECT created_by FROM image_history_detail") == [(text,)]
    assert db.rows("SELECT author FROM images") == [(text,)]
    assert db.rows("SELECT repository, tag FROM current_tags") == [("\x1b[2J", "\x07")]
    assert db.problems() == []


def test_sizes_whose_sum_no_column_holds_are_null_and_stop_nothing(db: Database, tmp_path: Path) -> None:
    # Each is a BIGINT, as the largest of them says; together they are none.
    layers = [{"mediaType": OCI_LAYER, "digest": digest_of(b"%d" % number), "size": 2**63 - 1} for number in range(3)]
    liar = Image(Blob(as_json(manifest(layers=layers)), OCI_MANIFEST), SOUND.config, ())
    registry = Registry(tmp_path / "registry")
    registry.push("team/liar", "1", liar)
    registry.push("team/liar", "2", liar)
    registry.push("team/web", "good", GOOD)
    for _ in range(2):
        assert db.look(registry.path).outcome == "complete"
        assert db.rows("SELECT size_bytes FROM image_sizes WHERE image_id = :i", i=SOUND.config.digest) == [(None,)]
        assert db.rows("SELECT layer_bytes FROM repository_sizes WHERE repository = 'local/team/liar'") == [(None,)]
        assert db.rows("SELECT size_bytes FROM image_sizes WHERE image_id = :i", i=GOOD.config.digest) == [
            (sum(len(layer.blob.data) for layer in GOOD.layers),)
        ]
    with db.reading() as rows:
        for view in VIEWS:
            rows(f"SELECT * FROM {view.name}")
    assert_good(db, "good")


def test_ten_thousand_children_that_are_missing_are_a_problem_each(db: Database, tmp_path: Path) -> None:
    children = [digest_of(b"%d" % number) for number in range(10_000)]
    entries = [{"mediaType": OCI_MANIFEST, "digest": child, "size": 1} for child in children]
    index = Index(Blob(as_json({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}), OCI_INDEX), ())
    registry = Registry(tmp_path / "registry")
    registry.push("team/web", "many", index)
    registry.push("team/web", "good", GOOD)
    db.look(registry.path)
    assert db.rows("SELECT kind, COUNT(*), COUNT(DISTINCT digest) FROM problem_detail GROUP BY kind") == [
        ("missing_manifest", 10_000, 10_000)
    ]
    assert db.value("SELECT COUNT(*) FROM tag_images WHERE tag = 'many' AND missing") == 10_000
    assert_good(db, "good")


def test_indexes_are_followed_to_a_depth_of_four(db: Database, tmp_path: Path) -> None:
    deepest = make_image(9)
    nested: Image | Index = deepest
    chain = []
    for level in range(6):
        nested = index_of((nested, {}), (make_image(20 + level), platform("linux/amd64")))
        chain.append(nested)
    layout = Layout(tmp_path / "layout")
    layout.add(nested, "deep")
    layout.add(GOOD, "good")
    db.look(layout.path)
    problems = db.problems()
    assert [kind for kind, _ in problems] == ["limit_exceeded"]
    assert problems[0][1] in {index.manifest.digest for index in chain}
    seen = set(db.column("SELECT image_id FROM tag_images WHERE tag = 'deep'"))
    assert seen == {make_image(20 + level).config.digest for level in (5, 4, 3, 2)}
    assert_good(db, "good")


# -- files ------------------------------------------------------------------------------------------------------------


EACH_DEFECT = pytest.mark.parametrize(
    ("case", "defect"),
    [pytest.param(case, defect, id=f"{case.kind}-{defect.name}") for case in CASES for defect in case.defects],
)


@EACH_DEFECT
def test_a_broken_file_is_one_problem_in_the_index(
    case: Case, defect: Defect, db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "outside").mkdir()
    monkeypatch.setenv("IMGINDEX_TEST_OUTSIDE", str(tmp_path / "outside"))
    store = case.build(tmp_path / "store")
    defect.how(defect.path(store))
    report = db.look(f"{case.kind}:{tmp_path / 'store'}")
    assert report.outcome == "complete"
    problems = db.rows("SELECT kind, locator, digest FROM problem_detail")
    assert len(problems) == 1, problems


def test_a_layer_that_is_shorter_than_every_manifest_says_is_one_problem(db: Database, tmp_path: Path) -> None:
    # A blob is there with its size, or it is broken; the store's own size counts.
    layout, registry = Layout(tmp_path / "layout"), Registry(tmp_path / "registry")
    above = make_image(5, base=GOOD)
    layout.add(GOOD, "good")
    layout.add(above, "above")
    registry.push("team/web", "good", GOOD)
    registry.push("team/api", "above", above)
    for name, store in (("layout", layout), ("registry", registry)):
        store.blob(LAYER.blob.digest).write_bytes(LAYER.blob.data[:-1])
        db.look(store.path, name=name)
        assert db.rows("SELECT kind, digest FROM problem_detail WHERE source = :source", source=name) == [
            ("size_mismatch", LAYER.blob.digest)
        ]
    assert set(db.column("SELECT size_bytes FROM layer_usage WHERE unit = :unit", unit=LAYER.blob.digest)) == {
        len(LAYER.blob.data) - 1
    }


def test_entries_of_index_json_are_taken_one_by_one(db: Database, tmp_path: Path) -> None:
    layout = Layout(tmp_path / "layout")
    layout.add(GOOD, "good")
    good = layout.descriptors[0]
    bad: list[Any] = [
        1,
        "text",
        None,
        [],
        {"size": 1},
        {"digest": 7},
        {"digest": "sha256:../../../../etc/passwd", "size": 1},
        {"digest": "sha999:" + "ab" * 32, "size": 1},
        {**good, "annotations": ["x"]},
        {**good, "annotations": {"org.opencontainers.image.ref.name": "x" * 600}},
    ]
    layout.descriptors += bad
    layout.write()
    report = db.look(layout.path)
    assert report.outcome == "complete"
    assert len(db.problems()) == len(bad)
    assert_good(db, "good")


def test_entries_of_repositories_json_are_taken_one_by_one(db: Database, tmp_path: Path) -> None:
    docker = Docker(tmp_path / "docker")
    docker.load(GOOD, "web:good")
    names: dict[str, Any] = json.loads(docker.references.read_bytes())
    names["Repositories"].update(
        {
            "a": 1,
            "b": {"b:1": 7},
            "c": {"c:1": "sha256:../../etc/passwd"},
            "d": {"d": GOOD.config.digest},
            "e": {"UPPER/CASE:1": GOOD.config.digest},
            "f": {"f@sha256:short": GOOD.config.digest},
            "g": {"g:gone": "sha256:" + "ab" * 32},
        }
    )
    docker.references.write_bytes(as_json(names))
    db.look(docker.path)
    assert len(db.problems()) == 7
    assert_good(db, "good")
    assert set(db.rows("SELECT tag, target_digest FROM current_tags WHERE tag <> 'good'")) == {
        ("1", None),
        ("gone", "sha256:" + "ab" * 32),
    }
