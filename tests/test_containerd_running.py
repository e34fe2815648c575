"""A containerd that runs, read from its folder meanwhile: all that ctr says of it, and nothing in it is touched."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from tests.containerd import Daemon, containerd
from tests.stores import Database, new_index

pytestmark = pytest.mark.xdist_group(name="containerd")

SNAPSHOTTERS = {"default": "overlayfs", "k8s.io": "native", "moby": "overlayfs"}
IN = "JOIN (SELECT DISTINCT scope_key FROM scan_scopes WHERE name = :namespace) AS n ON n.scope_key = x.scope_key"


@pytest.fixture(scope="module")
def daemon(skopeo_layout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """Its root is where a Docker engine puts that of a containerd of its own."""
    folder = tmp_path_factory.mktemp("ctd")
    with containerd(folder, folder / "host/containerd/daemon") as made:
        for ref, kind in (("web:1.1", "oci-archive"), ("web:1.2", "docker-archive")):
            archive = folder / f"{ref.replace(':', '-')}.tar"
            name = f"reg.example:5000/{ref}" if kind == "oci-archive" else f"docker.io/lab/{ref}"
            command = ["skopeo", "copy", "--quiet", f"oci:{skopeo_layout}:{ref}", f"{kind}:{archive}:{name}"]
            subprocess.run(command, check=True, timeout=60)
            for namespace, snapshotter in SNAPSHOTTERS.items():
                digests = ["--digests"] if namespace == "k8s.io" else []
                made.ctr("images", "import", "--snapshotter", snapshotter, *digests, str(archive), namespace=namespace)
        made.ctr("containers", "create", "--snapshotter", "overlayfs", "docker.io/lab/web:1.2", "box", "true")
        made.settle()
        yield made


@pytest.fixture(scope="module")
def db(daemon: Daemon, tmp_path_factory: pytest.TempPathFactory) -> Database:
    made = new_index(tmp_path_factory.mktemp("running"))
    with daemon.held():
        before = fingerprint(daemon.root)
        assert "complete" == made.look(f"containerd-root:{daemon.root}").outcome
        assert before == fingerprint(daemon.root)
    return made


def fingerprint(folder: Path) -> dict[str, tuple[int, int, int, str]]:
    """Of all that lies in a folder, its mode, owner, time of writing and bytes."""
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        data = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        found[str(path)] = (status.st_mode, status.st_uid, status.st_mtime_ns, sha256(data).hexdigest())
    return found


def compare(db: Database, daemon: Daemon, namespace: str) -> None:
    """Images, content, snapshots and their usage are those that ctr lists."""
    images = {(line[0], line[2]) for line in daemon.rows("images", "ls", namespace=namespace)}
    places = db.rows(
        "SELECT r.name, x.tag, b.digest FROM tags AS x JOIN repositories AS r ON r.repository_key = x.repository_key "
        f"JOIN blobs AS b ON b.blob_key = x.target_key {IN} WHERE x.ended_at IS NULL",
        namespace=namespace,
    )
    by_digest = db.rows(
        "SELECT r.name, b.digest FROM source_manifests AS x "
        "JOIN repositories AS r ON r.repository_key = x.repository_key "
        f"JOIN blobs AS b ON b.blob_key = x.manifest_key {IN} WHERE x.ended_at IS NULL AND r.name LIKE 'import-%'",
        namespace=namespace,
    )
    found = {(f"{name}:{tag}", digest) for name, tag, digest in places}
    found |= {(f"{name}@{digest}", digest) for name, digest in by_digest}
    assert images
    assert images == found
    content = {line[0] for line in daemon.rows("content", "ls", namespace=namespace)}
    held = db.rows(
        f"SELECT DISTINCT b.digest, x.bytes FROM source_blobs AS x JOIN blobs AS b ON b.blob_key = x.blob_key {IN} "
        "WHERE x.bytes_evidence = 'held' AND x.ended_at IS NULL",
        namespace=namespace,
    )
    assert content
    assert content == {digest for digest, _ in held}
    for digest, size in held:
        assert size == len(
            (daemon.root / "io.containerd.content.v1.content/blobs" / digest.replace(":", "/")).read_bytes()
        )
    snapshots = ["snapshots", "--snapshotter", SNAPSHOTTERS[namespace]]
    committed = {
        line[0]: line[1] if len(line) == 3 else None
        for line in daemon.rows(*snapshots, "ls", namespace=namespace)
        if line[-1] == "Committed"
    }
    usage = {line[0]: int(line[1]) for line in daemon.rows(*snapshots, "usage", "-b", namespace=namespace)}
    assert committed
    assert {(key, parent, usage[key]) for key, parent in committed.items()} == set(
        db.rows(
            "SELECT c.chain_id, p.chain_id, x.bytes FROM source_layers AS x "
            f"JOIN chains AS c ON c.chain_key = x.chain_key LEFT JOIN chains AS p ON p.chain_key = c.parent_key {IN} "
            "WHERE x.ended_at IS NULL",
            namespace=namespace,
        )
    )


@pytest.mark.parametrize("namespace", SNAPSHOTTERS)
def test_a_namespace_is_what_ctr_says(db: Database, daemon: Daemon, namespace: str) -> None:
    compare(db, daemon, namespace)
    assert [] == db.rows("SELECT * FROM problem_detail")


def test_a_container_is_of_the_image_whose_layers_it_stands_on(db: Database, daemon: Daemon) -> None:
    (active,) = [line for line in daemon.rows("snapshots", "ls") if line[-1] == "Active"]
    (target,) = [line[2] for line in daemon.rows("images", "ls") if line[0] == "docker.io/lab/web:1.2"]
    assert [("box", "docker.io/lab/web:1.2", active[1], target)] == db.rows(
        "SELECT DISTINCT c.container_id, c.image_ref, c.chain_id, m.manifest_digest FROM container_usage AS c "
        "JOIN manifest_detail AS m ON m.image_id = c.image_id AND m.manifest_digest = :target",
        target=target,
    )


def test_it_is_read_while_somebody_writes(daemon: Daemon, tmp_path: Path) -> None:
    db, stop = new_index(tmp_path), threading.Event()
    blob = daemon.rows("content", "ls")[0][0]
    rounds = []

    def write() -> None:
        while not stop.is_set():
            daemon.ctr("images", "tag", "--force", "docker.io/lab/web:1.2", f"docker.io/lab/moving:{len(rounds) % 7}")
            daemon.ctr("content", "label", blob, f"round={len(rounds)}")
            rounds.append(1)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        reports = [db.look(f"containerd-root:{daemon.root}") for _ in range(3)]
    finally:
        stop.set()
        writer.join()
    daemon.settle()
    assert rounds
    # Where no moment could be caught, the look is partial and says why; nothing is ever taken for damage.
    assert {kind for report in reports for kind in report.problems} <= {"unsettled"}
    assert "complete" == db.look(f"containerd-root:{daemon.root}").outcome
    compare(db, daemon, "default")
    assert [] == db.rows("SELECT * FROM problem_detail")
    assert 7 >= db.value("SELECT COUNT(*) FROM current_tags WHERE repository = 'docker.io/lab/moving'") > 0
    for tag in {line[0] for line in daemon.rows("images", "ls") if "moving" in line[0]}:
        daemon.ctr("images", "rm", tag)
    daemon.settle()


def test_a_docker_root_with_both_stores_holds_both(daemon: Daemon, docker_host: Path, tmp_path: Path) -> None:
    # Debian's engine has no such store: this is a real graph driver's folder beside a real containerd's.
    host = daemon.folder / "host"
    for part in ("image", "containers"):
        shutil.copytree(docker_host / part, host / part)
    db = new_index(tmp_path)
    with daemon.held():
        before = fingerprint(host)
        assert "complete" == db.look(f"docker-root:{host}").outcome
        assert before == fingerprint(host)
    for namespace in SNAPSHOTTERS:
        compare(db, daemon, namespace)
    scopes = db.rows("SELECT kind, name, outcome FROM scan_scopes ORDER BY 1, 2")
    assert [("catalog", "drivers"), ("driver", "overlay2"), *(("namespace", n) for n in sorted(SNAPSHOTTERS))] == [
        scope[:2] for scope in scopes
    ]
    assert [] == db.rows("SELECT * FROM problem_detail WHERE kind IN ('unsupported_store', 'missing', 'malformed')")
    # Each store's images and layers are what they are without the other one.
    alone = new_index(tmp_path, "alone.duckdb")
    alone.look(docker_host, f"containerd-root:{daemon.root}")
    for of_both in (
        "SELECT DISTINCT image_id, listed FROM image_summary ORDER BY 1, 2",
        "SELECT store, unit, size_bytes FROM layer_usage WHERE store <> '' ORDER BY 1, 2",
        "SELECT DISTINCT repository, tag, target_digest FROM current_tags ORDER BY 1, 2, 3",
        "SELECT container_id, image_ref, chain_id FROM container_usage WHERE container_id <> 'box' ORDER BY 1",
    ):
        assert alone.rows(of_both) == db.rows(of_both)
