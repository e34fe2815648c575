"""Stores that podman, buildah and skopeo make afresh, while podman runs, against what podman says of them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from imgindex.records.keys import content_key, name_key
from imgindex.records.rows import PastTag, Problem, Record
from imgindex.sources.open import open_source
from tests.programs import require
from tests.sources.scans import of, outcomes, scan
from tests.stores import Database, new_index

IMAGES = {
    "web:1.2": "docker.io/lab/web:1.2",
    "worker-mail": "docker.io/lab/worker:mail",
    "static": "quay.io/lab/static:1",
}
"""Of the layout, and what they are called in the store."""


class ToolError(Exception):
    """A program failed; the message is what it printed."""


class Podman:
    """One store of its own, with one driver."""

    def __init__(self, folder: Path, short: Path, driver: str) -> None:
        """`short`: a folder whose path has few characters, since podman refuses a longer one, and sockets do."""
        self.root = folder / "root"
        self.driver = driver
        self._run_root = short / "run"
        conf = f'[storage]\ndriver = "{driver}"\ngraphroot = "{self.root}"\nrunroot = "{self._run_root}"\n'
        (folder / "storage.conf").write_text(conf)
        (folder / "policy.json").write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
        self._environment = {
            **os.environ,
            "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"),
            "BUILDAH_ISOLATION": "chroot",
            "XDG_RUNTIME_DIR": str(short),
        }
        self._folder = folder
        self._short = short

    def run(self, *command: str | Path) -> str:
        done = subprocess.run(
            [*map(str, command)], env=self._environment, capture_output=True, text=True, timeout=120, check=False
        )
        if done.returncode:
            raise ToolError(f"{command[0]} failed: {done.stderr}")
        return done.stdout.strip()

    def podman(self, *arguments: str) -> str:
        return self.run(*self.command(), *arguments)

    def command(self) -> tuple[str, ...]:
        return (
            "podman",
            f"--root={self.root}",
            f"--runroot={self._run_root}",
            f"--tmpdir={self._short / 'tmp'}",
            f"--storage-driver={self.driver}",
            "--cgroup-manager=cgroupfs",
            "--events-backend=none",
        )

    def copy(self, source: str, name: str) -> None:
        place = f"containers-storage:[{self.driver}@{self.root}+{self._run_root}]{name}"
        self.run("skopeo", "copy", "--quiet", f"--policy={self._folder / 'policy.json'}", source, place)

    def build(self, name: str, base: str, file: Path, *steps: str) -> None:
        """An image of a base and one more file, by buildah."""
        container = self.run("buildah", "from", "--pull-never", base)
        self.run("buildah", "copy", "--quiet", container, file, "/")
        for step in steps:
            self.run("buildah", "config", *step.split(), container)
        self.run("buildah", "commit", "--quiet", "--rm", container, name)

    @contextmanager
    def serving(self) -> Iterator[None]:
        """A podman that runs and has the store open."""
        socket = self._short / "podman.sock"
        service = subprocess.Popen(
            [*self.command(), "system", "service", "--time=0", f"unix://{socket}"],
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            for _ in range(200):
                if socket.exists():
                    break
                time.sleep(0.05)
            assert socket.exists()
            yield
        finally:
            service.terminate()
            service.wait(30)


@pytest.fixture(scope="module", params=["overlay", "vfs"])
def podman(
    request: pytest.FixtureRequest, skopeo_layout: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Podman]:
    require("podman", "buildah", "skopeo")
    if os.geteuid() != 0:
        pytest.skip("making stores with podman takes root here")
    folder = tmp_path_factory.mktemp(f"podman-{request.param}")
    short = Path(tempfile.mkdtemp(prefix="imgindex-", dir="/tmp"))
    made = Podman(folder, short, request.param)
    try:
        for ref, name in IMAGES.items():
            try:
                made.copy(f"oci:{skopeo_layout}:{ref}", name)
            except ToolError as error:
                if made.driver == "overlay" and not made.root.joinpath("overlay-images/images.json").exists():
                    pytest.skip(f"the kernel or the file system here has no overlay for podman: {error}")
                raise
        for version in ("1", "2"):
            file = folder / "VERSION"
            file.write_text(version)
            made.build(f"localhost/lab/app:{version}", "docker.io/lab/web:1.2", file, f"--label version={version}")
            made.podman("tag", f"localhost/lab/app:{version}", "localhost/lab/app:latest")
        made.build("localhost/lab/scratch:1", "scratch", folder / "VERSION")
        made.podman("untag", "localhost/lab/scratch:1")
        made.run("buildah", "manifest", "create", "localhost/lab/multi:1", "docker.io/lab/web:1.2")
        made.podman("create", "--name=box", "localhost/lab/app:2", "/bin/true")
        yield made
    finally:
        subprocess.run([*made.command(), "rm", "--all", "--force"], capture_output=True, timeout=60, check=False)
        for mounted in (made.root / made.driver, made.root / "overlay"):
            subprocess.run(["umount", str(mounted)], capture_output=True, timeout=60, check=False)
        shutil.rmtree(short, ignore_errors=True)


class Look(NamedTuple):
    """An index of the store, and the store's files before and after the look."""

    db: Database
    before: dict[str, str]
    after: dict[str, str]


