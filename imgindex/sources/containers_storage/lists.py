"""The lists that a driver keeps: images.json, layers.json and containers.json, with their volatile companions.

Each is replaced whole, so it is never seen half-written; but together they are not of one moment. The lock file beside
each holds a token that its writer changes with every write: the lists are read again until the tokens stood still. No
lock is taken. An entry that cannot be read is one problem, and the others stand; a list that cannot is none.

https://github.com/containers/storage/blob/main/images.go, layers.go and containers.go

    overlay-images/images.json   [{"id": "d143ddb9…", "digest": "sha256:…", "names": ["localhost/lab/web:1"],
                                   "layer": "bffb1366…", "big-data-names": ["manifest", …], …}]
    overlay-images/images.lock   64 bytes of the last writer's token
"""

from __future__ import annotations

import re
from typing import NamedTuple, TypeVar

import msgspec

from imgindex.errors import ContentError, LimitExceededError, MalformedError, MissingError, quote
from imgindex.limits import Limits
from imgindex.oci.repair import repair
from imgindex.sources.files import Root

PARTS = ("images", "layers", "containers")
_TRIES = 5
"""How often lists are read that change meanwhile; then what was read last counts."""
_is_id = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*").fullmatch


class ImageEntry(msgspec.Struct, rename=lambda name: name.replace("_", "-"), gc=False):
    """What images.json says of an image; absent lists are empty."""

    id: str
    digest: str | None = None
    names: list[str] | None = None
    names_history: list[str] | None = None
    layer: str | None = None
    mapped_layers: list[str] | None = msgspec.field(name="mapped-layers", default=None)
    big_data_names: list[str] | None = None
    big_data_sizes: dict[str, int] | None = None
    big_data_digests: dict[str, str] | None = None
    created: str | None = None


class LayerEntry(msgspec.Struct, rename=lambda name: name.replace("_", "-"), gc=False):
    """What layers.json says of a layer. One that a container writes to has no diff digest."""

    id: str
    parent: str | None = None
    diff_digest: str | None = None
    diff_size: int | None = None
    compressed_diff_digest: str | None = None
    flags: dict[str, object] | None = None


class ContainerEntry(msgspec.Struct, gc=False):
    """What containers.json says of a container. `metadata` is its maker's own."""

    id: str
    names: list[str] | None = None
    image: str | None = None
    layer: str | None = None
    metadata: str | None = None
    created: str | None = None


Entry = TypeVar("Entry", ImageEntry, LayerEntry, ContainerEntry)


class Place(NamedTuple):
    """Where a driver's part of a store lies."""

    root: Root
    driver: str
    above: str = ""
    """What its locators begin with: nothing, or the path of an additional store with a slash."""

    def folder(self, part: str) -> str:
        return f"{self.driver}-{part}"


class Lists:
    """The lists of one place, as they were at one moment."""

    def __init__(self, place: Place, limits: Limits, parts: tuple[str, ...] = PARTS) -> None:
        """`parts`: those to read; an additional store's containers are its owner's."""
        self.place = place
        self._limits = limits
        for _ in range(_TRIES):
            self.problems: list[tuple[str, ContentError]] = []
            """(locator, what is wrong)"""
            self.unlisted: dict[str, str] = {}
            """By part, why it was not listed."""
            self._tokens = self._read_tokens()
            self.images = self._read("images", ImageEntry) if "images" in parts else []
            self.layers = self._read("layers", LayerEntry) if "layers" in parts else []
            self.containers = self._read("containers", ContainerEntry) if "containers" in parts else []
            if self.is_current():
                return

    def is_current(self) -> bool:
        """Whether nothing was written since they were read."""
        return self._tokens == self._read_tokens()

    def _read_tokens(self) -> list[bytes | None]:
        return [self._read_token(part) for part in PARTS]

    def _read_token(self, part: str) -> bytes | None:
        try:
            return self.place.root.read(f"{self.place.folder(part)}/{part}.lock", self._limits.small_file_bytes)
        except ContentError:
            return None  # a copy may lack it

    def _read(self, part: str, kind: type[Entry]) -> list[Entry]:
        folder = self.place.folder(part)
        entries: dict[str, Entry] = {}
        for name in (f"{part}.json", f"volatile-{part}.json"):
            path = f"{folder}/{name}"
            try:
                raw = self._decode(path)
            except ContentError as error:
                self.unlisted[part] = f"{path} {error}"
                self.problems.append((self.place.above + path, error))
                continue
            for position, item in enumerate(raw):
                try:
                    entry = _entry(item, kind, self._limits)
                    if entry.id in entries:
                        raise MalformedError(f"the ID {quote(entry.id)} is listed before")
                    entries[entry.id] = entry
                except ContentError as error:
                    self.problems.append((f"{self.place.above}{path}: [{position}]", error))
        return list(entries.values())

    def _decode(self, path: str) -> list[msgspec.Raw]:
        try:
            data = self.place.root.read(path, self._limits.listing_bytes)
        except MissingError:
            return []  # made with the first entry
        try:
            return msgspec.json.decode(repair(data), type=list[msgspec.Raw] | None) or []
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise MalformedError(f"is no list: {quote(error)}") from error


def _entry(item: msgspec.Raw, kind: type[Entry], limits: Limits) -> Entry:
    try:
        entry = msgspec.json.decode(item, type=kind)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise MalformedError(f"is no entry: {quote(error)}") from error
    if len(entry.id) > limits.name_chars:
        raise LimitExceededError(f"an ID of {len(entry.id)} characters, more than the {limits.name_chars} allowed")
    if not _is_id(entry.id):
        raise MalformedError(f"has an ID that no folder can be named after: {quote(entry.id)}")
    return entry
