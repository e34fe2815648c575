"""What stands on what: a layout that was looked at in May and in June.

image   layers            tag in May           tag in June          annotation: its base is
OLD_OS  root libs         os:1, os:latest      os:1
NEW_OS  root2 libs                             os:latest
APP     root libs app     app:1                app:1                OLD_OS
TOOL    root libs app t   tool:1               tool:1
NEW_APP root2 libs app                         app:2                NEW_OS
SQUASHED flat             flat:1               flat:1               OLD_OS
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import Image, Layout
from tests.queries.conftest import Index, Open
from tests.queries.small import day, layer
from tests.stores import Database, image_of

MAY, JUNE = day("2024-05-01"), day("2024-06-01")
AMD64 = "linux/amd64"

LIBS, APP_LAYER, TOOL_LAYER = layer("libs", 200), layer("app", 30), layer("tool", 20)


def on(base: Image) -> dict[str, object]:
    """What a manifest says of its base."""
    names = {"base.digest": base.manifest.digest, "base.name": "os:latest"}
    return {"annotations": {f"org.opencontainers.image.{name}": value for name, value in names.items()}}


OLD_OS = image_of(layer("root", 1000), LIBS, created="2024-01-01T00:00:00Z")
NEW_OS = image_of(layer("root2", 1000), LIBS, created="2024-05-20T00:00:00Z")
APP = image_of(*OLD_OS.layers, APP_LAYER, created="2024-02-01T00:00:00Z", manifest=on(OLD_OS))
TOOL = image_of(*APP.layers, TOOL_LAYER, created="2024-03-01T00:00:00Z")
NEW_APP = image_of(*NEW_OS.layers, APP_LAYER, created="2024-05-21T00:00:00Z", manifest=on(NEW_OS))
SQUASHED = image_of(layer("flat", 900), created="2024-02-02T00:00:00Z", manifest=on(OLD_OS))

TAGS = {
    MAY: {"os:1": OLD_OS, "os:latest": OLD_OS, "app:1": APP, "tool:1": TOOL, "flat:1": SQUASHED},
    JUNE: {"os:1": OLD_OS, "os:latest": NEW_OS, "app:1": APP, "tool:1": TOOL, "flat:1": SQUASHED, "app:2": NEW_APP},
}


def make(folder: Path, db: Database) -> None:
    layout = Layout(folder / "layout")
    for looked_at, tags in TAGS.items():
        layout.descriptors.clear()
        for ref, thing in tags.items():
            layout.add(thing, ref)
        db.look(f"oci:{layout.path}", name="lay", as_of=int(looked_at.timestamp()))


@pytest.fixture
def bases(open_index: Open) -> Index:
    return open_index("bases", make)


def ids(*images: Image) -> list[str]:
    return [image.config.digest for image in images]


def test_nearest(bases: Index) -> None:
    app, tool, new_app, old_os, new_os = ids(APP, TOOL, NEW_APP, OLD_OS, NEW_OS)
    made = {image: day(text) for image, text in ((old_os, "2024-01-01"), (new_os, "2024-05-20"), (app, "2024-02-01"))}
    flat, claimed = SQUASHED.config.digest, "annotation"
    assert [
        ("lay", tool, "tool:1", AMD64, app, "app:1", made[app], 3, 1, 1, "chain"),
        ("lay", app, "app:1", AMD64, old_os, "os:1", made[old_os], 2, 1, 1, "chain"),
        ("lay", flat, "flat:1", AMD64, old_os, "os:1", made[old_os], 2, None, 1, claimed),
        ("lay", new_app, "app:2", AMD64, new_os, "os:latest", made[new_os], 2, 1, 1, "chain"),
    ] == bases.ask("base/nearest").rows


def test_images_on(bases: Index) -> None:
    app, tool, old_os = ids(APP, TOOL, OLD_OS)
    assert [
        (old_os, "lay", app, "app:1", AMD64, day("2024-02-01"), 1),
        (old_os, "lay", tool, "tool:1", AMD64, day("2024-03-01"), 2),
    ] == bases.ask("base/images-on", image="os:1").rows
    assert [] == bases.ask("base/images-on", image="tool:1").rows


def test_annotation_disagrees(bases: Index) -> None:
    flat = (SQUASHED.manifest.digest, SQUASHED.config.digest, "flat:1")
    assert [
        ("lay", "flat", *flat, OLD_OS.manifest.digest, "os:latest", None, None),
    ] == bases.ask("base/annotation-disagrees").rows


def test_stale(bases: Index) -> None:
    app, tool, old_os, new_os = ids(APP, TOOL, OLD_OS, NEW_OS)
    base = ("os:latest", "lay", old_os, new_os, 2, JUNE)
    assert [
        ("lay", app, "app:1", AMD64, *base),
        ("lay", tool, "tool:1", AMD64, *base),
    ] == bases.ask("base/stale").rows
    assert [] == bases.ask("base/stale", base="app:%").rows


def test_stale_bases(bases: Index) -> None:
    old_os, new_os = ids(OLD_OS, NEW_OS)
    assert [
        ("os:latest", "lay", AMD64, JUNE, 2, 1, "lay", 0, old_os, new_os),
    ] == bases.ask("base/stale-bases").rows
    assert [] == bases.ask("base/stale-bases", base="app:%").rows


def test_claims(bases: Index) -> None:
    # OLD_OS is claimed by digest; the name os:latest has moved on to NEW_OS since.
    app, flat, new_app, old_os, new_os = ids(APP, SQUASHED, NEW_APP, OLD_OS, NEW_OS)
    by_digest, by_name = (f"org.opencontainers.image.base.{part}" for part in ("digest", "name"))
    old, new = OLD_OS.manifest.digest, NEW_OS.manifest.digest
    assert [
        ("lay", app, "app:1", "annotation", by_digest, old, "agrees", old_os, "os:1"),
        ("lay", app, "app:1", "annotation", by_name, "os:latest", "disagrees", old_os, "os:1"),
        ("lay", new_app, "app:2", "annotation", by_digest, new, "agrees", new_os, "os:latest"),
        ("lay", new_app, "app:2", "annotation", by_name, "os:latest", "agrees", new_os, "os:latest"),
        ("lay", flat, "flat:1", "annotation", by_digest, old, "disagrees", None, None),
        ("lay", flat, "flat:1", "annotation", by_name, "os:latest", "disagrees", None, None),
    ] == bases.ask("base/claims").rows
    assert [(new_app,)] == bases.ask("base/claims", verdict="agrees").only("image_id")[1:2]
