"""Tags in time: when they were set, from when to when they pointed where, and what each move changed."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from imgindex.store.engine import open_engine
from imgindex.store.intervals import replace_all_intervals
from imgindex.store.session import Session
from tests.builders import Docker, Layout, Registry, make_image
from tests.indexes import NewIndex
from tests.stores import HOUR, NOON, Database, at, image_of, index_of, layer_of, platform

ONE, TWO, THREE = make_image(1), make_image(2), make_image(3)
FIRST, SECOND, THIRD, FOURTH = (NOON + HOUR * n for n in range(4))
MINUTE = 60


def point(registry: Registry, tag: str, thing: Any, set_at: int) -> None:
    """Push, with the tag's link written at this time."""
    registry.push("team/web", tag, thing)
    folder = registry.tag("team/web", tag)
    for link in (folder / "current/link", folder / "index" / thing.manifest.digest.replace(":", "/") / "link"):
        os.utime(link, (set_at, set_at))


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "registry")


def history(db: Database, tag: str = "1") -> list[tuple[Any, ...]]:
    return db.rows(
        "SELECT target_digest, valid_from, valid_to, set_at, first_seen_at, last_seen_at FROM tag_history "
        "WHERE tag = :tag ORDER BY valid_from, first_seen_at",
        tag=tag,
    )


# -- valid_from -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("set_at", "valid_from"),
    [
        (SECOND - MINUTE, SECOND - MINUTE),
        (FIRST + 1, FIRST + 1),
        (SECOND, SECOND),
        (FIRST, SECOND),
        (FIRST - MINUTE, SECOND),
        (SECOND + 1, SECOND),
        (NOON + 20 * HOUR, SECOND),
    ],
    ids=["between", "just after", "at the look", "at the look before", "before it", "just later", "much later"],
)
def test_a_move_is_dated_by_the_store_if_that_lies_between_the_looks(
    db: Database, registry: Registry, set_at: int, valid_from: int
) -> None:
    point(registry, "1", ONE, FIRST - 5 * MINUTE)
    db.look(registry.path, as_of=FIRST)
    point(registry, "1", TWO, set_at)
    db.look(registry.path, as_of=SECOND)
    before = at(FIRST - 5 * MINUTE)
    assert history(db) == [
        (ONE.manifest.digest, before, at(valid_from), before, at(FIRST), at(FIRST)),
        (TWO.manifest.digest, at(valid_from), None, at(set_at), at(SECOND), at(SECOND)),
    ]


@pytest.mark.parametrize(
    ("set_at", "valid_from"),
    [(FIRST - MINUTE, FIRST - MINUTE), (1, 1), (FIRST, FIRST), (FIRST + 1, FIRST)],
    ids=["before", "long before", "at the look", "later"],
)
def test_a_tag_never_seen_before_is_dated_by_the_store_if_that_is_no_later(
    db: Database, registry: Registry, set_at: int, valid_from: int
) -> None:
    point(registry, "1", ONE, set_at)
    db.look(registry.path, as_of=FIRST)
    assert db.rows("SELECT set_at, valid_from, first_seen_at FROM current_tags") == [
        (at(set_at), at(valid_from), at(FIRST))
    ]


def test_a_store_that_does_not_say_when_dates_a_tag_by_our_look(db: Database, tmp_path: Path) -> None:
    layout, docker = Layout(tmp_path / "layout"), Docker(tmp_path / "docker")
    layout.add(ONE, "1")
    docker.load(ONE, "web:1", updated="2024-05-01T10:00:00Z")
    for store in (layout, docker):
        db.look(store.path, as_of=FIRST)
    assert db.rows("SELECT set_at, valid_from, first_seen_at FROM current_tags") == [(None, at(FIRST), at(FIRST))] * 2


def test_a_move_between_looks_counts_from_the_last_look_that_saw_the_old_target(
    db: Database, registry: Registry
) -> None:
    # A link that was written before that look cannot date the move.
    point(registry, "1", ONE, FIRST - MINUTE)
    for time in (FIRST, SECOND):
        db.look(registry.path, as_of=time)
    point(registry, "1", TWO, FIRST + MINUTE)
    db.look(registry.path, as_of=THIRD)
    assert [row[1:3] for row in history(db)] == [(at(FIRST - MINUTE), at(THIRD)), (at(THIRD), None)]


def test_a_link_that_is_written_anew_with_its_old_target_is_no_move(db: Database, registry: Registry) -> None:
    point(registry, "1", ONE, FIRST - MINUTE)
    db.look(registry.path, as_of=FIRST)
    point(registry, "1", ONE, FIRST + MINUTE)
    db.look(registry.path, as_of=SECOND)
    assert [row[:3] for row in history(db)] == [(ONE.manifest.digest, at(FIRST - MINUTE), None)]
    assert db.rows("SELECT * FROM tag_moves") == []


