"""One image, in a registry, a layout, an archive, and on hosts of Docker, podman and containerd: one row of content.

The stores are those that the real tools made of one image, web:1.2, whose config they all kept byte for byte.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from imgindex import shipped
from imgindex.query.catalog import Catalog
from imgindex.query.run import run_query
from imgindex.store.check import check
from imgindex.store.engine import open_engine
from tests.conftest import TESTS, unpack
from tests.indexes import NewIndex
from tests.programs import require
from tests.stores import Database

EVERYWHERE = ["archive", "containerd", "docker", "layout", "podman", "registry"]
REF = "web:1.2"


@pytest.fixture(scope="module")
def fleet(
    lasting_index: NewIndex,
    docker_host: Path,
    registry_store: Path,
    skopeo_layout: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Database:
    require("skopeo")
    folder = tmp_path_factory.mktemp("fleet")
    archive = folder / "saved.tar"
    copy = ["skopeo", "copy", "--quiet", f"oci:{skopeo_layout}:{REF}", f"docker-archive:{archive}:lab/{REF}"]
    subprocess.run(copy, check=True, capture_output=True)
    podman, containerd = (
        unpack(TESTS / f"data/{name}.tar.xz", tmp_path_factory) for name in ("containers-storage", "containerd-root")
    )
    places = [archive, f"containerd-root:{containerd}", docker_host, skopeo_layout, podman, registry_store]
    db = lasting_index(folder)
    for name, place in zip(EVERYWHERE, places, strict=True):
        db.look(place, name=name)
    return db


@pytest.fixture(scope="module")
def image_id(fleet: Database) -> str:
    found = fleet.rows(
        "SELECT i.image_id FROM tag_images AS i WHERE i.source = 'layout' AND COALESCE(i.repository, '') = 'web' "
        "AND i.tag = '1.2'"
    )
    assert 1 == len(found)
    return str(found[0][0])


def test_the_image_is_one_everywhere(fleet: Database, image_id: str) -> None:
    assert [(source, "linux/amd64", True) for source in EVERYWHERE] == fleet.rows(
        "SELECT source, platform, listed FROM image_summary WHERE image_id = :image ORDER BY source", image=image_id
    )
    assert [(1,)] == fleet.rows("SELECT COUNT(*) FROM images WHERE image_id = :image", image=image_id)


def test_each_of_its_layers_is_one_everywhere(fleet: Database, image_id: str) -> None:
    layers = fleet.column("SELECT diff_id FROM image_layer_detail WHERE image_id = :image", image=image_id)
    assert len(layers) > 1
    for diff_id in layers:
        assert EVERYWHERE == fleet.column(
            "SELECT DISTINCT source FROM layer_usage WHERE diff_id = :layer ORDER BY source", layer=diff_id
        )


def test_a_saved_query_says_where_each_layer_is_and_as_which_blob(fleet: Database, image_id: str) -> None:
    engine = open_engine(str(fleet.path), read_only=True)
    query = Catalog([shipped.folder("queries")]).find("sharing/layers-across-sources")
    with run_query(engine, query, {"limit": "1000"}) as result:
        names = [column.name for column in result.columns]
        rows = [dict(zip(names, row, strict=True)) for row in result.rows()]
    engine.dispose()
    manifests = fleet.rows(
        "SELECT m.source, l.diff_id, b.digest FROM manifest_detail AS m "
        "JOIN blobs AS d ON d.digest = m.manifest_digest JOIN manifest_layers AS ml ON ml.manifest_key = d.blob_key "
        "JOIN blobs AS b ON b.blob_key = ml.blob_key "
        "JOIN image_layer_detail AS l ON l.image_id = m.image_id AND l.position = ml.position "
        "WHERE m.image_id = :image AND m.source IN ('registry', 'layout')",
        image=image_id,
    )
    told = {(row["source"], row["diff_id"], row["blob_digest"]) for row in rows}
    assert set(manifests) <= told
    for diff_id in {diff_id for _, diff_id, _ in manifests}:
        assert set(EVERYWHERE) == {row["source"] for row in rows if row["diff_id"] == diff_id}


def test_the_index_of_all_of_them_is_sound(fleet: Database) -> None:
    engine = open_engine(str(fleet.path), read_only=True)
    assert [] == check(engine)
    engine.dispose()
