"""An image's names: its tags, the digests that podman knows it by, and the tags it had once.

Names are whole, as podman writes them. An image's digests are the one that images.json notes and those of all its
manifests; podman shows each with each repository that a name of the image is in. A list's noted digest is stale: it is
that of the list when it was made. A past name says nothing of when it was, and may be the image's still.

    "digest": "sha256:abd28806…", "names": ["localhost/lab/web:1.0"],
    "names-history": ["localhost/lab/web:1", "localhost/lab/web:latest", "localhost/lab/web:1.0"]
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from imgindex.errors import ContentError, InvalidReferenceError, LimitExceededError, MalformedError, quote
from imgindex.limits import Limits
from imgindex.oci.digest import parse_digest
from imgindex.oci.reference import Reference, parse_reference
from imgindex.sources.base import check_name
from imgindex.sources.containers_storage.lists import ImageEntry


class DuplicateNameError(ContentError):
    """One name for two images, so that it depends on the reader which one it means."""

    kind = "duplicate_ref"


class Names:
    """The names of a driver's images, gathered image by image in the order of the list."""

    def __init__(self, limits: Limits, rename: Callable[[str], str]) -> None:
        """`rename`: the name that a repository is filed under."""
        self.tags: dict[tuple[str, str], str] = {}
        """By (repository, tag), the image's ID in the store."""
        self.digests: dict[tuple[str, str], str] = {}
        """By (repository, manifest digest), the same; an image without a name is in the nameless repository."""
        self.past: dict[tuple[str, str, str], None] = {}
        """(repository, tag, image) of every tag that an image ever had."""
        self.problems: list[tuple[str, ContentError]] = []
        """(locator, what is wrong)"""
        self._limits = limits
        self._rename = rename

    def add(self, locator: str, entry: ImageEntry, manifests: Iterable[str], yields: bool) -> list[str]:
        """Take the names of an image. Returns the repositories that it is in, or the nameless one.

        `manifests`: digests of its manifests. `yields`: it lies in an additional store, whose names count where the
        store itself does not have them.
        """
        digests = [*self._noted(locator, entry), *manifests]
        repositories: dict[str, None] = {}
        for reference in self._parsed(locator, entry.names):
            repository = self._rename(reference.repository)
            repositories[repository] = None
            if reference.digest is not None:
                self.digests.setdefault((repository, reference.digest), entry.id)
            elif reference.tag is not None:
                before = self.tags.get((repository, reference.tag))
                if before is None or not yields:
                    self.tags[repository, reference.tag] = entry.id
                if before not in (None, entry.id) and not yields:
                    error = DuplicateNameError(f"the name {quote(reference)} was the image {before}'s before")
                    self.problems.append((locator, error))
        for repository in repositories or ("",):
            for digest in digests:
                self.digests.setdefault((repository, digest), entry.id)
        for reference in self._parsed(locator, entry.names_history):
            if reference.tag is not None and reference.digest is None:
                self.past[self._rename(reference.repository), reference.tag, entry.id] = None
        return list(repositories) or [""]

    def _noted(self, locator: str, entry: ImageEntry) -> list[str]:
        try:
            return [parse_digest(entry.digest)] if entry.digest else []
        except ContentError as error:
            self.problems.append((locator, error))
            return []

    def _parsed(self, locator: str, names: list[str] | None) -> list[Reference]:
        parsed = []
        if names and len(names) > self._limits.map_entries:
            error = LimitExceededError(f"{len(names)} names, and {self._limits.map_entries} are the limit")
            self.problems.append((locator, error))
            return []
        for name in names or ():
            try:
                parsed.append(parse_reference(check_name(name, self._limits)))
            except InvalidReferenceError as error:
                self.problems.append((locator, MalformedError(str(error))))
            except ContentError as error:
                self.problems.append((locator, error))
        return parsed