def test_a_tag_that_came_back_was_away_until_the_last_look_that_missed_it(db: Database, registry: Registry) -> None:
    # A link that is older than that look was not there when we looked: it was restored with its time.
    registry.push("team/web", "other", TWO)
    point(registry, "1", ONE, FIRST - MINUTE)
    db.look(registry.path, as_of=FIRST)
    shutil.rmtree(registry.tag("team/web", "1"))
    for time in (SECOND, THIRD):
        db.look(registry.path, as_of=time)
    point(registry, "1", ONE, SECOND + MINUTE)
    db.look(registry.path, as_of=FOURTH)
    assert db.rows(
        "SELECT valid_from, valid_to FROM tag_history WHERE tag = '1' AND evidence = 'observed' ORDER BY 1"
    ) == [
        (at(FIRST - MINUTE), at(SECOND)),
        (at(FOURTH), None),
    ]


def test_a_repository_that_came_back_was_away_until_the_last_catalog_that_missed_it(
    db: Database, registry: Registry, tmp_path: Path
) -> None:
    registry.push("team/other", "1", TWO)
    point(registry, "1", ONE, FIRST - MINUTE)
    db.look(registry.path, as_of=FIRST)
    shutil.move(registry.repository("team/web"), tmp_path / "web")
    for time in (SECOND, THIRD):
        db.look(registry.path, as_of=time)
    shutil.move(tmp_path / "web", registry.repository("team/web"))
    point(registry, "1", ONE, SECOND + MINUTE)
    db.look(registry.path, as_of=FOURTH)
    assert db.rows(
        "SELECT valid_from, valid_to FROM tag_history WHERE repository = 'local/team/web' AND evidence = 'observed' "
        "ORDER BY 1"
    ) == [
        (at(FIRST - MINUTE), at(SECOND)),
        (at(FOURTH), None),
    ]


def test_a_tag_that_was_away_is_valid_until_the_look_that_missed_it(db: Database, registry: Registry) -> None:
    point(registry, "1", ONE, FIRST - MINUTE)
    db.look(registry.path, as_of=FIRST)
    shutil.rmtree(registry.tag("team/web", "1"))
    db.look(registry.path, as_of=SECOND)
    point(registry, "1", ONE, SECOND + MINUTE)
    db.look(registry.path, as_of=THIRD)
    assert [row[:3] for row in history(db)] == [
        (ONE.manifest.digest, at(FIRST - MINUTE), at(SECOND)),
        (ONE.manifest.digest, at(SECOND + MINUTE), None),
    ]
    assert db.rows("SELECT * FROM tag_moves") == []


def test_a_tag_whose_link_is_broken_is_there_without_a_digest(db: Database, registry: Registry) -> None:
    point(registry, "1", ONE, FIRST - MINUTE)
    db.look(registry.path, as_of=FIRST)
    (registry.tag("team/web", "1") / "current/link").write_bytes(b"sha256:")
    db.look(registry.path, as_of=SECOND)
    assert db.rows("SELECT tag, target_digest, first_seen_at FROM current_tags") == [("1", None, at(SECOND))]
    assert db.rows("SELECT position, manifest_digest, image_id FROM tag_images") == [(0, None, None)]
    assert db.problems() == [("bad_link", None)]


@pytest.mark.parametrize(("then", "moves"), [(ONE, []), (TWO, [(ONE, TWO)])], ids=["healed", "moved"])
def test_a_link_that_was_broken_for_a_while_is_no_move(
    db: Database, registry: Registry, then: Any, moves: list[tuple[Any, Any]]
) -> None:
    point(registry, "1", ONE, FIRST - MINUTE)
    db.look(registry.path, as_of=FIRST)
    (registry.tag("team/web", "1") / "current/link").write_bytes(b"sha256:")
    db.look(registry.path, as_of=SECOND)
    point(registry, "1", then, SECOND + MINUTE)
    db.look(registry.path, as_of=THIRD)
    assert db.rows("SELECT from_digest, to_digest FROM tag_moves") == [
        (old.manifest.digest, new.manifest.digest) for old, new in moves
    ]


# -- never in two places ----------------------------------------------------------------------------------------------


State = tuple[int | None, int]
"""Which image a tag points at, if any, and how many minutes before the look its link was written."""


