"""Which image was built on which: the store keeps no record of it, so it is told from the configs, as podman tells it.

An image is the parent of another if the other's history is its own and one entry more, on the same top layer or on the
layer above that. Configs are read in every look, since an image's kin depend on all others.

https://github.com/containers/common/blob/main/libimage/layer_tree.go (parent, children, areParentAndChild)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import NamedTuple, TypeAlias

import msgspec

from imgindex.oci.repair import repair


class _Entry(msgspec.Struct, omit_defaults=True):
    created: str | None = None
    created_by: str | None = None
    comment: str | None = None
    author: str | None = None
    empty_layer: bool | None = False


class _RootFS(msgspec.Struct):
    diff_ids: list[str] | None = None


class _Config(msgspec.Struct):
    history: list[_Entry] | None = None
    rootfs: _RootFS | None = None


class Lineage(NamedTuple):
    """What a config says of where its image comes from."""

    diff_ids: tuple[str, ...]
    history: bytes
    """Stands for the whole history."""
    earlier: bytes | None
    """Stands for the history without its last entry; None if there is none."""


class Kin(NamedTuple):
    """Who was built on whom, by image ID as the store has it."""

    parents: dict[str, str]
    built_on: set[str]


_decode = msgspec.json.Decoder(_Config).decode
_encode = msgspec.json.Encoder().encode


def read_lineage(config: bytes) -> Lineage | None:
    """The lineage that a config tells; None of one that is none."""
    try:
        read = _decode(repair(config))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    history = [_encode(entry) for entry in read.history or ()]
    diff_ids = tuple((read.rootfs and read.rootfs.diff_ids) or ())
    return Lineage(diff_ids, _mark(history), _mark(history[:-1]) if history else None)


def find_kin(lineages: Mapping[str, Lineage], tops: Mapping[str, str | None], below: Mapping[str, str | None]) -> Kin:
    """Who was built on whom.

    Args:
        lineages: By image, in the order of the store.
        tops: By image, its top layer.
        below: By layer, the layer that it stands on.
    """
    alike: dict[_Stand, list[str]] = {}
    for image, lineage in lineages.items():
        alike.setdefault((tops[image], lineage.history, lineage.diff_ids), []).append(image)
    parents: dict[str, str] = {}
    used: set[_Stand] = set()
    for image, lineage in lineages.items():
        for stand in _stands_below(lineage, tops[image], below):
            if stand in alike:
                parents.setdefault(image, alike[stand][0])
                used.add(stand)
    return Kin(parents, {image for stand in used for image in alike[stand]})


_Stand: TypeAlias = tuple[str | None, bytes, tuple[str, ...]]
"""Top layer, history and diff IDs: images that agree in them have the same kin."""


def _stands_below(lineage: Lineage, top: str | None, below: Mapping[str, str | None]) -> Iterator[_Stand]:
    if lineage.earlier is None:
        return
    under = None if top is None else below.get(top)
    for place in (top,) if under is None else (top, under):
        for diff_ids in dict.fromkeys((lineage.diff_ids, lineage.diff_ids[:-1])):
            yield place, lineage.earlier, diff_ids


def _mark(history: list[bytes]) -> bytes:
    return sha256(b"\n".join(history)).digest()
