"""A graph driver's layerdb: chains that are verified, and what a broken layer takes with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from imgindex.records.keys import content_key
from imgindex.records.rows import Problem, Record, SourceLayer
from imgindex.sources.docker_root.source import DockerRoot
from tests.builders import Docker, digest_of, make_image, write
from tests.sources.scans import of, outcomes, problems, scan

DRIVER = ("driver", "overlay2")
LAYERS = "image/overlay2/layerdb/sha256"


@pytest.fixture
def docker(tmp_path: Path) -> Docker:
    built = Docker(tmp_path / "docker")
    built.load(make_image(1), "lab/web:1")
    return built


def read(docker: Docker) -> list[Record]:
    return scan(DockerRoot(str(docker.path)))


def sizes(records: list[Record]) -> dict[int, int | None]:
    return {row.chain_key: row.bytes for row in of(SourceLayer, records)}


@pytest.mark.parametrize(
    ("file", "content", "kind"),
    [
        ("diff", None, "missing"),
        ("diff", b"sha256:12", "unsupported_digest"),
        ("diff", digest_of(b"another").encode(), "chain_mismatch"),
        ("size", None, "missing"),
        ("size", b"-1", "malformed"),
        ("size", b"", "malformed"),
        ("size", b"9" * 19, "malformed"),
        ("size", "\u0664".encode(), "malformed"),
        ("cache-id", None, "missing"),
        ("cache-id", b"", "malformed"),
    ],
)
def test_a_broken_layer_is_one_problem_and_left_out(
    docker: Docker, file: str, content: bytes | None, kind: str
) -> None:
    image = make_image(1)
    top = docker.layer(image.chain_ids[-1])
    (top / file).unlink() if content is None else (top / file).write_bytes(content)
    records = read(docker)
    assert [(found, locator) for found, locator, _ in problems(records)] == [(kind, f"{LAYERS}/{top.name}")]
    assert sizes(records) == {content_key(image.chain_ids[0]): 10 * len(image.layers[0].blob.data)}
    assert outcomes(records)[DRIVER] == "complete"


def test_layers_above_a_broken_one_are_left_out_with_it_in_one_row(docker: Docker) -> None:
    image = make_image(2, layers=4)
    docker.load(image)
    (docker.layer(image.chain_ids[1]) / "diff").unlink()
    records = read(docker)
    (problem,) = of(Problem, records)
    assert problem.locator == f"{LAYERS}/{docker.layer(image.chain_ids[1]).name}"
    assert "2 layers above it left out" in problem.detail
    assert content_key(image.chain_ids[0]) in sizes(records)
    assert content_key(image.chain_ids[3]) not in sizes(records)


def test_layers_above_one_without_a_size_stay(docker: Docker) -> None:
    image = make_image(2, layers=3)
    docker.load(image)
    (docker.layer(image.chain_ids[0]) / "size").unlink()
    records = read(docker)
    assert len(of(Problem, records)) == 1
    assert {content_key(chain) for chain in image.chain_ids[1:]} <= set(sizes(records))


def test_a_layer_below_that_is_absent_is_one_problem(docker: Docker) -> None:
    image = make_image(2, layers=3)
    docker.load(image)
    below = docker.layer(image.chain_ids[0])
    for path in below.iterdir():
        path.unlink()
    below.rmdir()
    records = read(docker)
    assert problems(records) == [("missing", f"{LAYERS}/{below.name}", image.chain_ids[0])]
    assert len(sizes(records)) == 2


def test_what_is_in_the_making_is_no_layer(docker: Docker) -> None:
    write(docker.store / "layerdb/tmp/write-set-1/diff", b"")
    assert problems(read(docker)) == []
