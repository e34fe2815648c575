"""What a host has: a root folder with stores in the usual places."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from imgindex.sources import host
from imgindex.sources.host import Place, find_stores
from tests.builders import Docker, Registry, make_image, write


@pytest.fixture
def root(tmp_path: Path) -> Path:
    built = Docker(tmp_path / "var/lib/docker")
    built.load(make_image(1), "lab/web:1")
    registry = Registry(tmp_path / "var/lib/registry")
    registry.push("team/web", "1", make_image(1))
    return tmp_path


def test_stores_in_the_usual_places(root: Path) -> None:
    assert [
        Place(f"docker-root:{root}/var/lib/docker"),
        Place(f"registry-root:{root}/var/lib/registry"),
    ] == find_stores(root)


def test_an_empty_host(tmp_path: Path) -> None:
    (tmp_path / "var/lib/docker").mkdir(parents=True)
    assert [] == find_stores(tmp_path)


def test_the_data_root_that_docker_is_configured_with(root: Path) -> None:
    (root / "var/lib/docker").rename(root / "data")
    write(root / "etc/docker/daemon.json", json.dumps({"data-root": "/data"}).encode())
    assert f"docker-root:{root}/data" == find_stores(root)[0].spec
    write(root / "etc/docker/daemon.json", b"{")
    assert [f"registry-root:{root}/var/lib/registry"] == [place.spec for place in find_stores(root)]


def test_a_store_of_a_user(root: Path) -> None:
    write(root / "home/ann/.local/share/containers/storage/overlay-images/images.json", b"[]")
    assert f"containers-storage:{root}/home/ann/.local/share/containers/storage" in [p.spec for p in find_stores(root)]


def test_one_store_under_two_paths_is_one(root: Path) -> None:
    (root / "home/ann/.local/share").mkdir(parents=True)
    (root / "home/ann/.local/share/docker").symlink_to(root / "var/lib/docker")
    assert 2 == len(find_stores(root))


def test_what_is_no_store_says_why(root: Path) -> None:
    write(root / "var/lib/containerd/odd", b"")
    (place,) = [place for place in find_stores(root) if "containerd" in place.spec]
    assert place.unreadable is not None
    assert "holds no known store" in place.unreadable


def test_a_socket_stands_in_for_a_disk_that_may_not_be_read(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str) -> str:
        raise host.ImgindexError(f"cannot read {path}")

    monkeypatch.setattr(host, "recognise", refuse)
    assert {True} == {place.unreadable is not None for place in find_stores(root)}
    (root / "var/run").mkdir()
    monkeypatch.chdir(root)  # a socket's path is short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("var/run/docker.sock")
        assert Place(f"docker-daemon:{root}/var/run/docker.sock") == find_stores(root)[0]
