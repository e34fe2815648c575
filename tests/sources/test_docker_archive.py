"""What `docker save` and its kin write, against what the tools themselves say of it."""

from __future__ import annotations

import gzip
import hashlib
import json
import lzma
import subprocess
import tarfile
from pathlib import Path

import pytest

from imgindex.errors import LayoutError
from imgindex.records.keys import content_key, name_key
from imgindex.records.rows import Image, Manifest, Problem, ScanScope, SourceImage, SourceLayer, SourceManifest, Tag
from imgindex.sources.open import open_source
from imgindex.store.check import check
from imgindex.store.engine import open_engine
from tests.builders import Image as BuiltImage
from tests.builders import as_json, make_image, write
from tests.conftest import TESTS
from tests.programs import require
from tests.sources.archives import Saved, pack, parts_of
from tests.sources.cases import ARM, ONE, TWO, build_oci_archive, build_saved
from tests.sources.scans import of, outcomes, problems, scan
from tests.stores import image_of, layer_of, new_index


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    """What `ctr images export --all-platforms` of containerd 1.6 wrote: a layout that is a docker archive, too."""
    path = tmp_path / "ctr-export.tar"
    path.write_bytes(lzma.decompress((TESTS / "data/ctr-export.tar.xz").read_bytes()))
    return path


@pytest.fixture
def saved(tmp_path: Path) -> Saved:
    return build_saved(tmp_path / "saved.tar")


LAYERS = [f"{position}.tar" for position in range(len(make_image(5).layers))]


def put_layers(parts: Path, image: BuiltImage) -> list[str]:
    for name, layer in zip(LAYERS, image.layers, strict=True):
        write(parts / name, layer.blob.data)
    return LAYERS


def test_images_names_parents_and_layers(saved: Saved) -> None:
    records = scan(open_source(f"docker-archive:{saved.archive}"))
    one, two, arm = (content_key(image.config.digest) for image in (ONE, TWO, ARM))
    assert {(one, None), (two, one), (arm, None)} == {
        (row.image_key, row.parent_key) for row in of(SourceImage, records) if row.listed
    }
    web = name_key("docker.io/lab/web")
    assert {(web, "1", one), (web, "latest", one), (web, "2", two)} == {
        (row.repository_key, row.tag, row.target_key) for row in of(Tag, records) if row.target_kind == "image"
    }
    assert {("archive", "manifest.json"): "complete"} == outcomes(records)
    sizes = {
        content_key(chain): len(layer.blob.data)
        for image in (ONE, TWO, ARM)
        for chain, layer in zip(image.chain_ids, image.layers, strict=True)
    }
    assert sizes == {row.chain_key: row.bytes for row in of(SourceLayer, records)}
    assert {("archive", "uncompressed")} == {(row.store, row.basis) for row in of(SourceLayer, records)}


def test_a_layer_counts_once_whatever_it_stands_on(tmp_path: Path) -> None:
    """One file serves both images, and is stored once; each image's size counts it."""
    base, over, shared = layer_of(b"b" * 100), layer_of(b"o" * 30), layer_of(b"s" * 7)
    one, two = image_of(base, shared), image_of(over, shared)
    saved = Saved(tmp_path / "saved.tar")
    saved.save(one, "web:1")
    saved.save(two, "web:2")
    db = new_index(tmp_path)
    db.look(saved.archive, name="saved")
    sizes = db.rows("SELECT image_id, size_bytes, shared_bytes, unique_bytes, split_bytes FROM image_sizes")
    extra = 1 if one.config.digest < two.config.digest else 0
    assert {(one.config.digest, 107, 7, 100, 103 + extra), (two.config.digest, 37, 7, 30, 33 + 1 - extra)} == set(sizes)
    assert {(base.diff_id, 100, 1), (over.diff_id, 30, 1), (shared.diff_id, 7, 2)} == set(
        db.rows("SELECT unit, size_bytes, image_count FROM layer_usage WHERE store = 'archive' AND unit = diff_id")
    )
    assert [(3, 137, 137, 144)] == db.rows(
        "SELECT layer_count, distinct_bytes, stored_bytes, referenced_bytes "
        "FROM source_sizes WHERE basis = 'uncompressed'"
    )
    assert [("docker.io/library/web", 137, 137)] == db.rows(
        "SELECT repository, layer_bytes, exclusive_layer_bytes FROM repository_sizes"
    )
    assert [(0, 100), (1, 7)] == db.rows(
        "SELECT position, size_bytes FROM image_layer_sizes WHERE image_id = :image ORDER BY position",
        image=one.config.digest,
    )
    engine = open_engine(str(db.path), read_only=True)
    assert [] == check(engine)
    engine.dispose()


