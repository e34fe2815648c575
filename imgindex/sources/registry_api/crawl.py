"""From tags to all documents behind them that the index does not hold.

Tags are taken in slices, whole repositories or parts of one: looked at, then what they point at is walked down. A
document that the index holds is not fetched; the walk goes on through it, and what it names is taken as there, as long
as the last look did not find it missing. What was fetched is committed slice by slice.
"""

from __future__ import annotations

import functools
from collections.abc import Generator, Iterable, Iterator
from typing import NamedTuple

from imgindex.errors import ContentError, SourceError
from imgindex.oci.digest import UnsupportedDigestError, parse_digest
from imgindex.records.keys import content_key
from imgindex.records.normalize import Normalizer
from imgindex.records.rows import IndexEntry, Problem, Record
from imgindex.records.wanted import Role, Wanted
from imgindex.sources.base import Group, NothingKnown, ScanContext
from imgindex.sources.registry_api.documents import Document, Target, fetch_document, look_at_tag
from imgindex.sources.registry_api.http.client import Client
from imgindex.sources.registry_api.http.errors import NotFoundError
from imgindex.sources.registry_api.lists import Listing, list_referrers
from imgindex.sources.registry_api.patience import Patience
from imgindex.sources.registry_api.repository import Place, Repository, Sightings
from imgindex.sources.registry_api.steps import Steps

SLICE = 2000
"""Tags that are looked at before what they point at is walked down."""


class _Read(NamedTuple):
    """A document that was read in this slice."""

    size: int
    """In bytes."""
    references: list[Wanted]


class _Fetched(NamedTuple):
    """What came of asking for a document, in one repository after the other."""

    document: Document | None
    error: ContentError | SourceError | None
    absent: list[Place]
    """Where it is not."""


