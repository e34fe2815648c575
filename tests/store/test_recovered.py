"""What stores remember of their tags, against a plain model, whatever order copies of any age are read in.

The model knows what happened and when each look was; it is written from the rules, and shares nothing with the store.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from imgindex.limits import Limits
from imgindex.records.keys import Keyring, name_key
from imgindex.records.rows import PastTag, ScanScope, Tag
from imgindex.sources.base import scope_key
from imgindex.store.check import check
from imgindex.store.engine import open_engine
from imgindex.store.loader import Loader, SourceRow
from imgindex.store.session import Session
from tests.builders import Registry, digest_of, make_image
from tests.indexes import NewIndex
from tests.stores import HOUR, NOON, Database, at, new_index

SCOPE = scope_key("repository", "local/team/web")
SOURCE = SourceRow("registry", "registry-root", "registry-root:/r", "f", "local")
MINUTE = 60
TARGETS = [digest_of(bytes([number])) for number in range(4)]

Event = tuple[int, str, int | None]
"""When, which tag, and to which target; None = it is deleted, and so is the memory of it."""


def look(db: Database, events: list[Event], as_of: int) -> None:
    """A scan of a copy that was made at this time: what a registry's folder would hold then."""
    current: dict[str, int] = {}
    past: dict[str, dict[int, int]] = {}
    for time, tag, target in events:
        if time > as_of:
            break
        if target is None:
            current.pop(tag, None)
            past.pop(tag, None)
        else:
            current[tag] = target
            past.setdefault(tag, {})[target] = time
    session = Session(open_engine(str(db.path), read_only=False))
    try:
        keys = Keyring()
        loader = Loader(session, SOURCE, as_of=at(as_of), limits=Limits(), keys=keys)
        repository = keys.repository("local/team/web")
        for tag, target in current.items():
            key = keys.blob(TARGETS[target])
            loader.add([Tag(SCOPE, repository, tag, key, "manifest", past[tag][target] * 1_000_000)])
            for old, time in past[tag].items():
                loader.add([PastTag(SCOPE, repository, tag, keys.blob(TARGETS[old]), "manifest", time * 1_000_000)])
        loader.add([ScanScope(SCOPE, "repository", "local/team/web", "complete")])
        loader.add([ScanScope(name_key("catalog:catalog"), "catalog", "catalog", "complete")])
        loader.finish(document_count=0, bytes_read=0)
    finally:
        session.close()


def answers(db: Database, times: list[int]) -> dict[int, dict[str, int]]:
    """Where each tag pointed at each of these times, and that there is one answer."""
    found: dict[int, dict[str, int]] = {}
    rows = db.rows("SELECT tag, target_digest, valid_from, valid_to FROM tag_history WHERE valid_from IS NOT NULL")
    for time in times:
        here = [
            (tag, digest) for tag, digest, start, end in rows if start <= at(time) and (end is None or end > at(time))
        ]
        found[time] = {tag: TARGETS.index(digest) for tag, digest in here}
        assert len(found[time]) == len(here)
    return found


events_of_tags = st.lists(
    st.tuples(st.integers(1, 12), st.sampled_from(["a", "b"]), st.sampled_from([0, 1, 2, 3, None])),
    min_size=2,
    max_size=10,
)


@settings(max_examples=12, deadline=None, database=None, derandomize=True, phases=[Phase.explicit, Phase.generate])
@given(
    events_of_tags, st.lists(st.integers(0, 6), min_size=2, max_size=4, unique=True), st.randoms(use_true_random=False)
)
def test_any_history_has_one_answer_at_any_time_and_never_a_wrong_one(
    lasting_index: NewIndex, steps: list[tuple[int, str, int | None]], looks: list[int], chance: Any
) -> None:
    events: list[Event] = []
    now = NOON - HOUR
    for minutes, tag, target in steps:
        now += minutes * 10 * MINUTE
        events.append((now, tag, target))
    times = [NOON + hours * HOUR + 7 for hours in looks]
    chance.shuffle(times)
    asked = [NOON - HOUR + quarter * 15 * MINUTE + 3 for quarter in range(36)]
    with tempfile.TemporaryDirectory() as folder:
        db = lasting_index(Path(folder))
        for time in times:
            look(db, events, time)
        found = answers(db, asked)
        engine = open_engine(str(db.path), read_only=True)
        assert [] == check(engine)
        engine.dispose()
        known = db.rows(
            "SELECT tag, b.digest, dated_at FROM tag_traces AS t JOIN blobs AS b ON b.blob_key = t.target_key"
        )
    set_to = {(tag, target, time) for time, tag, target in events if target is not None}
    # What is recovered was so: each trace is a push that happened, and a look that found a tag is always right.
    assert {(tag, TARGETS.index(digest), int(dated.timestamp())) for tag, digest, dated in known} <= set_to
    for time in set(times) & {max(times)}:
        truth = {tag: target for moment, tag, target in events if moment <= time}
        last = answers_at(found, asked, time)
        if last is not None and not any(time < moment <= asked[last] for moment, _, _ in events):
            assert {tag: target for tag, target in truth.items() if target is not None} == found[asked[last]]


def answers_at(found: dict[int, dict[str, int]], asked: list[int], time: int) -> int | None:
    return next((number for number, moment in enumerate(asked) if moment >= time), None)


