"""The blob tree that all repositories of a registry share: which blobs it holds, and their sizes. No blob is opened.

Garbage collection leaves empty folders behind; they hold nothing and mean nothing.

    blobs/sha256/74/744e02ae91726e8c02acf7688fed52ac9399930ed00d2e12ca3dacce6e6fa84b/data
"""

from __future__ import annotations

from collections.abc import Iterator

from imgindex.errors import ContentError, MalformedError, MissingError, quote
from imgindex.oci.digest import parse_digest
from imgindex.records.keys import Keyring
from imgindex.records.rows import Key, Record, SourceBlob
from imgindex.sources.base import ROWS, Group, batches, problem
from imgindex.sources.files import Entry, WrongTypeError, check_folder
from imgindex.sources.held import HeldBlobs
from imgindex.sources.registry_root.tree import Tree

FOLDER = "blobs"


def blob_path(digest: str) -> str:
    """Where the tree keeps the blob of this digest."""
    algorithm, _, encoded = digest.partition(":")
    return f"{FOLDER}/{algorithm}/{encoded[:2]}/{encoded}/data"


class Blobs(HeldBlobs):
    """The blobs of one registry, as far as they were listed."""

    def __init__(self, tree: Tree, scope: Key) -> None:
        super().__init__(scope)
        self._tree = tree

    def look(self, keys: Keyring | None) -> Iterator[Group]:
        """As `HeldBlobs.look`."""
        problems: list[Record] = []
        for algorithm in self._listing(FOLDER, problems):
            for shard in self._listing(f"{FOLDER}/{algorithm.name}", problems, algorithm):
                path = f"{FOLDER}/{algorithm.name}/{shard.name}"
                for batch in batches(self._listing(path, problems, shard), ROWS):
                    if group := self._group(algorithm.name, shard.name, batch, keys):
                        yield group
        yield from batches(problems, ROWS)

    def _listing(self, path: str, problems: list[Record], entry: Entry | None = None) -> list[Entry]:
        try:
            if entry is not None:
                check_folder(entry)
            return self._tree.listing(path)
        except MissingError:
            return []  # a registry that nobody has pushed to, or a folder that is gone again
        except ContentError as error:
            if not isinstance(error, WrongTypeError):
                self.unlisted = f"{quote(path)} {error}"
            problems.append(problem(self._scope, path, error))
            return []

    def _group(self, algorithm: str, shard: str, entries: list[Entry], keys: Keyring | None) -> Group:
        repository = 0 if keys is None else keys.repository("")
        rows: list[Record] = []
        for entry in entries:
            name = entry.name
            path = f"{FOLDER}/{algorithm}/{shard}/{name}"
            digest = None
            try:
                digest = parse_digest(f"{algorithm}:{name}")
                if not name.startswith(shard):
                    raise MalformedError("lies in the folder of other digests")
                check_folder(entry)
                size = self._tree.size(f"{path}/data")
            except MissingError:
                continue
            except ContentError as error:
                if digest is not None:
                    self.refused.add(digest)
                rows.append(problem(self._scope, path, error, digest))
                continue
            self.held.add(digest, size)
            if keys is not None:
                rows.append(SourceBlob(self._scope, repository, keys.blob(digest), size, "held"))
        return rows