@pytest.mark.parametrize("compress", ["gzip", "zstd"])
def test_a_compressed_archive_says_the_same(saved: Saved, tmp_path: Path, compress: str) -> None:
    packed = tmp_path / "packed"
    data = saved.archive.read_bytes()
    if compress == "gzip":
        packed.write_bytes(gzip.compress(data))
    else:
        zstd = pytest.importorskip("backports.zstd")
        packed.write_bytes(zstd.compress(data))
    assert scan(open_source(f"docker-archive:{saved.archive}")) == scan(open_source(str(packed)))


def test_a_compressed_layer_has_no_size_of_its_tar(tmp_path: Path) -> None:
    saved = Saved(tmp_path / "saved.tar")
    saved.save(ONE, "web:1")
    path = saved.layer(ONE.layers[0].diff_id)
    assert path is not None
    path.write_bytes(gzip.compress(path.read_bytes()))
    pack(saved.parts)
    rows = of(SourceLayer, scan(open_source(str(saved.archive))))
    assert [None] + [len(layer.blob.data) for layer in ONE.layers[1:]] == [row.bytes for row in rows]


def test_an_archive_from_before_docker_1_10_tells_its_names(tmp_path: Path) -> None:
    parts = parts_of(tmp_path / "old.tar")
    v1 = "ab" * 32
    write(parts / v1 / "json", as_json({"id": v1, "os": "linux"}))
    write(parts / v1 / "layer.tar", b"a tar")
    write(parts / "repositories", as_json({"busybox": {"latest": v1, "1.0": v1}}))
    records = scan(open_source(str(pack(parts))))
    assert {("1.0", None), ("latest", None)} == {(row.tag, row.target_key) for row in of(Tag, records)}
    assert [("unsupported_store", "repositories", None)] == problems(records)
    assert all("before Docker 1.10" in row.detail for row in of(Problem, records))
    assert {"complete"} == {row.outcome for row in of(ScanScope, records)}


def test_a_config_that_is_not_called_after_its_digest(tmp_path: Path) -> None:
    parts = parts_of(tmp_path / "other.tar")
    image = make_image(5)
    write(parts / "config.json", image.config.data)
    layers = put_layers(parts, image)
    write(parts / "manifest.json", as_json([{"Config": "config.json", "RepoTags": ["web:1"], "Layers": layers}]))
    records = scan(open_source(str(pack(parts))))
    assert [image.config.digest] == [row.image_id for row in of(Image, records)]
    assert [] == of(Problem, records)


@pytest.mark.parametrize(
    ("item", "kind"),
    [
        ({"Config": "config.json", "Layers": []}, "malformed"),
        ({"Config": "nothing.json", "Layers": LAYERS}, "missing"),
        ({"Config": "../../etc/passwd", "Layers": LAYERS}, "missing"),
        ({"Layers": LAYERS}, "malformed"),
        (7, "malformed"),
        ({"Config": "config.json", "Layers": LAYERS, "RepoTags": ["NO NAME"]}, "malformed"),
        ({"Config": "config.json", "Layers": LAYERS, "Parent": "nonsense"}, "unsupported_digest"),
    ],
)
def test_a_broken_item_is_one_problem_and_the_others_stand(tmp_path: Path, item: object, kind: str) -> None:
    parts = parts_of(tmp_path / "broken.tar")
    image, other = make_image(5), make_image(6)
    for name, made in (("config", image), ("other", other)):
        write(parts / f"{name}.json", made.config.data)
    put_layers(parts, image)
    sound = {"Config": "other.json", "RepoTags": ["web:2"], "Layers": LAYERS}
    write(parts / "manifest.json", as_json([item, sound]))
    records = scan(open_source(str(pack(parts))))
    assert [kind] == [row.kind for row in of(Problem, records)]
    assert content_key(other.config.digest) in {row.image_key for row in of(SourceImage, records)}
    assert ["2"] == [row.tag for row in of(Tag, records)]


