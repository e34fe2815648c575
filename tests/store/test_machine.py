"""Any run of events and looks, against a plain model of the rules of time.

In a world of two repositories tags are set, moved, deleted and restored, and repositories vanish. Looks of every kind
are taken of it, and copies of earlier states come late. After each look, all that the index says of tags has to be what
`tests.timeline` says; at the end the index has to be sound.
"""

from __future__ import annotations

import re
import tempfile
from collections import defaultdict
from collections.abc import Callable
from copy import deepcopy
from itertools import pairwise
from pathlib import Path
from typing import Any

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import URL

from imgindex.limits import Limits
from imgindex.records.keys import Keyring
from imgindex.records.rows import PastTag, Record, ScanScope, Tag
from imgindex.sources.base import scope_key
from imgindex.store.check import check
from imgindex.store.engine import open_engine
from imgindex.store.intervals import COLUMNS, compute_intervals
from imgindex.store.loader import Loader, SourceRow
from imgindex.store.session import Session
from tests.indexes import Server
from tests.stores import NOON, Database, at, new_index
from tests.timeline import (
    AWAY,
    END,
    PATTERNS,
    REPOSITORIES,
    TAGS,
    TARGETS,
    Model,
    Place,
    Shown,
    Target,
    Told,
    World,
    answer_at,
    number,
    seconds,
)

SOURCE = SourceRow("registry", "registry-root", "registry-root:/r", "f", "local")
STEP = 600
NO_INDEX = "00000000-0000-0000-0000-000000000000"


outcomes = st.sampled_from(["complete", "complete", "partial", "like", "failed"])
places = st.tuples(st.sampled_from(REPOSITORIES), st.sampled_from(TAGS))
targets = st.sampled_from([0, 1, 2])


