"""A Docker engine and podman's service over their sockets, against their own disks; and sockets that misbehave."""

from __future__ import annotations

import json
import socketserver
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from imgindex.errors import SourceUnavailableError, UnknownSourceError
from imgindex.records.rows import Container, Image, SourceImage, SourceLayer, Tag
from imgindex.sources.docker_daemon.images import sizes_of
from imgindex.sources.open import open_source
from tests.builders import digest_of, make_image
from tests.engine import DockerEngine
from tests.programs import require
from tests.sources.scans import of, outcomes, problems, scan
from tests.stores import Database, new_index

VIEWS = {
    "image_summary": "image_id, platform, created_at, layer_count, history_count, listed, tag_count, names",
    "image_sizes": "basis, image_id, size_bytes, shared_bytes, unique_bytes, split_bytes, unknown_layers",
    "image_layer_sizes": "basis, image_id, position, size_bytes",
    "layer_usage": "basis, store, unit, diff_id, size_bytes, image_count, repository_count",
    "current_tags": "repository, tag, target_digest, target_kind",
    "container_usage": "container_id, name, image_id, image_ref, chain_id, state, created_at",
    "source_sizes": "basis, image_count, layer_count, referenced_bytes, distinct_bytes, stored_bytes",
}


def views(db: Database, source: str) -> dict[str, list[tuple[Any, ...]]]:
    return {
        view: sorted(db.rows(f"SELECT {columns} FROM {view} WHERE source = :source", source=source), key=repr)
        for view, columns in VIEWS.items()
    }


@pytest.mark.xdist_group("docker_engine")
def test_an_engine_says_over_its_socket_what_lies_on_its_disk(docker_engine: DockerEngine, tmp_path: Path) -> None:
    alone, both = new_index(tmp_path), new_index(tmp_path, "both.duckdb")
    alone.look(f"docker-daemon:{docker_engine.socket}", name="socket")
    both.look(f"docker-root:{docker_engine.root}", name="disk")
    shown, lying = views(alone, "socket"), views(both, "disk")
    assert 3 <= len(shown["image_sizes"])
    assert 1 == len(shown["container_usage"])
    assert lying == shown
    assert alone.dump(["images", "image_layers", "image_history", "image_env", "image_labels"]) == both.dump(
        ["images", "image_layers", "image_history", "image_env", "image_labels"]
    )
    report = alone.look(f"docker-daemon:{docker_engine.socket}", name="socket")
    assert (0, 0) == (report.changed_rows, report.bytes_read)


@pytest.mark.xdist_group("docker_engine")
def test_sizes_are_those_of_docker_itself(docker_engine: DockerEngine, tmp_path: Path) -> None:
    db = new_index(tmp_path)
    db.look(f"docker-daemon:{docker_engine.socket}")
    ids = docker_engine.docker("images", "--no-trunc", "--quiet").split()
    told = json.loads(docker_engine.docker("image", "inspect", *ids))
    assert {image["Id"]: image["Size"] for image in told} == dict(
        db.rows("SELECT image_id, size_bytes FROM image_sizes WHERE basis = 'on_disk'")
    )


@pytest.fixture
def short_path() -> Iterator[Path]:
    """Podman takes no runroot of more than 50 characters."""
    with tempfile.TemporaryDirectory(prefix="ii-") as folder:
        yield Path(folder)


@pytest.mark.xdist_group("podman_service")
def test_podmans_service(short_path: Path, skopeo_layout: Path) -> None:
    require("podman", "skopeo")
    podman = [
        "podman",
        "--root",
        str(short_path / "root"),
        "--runroot",
        str(short_path / "run"),
        "--storage-driver",
        "vfs",
    ]
    image = f"containers-storage:[vfs@{short_path / 'root'}+{short_path / 'run'}]localhost/lab/static:1"
    subprocess.run(["skopeo", "copy", "-q", f"oci:{skopeo_layout}:static", image], check=True, capture_output=True)
    socket = short_path / "podman.sock"
    log = short_path / "podman.log"
    with (
        log.open("wb") as out,
        subprocess.Popen([*podman, "system", "service", "--time", "0", f"unix://{socket}"], stderr=out) as service,
    ):
        try:
            for _ in range(300):
                if socket.exists() or service.poll() is not None:
                    break
                time.sleep(0.1)
            assert socket.exists(), log.read_text()
            records = scan(open_source(f"docker-daemon:{socket}"))
        finally:
            service.terminate()
    told = json.loads(
        subprocess.run([*podman, "image", "inspect", "localhost/lab/static:1"], check=True, capture_output=True).stdout
    )
    assert [f"sha256:{told[0]['Id']}"] == [row.image_id for row in of(Image, records)]
    assert [("1", "image")] == [(row.tag, row.target_kind) for row in of(Tag, records)]
    assert len(told[0]["RootFS"]["Layers"]) == len(of(SourceLayer, records))
    assert {"uncompressed"} == {row.basis for row in of(SourceLayer, records)}


@pytest.mark.parametrize(
    ("layers", "history", "sizes"),
    [
        (2, [10, 20], [10, 20]),
        (2, [10, 0, 20, 0], [10, 20]),
        (3, [10, 0, 20], [10, 0, 20]),
        (2, [0, 0], [0, 0]),
        (1, [0, 0, 0], [0]),
        (3, [10, 0, 0, 20], [None, None, None]),
        (0, [], []),
    ],
)
def test_sizes_of_layers_are_told_by_history_where_it_leaves_nothing_open(
    layers: int, history: list[int], sizes: list[int | None]
) -> None:
    assert sizes == sizes_of(layers, history)


