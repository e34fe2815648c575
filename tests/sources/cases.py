"""A sound store of each kind, and the ways to break one thing of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from imgindex.limits import Limits
from tests.builders import Docker, Layout, Registry, make_image, make_index
from tests.containerd_root import Containerd
from tests.containers_storage import ContainersStorage
from tests.sources.archives import OciArchive, Saved, SkopeoDir, packed

ONE = make_image(1, Labels={"team": "web"})
TWO = make_image(2, base=ONE)
ARM = make_image(3, architecture="arm64")
MULTI = make_index(TWO, ARM)
CONTAINER = "ab" * 32


@dataclass(frozen=True)
class Defect:
    """A way to break one thing of a store."""

    name: str
    path: Callable[[Any], Path]
    """What is broken."""
    how: Callable[[Path], None]
    kind: str
    """Kind of the problem row."""
    loses: set[str] = field(default_factory=set)
    """Types of the records that are no longer there, or no longer the same."""


@dataclass(frozen=True)
class Case:
    """A kind of store."""

    kind: str
    build: Callable[[Path], Any]
    documents: int
    defects: list[Defect]


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-25])


def alter(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def remove(path: Path) -> None:
    path.unlink()


def make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def make_fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def lead_out(path: Path) -> None:
    """The same bytes, behind a link that leads out of the store."""
    outside = Path(os.environ["IMGINDEX_TEST_OUTSIDE"]) / "bytes"
    outside.write_bytes(path.read_bytes())
    path.unlink()
    path.symlink_to(outside)


def enlarge(path: Path) -> None:
    """Beyond what a document may have, without taking the disk."""
    os.truncate(path, Limits().document_bytes + 1)


def build_layout(path: Path) -> Layout:
    layout = Layout(path)
    layout.add(ONE, "latest", "web:1")
    layout.add(MULTI, "web:2")
    layout.add(ARM)
    return layout


def build_registry(path: Path) -> Registry:
    registry = Registry(path)
    registry.push("team/web", "1", ONE)
    registry.push("team/web", "2", MULTI)
    registry.push("team", "latest", ONE)
    return registry


def build_docker(path: Path) -> Docker:
    docker = Docker(path)
    docker.load(ONE, "lab/web:1", "lab/web:latest", digest=f"lab/web@{ONE.manifest.digest}")
    docker.load(TWO, "lab/web:2", parent=ONE, updated="2024-05-01T10:00:00Z")
    docker.load(ARM)
    docker.run(CONTAINER, ONE, "lab/web:1")
    return docker


MANIFEST_ROWS = {"Manifest", "ManifestLayer"}
CONFIG_ROWS = {"Image", "ImageLayer", "ImageHistory", "ImageEnv"}
INDEX_ROWS = {"Manifest", "IndexEntry"}


def blob_defects() -> list[Defect]:
    """Defects of what lies under a digest. ONE's manifest is listed, ARM's config is reached only through manifests."""

    def manifest(store: Any) -> Path:
        return store.blob(ONE.manifest.digest)

    def config(store: Any) -> Path:
        return store.blob(ARM.config.digest)

    def layer(store: Any) -> Path:
        return store.blob(ARM.layers[0].blob.digest)

    one = MANIFEST_ROWS | CONFIG_ROWS | {"ImageLabel"}
    gone = one | {"SourceBlob"}
    return [
        Defect("altered manifest", manifest, alter, "digest_mismatch", one),
        Defect("truncated manifest", manifest, truncate, "digest_mismatch", gone),
        Defect("absent manifest", manifest, remove, "missing", gone),
        Defect("folder for a manifest", manifest, make_folder, "wrong_type", gone),
        Defect("FIFO for a manifest", manifest, make_fifo, "wrong_type", gone),
        Defect("link for a manifest", manifest, lead_out, "path_escape", gone),
        Defect("oversize manifest", manifest, enlarge, "limit_exceeded", gone),
        Defect("altered config", config, alter, "digest_mismatch", CONFIG_ROWS),
        Defect("truncated config", config, truncate, "digest_mismatch", CONFIG_ROWS | {"SourceBlob"}),
        Defect("folder for a config", config, make_folder, "wrong_type", CONFIG_ROWS | {"SourceBlob"}),
        Defect("oversize config", config, enlarge, "limit_exceeded", CONFIG_ROWS | {"SourceBlob"}),
        Defect("FIFO for a layer", layer, make_fifo, "wrong_type", {"SourceBlob"}),
        Defect("link for a layer", layer, lead_out, "path_escape", {"SourceBlob"}),
    ]


LAYOUT = Case("oci", build_layout, 7, blob_defects())

REGISTRY = Case(
    "registry-root",
    build_registry,
    7,
    [
        *blob_defects(),
        *(
            Defect(f"{name} for a tag's link", lambda s: s.tag("team/web", "2") / "current/link", how, kind, {"Tag"})
            for name, how, kind in (
                ("half a digest", truncate, "bad_link"),
                ("nothing", remove, "bad_link"),
                ("a folder", make_folder, "bad_link"),
                ("a FIFO", make_fifo, "bad_link"),
                ("a link", lead_out, "path_escape"),
                ("a large file", enlarge, "bad_link"),
            )
        ),
        *(
            Defect(
                f"{name} for a revision's link",
                lambda s: s.revision("team", ONE.manifest.digest),
                how,
                kind,
                {"SourceManifest"},
            )
            for name, how, kind in (
                ("half a digest", truncate, "bad_link"),
                ("another digest", alter, "bad_link"),
                ("a folder", make_folder, "bad_link"),
                ("a FIFO", make_fifo, "bad_link"),
                ("a link", lead_out, "path_escape"),
            )
        ),
        Defect(
            "half a digest for a layer's link",
            lambda s: s.layer("team", ONE.config.digest),
            truncate,
            "bad_link",
            {"SourceBlob"},
        ),
    ],
)


def docker_defects() -> list[Defect]:
    def content(store: Docker) -> Path:
        return store.content(TWO)

    def size(store: Docker) -> Path:
        return store.layer(TWO.chain_ids[-1]) / "size"

    def container(store: Docker) -> Path:
        return store.container(CONTAINER)

    two = CONFIG_ROWS | {"SourceImage"}
    return [
        Defect("altered config", content, alter, "digest_mismatch", two),
        Defect("truncated config", content, truncate, "digest_mismatch", two),
        Defect("absent config", content, remove, "missing", two),
        Defect("folder for a config", content, make_folder, "wrong_type", two),
        Defect("FIFO for a config", content, make_fifo, "wrong_type", two),
        Defect("link for a config", content, lead_out, "path_escape", two),
        Defect("oversize config", content, enlarge, "limit_exceeded", two),
        Defect("absent layer size", size, remove, "missing", {"SourceLayer"}),
        Defect("folder for a layer size", size, make_folder, "wrong_type", {"SourceLayer"}),
        Defect("FIFO for a layer size", size, make_fifo, "wrong_type", {"SourceLayer"}),
        Defect("link for a layer size", size, lead_out, "path_escape", {"SourceLayer"}),
        Defect("oversize layer size", size, enlarge, "limit_exceeded", {"SourceLayer"}),
        Defect("truncated container", container, truncate, "malformed", {"Container"}),
        Defect("absent container file", container, remove, "missing", {"Container"}),
        Defect("FIFO for a container file", container, make_fifo, "wrong_type", {"Container"}),
        Defect("oversize container file", container, enlarge, "limit_exceeded", {"Container"}),
    ]


DOCKER = Case("docker-root", build_docker, 3, docker_defects())


def build_oci_archive(path: Path) -> OciArchive:
    archive = OciArchive(path)
    archive.add(ONE, "latest", "web:1")
    archive.add(MULTI, "web:2")
    archive.add(ARM)
    return archive


def build_saved(path: Path) -> Saved:
    saved = Saved(path)
    saved.save(ONE, "lab/web:1", "lab/web:latest")
    saved.save(TWO, "lab/web:2", parent=ONE)
    saved.save(ARM)
    return saved


def saved_defects() -> list[Defect]:
    def config(saved: Saved) -> Path:
        return saved.config(ARM)

    def layer(saved: Saved) -> Path:
        path = saved.layer(ARM.layers[0].diff_id)
        assert path is not None
        return path

    arm = CONFIG_ROWS | {"SourceImage", "SourceLayer"}
    return [
        Defect("altered config", config, packed(alter), "digest_mismatch", arm),
        Defect("truncated config", config, packed(truncate), "digest_mismatch", arm),
        Defect("absent config", config, packed(remove), "missing", arm),
        Defect("folder for a config", config, packed(make_folder), "wrong_type", arm),
        Defect("FIFO for a config", config, packed(make_fifo), "wrong_type", arm),
        Defect("link for a config", config, packed(lead_out), "path_escape", arm),
        Defect("oversize config", config, packed(enlarge), "limit_exceeded", arm),
        Defect("absent layer", layer, packed(remove), "missing", {"SourceLayer"}),
        Defect("FIFO for a layer", layer, packed(make_fifo), "wrong_type", {"SourceLayer"}),
        Defect("link for a layer", layer, packed(lead_out), "path_escape", {"SourceLayer"}),
    ]


OCI_ARCHIVE = Case(
    "oci-archive", build_oci_archive, 7, [replace(defect, how=packed(defect.how)) for defect in blob_defects()]
)
SAVED = Case("docker-archive", build_saved, 3, saved_defects())
DIR = Case(
    "dir",
    lambda path: SkopeoDir(path, make_index(ONE, TWO, ARM)),
    7,
    [defect for defect in blob_defects() if "absent" not in defect.name],
)


def build_containerd(path: Path) -> Containerd:
    containerd = Containerd(path)
    containerd.add(
        "default", ONE, "reg.example:5000/web:1", "web@" + ONE.manifest.digest, origin=("reg.example", "web")
    )
    containerd.add("default", MULTI, "docker.io/library/web:2")
    containerd.add("k8s.io", ONE, "docker.io/library/web:1", "sha256:" + "5" * 64, unpack=False)
    containerd.add("k8s.io", ARM, "sha256:" + "6" * 64)
    containerd.run("default", CONTAINER, ONE, "reg.example:5000/web:1", nerdctl_name="web")
    return containerd


def containerd_defects() -> list[Defect]:
    def usage(store: Containerd) -> Path:
        return store.usage

    blobs = {defect.name: defect for defect in blob_defects()}
    blobs["absent manifest"] = replace(blobs["absent manifest"], kind="missing_file")
    return [
        *blobs.values(),
        Defect("no database", usage, remove, "missing", {"SourceLayer"}),
        Defect("empty database", usage, lambda path: path.write_bytes(b""), "malformed", {"SourceLayer"}),
        Defect("folder for a database", usage, make_folder, "wrong_type", {"SourceLayer"}),
        Defect("FIFO for a database", usage, make_fifo, "wrong_type", {"SourceLayer"}),
        Defect("link for a database", usage, lead_out, "path_escape", {"SourceLayer"}),
    ]


def build_engine(path: Path) -> Docker:
    """An engine that has moved to containerd's store, and kept what its graph driver had."""
    docker = Docker(path)
    docker.load(ONE, "lab/web:1")
    docker.run(CONTAINER, ONE, "lab/web:1")
    Containerd(path / "containerd/daemon").add("moby", make_index(ARM, make_image(4)), "docker.io/lab/web:2")
    return docker


