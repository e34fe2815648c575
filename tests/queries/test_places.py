"""Drift that takes more than one place or a longer story: an origin, a mirror that lags, and a host with containers.

origin, by look          May       June      July            mirror, in July   host, in July
reg.example/app:1.2.3    R1        R2        R2              R1                R2
reg.example/app:1.2      R1        R2        R2
reg.example/app:latest   R1        R1        R1              R1
reg.example/cfg:1        C1        C1        C2              X                 C1
reg.example/back:1       C1        R1        C1
reg.example/multi:1      P, Q      P2, Q     P2, Q           P, Q
reg.example/gone:1       C1                  C1
reg.example/lost:1       C1        C1
reg.example/many:1 to 6  C1        C1        C1
docker.io/library/tool:latest                                                  T2

R2 is R1 built anew by the same commands, C2 is C1 with another label, P and P2 are for arm64. Containers run R1 as
reg.example/app:1.2.3, C1 as reg.example/cfg:1, T1 as tool, and T1 by its ID.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import Docker, Image, Index, Layout, make_image, make_index
from tests.queries.conftest import Index as Asked
from tests.queries.conftest import Open
from tests.queries.small import day
from tests.stores import Database, image_of, layer_of

R1 = image_of(layer_of(b"base"), layer_of(b"packages of May"))
R2 = image_of(layer_of(b"base"), layer_of(b"packages of June"), created="2024-05-20T00:00:00Z")
C1 = image_of(layer_of(b"config"), config={"Labels": {"v": "1"}})
C2 = image_of(layer_of(b"config"), config={"Labels": {"v": "2"}})
P, P2 = make_image(3, architecture="arm64"), make_image(4, architecture="arm64")
Q, X = make_image(5), make_image(6)
T1, T2 = make_image(7), make_image(8)
MULTI, MULTI2 = make_index(P, Q), make_index(P2, Q)
MAY, JUNE, JULY = day("2024-05-01"), day("2024-06-01"), day("2024-07-01")
APP, CFG, BACK, MULTI_NAME = (f"reg.example/{name}" for name in ("app", "cfg", "back", "multi"))
GONE, LOST, TOOL = "reg.example/gone", "reg.example/lost", "docker.io/library/tool"

Tags = dict[str, Image | Index]
MANY: Tags = {f"reg.example/many:{number}": C1 for number in range(1, 7)}
ORIGIN: list[Tags] = [
    {
        f"{APP}:1.2.3": R1,
        f"{APP}:1.2": R1,
        f"{APP}:latest": R1,
        f"{CFG}:1": C1,
        f"{BACK}:1": C1,
        f"{MULTI_NAME}:1": MULTI,
        f"{GONE}:1": C1,
        f"{LOST}:1": C1,
    },
    {
        f"{APP}:1.2.3": R2,
        f"{APP}:1.2": R2,
        f"{APP}:latest": R1,
        f"{CFG}:1": C1,
        f"{BACK}:1": R1,
        f"{MULTI_NAME}:1": MULTI2,
        f"{LOST}:1": C1,
    },
    {
        f"{APP}:1.2.3": R2,
        f"{APP}:1.2": R2,
        f"{APP}:latest": R1,
        f"{CFG}:1": C2,
        f"{BACK}:1": C1,
        f"{MULTI_NAME}:1": MULTI2,
        f"{GONE}:1": C1,
    },
]
MIRROR: Tags = {f"{APP}:1.2.3": R1, f"{APP}:latest": R1, f"{CFG}:1": X, f"{MULTI_NAME}:1": MULTI}


def make(folder: Path, db: Database) -> None:
    origin = Layout(folder / "origin")
    for tags, looked_at in zip(ORIGIN, (MAY, JUNE, JULY), strict=True):
        origin.descriptors.clear()
        for ref, thing in (tags | MANY).items():
            origin.add(thing, ref)
        db.look(f"oci:{origin.path}", name="origin", as_of=int(looked_at.timestamp()))
    mirror = Layout(folder / "mirror")
    for ref, thing in MIRROR.items():
        mirror.add(thing, ref)
    db.look(f"oci:{mirror.path}", name="mirror", as_of=int(JULY.timestamp()))
    host = Docker(folder / "host")
    host.load(R1)
    host.load(R2, f"{APP}:1.2.3")
    host.load(C1, f"{CFG}:1")
    host.load(T1)
    host.load(T2, "tool:latest")
    host.run("a" * 64, R1, f"{APP}:1.2.3", Running=True)
    host.run("b" * 64, C1, f"{CFG}:1")
    host.run("c" * 64, T1, "tool")
    host.run("d" * 64, T1, T1.config.digest)
    db.look(f"docker-root:{host.path}", name="host", as_of=int(JULY.timestamp()))


@pytest.fixture
def places(open_index: Open) -> Asked:
    return open_index("places", make)


def digest(thing: Image | Index) -> str:
    return thing.manifest.digest


def image_id(image: Image) -> str:
    return image.config.digest


def test_moved_back(places: Asked) -> None:
    assert [("origin", BACK, "1", digest(C1), JUNE, JULY, digest(R1), "observed")] == places.ask(
        "drift/moved-back"
    ).rows


def test_moves_per_day_and_month(places: Asked) -> None:
    expected = [("origin", JUNE, 4, 4, 3, 0), ("origin", JULY, 2, 2, 2, 0)]
    assert expected == places.ask("drift/moves-per-day").rows
    assert expected == places.ask("drift/moves-per-month").rows
    assert expected[1:] == places.ask("drift/moves-per-month", since="2024-06-15").rows
    assert [("origin", JUNE, 2, 2, 1, 0)] == places.ask("drift/moves-per-day", repository="%/app").rows


def test_moves_that_left_a_platform_as_it_was(places: Asked) -> None:
    assert [("origin", MULTI_NAME, "1", MAY, JUNE, digest(Q), digest(MULTI), digest(MULTI2), "observed")] == places.ask(
        "drift/left-platform"
    ).rows
    assert [] == places.ask("drift/left-platform", platform="linux/arm64").rows


def test_rebuilt_by_the_same_commands(places: Asked) -> None:
    moved = ("linux/amd64", MAY, JUNE, 1, 2, image_id(R1), image_id(R2), "observed")
    assert [("origin", APP, "1.2", *moved), ("origin", APP, "1.2.3", *moved)] == places.ask("drift/rebuilt").rows
    assert [] == places.ask("drift/rebuilt", platform="linux/arm64").rows


def test_moves_of_the_configuration_alone(places: Asked) -> None:
    assert [
        ("origin", CFG, "1", "linux/amd64", JUNE, JULY, 1, False, image_id(C1), image_id(C2), "observed")
    ] == places.ask("drift/config-only").rows


def test_released_versions_that_moved(places: Asked) -> None:
    assert [("origin", APP, "1.2.3", 1, 1, JUNE, JUNE)] == places.ask("drift/moved-versions").rows


def test_aliases_that_parted(places: Asked) -> None:
    parted = (JUNE, digest(R1), digest(R2), digest(R1))
    assert [
        ("origin", APP, "1.2", "latest", *parted),
        ("origin", APP, "1.2.3", "latest", *parted),
    ] == places.ask("drift/parted-aliases").rows
    assert [("1.2.3", "latest")] == places.ask("drift/parted-aliases", tag="1.2.3").only("tag", "other_tag")


def test_tags_that_were_deleted_and_that_came_back(places: Asked) -> None:
    assert [
        ("origin", LOST, "1", digest(C1), JUNE, JULY, None, None),
        ("origin", GONE, "1", digest(C1), MAY, JUNE, JULY, digest(C1)),
    ] == places.ask("drift/deleted").rows


def test_tags_that_a_retention_rule_would_delete(places: Asked) -> None:
    answer = places.ask("drift/expired", before="2024-06-15", keep="1", source="origin", repository="%/app")
    assert [
        ("origin", APP, "latest", MAY, 3, 3, digest(R1)),
        ("origin", APP, "1.2.3", JUNE, 2, 3, digest(R2)),
    ] == answer.rows
    assert [("reg.example/many", "6")] == places.ask("drift/expired", before="2024-06-15").only("repository", "tag")


def test_images_of_each_platform_at_a_time(places: Asked) -> None:
    answer = places.ask("drift/platforms-at", time="2024-05-15", source="origin", repository="%/multi")
    common = (digest(MULTI), MAY, JUNE, "observed")
    assert [
        ("origin", MULTI_NAME, "1", "linux/amd64", image_id(Q), digest(Q), *common),
        ("origin", MULTI_NAME, "1", "linux/arm64", image_id(P), digest(P), *common),
    ] == answer.rows
    later = places.ask("drift/platforms-at", time="2024-06-01", source="origin", platform="linux/arm64")
    assert [(MULTI_NAME, image_id(P2))] == later.only("repository", "image_id")
    on_host = places.ask("drift/platforms-at", time="2024-07-02", source="host", repository="%tool")
    assert [(TOOL, image_id(T2), None)] == on_host.only("repository", "image_id", "manifest_digest")


def test_the_same_tag_in_two_places(places: Asked) -> None:
    amd64 = "linux/amd64"
    assert [
        (APP, "1.2.3", amd64, "host", "mirror", image_id(R2), image_id(R1), JULY, JULY),
        (APP, "1.2.3", amd64, "mirror", "origin", image_id(R1), image_id(R2), JULY, JUNE),
        (CFG, "1", amd64, "host", "mirror", image_id(C1), image_id(X), JULY, JULY),
        (CFG, "1", amd64, "host", "origin", image_id(C1), image_id(C2), JULY, JULY),
        (CFG, "1", amd64, "mirror", "origin", image_id(X), image_id(C2), JULY, JULY),
        (MULTI_NAME, "1", "linux/arm64", "mirror", "origin", image_id(P), image_id(P2), JULY, JUNE),
    ] == places.ask("drift/between-sources").rows
    answer = places.ask("drift/between-sources", source="origin", other="host")
    assert [(CFG, "origin", "host")] == answer.only("repository", "source", "other_source")


def test_how_long_each_place_has_lagged(places: Asked) -> None:
    amd64 = "linux/amd64"
    assert [
        ("mirror", APP, "1.2.3", amd64, JUNE, image_id(R1), image_id(R2)),
        ("mirror", MULTI_NAME, "1", "linux/arm64", JUNE, image_id(P), image_id(P2)),
        ("host", CFG, "1", amd64, JULY, image_id(C1), image_id(C2)),
        ("mirror", CFG, "1", amd64, None, image_id(X), image_id(C2)),
    ] == places.ask("drift/lag", reference="origin").rows


def test_containers_of_what_their_tag_no_longer_is(places: Asked) -> None:
    created = day("2024-03-01")
    assert [
        ("host", "name-aaaa", "running", f"{APP}:1.2.3", image_id(R1), image_id(R2), "host", JULY, created, "a" * 64),
        ("host", "name-cccc", "created", "tool", image_id(T1), image_id(T2), "host", JULY, created, "c" * 64),
    ] == places.ask("drift/stale-containers").rows
    against = places.ask("drift/stale-containers", reference="origin")
    assert [("name-aaaa", image_id(R2)), ("name-bbbb", image_id(C2))] == against.only("name", "tag_image_id")
