"""A driver's layers: which stacks are unpacked, how large the tar of each top layer was, and which blob it came from.

A layer's ID is no chain ID: it is made of the hex of parent and diff ID, or of nothing. So chain IDs are made by
walking down to the base layer. A layer without a diff digest is a container's, or one that was pulled in part, which
only an image's config can tell. A layer whose stack cannot be told is left out, and the row about what is missing says
how many that takes with it. No tar-split is read, and no layer's folder.

https://github.com/containers/storage/blob/main/layers.go

    {"id": "a28ead70…", "parent": "4bad7f36…", "diff-digest": "sha256:458febf1…", "diff-size": 821248,
     "compressed-diff-digest": "sha256:…"}
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from imgindex.errors import ContentError, LimitExceededError, MalformedError, MissingError
from imgindex.limits import Limits
from imgindex.oci.chain import chain_ids
from imgindex.oci.digest import parse_digest
from imgindex.records.keys import Keyring
from imgindex.records.rows import Key, LayerBlob, SourceLayer
from imgindex.sources.base import ROWS, batches
from imgindex.sources.containers_storage.big_data import GREATEST
from imgindex.sources.containers_storage.lists import LayerEntry


class Stack(NamedTuple):
    """A layer with all below it."""

    chain_id: str
    below: str | None
    """Chain ID of the stack below."""
    diff_id: str
    depth: int


class _Layer(NamedTuple):
    parent: str | None
    diff_id: str | None
    size: int | None
    blob_digest: str | None


class Layers:
    """The layers of one driver, those of additional stores included."""

    def __init__(self, entries: Iterable[tuple[str, LayerEntry]], limits: Limits) -> None:
        """`entries`: each with its locator; of two with one ID the first counts."""
        self.problems: list[tuple[str, ContentError]] = []
        """(locator, what is wrong)"""
        self._limits = limits
        self._layers: dict[str, _Layer] = {}
        self._locators: dict[str, str] = {}
        self._stacks: dict[str, Stack] = {}
        for locator, entry in entries:
            if entry.id in self._layers or (entry.flags or {}).get("incomplete") is True:
                continue  # an incomplete one is being made or taken away
            try:
                self._layers[entry.id] = _read(entry)
                self._locators[entry.id] = locator
            except ContentError as error:
                self.problems.append((f"{locator}: {entry.id}", error))

    @property
    def below(self) -> Mapping[str, str | None]:
        """By layer, the one that it stands on."""
        return {layer_id: layer.parent for layer_id, layer in self._layers.items()}

    def size(self, layer_id: str) -> int:
        """Bytes of a layer's tar; 0 if there is no such layer, or nothing is known."""
        layer = self._layers.get(layer_id)
        return 0 if layer is None else layer.size or 0

    def tell(self, images: Iterable[tuple[str, Sequence[str]]]) -> None:
        """Work the stacks out. `images`: (top layer, diff IDs) of each image, for the layers that have none."""
        untold = {layer_id for layer_id, layer in self._layers.items() if layer.diff_id is None}
        if untold:
            for top, diff_ids in images:
                path = self._path(top)
                if len(path) == len(diff_ids) and not untold.isdisjoint(path):
                    for layer_id, diff_id in zip(reversed(path), diff_ids, strict=True):
                        if layer_id in untold:
                            self._layers[layer_id] = self._layers[layer_id]._replace(diff_id=diff_id)
                            untold.discard(layer_id)
        lost: dict[str, str] = {}
        for layer_id, layer in self._layers.items():
            if layer.diff_id is not None:
                self._stack(layer_id, lost)
        self._explain(lost)

    def __len__(self) -> int:
        return sum(layer.diff_id is not None for layer in self._layers.values())

    def __contains__(self, layer_id: object) -> bool:
        return layer_id in self._layers

    def stack(self, layer_id: str) -> Stack | None:
        """The stack of a layer; None if it cannot be told."""
        return self._stacks.get(layer_id)

    def under(self, layer_id: str) -> Stack | None:
        """The stack that a container's layer stands on; None if it stands on none, or it cannot be told."""
        layer = self._layers.get(layer_id)
        return None if layer is None or layer.parent is None else self._stacks.get(layer.parent)

    def rows(self, scope: Key, store: str, keys: Keyring) -> Iterator[list[SourceLayer]]:
        """A row a stack, in groups; of two layers with the same stack, the first counts."""
        by_chain: dict[str, str] = {}
        for layer_id, stack in self._stacks.items():
            by_chain.setdefault(stack.chain_id, layer_id)
        for batch in batches(by_chain.values(), ROWS):
            yield [
                SourceLayer(
                    scope,
                    store,
                    stack_key(self._stacks[layer_id], keys),
                    layer_id,
                    self._layers[layer_id].size,
                    "uncompressed",
                )
                for layer_id in batch
            ]

    def pairs(self, keys: Keyring) -> Iterator[list[LayerBlob]]:
        """Which blob held which layer when it was pulled or committed; each pair once, in groups."""
        pairs = {
            (layer.diff_id, layer.blob_digest): None
            for layer in self._layers.values()
            if layer.diff_id is not None and layer.blob_digest is not None
        }
        for batch in batches(pairs, ROWS):
            yield [LayerBlob(keys.layer(diff_id), keys.blob(digest), "store") for diff_id, digest in batch]

    def _path(self, top: str) -> list[str]:
        """The layers from the top down, as far as they are there."""
        path: dict[str, None] = {}
        layer_id: str | None = top
        while layer_id in self._layers and layer_id not in path and len(path) < self._limits.layers:
            path[layer_id] = None
            layer_id = self._layers[layer_id].parent
        return list(path)

    def _stack(self, top: str, lost: dict[str, str]) -> None:
        """Note the stack of a layer and of all below it, or what of it is lost: {layer: the one that is to blame}."""
        path: dict[str, None] = {}
        layer_id: str | None = top
        while layer_id is not None and layer_id not in self._stacks and layer_id not in lost:
            layer = self._layers.get(layer_id)
            if layer is None or layer.diff_id is None or layer_id in path:
                break
            path[layer_id] = None
            layer_id = layer.parent
        below = None if layer_id is None else self._stacks.get(layer_id)
        if layer_id is not None and below is None:
            lost.update(dict.fromkeys(path, lost.get(layer_id, layer_id)))
            return
        for above in reversed(path):
            diff_id = self._layers[above].diff_id
            assert diff_id is not None
            if below is None:
                below = Stack(diff_id, None, diff_id, 1)
            else:
                below = Stack(chain_ids([below.chain_id, diff_id])[-1], below.chain_id, diff_id, below.depth + 1)
            self._stacks[above] = below

    def _explain(self, lost: dict[str, str]) -> None:
        """One row for whatever takes layers with it."""
        taken: dict[str, int] = {}
        for culprit in lost.values():
            taken[culprit] = taken.get(culprit, 0) + 1
        named = {locator.rpartition(": ")[2] for locator, _ in self.problems}
        first = next(iter(self._locators.values()), "layers.json")
        for culprit, count in taken.items():
            many = f"{count} layer{'s' if count > 1 else ''} left out"
            locator = f"{self._locators.get(culprit, first)}: {culprit}"
            if culprit in lost:
                error: ContentError = MalformedError(f"stands on itself; {many}")
            elif culprit in self._layers:
                error = MalformedError(f"has no diff digest, and a layer stands on it; {many}")
            elif culprit in named:
                continue  # it is listed, and its own row says why it was not taken
            else:
                error = MissingError(f"a layer stands on it, but it is not there; {many}")
            self.problems.append((locator, error))


def stack_key(stack: Stack, keys: Keyring) -> Key:
    """The key of a stack, whose row is made with it."""
    return keys.chain(stack.chain_id, stack.below, stack.diff_id, stack.depth)


def _read(entry: LayerEntry) -> _Layer:
    size = entry.diff_size
    if size is not None and size > GREATEST:
        raise LimitExceededError(f"says it has {size} bytes")
    diff_id = parse_digest(entry.diff_digest) if entry.diff_digest else None
    blob_digest = parse_digest(entry.compressed_diff_digest) if entry.compressed_diff_digest else None
    if diff_id is None:
        size = None  # podman would count the files
    elif size is None:
        size = 0  # left out of the list where it is 0
    return _Layer(entry.parent or None, diff_id, None if size is not None and size < 0 else size, blob_digest)
