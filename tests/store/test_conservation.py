"""Random stores of shared layers: every number of the views is recounted, and nothing is lost or counted twice."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.builders import Docker, Image, Index, Layer, Layout, Registry
from tests.held import hold_docker, hold_layout, hold_registry
from tests.indexes import NewIndex
from tests.recount import docker_numbers, numbers
from tests.stores import Database, image_of, index_of, layer_of, numbers_of, platform

FOREIGN = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
POOL = [layer_of(bytes([number]) * size) for number, size in enumerate((1, 7, 64, 100, 333, 1001), start=1)]
ABROAD = layer_of(b"from elsewhere", FOREIGN)
CREATED = [None, "2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z"]
EXAMPLES = settings(
    max_examples=6,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
"""Each example reads three stores, so a failing one is shown as it is: to make it smaller would take minutes."""

Thing = Image | Index


@dataclass(frozen=True)
class World:
    """What the stores of one example are made of."""

    images: list[Image]
    things: list[Thing]
    pushes: list[tuple[int, int | None, int]]
    """(repository, tag, thing)"""
    lost: list[int]
    """Blobs that are taken away, by their place among all."""


@st.composite
def worlds(draw: st.DrawFn) -> World:
    images: list[Image] = []
    for number in range(draw(st.integers(2, 5))):
        below = list(images[draw(st.integers(0, number - 1))].layers) if number and draw(st.booleans()) else []
        own = [POOL[n] for n in draw(st.lists(st.integers(0, len(POOL) - 1), max_size=3))]
        abroad = [ABROAD] if draw(st.integers(0, 5)) == 0 else []
        created = draw(st.sampled_from(CREATED))
        images.append(image_of(*below, *abroad, *own, created=created, config={"Env": [f"N={number}"]}))
    things: list[Thing] = list(images)
    things.append(chart())
    things.append(image_of(POOL[2], manifest={"subject": images[0].manifest.descriptor(), "artifactType": "a/sbom"}))
    picked = draw(st.lists(st.sampled_from(range(len(images))), min_size=1, max_size=3, unique=True))
    index = index_of(*((images[n], platform(f"linux/arch{n}")) for n in picked), *attested(images[picked[0]]))
    things += [index, index_of((index, {}))]
    push = st.tuples(st.integers(0, 2), st.sampled_from([None, 0, 1]), st.integers(0, len(things) - 1))
    pushes = draw(st.lists(push, min_size=2, max_size=7))
    return World(images, things, pushes, draw(st.lists(st.integers(0, 40), max_size=2)))


def chart() -> Image:
    """An artifact that is no image by its config's type."""
    layer = layer_of(b"chart", "application/vnd.cncf.helm.chart.content.v1.tar+gzip")
    made = image_of(layer, os="")
    config = {**made.config.descriptor(), "mediaType": "application/vnd.cncf.helm.config.v1+json"}
    return image_of(layer, os="", manifest={"config": config})


def attested(image: Image) -> list[tuple[Image, dict[str, Any]]]:
    """An attestation in the image's index, an artifact by its layer and its config's os."""
    proof = image_of(layer_of(b"proof", "application/vnd.in-toto+json"), os="unknown", architecture="unknown")
    told = {"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": image.manifest.digest}
    return [(proof, {**platform("unknown/unknown"), "annotations": told})]


def build_registry(path: Path, world: World) -> None:
    registry = Registry(path)
    for repository, tag, thing in world.pushes:
        registry.push(f"team/{repository}", None if tag is None else f"t{tag}", world.things[thing])
    lose(path, world)


def build_layout(path: Path, world: World) -> None:
    layout = Layout(path)
    names: dict[str, Thing] = {}
    for repository, tag, thing in world.pushes:
        if tag is None:
            layout.add(world.things[thing])
        else:  # a name that is given again moves
            names[f"team/{repository}:t{tag}" if repository else f"t{tag}"] = world.things[thing]
    for name, named in names.items():
        layout.add(named, name)
    lose(path, world)


def lose(path: Path, world: World) -> None:
    """Take away foreign layers, which no store has, and some others. Documents stay, for the test to read them."""
    layers = {layer.blob.digest: layer for image in world.images for layer in image.layers}
    layers[ABROAD.blob.digest] = ABROAD
    blobs = sorted(
        blob for blob in path.rglob("*") if blob.is_file() and any(_is(blob, layer) for layer in layers.values())
    )
    for number, blob in enumerate(blobs):
        if number in world.lost or _is(blob, ABROAD):
            blob.unlink()


