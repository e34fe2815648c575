"""The storage of a CNCF distribution registry: the tree that it writes into a folder or an object store.

Every repository is a scope, the blob tree is one, and the catalog is the last: it says which repositories there are,
and which documents cannot be used, since one document may be linked in many repositories. Only manifests that a
repository links to are read, and their configs: what was deleted from all repositories is no longer the registry's,
though its blob lies there until the next garbage collection.

https://github.com/distribution/distribution/blob/main/registry/storage/paths.go

    docker/registry/v2/
      blobs/sha256/74/744e02ae…/data
      repositories/team/web/
        _layers/sha256/7a442f4c…/link
        _manifests/revisions/sha256/744e02ae…/link
        _manifests/tags/1.2/current/link
        _manifests/tags/1.2/index/sha256/744e02ae…/link
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

from imgindex.errors import ContentError, MissingError
from imgindex.records.rows import Key, PastTag, Problem, Record, ScanScope, SourceBlob, SourceManifest, Tag
from imgindex.records.wanted import Wanted
from imgindex.sources.base import ROWS, Group, Identity, ScanContext, batches, problem, scope_key
from imgindex.sources.registry_root.blobs import Blobs, blob_path
from imgindex.sources.registry_root.folder import FolderStorage
from imgindex.sources.registry_root.repositories import Catalog, PastLink, Repository, TagLink
from imgindex.sources.registry_root.tree import Storage, Tree
from imgindex.sources.walk import CHUNK, Walk

DEFAULT_REGISTRY = "local"
_BLOBS = scope_key("blobs", "blobs")
_CATALOG = scope_key("catalog", "catalog")
_PENDING = 3 * CHUNK
"""Documents, of as many repositories as it takes, that are read together."""


class RegistryRoot:
    """A registry, read from its storage."""

    def __init__(self, storage: Storage | str, registry: str = DEFAULT_REGISTRY) -> None:
        """
        Args:
            storage: Where its tree lies; a path is that of a folder which is `docker/registry/v2` itself.
            registry: What its repositories are filed under.

        Raises SourceUnavailableError where there is no folder.
        """
        self._storage = FolderStorage(storage) if isinstance(storage, str) else storage
        self._registry = registry
        address = f"registry-root:{self._storage.address}"
        self.identity = Identity("registry-root", address, self._storage.fingerprint, registry)

    def scan(self, context: ScanContext) -> Iterator[Group]:
        """As `Source.scan`."""
        with self._storage.open() as tree:
            blobs = Blobs(tree, _BLOBS)
            yield from blobs.rows(context)
            yield [_end(_BLOBS, "blobs", "blobs", blobs.unlisted, blobs.listing(), blobs.unchanged)]
            catalog = Catalog(tree, _CATALOG, context.limits)
            yield from _Reading(tree, self._registry, blobs, context).read(catalog)
            yield [_end(_CATALOG, "catalog", "catalog", catalog.unlisted)]

    def plan(self, context: ScanContext) -> dict[str, int]:
        """As `Source.plan`; a manifest that is linked in two repositories counts once in each."""
        counts = dict.fromkeys(("repositories", "tags", "manifests", "blobs"), 0)
        with self._storage.open() as tree:
            blobs = Blobs(tree, _BLOBS)
            for _ in blobs.look(None):
                pass
            counts["blobs"] = len(blobs.held)
            for name in Catalog(tree, _CATALOG, context.limits).find():
                if isinstance(name, str):
                    repository = Repository(tree, name, _CATALOG, context.limits)
                    counts["repositories"] += 1
                    counts["tags"] += sum(isinstance(item, TagLink) for item in repository.tags())
                    counts["manifests"] += sum(isinstance(item, str) for item in repository.revisions())
        return counts


class _Reading:
    """One scan's way through the repositories."""

    def __init__(self, tree: Tree, registry: str, blobs: Blobs, context: ScanContext) -> None:
        self._tree = tree
        self._registry = registry
        self._blobs = blobs
        self._context = context
        self._walk = Walk(
            context,
            _CATALOG,
            fetch=self._fetch,
            where=blob_path,
            # A child is read if a repository links to it, and then it is listed.
            follow=lambda wanted: wanted.role == "config",
            scope_of=lambda digest: self._scopes.get(digest, _CATALOG),
            ahead=self._ahead,
        )
        self._missing: set[str] = set()
        self._pending: list[Wanted] = []
        self._scopes: dict[str, Key] = {}
        """Of each pending manifest, a repository that links to it."""
        self._ended: list[ScanScope] = []

    def read(self, catalog: Catalog) -> Iterator[Group]:
        """All repositories, each with its documents before its end."""
        for name in catalog.find():
            if isinstance(name, Problem):
                yield [name]
                continue
            yield from self._repository(name)
            if len(self._pending) >= _PENDING or len(self._ended) >= ROWS:
                yield from self._documents()
        yield from self._documents()

    def _repository(self, name: str) -> Iterator[Group]:
        full = f"{self._registry}/{name}"
        scope = scope_key("repository", full)
        repository = Repository(self._tree, name, scope, self._context.limits)
        keys = self._context.keys
        for revisions in batches(repository.revisions(), ROWS):
            key = keys.repository(full)
            yield [
                item if isinstance(item, Problem) else SourceManifest(scope, key, keys.blob(item)) for item in revisions
            ]
            yield from self._want(scope, [item for item in revisions if isinstance(item, str)])
        for layers in batches(repository.layers(), ROWS):
            key = keys.repository(full)
            yield [item if isinstance(item, Problem) else self._layer(scope, key, item) for item in layers]
        for tags in batches(repository.tags(), ROWS):
            key = keys.repository(full)
            yield [row for item in tags for row in self._tag(scope, key, item)]
        self._ended.append(_end(scope, "repository", full, repository.unlisted))

    def _want(self, scope: Key, digests: list[str]) -> Iterator[Group]:
        """Queue manifests to be read. One that is not there is one problem, however many repositories link to it."""
        absent: list[Record] = []
        for digest in digests:
            if self._size(digest) is not None:
                self._pending.append(Wanted(digest, "manifest"))
                self._scopes.setdefault(digest, scope)
            elif digest not in self._missing and digest not in self._blobs.refused and self._blobs.unlisted is None:
                self._missing.add(digest)
                error = MissingError("is linked as a revision, but is not there")
                absent.append(problem(_CATALOG, blob_path(digest), error, digest))
        if absent:
            yield absent
        if len(self._pending) >= 2 * _PENDING:
            yield from self._pending_documents()

    def _documents(self) -> Iterator[Group]:
        """Read what is queued, then end the repositories that were listed to their end."""
        yield from self._pending_documents()
        ended, self._ended = self._ended, []
        if ended:
            yield ended

    def _pending_documents(self) -> Iterator[Group]:
        pending, self._pending = self._pending, []
        yield from self._walk.read(pending)
        self._scopes.clear()

    def _ahead(self, wanted: Sequence[Wanted]) -> None:
        paths = [blob_path(item.digest) for item in wanted if item.digest not in self._blobs.refused]
        self._tree.ahead(paths, self._context.limits.document_bytes)

    def _fetch(self, wanted: Wanted) -> bytes:
        if wanted.digest in self._blobs.refused:
            raise MissingError("is no file, as another row says")
        return self._tree.read(blob_path(wanted.digest), self._context.limits.document_bytes)

    def _size(self, digest: str) -> int | None:
        """A blob's size in bytes; None if the registry does not have it."""
        size = self._blobs.held.size(digest)
        if size is None and digest not in self._blobs.refused:
            # Links are listed after the blobs, so what is pushed in between is looked for again.
            with suppress(ContentError):
                size = self._tree.size(blob_path(digest))
        return size

    def _layer(self, scope: Key, repository: Key, digest: str) -> Record:
        size = self._size(digest)
        evidence = "declared" if size is None else "held"
        return SourceBlob(scope, repository, self._context.keys.blob(digest), size, evidence)

    def _tag(self, scope: Key, repository: Key, item: TagLink | PastLink | Problem) -> Iterator[Record]:
        if isinstance(item, Problem):
            yield item
            return
        target = None if item.digest is None else self._context.keys.blob(item.digest)
        if isinstance(item, TagLink):
            yield Tag(scope, repository, item.tag, target, "manifest", item.set_at)
            if item.wrong is not None:
                yield item.wrong
        elif target is not None:
            yield PastTag(scope, repository, item.tag, target, "manifest", item.set_at)


def _end(
    scope: Key, kind: str, name: str, unlisted: str | None, listing: str | None = None, unchanged: bool = False
) -> ScanScope:
    outcome = "complete" if unlisted is None else "partial"
    return ScanScope(scope, kind, name, outcome, unlisted, listing=listing, unchanged=unchanged)
