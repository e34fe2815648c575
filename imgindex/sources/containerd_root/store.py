"""All that lies in one root folder of containerd, whoever runs it: containerd alone, Kubernetes, or Docker.

Every namespace is a scope. The records are read at one moment; blobs and sizes are looked up after that, and what was
dropped meanwhile is no problem. The documents of all namespaces are read together, since they share them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import NamedTuple

from imgindex.errors import ContentError, MissingError
from imgindex.oci.digest import is_sha256
from imgindex.records.rows import Key, LayerBlob, Record
from imgindex.records.wanted import Wanted
from imgindex.sources.base import ROWS, Group, ScanContext, batches, problem
from imgindex.sources.bolt.database import last_transaction, read_database
from imgindex.sources.containerd_root.containers import MadeOf, own_containers
from imgindex.sources.containerd_root.content import BlobFiles
from imgindex.sources.containerd_root.namespace import NamespaceRows
from imgindex.sources.containerd_root.records import META, Namespace, read_namespaces
from imgindex.sources.containerd_root.snapshotters import Snapshotter
from imgindex.sources.containerd_root.stacks import UNCOMPRESSED, Stacks
from imgindex.sources.files import Root
from imgindex.sources.walk import Walk


class UnsettledError(ContentError):
    """The records changed faster than they could be read."""

    kind = "unsettled"


UNSETTLED = "it was written to all the time"


class Told(NamedTuple):
    """The containers of a namespace, as told by the engine that they belong to."""

    namespace: str
    containers: Sequence[MadeOf]
    unlisted: str | None
    """Why some were not listed, if so."""


class Store:
    """The root folder `folder`, which is empty or ends with a slash, within `root`."""

    def __init__(self, root: Root, folder: str, context: ScanContext) -> None:
        """Reads the records, and lists the content. Raises ContentError where that cannot be done."""
        self._root = root
        self._folder = folder
        self._context = context
        try:
            database = read_database(root, folder + META, context.limits)
            self.namespaces = read_namespaces(database, context.limits)
        except ContentError as error:
            raise type(error)(f"{META} {error}") from error
        self._transaction = database.transaction
        self.is_settled = database.is_settled
        self._files = BlobFiles(root, folder)
        self._later_namespaces: dict[str, Namespace] | None = None
        self._snapshotters: dict[str, Snapshotter] = {}

    def plan(self) -> dict[str, int]:
        """How much of what there is."""
        counts = dict.fromkeys(("namespaces", "tags", "blobs", "layers", "containers", "leases"), 0)
        for namespace in self.namespaces:
            counts["namespaces"] += 1
            counts["tags"] += len(namespace.images)
            counts["blobs"] += len(namespace.content)
            counts["layers"] += sum(map(len, namespace.snapshots.values()))
            counts["containers"] += len(namespace.containers)
            counts["leases"] += namespace.lease_count
        return counts

    def read(self, catalog: Key, rename: Callable[[str], str], told: Told | None = None) -> Iterator[Group]:
        """All that it holds, with the ends of its scopes.

        Args:
            catalog: Scope for what concerns no namespace, which ends later.
            rename: The name that a repository is filed under.
            told: The containers, where somebody else knows more of them than the records say.
        """
        context, files = self._context, self._files
        yield from batches([problem(catalog, *wrong) for wrong in files.problems], ROWS)
        if not self.is_settled:
            error = UnsettledError(f"{UNSETTLED}; what was read may be of several moments")
            yield [problem(catalog, self._folder + META, error)]
        yield from self._content(catalog)
        stacks = Stacks(self.namespaces, lambda digest: files.read(digest, context.limits))
        rows = [
            NamespaceRows(found, files, context, rename, partial(self._later, found.name)) for found in self.namespaces
        ]
        scopes: dict[str, Key] = {}
        for namespace, listed in zip(self.namespaces, rows, strict=True):
            yield from listed.listed(stacks, self._snapshotter)
            if told is None:
                yield from listed.containers(stacks, own_containers(namespace))
            elif namespace.name == told.namespace:
                yield from listed.containers(stacks, told.containers)
            for wanted in listed.wanted():
                scopes.setdefault(wanted.digest, listed.scope)

        wrong = [(found.path, found.unknown) for found in self._snapshotters.values() if found.unknown is not None]
        yield from batches([problem(catalog, *item) for item in wrong], ROWS)

        def fetch(wanted: Wanted) -> bytes:
            if not any(listed.holds(wanted.digest) for listed in rows):
                raise MissingError("no namespace holds it")
            return files.read(wanted.digest, context.limits)

        walk = Walk(context, catalog, fetch, files.path, scope_of=lambda digest: scopes.get(digest, catalog))
        yield from walk.read(wanted for listed in rows for wanted in listed.wanted())
        unlisted = None if self.is_settled else UNSETTLED
        if told is not None:
            unlisted = unlisted or told.unlisted
        for listed in rows:
            yield from listed.end(walk.failed, unlisted)

    def _content(self, catalog: Key) -> Iterator[Group]:
        """What the namespaces together say of blobs: which layers they hold, and what is wrong with their files."""
        keys = self._context.keys
        pairs: dict[tuple[str, str], None] = {}
        wrong: list[Record] = []
        for digest in sorted({digest for namespace in self.namespaces for digest in namespace.content}):
            try:
                self._files.size(digest)
            except ContentError as error:
                if self._files.unlisted is None and not self._is_dropped(digest):
                    wrong.append(problem(catalog, self._files.path(digest), error, digest))
        yield from batches(wrong, ROWS)
        for namespace in self.namespaces:
            for record in namespace.content.values():
                if is_sha256(diff_id := record.labels.get(UNCOMPRESSED, "")):
                    pairs[diff_id, record.digest] = None
        for batch in batches(pairs, ROWS):
            yield [LayerBlob(keys.layer(diff_id), keys.blob(digest), "store") for diff_id, digest in batch]

    def _is_dropped(self, digest: str) -> bool:
        """Whether all namespaces have dropped a blob since their records were read."""
        later = [self._later(namespace.name) for namespace in self.namespaces]
        return not any(found is not None and digest in found.content for found in later)

    def _snapshotter(self, name: str) -> Snapshotter:
        if name not in self._snapshotters:
            self._snapshotters[name] = Snapshotter(self._root, self._folder, name, self._context.limits)
        return self._snapshotters[name]

    def _later(self, name: str) -> Namespace | None:
        """A namespace as it is by now; None if there is none."""
        if self._later_namespaces is None:
            self._later_namespaces = {found.name: found for found in self.namespaces}
            with suppress(ContentError):
                if last_transaction(self._root, self._folder + META) != self._transaction:
                    database = read_database(self._root, self._folder + META, self._context.limits)
                    again = read_namespaces(database, self._context.limits)
                    self._later_namespaces = {found.name: found for found in again}
        return self._later_namespaces.get(name)