def _is(path: Path, layer: Layer) -> bool:
    encoded = layer.blob.digest.removeprefix("sha256:")
    return path.name == encoded or (path.name == "data" and path.parent.name == encoded)


def build_docker(path: Path, world: World) -> None:
    docker = Docker(path)
    for number, image in enumerate(world.images):
        docker.load(
            image,
            *(
                f"team{repository}:t{tag}"
                for repository, tag, thing in world.pushes
                if thing == number and tag is not None
            ),
        )
    docker.load(world.images[0], "base:1")
    child = image_of(*world.images[0].layers, POOL[4], config={"Env": ["CHILD=1"]})
    docker.load(child, parent=world.images[0])


@EXAMPLES
@given(worlds())
def test_every_number_is_that_recounted_by_hand(lasting_index: NewIndex, world: World) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        build_registry(folder / "registry", world)
        build_layout(folder / "layout", world)
        build_docker(folder / "docker", world)
        db = lasting_index(folder)
        db.look(folder / "registry", name="registry")
        db.look(folder / "layout", name="layout")
        db.look(folder / "docker", name="docker")
        assert numbers(hold_registry(folder / "registry")) == numbers_of(db, "registry")
        assert numbers(hold_layout(folder / "layout")) == numbers_of(db, "layout")
        assert docker_numbers(hold_docker(folder / "docker")) == numbers_of(db, "docker", "on_disk")
        conserved(db)


def conserved(db: Database) -> None:
    """What holds whatever the numbers are."""
    with db.reading() as rows:
        assert rows("SELECT * FROM image_sizes WHERE size_bytes <> shared_bytes + unique_bytes") == []
        assert (
            rows(
                "SELECT * FROM source_sizes WHERE stored_bytes <> distinct_bytes + document_bytes + artifact_bytes "
                "+ untagged_bytes + orphan_bytes"
            )
            == []
        )
        split = dict(
            rows(
                "SELECT source || basis, CAST(SUM(split_bytes) AS BIGINT) FROM image_sizes GROUP BY source, basis "
                "HAVING MAX(unknown_layers) = 0"
            )
        )
        distinct = dict(rows("SELECT source || basis, distinct_bytes FROM source_sizes"))
        assert split == {place: distinct[place] for place in split}
        assert rows("SELECT * FROM repository_sizes WHERE exclusive_layer_bytes > layer_bytes") == []
        assert rows("SELECT * FROM layer_usage WHERE image_count > 0 AND size_bytes < 0") == []


@pytest.mark.parametrize("users", [1, 2, 3, 7])
def test_the_remainder_of_a_split_goes_to_the_smallest_image_id(db: Database, tmp_path: Path, users: int) -> None:
    # 100 bytes among seven are 14 each and two more for the first by ID.
    layer = layer_of(b"x" * 100)
    images = [image_of(layer, config={"Env": [f"N={number}"]}) for number in range(users)]
    layout = Layout(tmp_path / "layout")
    for number, image in enumerate(images):
        layout.add(image, f"t{number}")
    db.look(layout.path)
    each, rest = divmod(100, users)
    first = min(image.config.digest for image in images)
    assert dict(db.rows("SELECT image_id, split_bytes FROM image_sizes")) == {
        image.config.digest: each + (rest if image.config.digest == first else 0) for image in images
    }
    assert set(db.rows("SELECT size_bytes, shared_bytes, unique_bytes FROM image_sizes")) == {
        (100, 100 if users > 1 else 0, 0 if users > 1 else 100)
    }


def test_a_layer_that_an_image_repeats_counts_once_and_costs_every_pull(db: Database, tmp_path: Path) -> None:
    twice = image_of(POOL[3], POOL[4], POOL[3])
    layout = Layout(tmp_path / "layout")
    layout.add(twice, "1")
    db.look(layout.path)
    assert db.rows("SELECT size_bytes, unique_bytes FROM image_sizes") == [(433, 433)]
    assert db.rows("SELECT layer_count, size_bytes FROM manifest_detail") == [(3, 533 + len(twice.config.data))]


