"""Where tags point and pointed: a layout that was looked at on the first of May, June and July.

tag                    May               June              July
reg.example/web:latest A                 B                 A
reg.example/web:1      A                 A                 A
reg.example/multi:1    amd64 P, arm64 Q  amd64 P2, arm64 Q amd64 P2, arm64 Q
reg.example/gone:1     A
edge, no repository    A                 A                 B
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import Image, Index, Layout, make_image, make_index
from tests.queries.conftest import Index as Asked
from tests.queries.conftest import Open
from tests.queries.small import day
from tests.stores import Database

A, B = make_image(1), make_image(2)
P, P2, Q = make_image(3), make_image(4), make_image(5, architecture="arm64")
MULTI, MULTI2 = make_index(P, Q), make_index(P2, Q)
MAY, JUNE, JULY = day("2024-05-01"), day("2024-06-01"), day("2024-07-01")
WEB, MULTI_NAME, GONE = "reg.example/web", "reg.example/multi", "reg.example/gone"

TAGS: list[dict[str, Image | Index]] = [
    {f"{WEB}:latest": A, f"{WEB}:1": A, f"{MULTI_NAME}:1": MULTI, f"{GONE}:1": A, "edge": A},
    {f"{WEB}:latest": B, f"{WEB}:1": A, f"{MULTI_NAME}:1": MULTI2, "edge": A},
    {f"{WEB}:latest": A, f"{WEB}:1": A, f"{MULTI_NAME}:1": MULTI2, "edge": B},
]


def make(folder: Path, db: Database) -> None:
    layout = Layout(folder / "layout")
    for tags, looked_at in zip(TAGS, (MAY, JUNE, JULY), strict=True):
        layout.descriptors.clear()
        for ref, thing in tags.items():
            layout.add(thing, ref)
        db.look(f"oci:{layout.path}", name="lay", as_of=int(looked_at.timestamp()))


@pytest.fixture
def moves(open_index: Open) -> Asked:
    return open_index("moves", make)


def digest(thing: Image | Index) -> str:
    return thing.manifest.digest


def test_current_tags(moves: Asked) -> None:
    assert [
        ("lay", MULTI_NAME, "1", digest(MULTI2), "manifest", JUNE, None, JUNE, JULY),
        ("lay", WEB, "1", digest(A), "manifest", MAY, None, MAY, JULY),
        ("lay", WEB, "latest", digest(A), "manifest", JULY, None, JULY, JULY),
        ("lay", None, "edge", digest(B), "manifest", JULY, None, JULY, JULY),
    ] == moves.ask("drift/current-tags").rows


def test_current_tags_like_a_pattern(moves: Asked) -> None:
    assert [(WEB, "1"), (WEB, "latest")] == moves.ask("drift/current-tags", repository="%/web").only(
        "repository", "tag"
    )
    assert [(MULTI_NAME, "1"), (WEB, "1")] == moves.ask("drift/current-tags", tag="_").only("repository", "tag")


def test_tag_history(moves: Asked) -> None:
    tag, kind = ("lay", WEB, "latest"), ("manifest", "observed", None)
    assert [
        (*tag, JULY, None, digest(A), *kind, JULY, JULY),
        (*tag, JUNE, JULY, digest(B), *kind, JUNE, JUNE),
        (*tag, MAY, JUNE, digest(A), *kind, MAY, MAY),
    ] == moves.ask("drift/tag-history", repository="web").rows


def test_tag_history_of_what_is_gone_and_of_what_has_no_repository(moves: Asked) -> None:
    columns = ("repository", "valid_from", "valid_to", "target_digest")
    assert [(GONE, MAY, JUNE, digest(A))] == moves.ask("drift/tag-history", repository=GONE, tag="1").only(*columns)
    edge = moves.ask("drift/tag-history", repository="", tag="edge")
    assert [(None, JULY, None, digest(B)), (None, MAY, JULY, digest(A))] == edge.only(*columns)
    assert [] == moves.ask("drift/tag-history", repository="eb").rows


def test_moves(moves: Asked) -> None:
    latest, seen = ("lay", WEB, "latest"), "observed"
    assert [
        (*latest, JUNE, JULY, digest(B), digest(A), seen),
        ("lay", None, "edge", JUNE, JULY, digest(A), digest(B), seen),
        ("lay", MULTI_NAME, "1", MAY, JUNE, digest(MULTI), digest(MULTI2), seen),
        (*latest, MAY, JUNE, digest(A), digest(B), seen),
    ] == moves.ask("drift/moves").rows
    since = moves.ask("drift/moves", since="2024-06-02", repository="%web", tag="late%")
    assert [(JULY,)] == since.only("first_seen_to")


def test_platform_moves(moves: Asked) -> None:
    def moved(old: Image, new: Image) -> tuple[str, ...]:
        return (old.config.digest, new.config.digest, digest(old), digest(new))

    latest, amd64, seen = ("lay", WEB, "latest"), ("linux/amd64", "moved"), "observed"
    assert [
        (*latest, *amd64, JUNE, JULY, *moved(B, A), digest(B), digest(A), seen),
        ("lay", None, "edge", *amd64, JUNE, JULY, *moved(A, B), digest(A), digest(B), seen),
        ("lay", MULTI_NAME, "1", *amd64, MAY, JUNE, *moved(P, P2), digest(MULTI), digest(MULTI2), seen),
        (*latest, *amd64, MAY, JUNE, *moved(A, B), digest(A), digest(B), seen),
    ] == moves.ask("drift/platform-moves").rows
    assert [] == moves.ask("drift/platform-moves", platform="linux/arm64").rows


def test_most_moved(moves: Asked) -> None:
    assert [
        ("lay", WEB, "latest", 2, 2, JUNE, JULY),
        ("lay", None, "edge", 1, 1, JULY, JULY),
        ("lay", MULTI_NAME, "1", 1, 1, JUNE, JUNE),
    ] == moves.ask("drift/most-moved").rows
    assert [("latest", 1), ("edge", 1)] == moves.ask("drift/most-moved", since="2024-06-15").only("tag", "move_count")


def test_tag_at(moves: Asked) -> None:
    assert [
        ("lay", GONE, "1", digest(A), "manifest", MAY, JUNE, "observed"),
        ("lay", MULTI_NAME, "1", digest(MULTI), "manifest", MAY, JUNE, "observed"),
        ("lay", WEB, "1", digest(A), "manifest", MAY, None, "observed"),
        ("lay", WEB, "latest", digest(A), "manifest", MAY, JUNE, "observed"),
        ("lay", None, "edge", digest(A), "manifest", MAY, JULY, "observed"),
    ] == moves.ask("drift/tag-at", time="2024-05-31T23:59:59Z").rows


def test_tag_at_the_moment_of_a_move(moves: Asked) -> None:
    answer = moves.ask("drift/tag-at", time="2024-06-01", repository=WEB)
    assert [("1", digest(A)), ("latest", digest(B))] == answer.only("tag", "target_digest")
    assert [] == moves.ask("drift/tag-at", time="2024-04-30").rows


def test_never_moved(moves: Asked) -> None:
    assert [("lay", WEB, "1", digest(A), MAY, MAY, JULY)] == moves.ask("drift/never-moved").rows
    assert [] == moves.ask("drift/never-moved", repository="%multi").rows