@pytest.fixture(scope="module")
def look(podman: Podman, tmp_path_factory: pytest.TempPathFactory) -> Look:
    """Indexed while podman's service has the store open."""
    made = new_index(tmp_path_factory.mktemp("index"))
    with podman.serving():
        before = tree_of(podman.root)
        made.look(f"containers-storage:{podman.root}")
        return Look(made, before, tree_of(podman.root))


@pytest.fixture(scope="module")
def db(look: Look) -> Database:
    return look.db


@pytest.fixture(scope="module")
def records(podman: Podman, db: Database) -> list[Record]:
    return scan(open_source(f"containers-storage:{podman.root}"))


@pytest.fixture(scope="module")
def images(podman: Podman, db: Database) -> list[dict[str, Any]]:
    """What `podman images -a` says, after the look."""
    told: list[dict[str, Any]] = json.loads(podman.podman("images", "--all", "--format=json"))
    return list({image["Id"]: image for image in told}.values())


def tree_of(folder: Path) -> dict[str, str]:
    """By path, the hash of each file or the target of each link, with its mode, owner and time of change."""
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        content = (
            os.readlink(path) if path.is_symlink() else sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        )
        found[str(path)] = f"{status.st_mode} {status.st_uid} {status.st_mtime_ns} {content}"
    return found


def test_the_store_is_byte_for_byte_what_it_was(look: Look) -> None:
    assert len(look.before) > 50
    assert look.before == look.after


def test_nothing_is_wrong_with_what_the_tools_made(records: list[Record]) -> None:
    assert [] == of(Problem, records)
    assert {"complete"} == set(outcomes(records).values())


def test_sizes_are_podmans(db: Database, images: list[dict[str, Any]]) -> None:
    assert len(images) >= 7
    told = {image["Id"]: image["Size"] for image in images}
    assert told == dict(
        db.rows("""
SELECT o.local_id, o.own_bytes + COALESCE(SUM(l.bytes), 0)
FROM source_images AS o
LEFT JOIN (SELECT DISTINCT image_key, chain_key FROM image_layers) AS il ON il.image_key = o.image_key
LEFT JOIN source_layers AS l ON l.chain_key = il.chain_key
GROUP BY o.local_id, o.own_bytes
""")
    )
    listed = db.rows(
        "SELECT o.local_id, z.size_bytes FROM image_sizes AS z JOIN blobs AS b ON b.digest = z.image_id "
        "JOIN source_images AS o ON o.image_key = b.blob_key"
    )
    assert dict(listed).items() <= told.items()


def test_what_podman_lists_is_listed(podman: Podman, db: Database) -> None:
    told = {image["Id"] for image in json.loads(podman.podman("images", "--format=json"))}
    assert told == set(db.column("SELECT local_id FROM source_images WHERE listed"))