def test_an_unknown_layer_makes_a_size_null_and_is_counted(db: Database, tmp_path: Path) -> None:
    image = image_of(POOL[3], POOL[4])
    bare = [{"mediaType": layer.blob.media_type, "digest": layer.blob.digest} for layer in image.layers]
    image = image_of(POOL[3], POOL[4], manifest={"layers": bare})
    layout = Layout(tmp_path / "layout")
    layout.add(image, "1")
    layout.blob(POOL[4].blob.digest).unlink()
    db.look(layout.path)
    assert db.rows("SELECT size_bytes, shared_bytes, unique_bytes, split_bytes, unknown_layers FROM image_sizes") == [
        (None, None, None, None, 1)
    ]


def test_two_manifests_of_one_image_count_the_layers_of_both(db: Database, tmp_path: Path) -> None:
    # As docker and skopeo compress the same layer: one image, two blobs.
    one = image_of(POOL[3])
    other = Layer(POOL[4].blob, POOL[3].diff_id)
    two = image_of(other)
    assert one.config == two.config
    layout = Layout(tmp_path / "layout")
    layout.add(one, "1")
    layout.add(two, "2")
    db.look(layout.path)
    assert db.rows("SELECT image_id, size_bytes FROM image_sizes") == [(one.config.digest, 433)]
    assert sorted(db.rows("SELECT blob_digest, evidence FROM layer_blob_detail")) == sorted(
        [(POOL[3].blob.digest, "manifest"), (POOL[4].blob.digest, "manifest")]
    )


def test_a_foreign_layer_counts_where_its_blob_is_present(db: Database, tmp_path: Path) -> None:
    image = image_of(POOL[3], ABROAD)
    for name, has in (("without", False), ("with", True)):
        layout = Layout(tmp_path / name)
        layout.add(image, "1")
        if not has:
            layout.blob(ABROAD.blob.digest).unlink()
        db.look(layout.path, name=name)
    assert db.rows("SELECT source, size_bytes, unknown_layers FROM image_sizes ORDER BY 1") == [
        ("with", 100 + len(ABROAD.blob.data), 0),
        ("without", 100, 0),
    ]
    assert db.problems() == []


def test_the_base_of_an_image_is_the_deepest_named_one_and_the_oldest_of_equals(db: Database, tmp_path: Path) -> None:
    base = image_of(POOL[0], created="2024-03-01T00:00:00Z")
    newer = image_of(POOL[0], POOL[1], created="2024-02-02T00:00:00Z")
    older = image_of(POOL[0], POOL[1], created="2024-02-01T00:00:00Z")
    undated = image_of(POOL[0], POOL[1], created=None)
    unnamed = image_of(POOL[0], POOL[1], POOL[2])
    top = image_of(POOL[0], POOL[1], POOL[2], POOL[3])
    layout = Layout(tmp_path / "layout")
    for number, image in enumerate((base, newer, older, undated, top)):
        layout.add(image, f"t{number}")
    layout.add(unnamed)
    db.look(layout.path)
    assert {
        row[0]: row[1:]
        for row in db.rows("SELECT image_id, base_image_id, base_layer_count, tie_count, evidence FROM base_images")
    } == {
        image.config.digest: found
        for image, found in (
            (newer, (base.config.digest, 1, 1, "chain")),
            (older, (base.config.digest, 1, 1, "chain")),
            (undated, (base.config.digest, 1, 1, "chain")),
            (unnamed, (older.config.digest, 2, 3, "chain")),
            (top, (older.config.digest, 2, 3, "chain")),
        )
    }


def test_an_index_that_a_layout_lists_without_a_name_is_a_document_of_it(db: Database, tmp_path: Path) -> None:
    # index.json reaches it, as it reaches the images under it.
    image = image_of(POOL[3])
    index = index_of((image, platform("linux/amd64")))
    layout = Layout(tmp_path / "layout")
    layout.add(index)
    db.look(layout.path)
    documents = len(index.manifest.data) + len(image.manifest.data) + len(image.config.data)
    assert db.rows(
        "SELECT distinct_bytes, document_bytes, untagged_bytes FROM source_sizes WHERE basis = 'compressed'"
    ) == [(100, documents, 0)]