class Looks(RuleBasedStateMachine):
    """Events of the world, looks at it, and what has to hold after each."""

    make_index: Callable[[Path], Database] = staticmethod(new_index)

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.db: Database = self.make_index(Path(self.folder.name))
        self.session = Session(open_engine(str(self.db.path), read_only=False))
        self.world, self.model = World(), Model()
        self.now = self.looked_at = NOON
        self.copies: list[tuple[int, World]] = []
        self.deleted: dict[Place, tuple[tuple[Target, int | None], set[tuple[int, int | None]]]] = {}
        self.dated = True
        self.is_checked = True
        self.is_new = False
        """Whether something happened since the last look: another one would tell little."""

    def teardown(self) -> None:
        # Once a run, for it takes longer than a look.
        self.session.close()
        findings = check(open_engine(str(self.db.path), read_only=True))
        self.folder.cleanup()
        assert [] == findings

    # -- what happens in the store ------------------------------------------------------------------------------------

    @initialize(dated=st.booleans(), first=st.lists(st.tuples(places, targets), min_size=2, max_size=4))
    def begin(self, dated: bool, first: list[tuple[Place, int]]) -> None:
        """`dated`: whether the store says when a tag was set, as a registry's does and a layout does not."""
        self.dated = dated
        for place, target in first:
            self.push(place, target)
        self.look()

    @rule(place=places, to=targets | st.none())
    def push(self, place: Place, to: Target) -> None:
        """A tag is made, moves, or is set again; None = its link is damaged."""
        set_at = self._pass()
        self.world.tags.setdefault(place[0], {})[place[1]] = (to, set_at)
        if set_at is not None and to is not None:
            self.world.past[place] = {fact for fact in self.world.past[place] if fact[0] != to}
            self.world.past[place].add((to, set_at))
        self._copy()

    @rule(data=st.data())
    @precondition(lambda self: any(self.world.tags.values()))
    def delete(self, data: st.DataObject) -> None:
        place = data.draw(st.sampled_from(self._there()))
        self._pass()
        self.deleted[place] = (self.world.tags[place[0]].pop(place[1]), self.world.past.pop(place, set()))
        self._copy()

    @rule(data=st.data())
    @precondition(lambda self: self.deleted)
    def restore(self, data: st.DataObject) -> None:
        """A deleted tag returns as it was, with its times."""
        place = data.draw(st.sampled_from(sorted(self.deleted)))
        self._pass()
        shown, past = self.deleted.pop(place)
        self.world.tags.setdefault(place[0], {})[place[1]] = shown
        self.world.past[place] |= past
        self._copy()

    @rule(repository=st.sampled_from(REPOSITORIES))
    @precondition(lambda self: self.world.tags)
    def vanish(self, repository: str) -> None:
        self._pass()
        for tag, shown in self.world.tags.pop(repository, {}).items():
            self.deleted[repository, tag] = (shown, self.world.past.pop((repository, tag), set()))
        self._copy()

    @rule(data=st.data(), to=targets, ago=st.sampled_from([None, -50, 1, 7, 31, 64]))
    @precondition(lambda self: any(self.world.tags.values()))
    def invent(self, data: st.DataObject, to: int, ago: int | None) -> None:
        """The store remembers something that never was: without a time, or with one of the past or the future."""
        place = data.draw(st.sampled_from(self._there()))
        now = self.now
        self._pass()
        self.world.past[place].add((to, None if ago is None else now - ago * STEP // 4))
        self.model.invented.add(place)
        self._copy()

    def _there(self) -> list[Place]:
        return sorted((repository, tag) for repository, tags in self.world.tags.items() for tag in tags)

    def _pass(self) -> int | None:
        """Time goes on. When the store says that this happened."""
        self.now += STEP
        return self.now if self.dated else None

    def _copy(self) -> None:
        self.is_new = True
        self.copies.append((self.now + STEP // 2, deepcopy(self.world)))

    # -- looks --------------------------------------------------------------------------------------------------------

    @rule()
    @precondition(lambda self: self.is_new)
    def look(self) -> None:
        self.now += STEP
        self._look(self.world, self.now, completely, "complete")

    @rule(data=st.data(), catalog=st.sampled_from(["complete", "partial", "failed"]), fails=st.booleans())
    @precondition(lambda self: self.is_new)
    def look_in_part(self, data: st.DataObject, catalog: str, fails: bool) -> None:
        """Each repository is listed to its end or not. `fails`: the source as a whole does, before its catalog ends."""
        self.now += STEP
        self._look(self.world, self.now, self._drawn(data), None if fails else catalog)

    @rule(pattern=st.sampled_from(sorted(PATTERNS)), repository=st.sampled_from(REPOSITORIES))
    @precondition(lambda self: self.is_new)
    def look_at_a_pattern(self, pattern: str, repository: str) -> None:
        self.now += STEP
        like = {tag for tag in TAGS if re.fullmatch(PATTERNS[pattern], tag)}
        self._look(
            self.world, self.now, lambda name: ("partial", pattern, like) if name == repository else None, "partial"
        )

    @rule(data=st.data(), complete=st.booleans())
    @precondition(lambda self: self.is_new)
    def look_again_for_the_same_time(self, data: st.DataObject, complete: bool) -> None:
        how = completely if complete else self._drawn(data)
        self._look(self.world, self.looked_at, how, "complete" if complete else "partial")

    @rule(data=st.data(), complete=st.booleans())
    @precondition(lambda self: self.is_new)
    def look_at_a_copy(self, data: st.DataObject, complete: bool) -> None:
        """A copy of an earlier state, which looks since then have superseded, or not."""
        as_of, world = data.draw(st.sampled_from(self.copies))
        # Whether a late listing that failed tells of the tags that it shows is not said; so it shows none.
        how = completely if complete else self._drawn(data, failed_shows=False)
        # Whether a catalog that was read in part supersedes an earlier one that is complete is not said.
        is_open = self.model.catalog_complete_at < as_of < self.model.catalog_seen_at
        self._look(world, as_of, how, "partial" if is_open or not complete else "complete")

    def _drawn(self, data: st.DataObject, *, failed_shows: bool = True) -> Callable[[str], Any]:
        def how(_: str) -> tuple[str, str | None, set[str]]:
            outcome = data.draw(outcomes)
            if outcome == "like":
                pattern = data.draw(st.sampled_from(sorted(PATTERNS)))
                return "partial", pattern, {tag for tag in TAGS if re.fullmatch(PATTERNS[pattern], tag)}
            if outcome == "complete":
                return completely(_)
            shown = data.draw(st.sets(st.sampled_from(TAGS)))
            return outcome, None, shown if outcome == "partial" or failed_shows else set()

        return how

    def _look(self, world: World, as_of: int, how: Callable[[str], Any], catalog: str | None) -> None:
        """`how`: repository -> (outcome, pattern, tags that it shows); None = it is not looked at."""
        keys = Keyring()
        loader = Loader(self.session, SOURCE, as_of=at(as_of), limits=Limits(), keys=keys)
        for repository, tags in sorted(world.tags.items()):
            if (said := how(repository)) is None:
                continue
            outcome, pattern, names = said
            shown = {tag: told for tag, told in tags.items() if tag in names}
            loader.add(self._records(keys, world, repository, shown))
            loader.add(
                [ScanScope(scope_key("repository", repository), "repository", repository, outcome, tags_like=pattern)]
            )
            loader.flush()
            for tag in shown:
                for target, set_at in world.past.get((repository, tag), ()):
                    self.model.remember(repository, tag, target, set_at, as_of)
            self.model.decide(repository, as_of, shown, outcome, pattern)
        if catalog is None:
            loader.fail("It is not there.", document_count=0, bytes_read=0)
        else:
            loader.add([ScanScope(scope_key("catalog", "catalog"), "catalog", "catalog", catalog)])
            loader.finish(document_count=0, bytes_read=0)
            self.model.decide_catalog(world.tags, as_of, catalog)
        self.looked_at = max(self.looked_at, as_of)
        self.is_checked = self.is_new = False

    def _records(self, keys: Keyring, world: World, repository: str, shown: Shown) -> list[Record]:
        scope, name = scope_key("repository", repository), keys.repository(repository)
        records: list[Record] = []
        for tag, (target, set_at) in shown.items():
            key = None if target is None else keys.blob(TARGETS[target])
            records.append(Tag(scope, name, tag, key, "manifest", micros(set_at)))
            for old, time in sorted(world.past.get((repository, tag), ()), key=repr):
                records.append(PastTag(scope, name, tag, keys.blob(TARGETS[old]), "manifest", micros(time)))
        return records

    # -- what has to hold ---------------------------------------------------------------------------------------------

    @invariant()
    def holds(self) -> None:
        if self.is_checked:
            return
        self.is_checked = True
        with self.session.transaction():
            current = self.session.rows(
                "SELECT repository, tag, target_digest, last_seen_at, evidence FROM current_tags"
            )
            kept = self.session.rows(
                "SELECT r.name, t.tag, b.digest, t.first_seen_at, t.last_seen_at, t.ended_at, t.end_reason "
                "FROM tags AS t "
                "JOIN repositories AS r ON r.repository_key = t.repository_key "
                "LEFT JOIN blobs AS b ON b.blob_key = t.target_key ORDER BY t.first_seen_at"
            )
            history = self.session.rows(
                "SELECT repository, tag, target_digest, valid_from, valid_to, first_seen_at, last_seen_at, evidence "
                "FROM tag_history"
            )
            held = f"SELECT {COLUMNS} FROM source_tag_intervals"
            ((index_key, source_key),) = self.session.rows("SELECT index_key, source_key FROM sources") or [(None, 0)]
            fresh = compute_intervals(str(index_key or NO_INDEX), source_key)
            computed = f"SELECT {COLUMNS} FROM ({fresh}) AS f"
            assert [] == self.session.rows(f"({held} EXCEPT {computed}) UNION ALL ({computed} EXCEPT {held})")
        by_place: dict[Place, list[Told]] = defaultdict(list)
        for repository, tag, *told in history:
            by_place[repository, tag].append(Told.of(*told))
        self._current_tags_are_those_of_the_model(current)
        self._rows_are_those_of_the_model(kept)
        for repository in REPOSITORIES:
            for tag in TAGS:
                self._history_is_right((repository, tag), by_place.pop((repository, tag), []))
        assert not by_place

    def _current_tags_are_those_of_the_model(self, current: list[Any]) -> None:
        there = {place: row for place in list(self.model.rows) if (row := self.model.open_row(place))}
        expected = {place: (row.target, row.last_seen, "observed") for place, row in there.items()}
        assert expected == {
            (repository, tag): (number(digest), seconds(last), evidence)
            for repository, tag, digest, last, evidence in current
        }
        assert len(expected) == len(current)

    def _rows_are_those_of_the_model(self, kept: list[Any]) -> None:
        found: dict[Place, list[Any]] = defaultdict(list)
        for repository, tag, digest, first, last, ended, reason in kept:
            if (repository, tag) not in self.model.blurred:
                found[repository, tag].append((number(digest), seconds(first), seconds(last), seconds(ended), reason))
        for place, rows in self.model.rows.items():
            if place in self.model.blurred:
                continue
            # An open row's last sight is written only where complete looks do not confirm it: see current_tags.
            told = [row if row[3] else (*row[:2], None, *row[3:]) for row in found.get(place, [])]
            assert told == [
                (row.target, row.first_seen, row.last_seen if row.ended else None, row.ended, row.reason)
                for row in rows
            ], place

    def _history_is_right(self, place: Place, told: list[Told]) -> None:
        model = self.model
        dated = sorted((row for row in told if row.start is not None), key=lambda row: (row.start, row.end or END))
        observed = [row for row in dated if row.evidence == "observed"]
        recovered = [row for row in dated if row.evidence == "recovered"]
        undated = [row for row in told if row.start is None]
        assert all(row.end is None or row.start <= row.end for row in dated), place
        assert all(before.end is not None and before.end <= after.start for before, after in pairwise(dated)), place
        marks = sorted({time for row in dated for time in (row.start, row.end or END)} | set(model.answers[place]))
        for time in [*marks, *((a + b) // 2 for a, b in pairwise(marks))]:
            assert len([row for row in dated if row.holds(time)]) <= 1, (place, time)
        # A recovered row is never current, and never lies where a look knows better.
        for row in recovered:
            assert row.end is not None, place
            assert row.first_seen == row.last_seen, (place, row)
            assert row.first_seen in (None, *model.late[place]), (place, row)
            assert (row.target, row.start) in model.told[place], place
            for seen in observed:
                assert row.end <= seen.first_seen or seen.last_seen < row.start, (place, row, seen)
        # What was told is there: once without a time where nothing else says so.
        assert all(row.evidence == "recovered" and row.end is None for row in undated), place
        names = [row.target for row in undated]
        assert len(names) == len(set(names)), place
        assert not set(names) & {row.target for row in dated}, place
        assert {target for target, _ in model.told[place]} <= {row.target for row in told}, place
        assert set(names) <= {target for target, _ in model.told[place]}, place
        if place in model.blurred:
            return
        self._observed_rows_are_those_of_the_model(place, dated, observed)
        for time, answer in model.answers[place].items():
            assert answer == answer_at(dated, time), (place, time)
        if not self.dated and place not in model.invented:
            self._answers_without_dates_are_those_of_the_model(place, dated, marks)

    def _observed_rows_are_those_of_the_model(self, place: Place, dated: list[Told], observed: list[Told]) -> None:
        rows = self.model.rows[place]
        assert [(row.target, row.first_seen, row.last_seen) for row in rows] == [
            (row.target, row.first_seen, row.last_seen) for row in observed
        ], place
        for row, found in zip(rows, observed, strict=True):
            assert found.start in row.valid_from, (place, row, found)
            # It ends where the next row begins, or at the look that missed it.
            after = [other.start for other in dated[dated.index(found) + 1 :][:1]]
            ends = after + ([row.ended] if row.reason == "gone" else [])
            assert found.end == min(ends, default=None), (place, row, found)

    def _answers_without_dates_are_those_of_the_model(self, place: Place, dated: list[Told], marks: list[int]) -> None:
        """Where no time is told, a tag is what the last sight before showed, whether it came in time or late."""
        model = self.model
        sights = dict(model.answers[place])
        for time, target in model.late[place].items():
            if not any(row.first_seen <= time <= row.last_seen for row in model.rows[place]):
                sights.setdefault(time, target)
        for time in marks:
            before = [sight for sight in sights if sight <= time]
            last = max(before, default=None)
            # Whether a look at a pattern that missed the tag ends what came late is not said.
            if last is None or not any(last < other <= time for other in model.perhaps_looked[place]):
                assert answer_at(dated, time) == (AWAY if last is None else sights[last]), (place, time)


def completely(_: str) -> tuple[str, str | None, set[str]]:
    """How a look at a whole repository goes."""
    return "complete", None, set(TAGS)


def micros(time: int | None) -> int | None:
    return None if time is None else time * 1_000_000


Looks.TestCase.settings = settings(
    max_examples=8,
    stateful_step_count=18,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
)
TestLooks = Looks.TestCase


def test_the_same_holds_in_postgresql(postgresql_server: URL) -> None:
    server = Server(postgresql_server)

    class Served(Looks):
        make_index = staticmethod(server.new_index)

    # Fewer, since a look takes longer there.
    run_state_machine_as_test(Served, settings=settings(Looks.TestCase.settings, max_examples=2))
    server.close()
