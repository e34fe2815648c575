"""The small store: a registry, a Docker host and a layout that share five images, whose every number is known by hand.

Layers with their compressed sizes, and images:

    layer   compressed         image                       made         says
    root    1000, again 900    OS   root libs              2024-01-10   user root
    libs    200                W1   root libs web1         2024-02-10   user web, team=web, 80/tcp
    web1    30                 W2   root libs web2         2024-02-20   user web, team=web, version=2, 80/tcp, 8080/tcp
    web2    40                 A1   root libs api          2024-03-05   user app, team=api
    api     7                  T    tool                   2024-03-06   arm64, user 0:0
    tool    90
    old     60                 OLD  root old               2024-01-05   user old
    dev     5                  DEV  root libs web1 dev     2024-03-07   user web
    dang    3                  D    root libs dang         no time      user web

Where they lie:

    registry reg.example                host (on disk: ten times)        layout
    base/os:1       OS                  reg.example/base/os:1   OS       api         A1 (no repository)
    team/web:1      W1                  reg.example/team/web:1  W1       tools/x:1   W2
    team/web:1z     W1 with root again  docker.io/lab/dev:1     DEV
    team/web:2      W2                  without a name          D
    team/api:1      A1                  unlisted, DEV's parent  W1 with
    team/multi:1    A1, T               another config          (MID)
    team/web        OLD, and an SBOM    containers  c1 of W1, c2 of D
                    about W2, untagged
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.builders import (
    OCI_LAYER,
    OCI_MANIFEST,
    Blob,
    Docker,
    Image,
    Layer,
    Layout,
    Registry,
    as_json,
    digest_of,
    make_index,
)
from tests.stores import Database, image_of

SBOM_TYPE = "application/spdx+json"


def day(text: str) -> datetime:
    """The midnight, in UTC, that a day begins with."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def layer(name: str, size: int, again: str = "") -> Layer:
    """A layer of this name, whose blob has this size; `again` makes another blob of the same layer."""
    data = f"{name} {again}".encode().ljust(size, b".")
    assert len(data) == size
    return Layer(Blob(data, OCI_LAYER), digest_of(f"tar of {name}".encode()))


def short_layer(letter: str, size: int) -> Layer:
    """A layer too small for a name."""
    return Layer(Blob(letter.encode() * size, OCI_LAYER), digest_of(letter.encode()))


ROOT, ROOT_AGAIN = layer("root", 1000), layer("root", 900, "again")
LIBS, WEB1, WEB2, TOOL, OLD_LAYER = (
    layer("libs", 200),
    layer("web1", 30),
    layer("web2", 40),
    layer("tool", 90),
    layer("old", 60),
)
API, DEV_LAYER, DANG = short_layer("a", 7), short_layer("d", 5), short_layer("x", 3)


def image(created: str | None, *layers: Layer, base: Image | None = None, **more: Any) -> Image:
    """An image of these layers on its base: its history is a step a layer, and an empty one at the end."""
    stack = (*(base.layers if base else ()), *layers)
    begun = "2024-01-01T00:00:00Z"
    history: list[dict[str, Any]] = [{"created": begun, "created_by": f"RUN step {n}"} for n in range(len(stack))]
    history.append({"created_by": 'CMD ["run"]', "empty_layer": True})
    return image_of(*stack, history=history, created=None if created is None else f"{created}T00:00:00Z", **more)


OS = image("2024-01-10", ROOT, LIBS, config={"User": "root"})
W1 = image(
    "2024-02-10", WEB1, base=OS, config={"User": "web", "Labels": {"team": "web"}, "ExposedPorts": {"80/tcp": {}}}
)
W2 = image(
    "2024-02-20",
    WEB2,
    base=OS,
    config={
        "User": "web",
        "Labels": {"team": "web", "version": "2"},
        "ExposedPorts": {"80/tcp": {}, "8080/tcp": {}},
    },
)
A1 = image("2024-03-05", API, base=OS, config={"User": "app", "Labels": {"team": "api"}})
T = image("2024-03-06", TOOL, architecture="arm64", config={"User": "0:0"})
OLD = image("2024-01-05", ROOT, OLD_LAYER, config={"User": "old"})
DEV = image("2024-03-07", DEV_LAYER, base=W1, config={"User": "web"})
D = image(None, DANG, base=OS, config={"User": "web"})
MID = image("2024-03-06", base=W1, config={"User": "mid"})


def compressed_again(made: Image, *layers: Layer) -> Image:
    """The same config with other blobs."""
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": made.config.descriptor(),
        "layers": [item.blob.descriptor() for item in layers],
    }
    return Image(Blob(as_json(manifest), OCI_MANIFEST), made.config, layers)


W1Z = compressed_again(W1, ROOT_AGAIN, LIBS, WEB1)
MULTI = make_index(A1, T)

SBOM_CONFIG = Blob(b"{}", "application/vnd.oci.empty.v1+json")
SBOM_LAYER = Blob(b'{"spdx": 1}', SBOM_TYPE)
SBOM = Image(
    Blob(
        as_json(
            {
                "schemaVersion": 2,
                "mediaType": OCI_MANIFEST,
                "artifactType": SBOM_TYPE,
                "config": SBOM_CONFIG.descriptor(),
                "layers": [SBOM_LAYER.descriptor()],
                "subject": W2.manifest.descriptor(),
            }
        ),
        OCI_MANIFEST,
    ),
    SBOM_CONFIG,
    (Layer(SBOM_LAYER, ""),),
)


def make_small(folder: Path, db: Database) -> None:
    """Write the three stores and read them: sources `reg`, `host` and `lay`."""
    registry = Registry(folder / "registry")
    registry.push("base/os", "1", OS)
    registry.push("team/web", "1", W1)
    registry.push("team/web", "1z", W1Z)
    registry.push("team/web", "2", W2)
    registry.push("team/api", "1", A1)
    registry.push("team/multi", "1", MULTI)
    registry.push("team/web", None, OLD)
    registry.push("team/web", None, SBOM)
    db.look(f"registry-root:{registry.path}", name="reg", registry=("reg.example",))
    docker = Docker(folder / "docker")
    docker.load(OS, "reg.example/base/os:1")
    docker.load(W1, "reg.example/team/web:1", digest=f"reg.example/team/web@{W1.manifest.digest}")
    docker.load(MID)
    docker.load(DEV, "lab/dev:1", parent=MID)
    docker.load(D, digest=f"reg.example/team/web@{OLD.manifest.digest}")
    docker.run("c1" + "0" * 62, W1, "reg.example/team/web:1", Running=True)
    docker.run("c2" + "0" * 62, D, "sha256:" + "0" * 64)
    db.look(f"docker-root:{docker.path}", name="host")
    layout = Layout(folder / "layout")
    layout.add(A1, "api")
    layout.add(W2, "tools/x:1")
    db.look(f"oci:{layout.path}", name="lay")