@settings(max_examples=8, deadline=None, database=None, phases=[Phase.explicit, Phase.generate])
@given(st.lists(st.tuples(st.sampled_from([None, 0, 1, 2]), st.integers(-90, 200)), min_size=2, max_size=4))
def test_whatever_a_tag_does_its_history_tiles_time(lasting_index: NewIndex, states: list[State]) -> None:
    # The history of a timeline of looks is worked out by the test as well.
    images = (ONE, TWO, THREE)
    told: list[list[Any]] = []
    seen_at: int | None = None
    with tempfile.TemporaryDirectory() as folder:
        registry, db = Registry(Path(folder) / "registry"), lasting_index(Path(folder))
        registry.push("team/web", "other", ONE)
        for number, (which, minutes) in enumerate(states):
            look = NOON + number * HOUR
            target = None if which is None else images[which]
            if target is None:
                shutil.rmtree(registry.tag("team/web", "1"), ignore_errors=True)
            else:
                point(registry, "1", target, look - minutes * MINUTE)
            db.look(registry.path, as_of=look)
            current = told[-1] if told and told[-1][2] is None else None
            if target is None:
                if current:
                    current[2] = look
            elif current is None or current[0] != target.manifest.digest:
                set_at = look - minutes * MINUTE
                valid_from = set_at if set_at <= look and (seen_at is None or set_at > seen_at) else look
                if current:
                    current[2] = valid_from
                told.append([target.manifest.digest, valid_from, None])
            seen_at = look  # a look that misses the tag is one that knows it was not there
        with db.writing() as run:
            run("DELETE FROM tag_traces")  # what the store remembers beside is tested by itself
        date_anew(db)
        found = [[digest, moment(start), moment(end)] for digest, start, end, *_ in history(db)]
        overlaps = db.value(
            "SELECT COUNT(*) FROM tag_history AS a JOIN tag_history AS b ON a.repository = b.repository "
            "AND a.tag = b.tag AND (a.valid_from, a.first_seen_at) < (b.valid_from, b.first_seen_at) "
            "AND (a.valid_to IS NULL OR a.valid_to > b.valid_from)"
        )
        moves = db.column("SELECT to_digest FROM tag_moves ORDER BY first_seen_to")
    assert told == found
    assert overlaps == 0
    digests = [digest for digest, _, _ in told]
    assert moves == [new for old, new in itertools.pairwise(digests) if old != new]


def date_anew(db: Database) -> None:
    session = Session(open_engine(str(db.path), read_only=False))
    session.write(lambda: replace_all_intervals(session))
    session.close()


def moment(time: datetime | None) -> int | None:
    return None if time is None else int(time.timestamp())


# -- moves ------------------------------------------------------------------------------------------------------------


def test_every_move_is_told_with_its_old_and_new_target(db: Database, registry: Registry) -> None:
    for time, image in ((FIRST, ONE), (SECOND, TWO), (THIRD, TWO), (FOURTH, ONE)):
        point(registry, "1", image, time - MINUTE)
        point(registry, "steady", THREE, FIRST - MINUTE)
        db.look(registry.path, name="registry", as_of=time)
    assert db.rows(
        "SELECT source, repository, tag, first_seen_to, to_digest, from_digest, last_seen_from, evidence "
        "FROM tag_moves ORDER BY first_seen_to"
    ) == [
        (
            "registry",
            "local/team/web",
            "1",
            at(SECOND),
            TWO.manifest.digest,
            ONE.manifest.digest,
            at(FIRST),
            "observed",
        ),
        (
            "registry",
            "local/team/web",
            "1",
            at(FOURTH),
            ONE.manifest.digest,
            TWO.manifest.digest,
            at(THIRD),
            "observed",
        ),
    ]


AMD, ARM, ARM_NEW, S390 = (
    image_of(layer_of(name.encode()), architecture=architecture)
    for name, architecture in (("amd", "amd64"), ("arm", "arm64"), ("arm new", "arm64"), ("s390", "s390x"))
)


def entries(*images: Any) -> Any:
    words = {"amd64": "linux/amd64", "arm64": "linux/arm64/v8", "s390x": "linux/s390x"}
    return index_of(*((image, platform(words[architecture(image)])) for image in images))


def architecture(image: Any) -> str:
    found: str = json.loads(image.config.data)["architecture"]
    return found


PLATFORM_MOVES = (
    "SELECT platform, change, from_manifest_digest, to_manifest_digest, from_image_id, to_image_id "
    "FROM tag_platform_moves ORDER BY first_seen_to, platform"
)


def test_where_one_platform_moved_only_that_one_is_told(db: Database, registry: Registry) -> None:
    point(registry, "1", entries(AMD, ARM), FIRST)
    db.look(registry.path, as_of=FIRST)
    point(registry, "1", entries(AMD, ARM_NEW), SECOND)
    db.look(registry.path, as_of=SECOND)
    assert db.value("SELECT COUNT(*) FROM tag_moves") == 1
    assert db.rows(PLATFORM_MOVES) == [
        ("linux/arm64", "moved", ARM.manifest.digest, ARM_NEW.manifest.digest, ARM.config.digest, ARM_NEW.config.digest)
    ]


