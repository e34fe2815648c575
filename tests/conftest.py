"""The stores that tests read: real ones, unpacked once a test process. Tests read them and never write to them."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

import pytest

pytest_plugins = ["tests.engine", "tests.object_store", "tests.postgres", "tests.registries", "tests.indexes"]

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent


def unpack(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that a sample archive holds, its modification times kept."""
    folder = tmp_path_factory.mktemp(archive.name.partition(".")[0])
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return folder


@pytest.fixture(scope="session")
def docker_host(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data root of a Docker 20.10 host with overlay2; its truth is `tests.truth.docker_*`."""
    return unpack(ROOT / "samples/docker-host.tar.xz", tmp_path_factory)


@pytest.fixture(scope="session")
def registry_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The storage of a distribution 2.8 registry: the folder that holds `docker/registry/v2`."""
    return unpack(ROOT / "samples/registry.tar.xz", tmp_path_factory)


@pytest.fixture(scope="session")
def skopeo_layout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An OCI image layout written by skopeo 1.9, with moved tags and artifacts."""
    return unpack(ROOT / "samples/layout.tar.xz", tmp_path_factory)


@pytest.fixture(scope="session")
def umoci_layout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An OCI image layout written by umoci 0.4, with an image of no layers."""
    return unpack(TESTS / "data/umoci-layout.tar.xz", tmp_path_factory)


@pytest.fixture(scope="session")
def podman_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store of podman 4.3 and buildah 1.28 with overlay; its truth is `tests.truth.podman_*`."""
    return unpack(TESTS / "data/containers-storage.tar.xz", tmp_path_factory)


@pytest.fixture(scope="session")
def shared() -> Path:
    """A folder of larger stores and documents that some tests read where it is: IMGINDEX_SHARED, or ../shared."""
    place = Path(os.environ.get("IMGINDEX_SHARED", ROOT.parent / "shared"))
    if not place.is_dir():
        pytest.skip("no folder of further stores: set IMGINDEX_SHARED to it")
    return place
