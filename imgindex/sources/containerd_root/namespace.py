"""One namespace, as rows in a scope of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from imgindex.errors import ContentError, MissingError, quote
from imgindex.records.rows import Container, Record, ScanScope, SourceLayer, SourceManifest, Tag
from imgindex.records.wanted import Wanted
from imgindex.sources.base import ROWS, Group, ScanContext, batches, check_name, problem, scope_key
from imgindex.sources.containerd_root.containers import MadeOf, chain_of, image_of
from imgindex.sources.containerd_root.content import BlobFiles, Content
from imgindex.sources.containerd_root.names import Origins, split_name
from imgindex.sources.containerd_root.records import META, ImageRecord, Namespace, SnapshotRecord
from imgindex.sources.containerd_root.snapshotters import Snapshotter
from imgindex.sources.containerd_root.stacks import Stacks


class DuplicateNameError(ContentError):
    """Two names that mean the same tag, and two targets."""

    kind = "duplicate_ref"


class UnknownLayersError(ContentError):
    """Unpacked layers of which nothing tells what they are."""

    kind = "unknown_layers"


class Names:
    """The names of a namespace's images."""

    def __init__(self, images: Sequence[ImageRecord], rename: Callable[[str], str], context: ScanContext) -> None:
        self.tags: dict[tuple[str, str], ImageRecord] = {}
        """By (repository, tag)."""
        self.places: dict[tuple[str, str], None] = {}
        """Each (repository, digest) once."""
        self.problems: list[tuple[str, ContentError]] = []
        """(name, what is wrong)"""
        self.written: set[str] = set()
        """The repositories, before any was renamed."""
        bare: set[str] = set()
        for record in images:
            try:
                repository, tag = split_name(check_name(record.name, context.limits))
            except ContentError as error:
                repository, tag = "", None
                self.problems.append((record.name, error))
            self.written.add(repository)
            repository = rename(repository)
            self.places[repository, record.digest] = None
            if tag is None:
                continue
            if not repository:
                bare.add(record.digest)
            before = self.tags.get((repository, tag))
            if before is not None and before.digest != record.digest:
                wrong = (
                    f"means the same tag as {quote(before.name)}, which leads to {before.digest}; the newer one counts"
                )
                self.problems.append((record.name, DuplicateNameError(wrong)))
            if before is None or (record.updated_at or 0) > (before.updated_at or 0):
                self.tags[repository, tag] = record
        # What has a name in a repository is no nameless manifest as well, because of its ID or its digest.
        for digest in {digest for repository, digest in self.places if repository} - bare:
            self.places.pop(("", digest), None)


