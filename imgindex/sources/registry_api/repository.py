"""One repository as far as it was looked at: its tags, the documents that it was seen to have, and what went wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from imgindex.errors import ContentError, SourceError, quote
from imgindex.records.keys import Keyring
from imgindex.records.rows import Key, Problem, Record, ScanScope, SourceBlob, SourceManifest, Tag
from imgindex.records.wanted import Role, Wanted
from imgindex.sources.base import ROWS, Group, batches
from imgindex.sources.registry_api.http.errors import BudgetSpentError, CutBodyError, ThrottledError
from imgindex.sources.registry_api.patience import kind_of


@dataclass(slots=True, eq=False)
class Repository:
    """A repository that is listed."""

    name: str
    """Within its registry."""
    full: str
    """What it is filed under."""
    scope: Key
    tags: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unlisted: str | None = None
    """Why its tags were not listed to the end, if so."""
    refused: ContentError | SourceError | None = None
    """Why they were not listed at all, if so."""
    unseen: str | None = None
    """Why something that it lists was not seen, if so."""

    def note(self, place: str, error: ContentError | SourceError, digest: str | None = None) -> None:
        """What is wrong with one item. One that could not be asked for keeps the look from being complete."""
        detail = str(error)
        if not isinstance(error, (BudgetSpentError, ThrottledError)):  # which are the registry's, and told once
            locator = quote(f"{self.name}{place}", 1024)
            self.problems.append(Problem(self.scope, locator, kind_of(error), digest, detail))
        if isinstance(error, (SourceError, CutBodyError)):
            self.unseen = self.unseen or f"{quote(self.name + place)}: {detail}"

    def end(self, tags_like: str, only: str | None) -> ScanScope:
        """`tags_like`: the tags that were looked at. `only`: what the look was limited to, if anything."""
        why = self.unlisted or self.unseen or only
        outcome = "complete" if why is None else "partial"
        looked_at = None if why is None or self.unlisted or self.unseen else tags_like
        return ScanScope(self.scope, "repository", self.full, outcome, why, more_held=True, tags_like=looked_at)


class Place(NamedTuple):
    """A document in a repository, on the way of a walk."""

    repository: Repository
    wanted: Wanted
    depth: int = 0
    parent: str | None = None
    """Digest of a document that refers to it."""
    size: int | None = None
    """In bytes, as the registry says."""

    @property
    def key(self) -> tuple[Key, str, Role]:
        return self.repository.scope, self.wanted.digest, self.wanted.role


class Sightings:
    """What was seen and not yet told: rows are made when they are told, since their keys are good for one group."""

    def __init__(self, keys: Keyring) -> None:
        self._keys = keys
        self._tags: dict[tuple[Repository, str], str | None] = {}
        self._documents: list[tuple[Repository, str, Role, int | None]] = []

    def tag(self, repository: Repository, tag: str, digest: str | None) -> None:
        """A tag; a second look at it replaces the first."""
        self._tags[repository, tag] = digest

    def tags_at(self, repository: Repository, digest: str) -> list[str]:
        """The tags that were seen to point there."""
        return [tag for (place, tag), target in self._tags.items() if place is repository and target == digest]

    def document(self, repository: Repository, wanted: Wanted, size: int | None) -> None:
        """A document that the repository has; `size` in bytes."""
        self._documents.append((repository, wanted.digest, wanted.role, size))

    def rows(self) -> Iterator[Group]:
        """All of it, which is then told."""
        tags, self._tags = self._tags, {}
        documents, self._documents = self._documents, []
        keys = self._keys
        for part in batches(tags.items(), ROWS):
            yield [
                Tag(
                    place.scope,
                    keys.repository(place.full),
                    tag,
                    None if digest is None else keys.blob(digest),
                    "manifest",
                    None,
                )
                for (place, tag), digest in part
            ]
        for documents_part in batches(documents, ROWS):
            group: list[Record] = []
            for repository, digest, role, size in documents_part:
                key = keys.blob(digest)
                if role == "manifest":
                    group.append(SourceManifest(repository.scope, keys.repository(repository.full), key))
                group.append(SourceBlob(repository.scope, keys.repository(""), key, size, "held"))
            yield group
