"""A graph driver's layerdb: which stacks of layers are unpacked, and how large the top layer of each is.

A folder is named after the chain ID, which is computed again from what lies in it. `size` counts the bytes of the
layer's files, which is not the size of its tar. The tar-split beside it is never read. A layer whose stack cannot be
told, since something below it is broken or gone, is left out, and the row about what is broken says how many layers
that takes with it.

https://github.com/moby/moby/blob/master/layer/filestore.go

    layerdb/sha256/6d039ee2…/diff        sha256:74bd9a2b…    diff ID of the top layer
                             parent      sha256:bffb1366…    chain ID of the stack below; absent for a base layer
                             size        1984314
                             cache-id    5ca09dd1…           the driver's own name for it
    layerdb/mounts/<container ID>/parent                     the stack that a container stands on
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from imgindex.errors import ContentError, MalformedError, MissingError, quote
from imgindex.limits import Limits
from imgindex.oci.chain import chain_ids
from imgindex.oci.digest import parse_digest
from imgindex.records.keys import Keyring
from imgindex.records.rows import Key, SourceLayer
from imgindex.sources.base import check_name
from imgindex.sources.docker_root.small import read_digest, read_text
from imgindex.sources.files import Entry, Root, check_folder

_GREATEST = 2**63 - 1


class ChainMismatchError(ContentError):
    """A layer is not stored under the chain ID that its parent and diff ID make."""

    kind = "chain_mismatch"


class _Stack(NamedTuple):
    parent: str | None
    diff_id: str


class _Unpacked(NamedTuple):
    size: int
    cache_id: str


class Wrong(NamedTuple):
    """What is wrong with a layer."""

    locator: str
    error: ContentError
    chain_id: str | None


class Layers:
    """The layers of one graph driver."""

    def __init__(self, root: Root, driver: str, limits: Limits) -> None:
        """Reads all of them. Raises ContentError where they cannot be listed."""
        self.problems: list[Wrong] = []
        self.reported: set[str] = set()
        """Chain IDs that `problems` is about, or whose layers it takes with it."""
        self._root = root
        self._limits = limits
        self._folder = f"image/{driver}/layerdb"
        self._stacks: dict[str, _Stack] = {}
        self._unpacked: dict[str, _Unpacked] = {}
        broken: dict[str, Wrong] = {}
        for entry in self._listing():
            chain_id = f"sha256:{entry.name}"
            path = f"{self._folder}/sha256/{entry.name}"
            try:
                self._read(chain_id, path, entry)
            except ContentError as error:
                if root.kind(path) is None:
                    continue  # removed since it was listed
                broken[chain_id] = Wrong(path, error, chain_id if chain_id in self._stacks else None)
        self._depths = self._count(broken)
        self.problems.extend(broken.values())
        self.reported.update(broken)

    def __len__(self) -> int:
        return sum(chain_id in self._depths for chain_id in self._unpacked)

    def chain_ids(self) -> Iterator[str]:
        """The stacks that are unpacked here."""
        return (chain_id for chain_id in self._unpacked if chain_id in self._depths)

    def key(self, chain_id: str, keys: Keyring) -> Key | None:
        """The key of a stack; None if it is not known here."""
        depth = self._depths.get(chain_id)
        if depth is None:
            return None
        stack = self._stacks[chain_id]
        return keys.chain(chain_id, stack.parent, stack.diff_id, depth)

    def row(self, chain_id: str, scope: Key, driver: str, keys: Keyring) -> SourceLayer:
        """The row of one of `chain_ids`."""
        stack, unpacked = self._stacks[chain_id], self._unpacked[chain_id]
        key = keys.chain(chain_id, stack.parent, stack.diff_id, self._depths[chain_id])
        return SourceLayer(scope, driver, key, unpacked.cache_id, unpacked.size)

    def mounted(self, container_id: str) -> str | None:
        """The chain ID that a container stands on; None if it has none, or no files at all. Raises ContentError."""
        try:
            return read_digest(self._root, f"{self._folder}/mounts/{container_id}/parent", self._limits)
        except MissingError:
            return None

    def _listing(self) -> list[Entry]:
        try:
            return self._root.listing(f"{self._folder}/sha256")
        except MissingError:
            if self._root.kind(self._folder) == "folder":
                return []  # made with the first layer
            raise

    def _read(self, chain_id: str, path: str, entry: Entry) -> None:
        parse_digest(chain_id)
        check_folder(entry)
        diff_id = read_digest(self._root, f"{path}/diff", self._limits)
        try:
            parent = read_digest(self._root, f"{path}/parent", self._limits)
        except MissingError:
            parent = None
        made = chain_ids([diff_id] if parent is None else [parent, diff_id])[-1]
        if made != chain_id:
            raise ChainMismatchError(f"its parent and diff ID make the chain ID {made}")
        self._stacks[chain_id] = _Stack(parent, diff_id)
        size = read_text(self._root, f"{path}/size", self._limits)
        if not (size.isascii() and size.isdigit() and len(size) < 20 and int(size) <= _GREATEST):
            raise MalformedError(f"size is no number of bytes: {quote(size)}")
        cache_id = check_name(read_text(self._root, f"{path}/cache-id", self._limits), self._limits)
        if not cache_id:
            raise MalformedError("cache-id is empty")
        self._unpacked[chain_id] = _Unpacked(int(size), cache_id)

    def _count(self, broken: dict[str, Wrong]) -> dict[str, int]:
        """How many layers each stack has. Chain IDs were verified, so that no stack can stand on itself."""
        depths: dict[str, int] = {}
        lost: dict[str, str] = {}
        for top in self._stacks:
            path = []
            chain_id: str | None = top
            while chain_id is not None and chain_id not in depths and chain_id in self._stacks and chain_id not in lost:
                path.append(chain_id)
                chain_id = self._stacks[chain_id].parent
            if chain_id is not None and chain_id not in depths:
                absent = lost.get(chain_id, chain_id)
                lost.update(dict.fromkeys(path, absent))
                continue
            depth = 0 if chain_id is None else depths[chain_id]
            for above in reversed(path):
                depth += 1
                depths[above] = depth
        self._explain(lost, broken)
        return depths

    def _explain(self, lost: dict[str, str], broken: dict[str, Wrong]) -> None:
        """One row for whatever takes layers with it."""
        taken: dict[str, list[str]] = {}
        for chain_id, absent in lost.items():
            taken.setdefault(absent, []).append(chain_id)
        for absent, chains in taken.items():
            self.reported.update(chains, (absent,))
            many = f"{len(chains)} layer{'s' if len(chains) > 1 else ''} above it left out"
            before = broken.get(absent)
            if before is not None:
                error = type(before.error)(f"{before.error}; {many}")
                broken[absent] = before._replace(error=error)
                continue
            path = f"{self._folder}/{absent.replace(':', '/', 1)}"
            self.problems.append(
                Wrong(path, MissingError(f"a layer stands on it, but it is not there; {many}"), absent)
            )
