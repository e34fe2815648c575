"""The history of a generated registry, against what its generator noted of every push.

The generator lies outside the project; without it, a small history of our own alone is told.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from tests.builders import Registry, digest_of
from tests.stores import Database, at, new_index

Push = tuple[int, str, str, str]
"""When, repository, tag and digest."""


def small_history() -> list[Push]:
    """Pushes of a few tags, each time to something new."""
    chance, now, pushes = random.Random(5), 1_600_000_000, []
    for number in range(60):
        now += chance.randint(100, 10_000)
        repository, tag = chance.choice(["team/web", "team/api"]), chance.choice(["1", "1.2", "latest"])
        pushes.append((now, repository, tag, digest_of(b"%d" % number)))
    return pushes


@pytest.fixture(scope="module")
def generated(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    program = shared / "bench/make_hub.py"
    if not program.is_file():
        pytest.skip("make_hub.py is not in the folder of further stores")
    folder = tmp_path_factory.mktemp("hub") / "store"
    images = os.environ.get("IMGINDEX_HUB_IMAGES", "300")
    subprocess.run([sys.executable, program, folder, "--images", images], check=True, capture_output=True, timeout=300)
    return folder


def read_pushes(store: Path) -> list[Push]:
    with gzip.open(store / "truth/events.jsonl.gz", "rt") as lines:
        return [tuple(json.loads(line)) for line in lines]


def cut(folder: Path, pushes: list[Push], until: int, *, remembers: bool = True) -> Path:
    """The links of a registry as they were at this time; one that does not remember has no `index`."""
    registry = Registry(folder)
    for time, repository, tag, digest in pushes:
        if time <= until:
            registry.set_at = time - 60  # the builder's push is a minute later
            registry.point(repository, tag, digest)
            if not remembers:
                shutil.rmtree(registry.tag(repository, tag) / "index")
    return folder


def told(pushes: list[Push]) -> dict[tuple[str, str], list[tuple[int, str]]]:
    found = defaultdict(list)
    for time, repository, tag, digest in pushes:
        found[f"local/{repository}", tag].append((time, digest))
    return found


def check_history(db: Database, pushes: list[Push]) -> None:
    found = defaultdict(list)
    for repository, tag, start, digest in db.rows(
        "SELECT repository, tag, valid_from, target_digest FROM tag_history ORDER BY valid_from, valid_to NULLS LAST"
    ):
        found[repository, tag].append((int(start.timestamp()), digest))
    expected = told(pushes)
    assert expected == found
    moves = {(key, time, digest) for key, pushed in expected.items() for time, digest in pushed[1:]}
    rows = db.rows(
        "SELECT repository, tag, moved_at, to_digest, dated_by, last_seen_from, first_seen_to FROM tag_moves"
    )
    assert moves == {((repository, tag), int(time.timestamp()), digest) for repository, tag, time, digest, *_ in rows}
    assert all(by == "store" and after < time <= until for _, _, time, _, by, after, until in rows)


def check_stages(pushes: list[Push], folder: Path, order: list[int]) -> None:
    first, last = pushes[0][0], pushes[-1][0]
    stages = [first + (last - first) * number // 5 for number in range(1, 6)]
    db = new_index(folder)
    for number in order:
        copy = cut(folder / f"copy-{number}", pushes, stages[number])
        db.look(copy, name="hub", as_of=stages[number], adopt=True)
    check_history(db, pushes)


@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 0, 4, 1, 3]], ids=str)
def test_five_copies_in_any_order_tell_every_push(tmp_path: Path, order: list[int]) -> None:
    check_stages(small_history(), tmp_path, order)


def test_without_memory_each_move_lies_between_the_looks_that_bound_it(tmp_path: Path) -> None:
    pushes = small_history()
    stages = [pushes[number][0] + 1 for number in (11, 23, 35, 47, 59)]
    db = new_index(tmp_path)
    for number, stage in enumerate(stages):
        copy = cut(tmp_path / f"copy-{number}", pushes, stage, remembers=False)
        db.look(copy, name="hub", as_of=stage, adopt=True)
    rows = db.rows("SELECT repository, tag, to_digest, moved_at, last_seen_from, first_seen_to FROM tag_moves")
    assert rows
    expected = told(pushes)
    for repository, tag, digest, moved_at, after, until in rows:
        (time,) = (time for time, pushed in expected[repository, tag] if pushed == digest)
        assert after < at(time) <= until
        assert at(time) == moved_at
    for stage in stages:
        before = {key: [push for push in pushed if push[0] <= stage] for key, pushed in expected.items()}
        current = {key: pushed[-1][1] for key, pushed in before.items() if pushed}
        found = db.rows(
            "SELECT repository, tag, target_digest FROM tag_history "
            "WHERE valid_from <= :t AND (valid_to IS NULL OR valid_to > :t)",
            t=at(stage),
        )
        assert current == {(repository, tag): digest for repository, tag, digest in found}


def test_a_generated_registry_tells_every_push(generated: Path, tmp_path: Path) -> None:
    db = new_index(tmp_path)
    db.look(generated)
    check_history(db, read_pushes(generated))


def test_a_generated_registry_cut_in_five_tells_every_push(generated: Path, tmp_path: Path) -> None:
    check_stages(read_pushes(generated), tmp_path, [3, 1, 4, 0, 2])