class Crawl:
    """One crawl of a registry."""

    def __init__(self, client: Client, steps: Steps, context: ScanContext, patience: Patience) -> None:
        self._client = client
        self._steps = steps
        self._context = context
        self._patience = patience
        self._normalizer = Normalizer(context.keys, context.redact, context.limits)
        self._sightings = Sightings(context.keys)
        self._has_referrers: bool | None = None
        """Whether the registry lists referrers; None = nobody has asked."""
        self._may_know = False
        """Whether the index may hold anything: a new one need not be asked before something was committed."""
        self._read: dict[str, _Read] = {}
        """The documents that were fetched and may not be committed yet, by digest."""
        self._reached: set[tuple[int, str, Role]] = set()
        self._new: list[Place] = []
        """Where a manifest is that was fetched in this slice, and nobody has asked yet what refers to it."""

    # -- tags ----------------------------------------------------------------------------------------------------------

    def look(self, tags: list[tuple[Repository, str]]) -> Iterator[Group]:
        """Look at these tags, and walk down what they point at."""
        self._reached.clear()
        is_empty = self._context.known.is_empty
        self._may_know = self._may_know or not is_empty
        roots = yield from self._look(tags, fetch=is_empty)
        absent = yield from self._walk(roots)
        if absent:  # moved since, or gone
            moved = [
                (p.repository, tag) for p in absent for tag in self._sightings.tags_at(p.repository, p.wanted.digest)
            ]
            roots = yield from self._look(moved, fetch=True)
            for place in (yield from self._walk(roots)):
                error = NotFoundError("is what a tag points at, but is not there")
                place.repository.note(f"@{place.wanted.digest}", error, place.wanted.digest)
        yield from self._sightings.rows()
        self._context.commit()
        self._may_know = True
        self._read.clear()

    def _look(self, tags: list[tuple[Repository, str]], fetch: bool) -> Generator[Group, None, list[Place]]:
        limits, progress = self._context.limits, self._context.progress
        roots: list[Place] = []
        for (repository, tag), target in self._steps.each(
            tags,
            lambda item: self._patience.attempt(
                functools.partial(look_at_tag, self._client, item[0].name, item[1], limits, fetch=fetch)
            ),
        ):
            progress.advance()
            if not isinstance(target, Target):
                repository.note(f":{tag}", target)
                continue
            self._sightings.tag(repository, tag, target.digest)
            if target.wrong is not None:
                repository.note(f":{tag}", target.wrong, target.digest)
            if target.digest is None:
                continue
            place = Place(repository, Wanted(target.digest, "manifest"), size=target.size)
            if target.wrong is not None:
                self._reached.add(place.key)  # there, and of no use
                self._sightings.document(repository, place.wanted, target.size)
                continue
            roots.append(place)
            if target.document is not None and target.digest not in self._read:
                yield self._take([place], target.document)
        return roots

    # -- documents -----------------------------------------------------------------------------------------------------

    def _walk(self, roots: list[Place]) -> Generator[Group, None, list[Place]]:
        """Read what is behind these places. Returns those of them that the registry does not have."""
        absent: list[Place] = []
        ahead, depth = roots, 0
        while ahead:
            wanted = self._wanted(ahead, depth)
            self._context.progress.expect(len(wanted))
            ahead, depth = [], depth + 1
            for places, found in self._steps.each(wanted, self._fetch):
                self._context.progress.advance()
                absent += [place for place in found.absent if place.depth == 0]
                there = [place for place in places if place not in found.absent]
                if found.document is not None:
                    yield self._take(there, found.document)
                    self._see(there, ahead)
                elif found.error is not None:
                    self._fail(there, found.error)
            asked, self._new = self._new, []
            ahead += self._referrers(asked)
        return absent

    def _wanted(self, ahead: list[Place], depth: int) -> list[list[Place]]:
        """What has to be fetched, each with the places that it is wanted in."""
        asked: list[Place] = []
        stack = ahead[::-1]
        while stack:
            place = stack.pop()
            if place.key in self._reached or self._is_too_deep(place):
                continue
            self._reached.add(place.key)
            if place.wanted.digest in self._read:
                self._see([place], stack)
            else:
                asked.append(place)
        repositories = {place.repository.scope: place.repository for place in asked}
        wanted: dict[tuple[str, Role], list[Place]] = {}
        of_scope = [(place.repository.scope, place.wanted) for place in asked]
        known = self._context.known if self._may_know else NothingKnown()
        for number, row in enumerate(known.reach(of_scope)):
            place = (
                asked[number]
                if row.depth == 0
                else Place(repositories[row.scope], row.wanted, depth + row.depth, row.parent)
            )
            if row.depth and (place.key in self._reached or self._is_other(row.platform)):
                continue
            self._reached.add(place.key)
            if row.is_known:
                self._sightings.document(place.repository, place.wanted, row.size or place.size)
            elif not self._is_too_deep(place):
                wanted.setdefault((row.wanted.digest, row.wanted.role), []).append(place)
        return list(wanted.values())

    def _is_too_deep(self, place: Place) -> bool:
        return place.depth > self._context.limits.index_depth + 1

    def _is_other(self, platform: str | None) -> bool:
        """Whether this is a platform that nobody asked for."""
        return bool(self._context.platforms) and platform is not None and platform not in self._context.platforms

    async def _fetch(self, places: list[Place]) -> _Fetched:
        absent: list[Place] = []
        for place in places:
            work = functools.partial(
                fetch_document, self._client, place.repository.name, place.wanted, self._context.limits
            )
            found = await self._patience.attempt(work)
            if isinstance(found, Document):
                return _Fetched(found, None, absent)
            if not isinstance(found, NotFoundError):
                return _Fetched(None, found, absent)
            absent.append(place)
        return _Fetched(None, None, absent)

    def _take(self, places: list[Place], document: Document) -> Group:
        """The rows of a document, or the problem that stands for it."""
        place = places[0]
        wanted, scope = place.wanted, place.repository.scope
        self._read[wanted.digest] = _Read(len(document.data), [])
        try:
            if wanted.role == "config":
                records = self._normalizer.config(document.data, wanted.digest, scope)
            else:
                media_type = wanted.media_type or document.media_type
                made = self._normalizer.manifest(document.data, wanted.digest, media_type, scope)
                records = made.records
                references = self._followed(place, made.references, records)
                self._read[wanted.digest] = _Read(len(document.data), references)
        except ContentError as error:
            for other in places:
                other.repository.note(f"@{wanted.digest}", error, wanted.digest)
            return self._problems(places)
        if wanted.size is not None and wanted.size != len(document.data) and b'"fsLayers"' not in document.data:
            holder = place.parent or wanted.digest
            detail = f"declared as {wanted.size} bytes, but it has {len(document.data)}"
            key = self._context.keys.blob(holder)
            records.append(Problem(scope, holder, "size_mismatch", wanted.digest, detail, key))
        return records

    def _followed(self, place: Place, references: list[Wanted], records: list[Record]) -> list[Wanted]:
        """Of a document's references, those that are followed; a problem where that ends for their depth."""
        if self._context.platforms:
            others = {row.child_key for row in records if isinstance(row, IndexEntry) and self._is_other(row.platform)}
            references = [item for item in references if content_key(item.digest) not in others]
        if place.depth >= self._context.limits.index_depth and any(item.role == "manifest" for item in references):
            digest = place.wanted.digest
            detail = f"nested {place.depth} deep, and not followed on"
            key = self._context.keys.blob(digest)
            records.append(Problem(place.repository.scope, digest, "limit_exceeded", digest, detail, key))
            return [item for item in references if item.role != "manifest"]
        return references

    def _problems(self, places: Iterable[Place]) -> Group:
        rows: list[Record] = []
        for place in places:
            rows += place.repository.problems
            place.repository.problems.clear()
        return rows

    def _see(self, places: list[Place], ahead: list[Place]) -> None:
        """These places have the document, and what it refers to is next."""
        for place in places:
            digest = place.wanted.digest
            read = self._read[digest]
            if place.wanted.role == "manifest":
                self._new.append(place)
            self._sightings.document(place.repository, place.wanted, read.size)
            ahead += [Place(place.repository, item, place.depth + 1, digest) for item in read.references]

    def _fail(self, places: list[Place], error: ContentError | SourceError) -> None:
        """A document that could not be had: it is there, unless only a failure speaks of it."""
        for place in places:
            place.repository.note(f"@{place.wanted.digest}", error, place.wanted.digest)
            if isinstance(error, ContentError) or place.depth == 0:
                self._sightings.document(place.repository, place.wanted, place.size or place.wanted.size)

    # -- referrers -----------------------------------------------------------------------------------------------------

    def _referrers(self, places: list[Place]) -> list[Place]:
        """What refers to these new documents. A registry that cannot tell is asked once."""
        found: list[Place] = []
        if self._has_referrers is None and places:
            first, *places = places
            listing = self._steps.run(self._list_referrers(first))
            if self._patience.why is None:
                self._has_referrers = isinstance(listing, Listing)
            found += self._refer(first, listing)
        if not self._has_referrers:
            return found
        for place, listing in self._steps.each(places, self._list_referrers):
            if not isinstance(listing, (Listing, NotFoundError)):
                place.repository.note(f"@{place.wanted.digest}", listing)
            found += self._refer(place, listing)
        return found

    async def _list_referrers(self, place: Place) -> Listing | ContentError | SourceError:
        work = functools.partial(
            list_referrers, self._client, place.repository.name, place.wanted.digest, self._context.limits
        )
        return await self._patience.attempt(work)

    def _refer(self, place: Place, listing: Listing | ContentError | SourceError) -> list[Place]:
        found: list[Place] = []
        for digest, item in listing.found.items() if isinstance(listing, Listing) else ():
            try:
                wanted = Wanted(parse_digest(digest), "manifest", item.media_type if item else None)
            except UnsupportedDigestError as error:
                place.repository.note(f"@{place.wanted.digest}", error)
                continue
            found.append(Place(place.repository, wanted, place.depth + 1))
        return found