class NamespaceRows:
    """The rows of one namespace."""

    def __init__(
        self,
        namespace: Namespace,
        files: BlobFiles,
        context: ScanContext,
        rename: Callable[[str], str],
        later: Callable[[], Namespace | None],
    ) -> None:
        """`later`: the namespace as it is by now, for what is recorded and not found."""
        self.scope = scope_key("namespace", namespace.name)
        self._namespace = namespace
        self._files = files
        self._context = context
        self._later = later
        self._names = Names(namespace.images, rename, context)
        self._content = Content(self.scope, namespace, files, Origins(self._names.written), rename, context.limits)

    def listed(self, stacks: Stacks, snapshotters: Callable[[str], Snapshotter]) -> Iterator[Group]:
        """What is held and named; not the documents."""
        namespace, keys, scope = self._namespace, self._context.keys, self.scope
        yield from batches([problem(scope, *wrong) for wrong in namespace.problems], ROWS)
        yield from self._content.rows(self._context)
        for manifests in batches(self._names.places, ROWS):
            yield [SourceManifest(scope, keys.repository(name), keys.blob(digest)) for name, digest in manifests]
        for tags in batches(self._names.tags.items(), ROWS):
            yield [
                Tag(scope, keys.repository(name), tag, keys.blob(record.digest), "manifest", record.updated_at)
                for (name, tag), record in tags
            ]
        wrong = [
            problem(scope, f"{META}: {namespace.name}/images/{name}", error) for name, error in self._names.problems
        ]
        yield from batches(wrong, ROWS)
        for name, snapshots in namespace.snapshots.items():
            yield from self._snapshots(name, snapshots, stacks, snapshotters(name))

    def containers(self, stacks: Stacks, containers: Sequence[MadeOf]) -> Iterator[Group]:
        """A row a container."""
        for batch in batches(containers, ROWS):
            yield [self._container(found, stacks) for found in batch]

    def wanted(self) -> Iterator[Wanted]:
        """The documents that images lead to, as far as they are held."""
        media_types = {record.digest: record.media_type for record in self._namespace.images}
        return (
            Wanted(digest, "manifest", media) for digest, media in media_types.items() if digest in self._content.held
        )

    def holds(self, digest: str) -> bool:
        return digest in self._content.held

    def end(self, failed: set[str], unlisted: str | None) -> Iterator[Group]:
        """What is named and not there, but for what `failed` for another reason; and the end of the listing.

        `unlisted`: why some of it was not listed, for a reason that lies elsewhere.
        """
        if self._content.unlisted is None:
            error = MissingError("an image leads to it, but the namespace does not hold it")
            known = failed | self._content.refused
            targets = dict.fromkeys(record.digest for record in self._namespace.images)
            absent = [digest for digest in targets if not self.holds(digest) and digest not in known]
            yield from batches((problem(self.scope, self._files.path(each), error, each) for each in absent), ROWS)
        detail = self._content.unlisted or unlisted
        yield [
            ScanScope(
                self.scope,
                "namespace",
                self._namespace.name,
                "complete" if detail is None else "partial",
                detail,
                closure=True,
                listing=self._content.listing(),
                unchanged=self._content.unchanged,
                sparse=True,
            )
        ]

    def _snapshots(
        self, name: str, snapshots: dict[str, SnapshotRecord], stacks: Stacks, snapshotter: Snapshotter
    ) -> Iterator[Group]:
        keys, scope = self._context.keys, self.scope
        store = f"{self._namespace.name}/{name}"
        unknown = 0
        for batch in batches(snapshots.values(), ROWS):
            rows: list[Record] = []
            for record in batch:
                chain_key = stacks.key(record.key, keys)
                if chain_key is None:
                    # What containers write to has names of other kinds, and so have a builder's intermediates.
                    unknown += record.key.startswith("sha256:")
                    continue
                usage = snapshotter.usage.get(record.backing)
                if usage is not None:
                    rows.append(SourceLayer(scope, store, chain_key, str(usage.number), usage.bytes))
                elif snapshotter.unknown is not None:
                    rows.append(SourceLayer(scope, store, chain_key, None, None))
                elif not self._is_dropped(name, record.key):
                    broken = snapshotter.broken.get(record.backing) or MissingError("the snapshotter does not have it")
                    locator = f"{snapshotter.path}: {quote(record.backing.decode('utf-8', 'backslashreplace'))}"
                    rows.append(problem(scope, locator, broken, record.key))
            if rows:
                yield rows
        if unknown:
            error = UnknownLayersError(f"of {unknown} unpacked layers nothing tells what they are; they are left out")
            yield [problem(scope, f"{META}: {self._namespace.name}/snapshots/{name}", error)]

    def _container(self, found: MadeOf, stacks: Stacks) -> Record:
        keys = self._context.keys
        chain_id = chain_of(found, self._namespace)
        image_id = image_of(found, chain_id, self._namespace)
        return Container(
            self.scope,
            found.container_id,
            self._fit(found.name),
            None if image_id is None else keys.blob(image_id),
            self._fit(found.image_ref),
            None if chain_id is None else stacks.key(chain_id, keys),
            found.state,
            found.created_at,
        )

    def _fit(self, name: str | None) -> str | None:
        """A name that a column holds; it is shown, and nothing is looked up by it."""
        return None if name is None else name.replace("\0", "\ufffd")[: self._context.limits.name_chars]

    def _is_dropped(self, snapshotter: str, key: str) -> bool:
        """Whether the namespace has dropped a snapshot since its records were read."""
        later = self._later()
        return later is None or key not in later.snapshots.get(snapshotter, {})
