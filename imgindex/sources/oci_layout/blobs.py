"""A layout's blobs: which it holds, and their sizes, by listing `blobs/` once. No blob is opened.

https://github.com/opencontainers/image-spec/blob/main/image-layout.md#blobs

    blobs/sha256/744e02ae91726e8c02acf7688fed52ac9399930ed00d2e12ca3dacce6e6fa84b
"""

from __future__ import annotations

from collections.abc import Iterator

from imgindex.errors import ContentError, LayoutError, quote
from imgindex.oci.digest import parse_digest
from imgindex.records.keys import Keyring
from imgindex.records.rows import Key, Record, SourceBlob
from imgindex.sources.base import ROWS, Group, batches, problem
from imgindex.sources.files import Entry, WrongTypeError, check_file, check_folder
from imgindex.sources.held import HeldBlobs
from imgindex.sources.tree import Tree

FOLDER = "blobs"


def blob_path(digest: str) -> str:
    """Where a layout keeps the blob of this digest."""
    return f"{FOLDER}/{digest.replace(':', '/', 1)}"


class Blobs(HeldBlobs):
    """The blobs of one layout, as far as they were listed."""

    def __init__(self, root: Tree, scope: Key) -> None:
        super().__init__(scope)
        self._root = root

    def look(self, keys: Keyring | None) -> Iterator[Group]:
        """As `HeldBlobs.look`. Raises LayoutError where there is no list of them."""
        try:
            folders = self._root.listing(FOLDER)
        except ContentError as error:
            raise LayoutError(f"cannot list the blobs of {quote(self._root.path)}: {error}") from error
        for folder in folders:
            try:
                check_folder(folder)
                entries = self._root.listing(f"{FOLDER}/{folder.name}", sizes=True)
            except ContentError as error:
                if not isinstance(error, WrongTypeError):
                    self.unlisted = f"{FOLDER}/{quote(folder.name)} {error}"
                yield [problem(self._scope, f"{FOLDER}/{folder.name}", error)]
                continue
            for batch in batches(entries, ROWS):
                if group := self._group(folder.name, batch, keys):
                    yield group

    def _group(self, algorithm: str, entries: list[Entry], keys: Keyring | None) -> Group:
        repository = 0 if keys is None else keys.repository("")
        rows: list[Record] = []
        for entry in entries:
            digest = None
            try:
                digest = parse_digest(f"{algorithm}:{entry.name}")
                size = check_file(entry)
            except ContentError as error:
                if digest is not None:
                    self.refused.add(digest)
                rows.append(problem(self._scope, f"{FOLDER}/{algorithm}/{entry.name}", error, digest))
                continue
            self.held.add(digest, size)
            if keys is not None:
                rows.append(SourceBlob(self._scope, repository, keys.blob(digest), size, "held"))
        return rows