def test_no_list_of_images(tmp_path: Path) -> None:
    parts = parts_of(tmp_path / "none.tar")
    write(parts / "x", b"x")
    with pytest.raises(LayoutError, match=r"holds neither manifest\.json nor repositories"):
        scan(open_source(f"docker-archive:{pack(parts)}"))
    write(parts / "manifest.json", b"{")
    with pytest.raises(LayoutError, match="no list of images"):
        scan(open_source(f"docker-archive:{pack(parts)}"))


@pytest.mark.parametrize("kind", ["docker-archive", "oci-archive"])
def test_a_cut_archive_closes_nothing(kind: str, saved: Saved, tmp_path: Path) -> None:
    """The list of images comes last in the one, and is there in the other."""
    path = saved.archive if kind == "docker-archive" else build_oci_archive(tmp_path / "layout.tar").archive
    db = new_index(tmp_path)
    db.look(path)
    tags = "SELECT repository, tag, target_digest, valid_from FROM current_tags ORDER BY repository, tag"
    before = db.rows(tags)
    with tarfile.open(path) as tar:
        last = max(member.offset for member in tar)
    path.write_bytes(path.read_bytes()[: last + 100])
    (report,) = db.ingest(path) if kind == "oci-archive" else db.ingest(f"{kind}:{path}")
    assert {"docker-archive": "failed", "oci-archive": "partial"}[kind] == report.outcome
    assert before == db.rows(tags)


def test_what_containerd_exports_is_a_layout_and_a_docker_archive(exported: Path) -> None:
    records = scan(open_source(str(exported)))
    with tarfile.open(exported) as tar:
        files = {member.name: tar.extractfile(member).read() for member in tar if member.isfile()}  # type: ignore[union-attr]
    listed = json.loads(files["index.json"])["manifests"]
    (item,) = json.loads(files["manifest.json"])
    image_id = "sha256:" + hashlib.sha256(files[item["Config"]]).hexdigest()
    assert [(name_key("docker.io/lab/multi"), "1", content_key(image_id))] == [
        (row.repository_key, row.tag, row.target_key) for row in of(Tag, records)
    ]
    assert [(name_key("docker.io/lab/multi"), content_key(listed[0]["digest"]))] == [
        (row.repository_key, row.manifest_key) for row in of(SourceManifest, records)
    ]
    documents = [data for name, data in files.items() if name.startswith("blobs/") and data.startswith(b"{")]
    assert len(documents) == len(of(Manifest, records)) + len(of(Image, records))
    assert [] == of(Problem, records)


def test_a_layout_in_a_tar_is_the_layout(exported: Path, tmp_path: Path) -> None:
    with tarfile.open(exported) as tar:
        tar.extractall(tmp_path / "unpacked", filter="data")
    assert scan(open_source(f"oci:{tmp_path / 'unpacked'}")) == scan(open_source(f"oci-archive:{exported}"))


@pytest.mark.parametrize("kind", ["docker-archive", "oci-archive", "dir"])
def test_what_skopeo_writes(kind: str, skopeo_layout: Path, tmp_path: Path) -> None:
    require("skopeo")
    target = tmp_path / "written"
    name = "" if kind == "dir" else ":lab/static:1" if kind == "docker-archive" else ":static"
    copy = ["skopeo", "copy", "--quiet", f"oci:{skopeo_layout}:static", f"{kind}:{target}{name}"]
    subprocess.run(copy, check=True, capture_output=True)
    config = subprocess.run(
        ["skopeo", "inspect", "--config", "--raw", f"{kind}:{target}"], check=True, capture_output=True
    ).stdout
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    records = scan(open_source(str(target)))
    assert ["sha256:" + hashlib.sha256(config).hexdigest()] == [row.image_id for row in of(Image, records)]
    assert [] == of(Problem, records)
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