def test_platforms_that_come_and_go_are_told(db: Database, registry: Registry) -> None:
    for time, index in ((FIRST, entries(AMD, ARM)), (SECOND, entries(AMD, ARM, S390)), (THIRD, entries(AMD, S390))):
        point(registry, "1", index, time)
        db.look(registry.path, as_of=time)
    assert db.rows(PLATFORM_MOVES) == [
        ("linux/s390x", "added", None, S390.manifest.digest, None, S390.config.digest),
        ("linux/arm64", "removed", ARM.manifest.digest, None, ARM.config.digest, None),
    ]


def test_an_index_that_is_made_anew_of_the_same_images_moves_no_platform(db: Database, registry: Registry) -> None:
    for time, index in ((FIRST, entries(AMD, ARM)), (SECOND, entries(ARM, AMD))):
        point(registry, "1", index, time)
        db.look(registry.path, as_of=time)
    assert db.value("SELECT COUNT(*) FROM tag_moves") == 1
    assert db.rows(PLATFORM_MOVES) == []


def test_an_index_in_place_of_its_own_image_adds_what_is_new(db: Database, registry: Registry) -> None:
    for time, thing in ((FIRST, AMD), (SECOND, entries(AMD, ARM)), (THIRD, ARM)):
        point(registry, "1", thing, time)
        db.look(registry.path, as_of=time)
    assert db.rows(PLATFORM_MOVES) == [
        ("linux/arm64", "added", None, ARM.manifest.digest, None, ARM.config.digest),
        ("linux/amd64", "removed", AMD.manifest.digest, None, AMD.config.digest, None),
    ]


def test_attestations_are_no_platform_that_moves(db: Database, registry: Registry) -> None:
    def attested(number: int) -> Any:
        proof = image_of(
            layer_of(b"in-toto %d" % number, "application/vnd.in-toto+json"), os="unknown", architecture="unknown"
        )
        annotations = {
            "vnd.docker.reference.type": "attestation-manifest",
            "vnd.docker.reference.digest": AMD.manifest.digest,
        }
        return index_of(
            (AMD, platform("linux/amd64")), (proof, {**platform("unknown/unknown"), "annotations": annotations})
        )

    for time, number in ((FIRST, 1), (SECOND, 2)):
        point(registry, "1", attested(number), time)
        db.look(registry.path, as_of=time)
    assert db.value("SELECT COUNT(*) FROM tag_moves") == 1
    assert db.rows(PLATFORM_MOVES) == []


def test_moves_of_a_docker_hosts_tags_are_those_of_their_images(db: Database, tmp_path: Path) -> None:
    docker = Docker(tmp_path / "docker")
    docker.load(ONE, "web:latest")
    db.look(docker.path, as_of=FIRST)
    docker.load(TWO, "web:latest")
    db.look(docker.path, as_of=SECOND)
    assert db.rows("SELECT repository, tag, from_digest, to_digest FROM tag_moves") == [
        ("docker.io/library/web", "latest", ONE.config.digest, TWO.config.digest)
    ]
    assert db.rows(PLATFORM_MOVES) == [("linux/amd64", "moved", None, None, ONE.config.digest, TWO.config.digest)]


# -- what the store tells of the past ---------------------------------------------------------------------------------


def test_past_targets_that_a_registry_keeps_are_recovered(db: Database, registry: Registry) -> None:
    # `tags/<tag>/index` lists every digest that the tag had, with the time when it was last set to it.
    for image, set_at in ((ONE, FIRST - 3 * HOUR), (TWO, FIRST - 2 * HOUR), (THREE, FIRST - HOUR)):
        point(registry, "1", image, set_at)
        past = registry.tag("team/web", "1") / "index" / image.manifest.digest.replace(":", "/") / "link"
        os.utime(past, (set_at, set_at))
    db.look(registry.path, as_of=FIRST)
    assert db.rows("SELECT target_digest, valid_from, valid_to, evidence FROM tag_history ORDER BY valid_from") == [
        (ONE.manifest.digest, at(FIRST - 3 * HOUR), at(FIRST - 2 * HOUR), "recovered"),
        (TWO.manifest.digest, at(FIRST - 2 * HOUR), at(FIRST - HOUR), "recovered"),
        (THREE.manifest.digest, at(FIRST - HOUR), None, "observed"),
    ]
    assert db.value("SELECT COUNT(*) FROM current_tags") == 1