@settings(max_examples=8, deadline=None, database=None, derandomize=True, phases=[Phase.explicit, Phase.generate])
@given(
    st.lists(st.tuples(st.integers(1, 9), st.sampled_from(["a", "b"]), st.integers(0, 3)), min_size=2, max_size=10),
    st.permutations([0, 2, 4, 6, 9]),
)
def test_copies_cut_at_five_times_tell_the_same_in_any_order(steps: list[Any], order: list[int]) -> None:
    # Nothing is deleted, so no copy shows that a tag was away.
    events: list[Event] = []
    now = NOON - HOUR
    for minutes, tag, target in steps:
        now += minutes * 10 * MINUTE
        events.append((now, tag, target))
    asked = [NOON - HOUR + quarter * 15 * MINUTE + 3 for quarter in range(44)]
    told = []
    for hours in (sorted(order), order):
        with tempfile.TemporaryDirectory() as folder:
            db = new_index(Path(folder))
            for hour in hours:
                look(db, events, NOON + hour * HOUR + 7)
            told.append(answers(db, asked))
    assert told[0] == told[1]


# -- one by one -------------------------------------------------------------------------------------------------------


def test_three_targets_are_told_with_their_times_however_late_they_are_read(db: Database) -> None:
    events: list[Event] = [(NOON, "a", 0), (NOON + 60, "a", 1), (NOON + 120, "a", 2)]
    look(db, events, NOON + HOUR)
    rows = db.rows(
        "SELECT target_digest, valid_from, valid_to, evidence, dated_by FROM tag_history ORDER BY valid_from"
    )
    assert rows == [
        (TARGETS[0], at(NOON), at(NOON + 60), "recovered", "store"),
        (TARGETS[1], at(NOON + 60), at(NOON + 120), "recovered", "store"),
        (TARGETS[2], at(NOON + 120), None, "observed", "store"),
    ]
    assert db.rows("SELECT to_digest, moved_at, evidence FROM tag_moves ORDER BY moved_at") == [
        (TARGETS[1], at(NOON + 60), "recovered"),
        (TARGETS[2], at(NOON + 120), "recovered"),
    ]
    look(db, events, NOON + 2 * HOUR)
    assert rows == db.rows(
        "SELECT target_digest, valid_from, valid_to, evidence, dated_by FROM tag_history ORDER BY valid_from"
    )


def test_a_target_between_two_looks_is_recovered(db: Database) -> None:
    events: list[Event] = [(NOON, "a", 0), (NOON + HOUR, "a", 1), (NOON + HOUR + 60, "a", 2)]
    look(db, events, NOON + 60)
    look(db, events, NOON + 2 * HOUR)
    assert db.rows("SELECT target_digest, valid_from, valid_to, evidence FROM tag_history ORDER BY valid_from") == [
        (TARGETS[0], at(NOON), at(NOON + HOUR), "observed"),
        (TARGETS[1], at(NOON + HOUR), at(NOON + HOUR + 60), "recovered"),
        (TARGETS[2], at(NOON + HOUR + 60), None, "observed"),
    ]


def test_a_tag_that_only_an_older_copy_has_ends_at_the_look_that_missed_it(db: Database) -> None:
    events: list[Event] = [(NOON, "a", 0), (NOON, "b", 0), (NOON + HOUR, "a", None)]
    look(db, events, NOON + 2 * HOUR)
    look(db, events, NOON + 60)
    assert db.rows("SELECT valid_from, valid_to, evidence FROM tag_history WHERE tag = 'a'") == [
        (at(NOON), at(NOON + 2 * HOUR), "recovered")
    ]


def test_a_damaged_history_is_found(db: Database) -> None:
    look(db, [(NOON, "a", 0)], NOON + 60)
    look(db, [(NOON, "a", 0), (NOON + HOUR, "a", 1)], NOON + 2 * HOUR)
    with db.writing() as run:
        run("UPDATE tags SET ended_at = NULL")
        run("UPDATE source_tag_intervals SET valid_to = NULL")
    engine = open_engine(str(db.path), read_only=True)
    rules = {finding.rule for finding in check(engine)}
    engine.dispose()
    assert {"a tag points to one place at a time", "a tag was seen in one place at a time"} <= rules


@pytest.mark.parametrize("sample", ["team/web"])
def test_the_sample_registry_tells_three_targets_of_latest(db: Database, registry_store: Path, sample: str) -> None:
    db.look(registry_store)
    folder = registry_store / f"docker/registry/v2/repositories/{sample}/_manifests/tags/latest/index/sha256"
    told = {f"sha256:{link.parent.name}": at(int(link.stat().st_mtime)) for link in folder.glob("*/link")}
    found = db.rows(
        "SELECT target_digest, set_at, valid_from FROM tag_history WHERE repository = :repository AND tag = 'latest'",
        repository=f"local/{sample}",
    )
    assert 3 == len(found) == len(told)
    assert told == {digest: set_at for digest, set_at, _ in found} == {digest: start for digest, _, start in found}


def test_a_registrys_copies_in_any_order_tell_one_history(new_index: NewIndex, tmp_path: Path) -> None:
    registry = Registry(tmp_path / "registry", set_at=NOON)
    for number in (1, 2, 3):
        registry.push("team/web", "1", make_image(number))
    assert os.path.isdir(registry.tag("team/web", "1") / "index")
    db = new_index(tmp_path)
    db.look(registry.path, name="registry", as_of=NOON + HOUR)
    assert [make_image(n).manifest.digest for n in (1, 2, 3)] == db.column(
        "SELECT target_digest FROM tag_history ORDER BY valid_from"
    )