def test_names_digests_and_parents_are_podmans(db: Database, images: list[dict[str, Any]]) -> None:
    ids: dict[str, str] = dict(
        db.rows("SELECT o.local_id, b.digest FROM source_images AS o JOIN blobs AS b ON b.blob_key = o.image_key")
    )
    names = {(*name.rsplit(":", 1), ids[image["Id"]]) for image in images for name in image.get("Names") or []}
    assert names == set(db.rows("SELECT repository, tag, target_digest FROM current_tags"))
    digests = {(*name.split("@"), ids[image["Id"]]) for image in images for name in image["RepoDigests"] or []}
    assert digests == set(
        db.rows(
            "SELECT r.name, m.digest, i.digest FROM repo_digests AS d "
            "JOIN repositories AS r ON r.repository_key = d.repository_key "
            "JOIN blobs AS m ON m.blob_key = d.manifest_key JOIN blobs AS i ON i.blob_key = d.image_key "
            "WHERE r.name IS NOT NULL"
        )
    )
    parents = {image["Id"]: image["ParentId"] or None for image in images}
    assert parents == dict(
        db.rows(
            "SELECT o.local_id, p.local_id FROM source_images AS o "
            "LEFT JOIN source_images AS p ON p.image_key = o.parent_key"
        )
    )


def test_what_inspect_says_of_layers_and_history_is_so(
    podman: Podman, db: Database, images: list[dict[str, Any]]
) -> None:
    named = [image["Id"] for image in images if "localhost/lab/multi:1" not in (image.get("Names") or [])]
    for told in json.loads(podman.podman("image", "inspect", *named)):
        image = f"sha256:{told['Id']}"
        layers = db.column(f"SELECT diff_id FROM image_layer_detail WHERE image_id = '{image}' ORDER BY position")
        history = db.rows(
            f"SELECT created_by, empty_layer FROM image_history_detail WHERE image_id = '{image}' ORDER BY position"
        )
        assert told["RootFS"]["Layers"] == layers
        steps = [(step.get("created_by"), step.get("empty_layer", False)) for step in told["History"]]
        assert steps == history


def test_past_names_are_those_of_podman(records: list[Record], images: list[dict[str, Any]]) -> None:
    told = {
        (name_key(name.rsplit(":", 1)[0]), name.rsplit(":", 1)[1], content_key(f"sha256:{image['Id']}"))
        for image in images
        for name in image.get("History") or []
    }
    assert told == {(row.repository_key, row.tag, row.target_key) for row in of(PastTag, records)}
    assert 2 == sum((repository, tag) == (name_key("localhost/lab/app"), "latest") for repository, tag, _ in told)


def test_containers_are_podmans(podman: Podman, db: Database) -> None:
    told = json.loads(podman.podman("ps", "--all", "--format=json"))
    assert 1 == len(told)
    expected = [(row["Id"], row["Names"][0], f"sha256:{row['ImageID']}", row["Image"], None) for row in told]
    assert expected == db.rows("SELECT container_id, name, image_id, image_ref, state FROM container_usage")
    stack = db.rows("SELECT u.chain_id = c.chain_id FROM container_usage AS u JOIN image_layer_detail AS c ON "
                    "c.image_id = u.image_id ORDER BY c.position DESC LIMIT 1")  # fmt: skip
    assert [(True,)] == stack


def test_images_of_the_layout_and_of_the_store_are_the_same(db: Database, skopeo_layout: Path, tmp_path: Path) -> None:
    both = db.copy(tmp_path / "both.duckdb")
    both.look(skopeo_layout)
    shared = both.rows("SELECT image_id FROM image_summary GROUP BY image_id HAVING COUNT(DISTINCT source) = 2")
    diff_ids = both.rows("SELECT diff_id FROM layer_usage GROUP BY diff_id HAVING COUNT(DISTINCT source) = 2")
    assert len(IMAGES) == len(shared)
    assert len(diff_ids) >= len(IMAGES)
