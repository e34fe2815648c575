"""A Docker engine of the tests' own, with a data root in a temporary folder, and some images in it."""

from __future__ import annotations

import json
import subprocess
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.programs import require

DOCKER = "/usr/bin/docker"
SECONDS = 30


@dataclass(frozen=True)
class DockerEngine:
    """A running engine."""

    root: Path
    """Its data root."""
    socket: Path

    def docker(self, *arguments: str) -> str:
        """What the client prints; it raises where the client fails."""
        done = subprocess.run(
            [DOCKER, "--host", f"unix://{self.socket}", *arguments], check=True, capture_output=True, text=True
        )
        return done.stdout.strip()


@contextmanager
def running_engine(folder: Path, driver: str = "vfs") -> Iterator[DockerEngine]:
    """An engine that stops at the end, whatever happens."""
    engine = DockerEngine(folder / "root", folder / "docker.sock")
    settings = {
        "data-root": str(engine.root),
        "exec-root": str(folder / "exec"),
        "pidfile": str(folder / "docker.pid"),
        "hosts": [f"unix://{engine.socket}"],
        "bridge": "none",
        "iptables": False,
        "ip6tables": False,
        "ip-forward": False,
        "ip-masq": False,
        "storage-driver": driver,
    }
    (folder / "dockerd.json").write_text(json.dumps(settings))
    with (folder / "dockerd.log").open("wb") as log:
        process = subprocess.Popen(["dockerd", "--config-file", folder / "dockerd.json"], stdout=log, stderr=log)
        try:
            _wait(engine, process, folder)
            yield engine
        finally:
            process.terminate()
            process.wait(SECONDS)
            subprocess.run(["umount", folder / "exec/netns/default"], capture_output=True, check=False)


def _wait(engine: DockerEngine, process: subprocess.Popen[bytes], folder: Path) -> None:
    for _ in range(SECONDS * 10):
        if process.poll() is not None:
            break
        if engine.socket.exists():
            try:
                engine.docker("version")
            except subprocess.CalledProcessError:
                pass
            else:
                return
        time.sleep(0.1)
    raise RuntimeError(f"dockerd does not answer: {(folder / 'dockerd.log').read_text()[-2000:]}")


def layer_tar(folder: Path, name: str, text: str) -> Path:
    """A tar of one file, to import as a layer."""
    (folder / name).write_text(text)
    path = folder / f"{name}.tar"
    with tarfile.open(path, "w") as tar:
        tar.add(folder / name, name)
    return path


@pytest.fixture(scope="session")
def docker_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DockerEngine]:
    """An engine with images that were imported, built on, tagged, retagged and untagged, and a container."""
    require("dockerd", "containerd", DOCKER)
    folder = tmp_path_factory.mktemp("engine", numbered=True)
    with running_engine(folder) as engine:
        base = engine.docker("import", str(layer_tar(folder, "base", "base " * 500)), "lab/base:1")
        for name in ("web", "api"):
            build = folder / name
            build.mkdir()
            (build / "file").write_text(name * 1000)
            (build / "Dockerfile").write_text(
                f'FROM lab/base:1\nENV NAME={name}\nCOPY file /{name}\nLABEL team={name}\nCMD ["/{name}"]\n'
            )
            engine.docker("build", "--quiet", "--network", "none", "--tag", f"lab/{name}:1", str(build))
        engine.docker("tag", "lab/web:1", "reg.example:5000/lab/web:latest")
        engine.docker("import", str(layer_tar(folder, "other", "other")), "lab/base:1")
        engine.docker("create", "--network", "none", "--name", "keeper", "lab/web:1")
        assert base != engine.docker("image", "inspect", "--format", "{{.Id}}", "lab/base:1")
        yield engine