Answers = dict[str, tuple[int, bytes]]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[Answers], str]]:
    """Serves these answers by path on a socket; what has none is answered with 404."""
    servers: list[socketserver.ThreadingUnixStreamServer] = []

    def start(answers: Answers) -> str:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                status, body = answers.get(self.path, (404, b'{"message": "no such thing"}'))
                self.send_response(status)
                self.send_header("Content-Length", str(len(body) + 10 * (status == 299)))
                self.end_headers()
                self.wfile.write(body)
                self.close_connection = status == 299

            def log_message(self, *_: object) -> None: ...

            def address_string(self) -> str:
                return ""

        path = tmp_path / f"{len(servers)}.sock"
        server = socketserver.ThreadingUnixStreamServer(str(path), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return f"docker-daemon:{path}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


IMAGE = make_image(1)
ID = IMAGE.config.digest
OTHER = "sha256:" + "ab" * 32
CONTAINER = "cd" * 32


def answers(**changed: Any) -> Answers:
    """What an engine with one image and one container answers, its config not among it."""
    sound: dict[str, Any] = {
        "/info": {"ID": "ENGINE", "Driver": "overlay2"},
        "/version": {"Components": [{"Name": "Engine"}]},
        "/images/json?all=1": [{"Id": ID}],
        "/images/json": [{"Id": ID}],
        f"/images/{ID}/json": {
            "Id": ID,
            "RepoTags": ["web:1"],
            "RootFS": {"Layers": [x.diff_id for x in IMAGE.layers]},
        },
        f"/images/{ID}/history": [{"Size": 5} for _ in IMAGE.layers],
        "/containers/json?all=1": [{"Id": CONTAINER}],
        f"/containers/{CONTAINER}/json": {"Id": CONTAINER, "Name": "/c", "Image": ID, "Config": {"Image": "web:1"}},
    }
    return {path: (200, json.dumps(body).encode()) for path, body in {**sound, **changed}.items()}


def test_an_image_whose_config_cannot_be_had(serve: Callable[[Answers], str]) -> None:
    records = scan(open_source(serve(answers())))
    assert [("missing", f"/images/{ID}/get", ID)] == problems(records)
    assert ([], 1, 1) == (of(SourceImage, records), len(of(Tag, records)), len(of(Container, records)))
    assert {("driver", "overlay2"): "complete"} == outcomes(records)


def test_what_the_engine_saves_is_checked(serve: Callable[[Answers], str]) -> None:
    given = answers()
    given[f"/images/{ID}/get"] = (200, b"no tar at all" * 100)
    records = scan(open_source(serve(given)))
    assert [("malformed", f"/images/{ID}/get", ID)] == problems(records)


def test_an_image_that_was_removed_meanwhile_is_no_problem(serve: Callable[[Answers], str]) -> None:
    given = answers(**{"/images/json?all=1": [{"Id": ID}, {"Id": OTHER}], "/containers/json?all=1": [{"Id": "gone"}]})
    records = scan(open_source(serve(given)))
    assert [f"/images/{ID}/get"] == [locator for _, locator, _ in problems(records)]
    assert [] == of(Container, records)
    assert {"complete"} == set(outcomes(records).values())


@pytest.mark.parametrize(
    ("path", "answer", "kind"),
    [
        (f"/images/{ID}/json", (500, b'{"message": "broken disk"}'), "unreadable"),
        (f"/images/{ID}/json", (200, b"[" * 10_000), "malformed"),
        (f"/images/{ID}/history", (200, b'{"no": "list"}'), "malformed"),
        (f"/images/{ID}/json", (200, json.dumps({"Id": ID, "Parent": "sha256:zz"}).encode()), "unsupported_digest"),
    ],
)
def test_an_image_that_cannot_be_looked_at_closes_nothing(
    serve: Callable[[Answers], str], path: str, answer: tuple[int, bytes], kind: str
) -> None:
    records = scan(open_source(serve({**answers(), path: answer})))
    assert [kind] == [found for found, _, _ in problems(records)]
    assert {("driver", "overlay2"): "partial"} == outcomes(records)


def test_names_that_are_none_are_problems(serve: Callable[[Answers], str]) -> None:
    body = {
        "Id": ID,
        "RepoTags": ["web:1", "NO:NAME:AT:ALL", "<none>:<none>"],
        "RepoDigests": [f"web@{digest_of(b'')}"],
    }
    records = scan(open_source(serve(answers(**{f"/images/{ID}/json": body}))))
    assert ["missing", "malformed"] == [kind for kind, _, _ in problems(records)]
    assert ["1"] == [row.tag for row in of(Tag, records)]


@pytest.mark.parametrize("path", ["/info", "/images/json", "/images/json?all=1", "/containers/json?all=1"])
@pytest.mark.parametrize("answer", [(404, b"page not found"), (200, b"<html>"), (299, b"{")])
def test_what_is_no_engine_is_one_clear_error(
    serve: Callable[[Answers], str], path: str, answer: tuple[int, bytes]
) -> None:
    with pytest.raises(SourceUnavailableError) as caught:
        scan(open_source(serve({**answers(), path: answer})))
    assert "\n" not in str(caught.value)


def test_no_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SourceUnavailableError, match=r"no engine answers at .*Is it running"):
        open_source(f"docker-daemon:{tmp_path / 'nothing'}")
    monkeypatch.setenv("DOCKER_HOST", "tcp://10.0.0.1:2375")
    with pytest.raises(UnknownSourceError, match="is no Unix socket"):
        open_source("docker-daemon:")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/mine.sock")
    with pytest.raises(SourceUnavailableError, match=r"mine\.sock"):
        open_source("docker-daemon:")