CONTAINERD = Case("containerd-root", build_containerd, 7, containerd_defects())
ENGINE = Case("docker-root", build_engine, 6, [])


def build_podman(path: Path) -> ContainersStorage:
    store = ContainersStorage(path)
    one = store.add(ONE, "docker.io/lab/web:1", "docker.io/lab/web:latest")
    store.add(TWO, "docker.io/lab/web:2", history=("docker.io/lab/web:latest",))
    store.add(ARM)
    store.add_list(MULTI, "docker.io/lab/multi:1")
    store.run(CONTAINER, one, "box", "docker.io/lab/web:1")
    return store


def podman_defects() -> list[Defect]:
    def config(store: ContainersStorage) -> Path:
        return store.data(TWO.config.digest.partition(":")[2], TWO.config.digest)

    def manifest(store: ContainersStorage) -> Path:
        return store.data(ONE.config.digest.partition(":")[2], "manifest")

    def listed(store: ContainersStorage) -> Path:
        return store.data(store.images[3]["id"], "manifest")

    # The image is left out; what podman knows of it by its entry, names and digests, stays.
    two = CONFIG_ROWS | {"SourceImage", "SourceManifest"}
    return [
        Defect("altered config", config, alter, "digest_mismatch", two),
        Defect("truncated config", config, truncate, "size_mismatch", two),
        Defect("absent config", config, remove, "missing", two),
        Defect("folder for a config", config, make_folder, "wrong_type", two),
        Defect("FIFO for a config", config, make_fifo, "wrong_type", two),
        Defect("link for a config", config, lead_out, "path_escape", two),
        Defect("oversize config", config, enlarge, "size_mismatch", two),
        # The other copy is read.
        Defect("truncated manifest", manifest, truncate, "size_mismatch", set()),
        Defect("absent manifest", manifest, remove, "missing", set()),
        Defect("FIFO for a manifest", manifest, make_fifo, "wrong_type", set()),
        Defect("altered list", listed, alter, "digest_mismatch", INDEX_ROWS | {"SourceManifest"}),
        Defect("truncated list", listed, truncate, "size_mismatch", INDEX_ROWS | {"SourceManifest"}),
    ]


PODMAN = Case("containers-storage", build_podman, 7, podman_defects())

CASES = [LAYOUT, REGISTRY, DOCKER, OCI_ARCHIVE, SAVED, DIR, CONTAINERD, ENGINE, PODMAN]
