"""A namespace's content: which blobs it holds, and their sizes.

All namespaces share one folder of files. What a namespace holds is what its records list; that it is there, and how
large it is, is what the folder says. Files that no namespace lists wait for garbage collection and are nobody's; those
in `ingest` are not finished. No blob is opened.

    io.containerd.content.v1.content/blobs/sha256/<hex>
    containerd.io/distribution.source.docker.io = library/nginx,lab/web     a label: where it came from
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

from imgindex.errors import ContentError, MissingError, quote
from imgindex.limits import Limits
from imgindex.records.keys import Keyring
from imgindex.records.rows import Key, Record, SourceBlob
from imgindex.sources.base import ROWS, Group, batches
from imgindex.sources.containerd_root.names import Origins
from imgindex.sources.containerd_root.records import ContentRecord, Namespace
from imgindex.sources.files import Entry, Root, WrongTypeError, check_file, check_folder
from imgindex.sources.held import HeldBlobs

FOLDER = "io.containerd.content.v1.content/blobs"
_ORIGIN = "containerd.io/distribution.source."


class NoFileError(MissingError):
    """A blob that namespaces list has no file."""

    kind = "missing_file"


class BlobFiles:
    """The files of all namespaces."""

    def __init__(self, root: Root, folder: str) -> None:
        """Lists them. Raises ContentError where the folder is there and cannot be listed."""
        self.problems: list[tuple[str, ContentError]] = []
        """(locator, what is wrong)"""
        self.unlisted: str | None = None
        """Why some were not listed, if so."""
        self._root = root
        self._folder = folder + FOLDER
        self._entries: dict[str, dict[str, Entry]] = {}
        try:
            folders = root.listing(self._folder)
        except MissingError:
            folders = []  # made with the first blob
        except ContentError as error:
            raise type(error)(f"{FOLDER} {error}") from error
        for entry in folders:
            path = f"{self._folder}/{entry.name}"
            try:
                check_folder(entry)
                self._entries[entry.name] = {file.name: file for file in root.listing(path, sizes=True)}
            except ContentError as error:
                if not isinstance(error, WrongTypeError):
                    self.unlisted = f"{quote(path)} {error}"
                self.problems.append((path, error))

    def path(self, digest: str) -> str:
        return f"{self._folder}/{digest.replace(':', '/', 1)}"

    def size(self, digest: str) -> int:
        """Size in bytes of a blob's file. Raises NoFileError, WrongTypeError, PathEscapeError."""
        algorithm, _, encoded = digest.partition(":")
        entry = self._entries.get(algorithm, {}).get(encoded)
        if entry is None:
            raise NoFileError("it is listed, but has no file")
        return check_file(entry)

    def read(self, digest: str, limits: Limits) -> bytes:
        """Raises ContentError."""
        return self._root.read(self.path(digest), limits.document_bytes)


class Content(HeldBlobs):
    """The blobs of one namespace."""

    def __init__(
        self,
        scope: Key,
        namespace: Namespace,
        files: BlobFiles,
        origins: Origins,
        rename: Callable[[str], str],
        limits: Limits,
    ) -> None:
        self._namespace = namespace
        self._files = files
        self._origins = origins
        self._rename = rename
        self._limits = limits
        super().__init__(scope)

    def _start(self) -> None:
        super()._start()
        self.unlisted = self._namespace.unlisted or self._files.unlisted
        self._places = hashlib.sha256()

    def listing(self) -> str | None:
        """As `HeldBlobs.listing`; where the blobs came from counts as well."""
        blobs = super().listing()
        return None if blobs is None else hashlib.sha256(blobs.encode() + self._places.digest()).hexdigest()

    def look(self, keys: Keyring | None) -> Iterator[Group]:
        """As `HeldBlobs.look`; what is wrong with a file concerns all namespaces, and is told by the store."""
        for records in batches(self._namespace.content.values(), ROWS):
            rows = [row for record in records for row in self._rows(record, keys)]
            if rows:
                yield rows

    def _rows(self, record: ContentRecord, keys: Keyring | None) -> Iterator[Record]:
        digest = record.digest
        try:
            size = self._files.size(digest)
        except ContentError:
            self.refused.add(digest)
            return
        self.held.add(digest, size)
        repositories = self._repositories(record)
        self._places.update(f"{digest} {repositories}".encode())
        if keys is not None:
            for name in ("", *repositories):
                yield SourceBlob(self._scope, keys.repository(name), keys.blob(digest), size, "held")

    def _repositories(self, record: ContentRecord) -> list[str]:
        """Where it came from; a name that no column holds is left out."""
        found: set[str] = set()
        for label, paths in record.labels.items():
            if label.startswith(_ORIGIN):
                found.update(map(self._rename, self._origins.repositories(label.removeprefix(_ORIGIN), paths)))
        return sorted(name for name in found if len(name) <= self._limits.name_chars and "\0" not in name)
