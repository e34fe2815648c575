"""Which layers a snapshot is the stack of: its key is a chain ID, from which none can be told.

Configs tell it. containerd notes at each config which snapshot its layers became, so those are read, and no others.
What no config tells, such as the rest of an image that is gone, is tried with the diff IDs that containerd noted at
the blobs. A chain ID is computed, never believed.

    containerd.io/gc.ref.snapshot.overlayfs = sha256:8063fc95…    at a config: the chain ID of the image's top layer
    containerd.io/uncompressed = sha256:bffb1366…                 at a layer's blob: its diff ID
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from imgindex.errors import ContentError
from imgindex.oci.chain import chain_ids
from imgindex.oci.config import read_config
from imgindex.oci.digest import is_sha256, verify
from imgindex.records.keys import Keyring
from imgindex.records.rows import Key
from imgindex.sources.containerd_root.records import Namespace

SNAPSHOT = "containerd.io/gc.ref.snapshot."
UNCOMPRESSED = "containerd.io/uncompressed"
_TRIES = 1_000_000
"""Pairs of a snapshot and a diff ID that are tried at most; about a second."""


class _Stack(NamedTuple):
    parent: str | None
    diff_id: str
    depth: int


class Stacks:
    """The stacks of all snapshots of a store."""

    def __init__(self, namespaces: Iterable[Namespace], read: Callable[[str], bytes]) -> None:
        """`read`: the bytes of a blob; raises ContentError."""
        self._known: dict[str, _Stack] = {}
        parents: dict[str, str | None] = {}
        configs: dict[str, str] = {}
        diff_ids: set[str] = set()
        for namespace in namespaces:
            for snapshots in namespace.snapshots.values():
                parents.update((key, record.parent) for key, record in snapshots.items() if is_sha256(key))
            for digest, record in namespace.content.items():
                diff_ids.update(filter(is_sha256, [record.labels.get(UNCOMPRESSED, "")]))
                tops = (value for label, value in record.labels.items() if label.startswith(SNAPSHOT))
                configs.update((top, digest) for top in tops)
        for top, digest in configs.items():
            if top in parents and top not in self._known:
                self._learn(digest, read)
        self._try(parents, sorted(diff_ids))

    def __contains__(self, chain_id: object) -> bool:
        return chain_id in self._known

    def key(self, chain_id: str, keys: Keyring) -> Key | None:
        """The key of a stack; None if it is not known."""
        stack = self._known.get(chain_id)
        return None if stack is None else keys.chain(chain_id, *stack)

    def _learn(self, config: str, read: Callable[[str], bytes]) -> None:
        try:
            data = read(config)
            verify(data, config)
            _, diff_ids, _ = read_config(data)
        except ContentError:
            return  # the walk reads it as well, and says so
        below = None
        for depth, (chain_id, diff_id) in enumerate(zip(chain_ids(diff_ids), diff_ids, strict=True), start=1):
            self._known[chain_id] = _Stack(below, diff_id, depth)
            below = chain_id

    def _try(self, parents: dict[str, str | None], diff_ids: list[str]) -> None:
        left = _TRIES
        above: dict[str | None, list[str]] = {}
        for chain_id, parent in parents.items():
            if chain_id not in self._known:
                above.setdefault(parent, []).append(chain_id)
        for chain_id in above.pop(None, []):
            self._known[chain_id] = _Stack(None, chain_id, 1)
        ahead = [parent for parent in above if parent in self._known]
        while ahead:
            parent = ahead.pop()
            wanted = set(above.pop(parent, ()))
            if not wanted or parent is None or (left := left - len(diff_ids)) < 0:
                continue
            for diff_id in diff_ids:
                chain_id = chain_ids([parent, diff_id])[-1]
                if chain_id in wanted:
                    self._known[chain_id] = _Stack(parent, diff_id, self._known[parent].depth + 1)
                    ahead.append(chain_id)
