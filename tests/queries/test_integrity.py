"""What is broken: a registry where blobs were lost and descriptors are wrong, looked at in May and in June.

app:1, app:2   an image of three layers whose first blob is lost
bare:1         an image whose config is lost
multi:1        an index of a good image, and of one whose manifest is lost
wrong:1        an image whose manifest says that its layer has 5 bytes more than it has
old:1          a manifest of schema 1
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.builders import Blob, Image, Registry, as_json, make_image, make_index
from tests.queries.conftest import Index, Open
from tests.queries.small import day
from tests.stores import Database

MAY, JUNE = day("2024-05-01"), day("2024-06-01")
SCHEMA1 = "application/vnd.docker.distribution.manifest.v1+json"
SCHEMA1_SIGNED = "application/vnd.docker.distribution.manifest.v1+prettyjws"
"""What a body without a media type is taken for."""

APP, BARE, GOOD, LOST, RIGHT = (make_image(seed, layers=3) for seed in range(1, 6))
MULTI = make_index(GOOD, LOST)


def with_wrong_size(image: Image) -> Image:
    """Its manifest says that the base layer has 5 bytes more."""
    document = json.loads(image.manifest.data)
    document["layers"][0]["size"] += 5
    return Image(Blob(as_json(document), image.manifest.media_type), image.config, image.layers)


WRONG = with_wrong_size(RIGHT)
OLD = Blob(
    as_json(
        {
            "schemaVersion": 1,
            "name": "old",
            "tag": "1",
            "architecture": "amd64",
            "fsLayers": [{"blobSum": layer.blob.digest} for layer in GOOD.layers],
            "history": [
                {"v1Compatibility": json.dumps({"id": f"{n}", "os": "linux", "created": f"2015-03-0{3 - n}T00:00:00Z"})}
                for n in range(3)
            ],
        }
    ),
    SCHEMA1,
)


def make(folder: Path, db: Database) -> None:
    registry = Registry(folder / "registry")
    registry.push("app", "1", APP)
    registry.push("app", "2", APP)
    registry.push("bare", "1", BARE)
    registry.push("multi", "1", MULTI)
    registry.push("wrong", "1", WRONG)
    registry.put(OLD)
    registry.link(registry.revision("old", OLD.digest), OLD.digest)
    registry.point("old", "1", OLD.digest)
    registry.blob(APP.layers[0].blob.digest).unlink()
    registry.blob(BARE.config.digest).unlink()
    registry.blob(LOST.manifest.digest).unlink()
    registry.revision("multi", LOST.manifest.digest).unlink()
    for looked_at in (MAY, JUNE):
        db.look(f"registry-root:{registry.path}", name="reg", registry=("r.example",), as_of=int(looked_at.timestamp()))


@pytest.fixture
def broken(open_index: Open) -> Index:
    return open_index("broken", make)


NO_BLOB, NO_CONFIG, NO_MANIFEST = APP.layers[0].blob.digest, BARE.config.digest, LOST.manifest.digest
WRONG_SIZE = RIGHT.layers[0].blob


def test_problems(broken: Index) -> None:
    no_blob = "A manifest names this blob, and the store does not have it."
    no_config = "A manifest names this config, and the store does not have it."
    no_manifest = "An index names this manifest, and its repository does not have it."
    size = len(WRONG_SIZE.data)
    wrong_size = f"The store holds {size} bytes; a manifest declares {size + 5}."
    assert [
        ("reg", "missing_blob", NO_BLOB, NO_BLOB, no_blob, MAY, JUNE),
        ("reg", "missing_config", NO_CONFIG, NO_CONFIG, no_config, MAY, JUNE),
        ("reg", "missing_manifest", NO_MANIFEST, NO_MANIFEST, no_manifest, MAY, JUNE),
        ("reg", "size_mismatch", WRONG_SIZE.digest, WRONG_SIZE.digest, wrong_size, MAY, JUNE),
    ] == broken.ask("integrity/problems").rows
    assert [(NO_CONFIG,)] == broken.ask("integrity/problems", kind="missing_config", source="reg").only("digest")


def test_problem_counts(broken: Index) -> None:
    assert [
        ("reg", "missing_blob", 1, MAY, MAY),
        ("reg", "missing_config", 1, MAY, MAY),
        ("reg", "missing_manifest", 1, MAY, MAY),
        ("reg", "size_mismatch", 1, MAY, MAY),
    ] == broken.ask("integrity/problem-counts").rows


def test_missing_blobs(broken: Index) -> None:
    layer, config, manifest = (len(data) for data in (APP.layers[0].blob.data, BARE.config.data, LOST.manifest.data))
    assert [
        ("reg", "missing_blob", NO_BLOB, layer, 1, 2, "r.example/app:1, r.example/app:2"),
        ("reg", "missing_config", NO_CONFIG, config, 1, 1, "r.example/bare:1"),
        ("reg", "missing_manifest", NO_MANIFEST, manifest, 1, 1, "r.example/multi:1"),
    ] == broken.ask("integrity/missing-blobs").rows


def test_size_disagreements(broken: Index) -> None:
    size = len(WRONG_SIZE.data)
    assert [("reg", WRONG.manifest.digest, "layer", 0, WRONG_SIZE.digest, size + 5, size, None)] == broken.ask(
        "integrity/size-disagreements"
    ).rows


def test_schema1(broken: Index) -> None:
    made = day("2015-03-03")
    assert [("reg", "r.example/old", "1", OLD.digest, "linux", "amd64", made, 3, SCHEMA1_SIGNED)] == broken.ask(
        "integrity/schema1"
    ).rows


def test_scans(broken: Index) -> None:
    answer = broken.ask("integrity/scans")
    columns = (
        "source",
        "outcome",
        "as_of",
        "scope_filter",
        "scope_count",
        "complete_scope_count",
        "bytes_read",
    )
    documents = (APP.manifest, APP.config, BARE.manifest, MULTI.manifest, GOOD.manifest, GOOD.config, WRONG.manifest)
    read = sum(len(document.data) for document in (*documents, WRONG.config, OLD))
    assert [
        ("reg", "complete", JUNE, None, 7, 7, 0),
        ("reg", "complete", MAY, None, 7, 7, read),
    ] == answer.only(*columns)
    assert [] == broken.ask("integrity/scans", outcome="failed").rows


def test_mismatches(broken: Index) -> None:
    size = len(WRONG_SIZE.data)
    detail = f"The store holds {size} bytes; a manifest declares {size + 5}."
    digest = WRONG_SIZE.digest
    assert [
        ("reg", "size_mismatch", digest, digest, detail, MAY, 1, "r.example/wrong:1"),
    ] == broken.ask("integrity/mismatches").rows


DOCKERS_TYPE = "application/vnd.docker.image.rootfs.diff.tar.gzip"


def make_described(folder: Path, db: Database) -> None:
    """Two manifests describe one layer, one of them wrongly, and a third another layer by another media type."""
    document = json.loads(RIGHT.manifest.data)
    document["layers"][1]["mediaType"] = DOCKERS_TYPE
    other = Image(Blob(as_json(document), RIGHT.manifest.media_type), RIGHT.config, RIGHT.layers)
    registry = Registry(folder / "registry")
    registry.push("app", "1", RIGHT)
    registry.push("app", "2", WRONG)
    registry.push("app", "3", other)
    db.look(f"registry-root:{registry.path}", name="reg", registry=("r.example",))


def test_descriptors_disagree_in_size_and_type(open_index: Open) -> None:
    layer = RIGHT.layers[0].blob
    size = len(layer.data)
    told = open_index("described", make_described)
    sizes = (layer.digest, 2, size, size + 5, None, 1, layer.media_type)
    second = RIGHT.layers[1].blob
    types = (second.digest, 1, len(second.data), len(second.data), None, 2, f"{DOCKERS_TYPE}, {second.media_type}")
    assert [sizes, types] == told.ask("integrity/descriptors-disagree").rows
    assert [sizes] == told.ask("integrity/descriptors-disagree", sizes_only="true").rows
