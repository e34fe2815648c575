"""What looks at a store have to leave of its tags: the rules of time as a plain model, written from the documents.

It follows docs/time.md and the decisions 0005, 0009, 0011 and 0012, and shares nothing with the store. Where those
leave something open, it says so, and tests assert only what they promise.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.builders import digest_of
from tests.stores import NOON

REPOSITORIES = ("local/api", "local/web")
TAGS = ("a_1", "ab1")
PATTERNS = {"%": ".*", "a!_%": "a_.*", "ab%": "ab.*"}
"""Patterns of LIKE with the escape `!`, and what they say as regular expressions."""
TARGETS = [digest_of(bytes([number])) for number in range(3)]
AWAY = "away"

Place = tuple[str, str]
"""A repository and a tag."""
Target = int | None
"""A number of TARGETS; None = its link cannot be read."""
Shown = dict[str, tuple[Target, int | None]]
"""Tag -> (target, when the store says that it was set)."""


@dataclass
class World:
    """What the store holds now, and remembers."""

    tags: dict[str, Shown] = field(default_factory=dict)
    past: dict[Place, set[tuple[int, int | None]]] = field(default_factory=lambda: defaultdict(set))
    """(target, when it was set, if it knows), of tags that are there."""


@dataclass
class Row:
    """A presence: what looks saw of a tag without a break."""

    target: Target
    first_seen: int
    last_seen: int
    valid_from: set[int]
    """More than one where the rules leave it open."""
    ended: int | None = None
    reason: str | None = None


@dataclass
class Model:
    """What looks saw, and what has to follow."""

    rows: dict[Place, list[Row]] = field(default_factory=lambda: defaultdict(list))
    decided: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """Repository -> the latest time for which a look decided on it."""
    catalog_complete_at: int = 0
    catalog_seen_at: int = 0
    looked: dict[Place, int] = field(default_factory=lambda: defaultdict(int))
    """The last look at the tag, that saw or missed it."""
    perhaps_looked: dict[Place, list[int]] = field(default_factory=lambda: defaultdict(list))
    """Looks of which the rules do not say whether they count as looks at a tag that was not there anyway."""
    answers: dict[Place, dict[int, Any]] = field(default_factory=lambda: defaultdict(dict))
    """At the time of each look that is sure of the tag: its target, or AWAY."""
    late: dict[Place, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    """What superseded looks saw, by their time."""
    told: dict[Place, set[tuple[int, int | None]]] = field(default_factory=lambda: defaultdict(set))
    """Facts of the past: (target, when it was set or seen; None = no time)."""
    blurred: set[Place] = field(default_factory=set)
    """Tags that two looks of one time saw differently: the rules only promise that the later look holds."""
    invented: set[Place] = field(default_factory=set)
    """Tags of which the store told things that do not follow from what happened."""

    def open_row(self, place: Place) -> Row | None:
        rows = self.rows[place]
        return rows[-1] if rows and rows[-1].ended is None else None

    def see(self, place: Place, as_of: int, target: Target, set_at: int | None) -> None:
        row = self.open_row(place)
        if row and row.target == target:
            row.last_seen = as_of
        else:
            if row:
                row.ended, row.reason = as_of, "changed"
            sure = self.looked[place]
            starts = {
                set_at if set_at is not None and previous < set_at <= as_of else as_of
                for previous in (sure, max([sure, *self.perhaps_looked[place]]))
            }
            self.rows[place].append(Row(target, as_of, as_of, starts))
        self._answer(place, as_of, target)

    def miss(self, place: Place, as_of: int, *, certain: bool) -> None:
        """`certain`: all of the scope was looked at, and not some tags."""
        row = self.open_row(place)
        if row:
            row.ended, row.reason = as_of, "gone"
        if row or certain:
            self._answer(place, as_of, AWAY)
        else:
            self.perhaps_looked[place].append(as_of)

    def _answer(self, place: Place, as_of: int, answer: Any) -> None:
        if self.answers[place].get(as_of, answer) != answer:
            self.blurred.add(place)
        self.answers[place][as_of] = answer
        self.looked[place] = as_of

    def decide(self, repository: str, as_of: int, shown: Shown, outcome: str, tags_like: str | None) -> None:
        """The end of a repository's listing."""
        if outcome == "failed":
            return
        if as_of < self.decided[repository]:
            for tag, (target, set_at) in shown.items():
                if target is not None:
                    self.late[repository, tag][as_of] = target
                    self.told[repository, tag].add((target, as_of if set_at is None or set_at > as_of else set_at))
            return
        self.decided[repository] = as_of
        for tag in TAGS:
            if tag in shown:
                self.see((repository, tag), as_of, *shown[tag])
            elif outcome == "complete":
                self.miss((repository, tag), as_of, certain=True)
            elif tags_like is not None and re.fullmatch(PATTERNS[tags_like], tag):
                self.miss((repository, tag), as_of, certain=False)

    def decide_catalog(self, listed: Iterable[str], as_of: int, outcome: str) -> None:
        """The end of the catalog's listing: all that a complete one does not list has vanished."""
        self.catalog_seen_at = max(self.catalog_seen_at, as_of)
        if outcome != "complete" or as_of < self.catalog_complete_at:
            return
        self.catalog_complete_at = as_of
        for repository in set(REPOSITORIES) - set(listed):
            if as_of >= self.decided[repository]:
                self.decided[repository] = as_of
                for tag in TAGS:
                    self.miss((repository, tag), as_of, certain=True)
            else:
                for tag in TAGS:
                    self.perhaps_looked[repository, tag].append(as_of)

    def remember(self, repository: str, tag: str, target: int, set_at: int | None, as_of: int) -> None:
        self.told[repository, tag].add((target, None if set_at is None or set_at > as_of else set_at))


END = NOON * 2


@dataclass
class Told:
    """A row of `tag_history`, in seconds and numbers of targets."""

    target: Target
    start: Any
    end: int | None
    first_seen: Any
    last_seen: Any
    evidence: str

    @classmethod
    def of(cls, digest: str | None, *rest: Any) -> Told:
        *times, evidence = rest
        return cls(number(digest), *map(seconds, times), evidence)

    def holds(self, time: int) -> bool:
        return bool(self.start <= time) and (self.end is None or time < self.end)


def answer_at(dated: list[Told], time: int) -> Any:
    return next((row.target for row in dated if row.holds(time)), AWAY)


def seconds(time: datetime | None) -> int | None:
    return None if time is None else int(time.timestamp())


def number(digest: str | None) -> Target:
    return None if digest is None else TARGETS.index(digest)
