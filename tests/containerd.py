"""A containerd of the test's own: a daemon with its root, state and sockets in one folder, and ctr to ask it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.programs import require

_CONFIG = """version = 2
root = "{root}"
state = "{folder}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
[grpc]
  address = "{folder}/c.sock"
[ttrpc]
  address = "{folder}/c.ttrpc"
"""


class Daemon:
    """A containerd that runs."""

    def __init__(self, folder: Path, root: Path, process: subprocess.Popen[bytes]) -> None:
        self.folder = folder
        self.root = root
        self._process = process

    def settle(self) -> None:
        """Wait until it has written nothing for a second: garbage is collected some time after what made it."""
        meta = self.root / "io.containerd.metadata.v1.bolt/meta.db"
        for _ in range(20):
            before = meta.stat().st_mtime_ns
            time.sleep(1)
            if before == meta.stat().st_mtime_ns:
                return

    @contextmanager
    def held(self) -> Iterator[None]:
        """It runs, with its files open and locked, and does nothing meanwhile."""
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def ctr(self, *words: str, namespace: str = "default") -> str:
        """What `ctr` prints; it must not fail."""
        socket = str(self.folder / "c.sock")
        command = ["ctr", "--address", socket, "--namespace", namespace, *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, f"{' '.join(words)}: {done.stderr}"
        return done.stdout

    def rows(self, *words: str, namespace: str = "default") -> list[list[str]]:
        """The words of each line but the heading."""
        return [line.split() for line in self.ctr(*words, namespace=namespace).splitlines()[1:]]


@contextmanager
def containerd(folder: Path, root: Path) -> Iterator[Daemon]:
    """Start one; stop it at the end. Skips the test where there is none, or not the right to mount."""
    require("containerd", "ctr", "skopeo")
    if os.geteuid() != 0:
        pytest.skip("containerd runs as root alone")
    root.mkdir(parents=True)
    config = folder / "config.toml"
    config.write_text(_CONFIG.format(folder=folder, root=root))
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(["containerd", "--config", str(config)], stdout=log, stderr=log)
    daemon = Daemon(folder, root, process)
    try:
        _wait(daemon, process)
        yield daemon
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(daemon: Daemon, process: subprocess.Popen[bytes]) -> None:
    for _ in range(100):
        if process.poll() is not None:
            break
        try:
            daemon.ctr("version")
        except AssertionError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"containerd did not start: {(daemon.folder / 'log').read_text()[-2000:]}")
