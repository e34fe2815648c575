"""What images set and start, and what manifests are annotated with: a layout of three images."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import Layout
from tests.queries.conftest import Index, Open
from tests.queries.small import layer
from tests.stores import Database, image_of

RUN = {"Entrypoint": ["/bin/app"], "Cmd": ["serve"]}
FIRST = image_of(
    layer("one", 10),
    config={**RUN, "Env": ["PATH=/bin", "MODE=a", "MODE=b"], "Volumes": {"/data": {}, "/cache": {}}},
    manifest={"annotations": {"team": "x", "at": "1"}},
)
SECOND = image_of(
    layer("two", 10), config={**RUN, "Env": ["PATH=/usr/bin", "MODE=a"]}, manifest={"annotations": {"team": "y"}}
)
THIRD = image_of(layer("three", 10), config={"Env": ["PATH=/bin"], "Volumes": {"/data": {}}})
ONE, TWO, THREE = (made.config.digest for made in (FIRST, SECOND, THIRD))


def make(folder: Path, db: Database) -> None:
    layout = Layout(folder / "layout")
    for name, made in (("one", FIRST), ("two", SECOND), ("three", THIRD)):
        layout.add(made, name)
    db.look(f"oci:{layout.path}", name="lay")


@pytest.fixture
def settings(open_index: Open) -> Index:
    return open_index("settings", make)


def test_volumes(settings: Index) -> None:
    assert [("lay", "/data", 2, min(ONE, THREE)), ("lay", "/cache", 1, ONE)] == settings.ask("inventory/volumes").rows


def test_entrypoints(settings: Index) -> None:
    assert [
        ("lay", '["/bin/app"]', '["serve"]', 2, min(ONE, TWO)),
        ("lay", None, None, 1, THREE),
    ] == settings.ask("inventory/entrypoints").rows


def test_env_names(settings: Index) -> None:
    assert [("lay", "PATH", 3, 2), ("lay", "MODE", 2, 2)] == settings.ask("inventory/env-names").rows
    assert [("MODE",)] == settings.ask("inventory/env-names", name="M%").only("name")


def test_images_with_env(settings: Index) -> None:
    amd64 = "linux/amd64"
    assert [
        ("lay", "a", ONE, "one", amd64, 1),
        ("lay", "a", TWO, "two", amd64, 1),
        ("lay", "b", ONE, "one", amd64, 2),
    ] == settings.ask("inventory/images-with-env", variable="MODE").rows
    assert [(TWO,)] == settings.ask("inventory/images-with-env", variable="PATH", value="/usr%").only("image_id")


def test_annotations(settings: Index) -> None:
    assert [
        ("lay", "team", "image", 2, 2, "x"),
        ("lay", "at", "image", 1, 1, "1"),
    ] == settings.ask("inventory/annotations").rows
