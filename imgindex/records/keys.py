"""Keys: the first 63 bits of a digest, so that the same content has the same key in every index.

`<noun>_key` = the first 64 bits of the digest's hex, shifted right by one. What has a name and no digest takes the
SHA-256 of its canonical name. Two names with one key are a **key collision**: the one that came later is refused and
gets a negative key, and the loader leaves out every row that holds a negative key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from imgindex.records.rows import Key

KEY_BITS = 63
"""Bits of a key. Tests cut it to 8 to see collisions."""


def content_key(digest: str) -> Key:
    """The key of a digest `algorithm:hex`, never negative."""
    return int(digest[digest.index(":") + 1 :][:16], 16) >> (64 - KEY_BITS)


def name_key(name: str) -> Key:
    """The key of a canonical name: that of its SHA-256."""
    return int(hashlib.sha256(name.encode()).hexdigest()[:16], 16) >> (64 - KEY_BITS)


class Dictionary:
    """The names of one kind that got keys since the last `drain`, some with a value; and the refused ones."""

    def __init__(self, table: str) -> None:
        self.table = table
        self._keys: dict[str, Key] = {}
        self._names: dict[Key, str] = {}
        self._values: dict[str, object] = {}
        self._refused: dict[str, Key] = {}
        self._unreported: list[str] = []
        self._remembered: set[str] = set()

    def key(self, name: str) -> Key:
        """The key of this digest; negative where another digest holds it."""
        known = self._keys.get(name)
        return self._mint(name, content_key(name)) if known is None else known

    def name_key(self, name: str) -> Key:
        """The key of this canonical name; negative where another name holds it."""
        known = self._keys.get(name)
        return self._mint(name, name_key(name)) if known is None else known

    def _mint(self, name: str, key: Key) -> Key:
        if name in self._refused:
            if name in self._remembered:
                self._remembered.remove(name)
                self._unreported.append(name)
            return self._refused[name]
        if key in self._names:
            return self.refuse(name)
        self._names[key] = name
        self._keys[name] = key
        return key

    def refuse(self, name: str) -> Key:
        """Another name holds this one's key: from now on its key is negative."""
        self._names.pop(self._keys.pop(name, -1), None)
        self._values.pop(name, None)
        key = -1 - len(self._refused)
        self._refused[name] = key
        self._unreported.append(name)
        return key

    def remember(self, names: Iterable[str]) -> None:
        """Names that an earlier scan had to refuse: the others hold their keys, whichever comes first now."""
        for name in names:
            if name not in self._refused:
                self._refused[name] = -1 - len(self._refused)
                self._remembered.add(name)

    def __contains__(self, name: str) -> bool:
        return name in self._keys

    def describe(self, name: str, value: object) -> None:
        """Keep what is proved of a name: a blob's size, a chain's parent and layer."""
        if name in self._keys:
            self._values[name] = value

    def described(self, name: str) -> bool:
        return name in self._values

    def pending(self) -> Iterator[tuple[Key, str, object]]:
        """(key, name, value or None) of every name since the last `drain`."""
        return ((key, name, self._values.get(name)) for key, name in self._names.items())

    def unreported(self) -> list[str]:
        """The names refused since the last call."""
        refused, self._unreported = self._unreported, []
        return refused

    def drain(self) -> None:
        """Forget the pending names: the store has them now."""
        self._keys.clear()
        self._names.clear()
        self._values.clear()


class Keyring:
    """The four dictionaries of a scan. A key is good for the group of records it is yielded in."""

    def __init__(self) -> None:
        self.blobs = Dictionary("blobs")
        """Digests of manifests, configs and layer blobs; the value is the verified size in bytes."""
        self.layers = Dictionary("layers")
        """Diff IDs; the value is the verified size of the tar in bytes."""
        self.chains = Dictionary("chains")
        """Chain IDs; the value is (parent chain's key or None, layer's key, depth), depth 1 = one layer."""
        self.repositories = Dictionary("repositories")
        """Full repository names with registry; "" is the nameless repository of bare refs."""

    def dictionaries(self) -> tuple[Dictionary, ...]:
        return (self.blobs, self.layers, self.chains, self.repositories)

    def blob(self, digest: str) -> Key:
        return self.blobs.key(digest)

    def layer(self, diff_id: str) -> Key:
        return self.layers.key(diff_id)

    def repository(self, name: str) -> Key:
        return self.repositories.name_key(name)

    def chain(self, chain_id: str, parent_id: str | None, diff_id: str, depth: int) -> Key:
        """The key of a chain, whose row is made of its parent (None for a base layer), its top layer and its depth."""
        chains = self.chains
        key = chains.key(chain_id)
        if not chains.described(chain_id):
            parent = None if parent_id is None else chains.key(parent_id)
            chains.describe(chain_id, (parent, self.layers.key(diff_id), depth))
        return key
