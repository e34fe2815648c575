"""Which repositories a registry has, and what each of them links to.

A repository is a folder that holds `_manifests`, `_layers` or `_uploads`; another repository may lie in the same
folder. A tag's `index` has a link for each digest that it ever had, written when the tag was last set to it; a push
writes it first and then `current`. Garbage collection takes the blob of such a digest, and leaves the link.

    repositories/team/web/_manifests/revisions/sha256/<hex>/link    a manifest of this repository
    repositories/team/web/_manifests/tags/<tag>/current/link        what the tag points at
    repositories/team/web/_manifests/tags/<tag>/index/sha256/<hex>/link     what it pointed at once
    repositories/team/web/_layers/sha256/<hex>/link                 a blob that was pushed to it
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from imgindex.errors import ContentError, MissingError, quote
from imgindex.limits import Limits
from imgindex.records.rows import Key, Problem
from imgindex.sources.base import check_name, problem
from imgindex.sources.files import Entry, check_folder
from imgindex.sources.registry_root.links import LINK, BadLinkError, read_link
from imgindex.sources.registry_root.tree import Tree

FOLDER = "repositories"
PARTS = frozenset({"_manifests", "_layers", "_uploads"})


class TagLink(NamedTuple):
    """A tag; `digest` is None where its link cannot be read, as `wrong` says."""

    tag: str
    digest: str | None
    set_at: int | None
    wrong: Problem | None = None


class PastLink(NamedTuple):
    """A digest that a tag has or had, and when it was last set to it."""

    tag: str
    digest: str
    set_at: int | None


class Catalog:
    """The repositories of a registry, found by descending into its folders."""

    def __init__(self, tree: Tree, scope: Key, limits: Limits) -> None:
        self.unlisted: str | None = None
        """Why some of them may not have been found, if so."""
        self._tree = tree
        self._scope = scope
        self._limits = limits

    def find(self) -> Iterator[str | Problem]:
        """The names of the repositories, in order, and what is wrong on the way."""
        refused: str | None = None
        for name, entries, error in self._tree.descend(FOLDER):
            if refused is not None and name.startswith(f"{refused}/"):
                continue  # its folder has a problem row already
            path = f"{FOLDER}/{name}" if name else FOLDER
            try:
                if error is not None:
                    raise error
                check_name(name, self._limits)
            except ContentError as wrong:
                refused = name
                self.unlisted = f"{quote(path)} {wrong}"
                yield problem(self._scope, path, wrong)
                continue
            if name and any(entry.kind == "folder" and entry.name in PARTS for entry in entries):
                yield name
            for entry in entries:
                if entry.kind == "link":
                    # A repository may well lie behind it, so nothing that is not found counts as gone.
                    self.unlisted = f"{quote(path)} holds a link"
                    yield from _wrong(self._scope, f"{path}/{entry.name}", entry)


class Repository:
    """The links of one repository."""

    def __init__(self, tree: Tree, name: str, scope: Key, limits: Limits) -> None:
        self.unlisted: str | None = None
        """Why some of them were not listed, if so."""
        self._tree = tree
        self._scope = scope
        self._limits = limits
        self._folder = f"{FOLDER}/{name}"

    def revisions(self) -> Iterator[str | Problem]:
        """The digests of its manifests."""
        return self._linked(f"{self._folder}/_manifests/revisions")

    def layers(self) -> Iterator[str | Problem]:
        """The digests of the configs and layers that were pushed to it."""
        return self._linked(f"{self._folder}/_layers")

    def tags(self) -> Iterator[TagLink | PastLink | Problem]:
        """Its tags, each with its past. One whose link is broken is there all the same."""
        folder = f"{self._folder}/_manifests/tags"
        entries, wrong = self._listing(folder)
        yield from wrong
        for entry in entries:
            path = f"{folder}/{entry.name}/current/{LINK}"
            try:
                check_name(entry.name, self._limits)
            except ContentError as error:
                yield problem(self._scope, path, error)
                continue
            digest = None
            try:
                check_folder(entry)
                digest, set_at = read_link(self._tree, path, self._limits)
            except MissingError:
                yield TagLink(entry.name, None, None, problem(self._scope, path, BadLinkError("the tag has no link")))
            except ContentError as error:
                yield TagLink(entry.name, None, None, problem(self._scope, path, error))
            else:
                yield TagLink(entry.name, digest, set_at)
                yield PastLink(entry.name, digest, set_at)
            if entry.kind == "folder":
                for past, item in self._links(f"{folder}/{entry.name}/index", decides=False):
                    if past != digest:
                        yield item if isinstance(item, Problem) else PastLink(entry.name, past, item)

    def _linked(self, folder: str) -> Iterator[str | Problem]:
        """The digests that the links below a folder lead to."""
        for digest, item in self._links(folder):
            yield item if isinstance(item, Problem) else digest

    def _links(self, folder: str, decides: bool = True) -> Iterator[tuple[str, int | Problem | None]]:
        """(digest, when it was written, or what is wrong with it) of each link below a folder.

        `decides`: a folder that cannot be listed leaves open what the repository holds.
        """
        algorithms, wrong = self._listing(folder, decides=decides)
        yield from (("", item) for item in wrong)
        for algorithm in algorithms:
            path = f"{folder}/{algorithm.name}"
            entries, wrong = self._listing(path, algorithm, decides=decides)
            yield from (("", item) for item in wrong)
            for entry in entries:
                link = f"{path}/{entry.name}/{LINK}"
                try:
                    check_folder(entry)
                    digest, set_at = read_link(self._tree, link, self._limits)
                    if digest != f"{algorithm.name}:{entry.name}":
                        raise BadLinkError(f"leads to {digest} and not to what its folder is named after")
                except MissingError:
                    continue
                except ContentError as error:
                    yield "", problem(self._scope, link, error)
                else:
                    yield digest, set_at

    def _listing(
        self, path: str, entry: Entry | None = None, *, decides: bool = True
    ) -> tuple[list[Entry], list[Problem]]:
        try:
            if entry is not None:
                check_folder(entry)
            return self._tree.listing(path), []
        except MissingError:
            return [], []
        except ContentError as error:
            if decides:
                self.unlisted = f"{quote(path)} {error}"
            return [], [problem(self._scope, path, error)]


def _wrong(scope: Key, path: str, entry: Entry) -> Iterator[Problem]:
    try:
        check_folder(entry)
    except ContentError as error:
        yield problem(scope, path, error)
