"""Writes BoltDB files, small ones for tests: from nested dictionaries to the bytes of a file.

As bbolt does it: keys in order, small buckets inline, the others on pages of their own with branches above them, large
values on overflow pages. What bbolt proves of the reader, it proves by files that it wrote itself.
"""

from __future__ import annotations

import struct
from typing import TypeAlias

Tree: TypeAlias = "dict[bytes, bytes | Tree]"

META, FREELIST, LEAF, BRANCH = 4, 16, 2, 1
_META = struct.Struct("<IIIIQQQQQQ")


def meta_page(number: int, page_size: int, root: int, page_count: int, transaction: int) -> bytes:
    meta = _META.pack(0xED0CDAED, 2, page_size, 0, root, 0, 2, page_count, transaction, 0)
    data = struct.pack("<QHHI", number, META, 0, 0) + meta[:-8] + struct.pack("<Q", fnv1a(meta[:-8]))
    return data.ljust(page_size, b"\0")


def fnv1a(data: bytes) -> int:
    total = 14695981039346656037
    for byte in data:
        total = ((total ^ byte) * 1099511628211) % 2**64
    return total


def write_bolt(tree: Tree, page_size: int = 4096, transaction: int = 2) -> bytes:
    """The bytes of a file that holds this, with its last commit on the meta page of the transaction's parity."""
    writer = _Writer(page_size)
    root = writer.bucket(tree)
    count = len(writer.pages)
    for number in (0, 1):
        last = transaction if transaction % 2 == number else transaction - 1
        writer.pages[number] = meta_page(number, page_size, root, count, last)
    return b"".join(writer.pages)


class _Writer:
    def __init__(self, page_size: int) -> None:
        self.page_size = page_size
        self.pages = [b"", b"", self._page(2, FREELIST, 0, b"")]

    def bucket(self, tree: Tree) -> int:
        """The page that the bucket's tree begins at."""
        elements = [(key, *self._value(value)) for key, value in sorted(tree.items())]
        level = [(part[0][0], self._leaf(part)) for part in self._parts(elements)] or [(b"", self._leaf([]))]
        while len(level) > 1:
            size = max(2, self.page_size // 64)
            groups = [level[start : start + size] for start in range(0, len(level), size)]
            level = [(group[0][0], self._branch(group)) for group in groups]
        return level[0][1]

    def _value(self, value: bytes | Tree) -> tuple[int, bytes]:
        if isinstance(value, bytes):
            return 0, value
        plain = {key: inner for key, inner in value.items() if isinstance(inner, bytes)}
        inline = _leaf_data(0, [(key, 0, inner) for key, inner in sorted(plain.items())])
        if len(plain) == len(value) and len(inline) <= self.page_size // 4:
            return 1, struct.pack("<QQ", 0, 0) + inline
        return 1, struct.pack("<QQ", self.bucket(value), 0)

    def _parts(self, elements: list[tuple[bytes, int, bytes]]) -> list[list[tuple[bytes, int, bytes]]]:
        parts: list[list[tuple[bytes, int, bytes]]] = []
        room = 0
        for element in elements:
            size = 16 + len(element[0]) + len(element[2])
            if not parts or size > room:
                parts.append([])
                room = self.page_size - 16
            parts[-1].append(element)
            room -= size
        return parts

    def _leaf(self, elements: list[tuple[bytes, int, bytes]]) -> int:
        number = len(self.pages)
        return self._add(number, _leaf_data(number, elements))

    def _branch(self, children: list[tuple[bytes, int]]) -> int:
        number = len(self.pages)
        heads, data = b"", b""
        for place, (key, child) in enumerate(children):
            position = 16 * (len(children) - place) + len(data)
            heads += struct.pack("<IIQ", position, len(key), child)
            data += key
        return self._add(number, struct.pack("<QHHI", number, BRANCH, len(children), 0) + heads + data)

    def _add(self, number: int, data: bytes) -> int:
        count = -(-len(data) // self.page_size)
        head = data[:12] + struct.pack("<I", count - 1)
        padded = (head + data[16:]).ljust(count * self.page_size, b"\0")
        self.pages += [padded[start : start + self.page_size] for start in range(0, len(padded), self.page_size)]
        return number

    def _page(self, number: int, flags: int, count: int, data: bytes) -> bytes:
        return (struct.pack("<QHHI", number, flags, count, 0) + data).ljust(self.page_size, b"\0")


def _leaf_data(number: int, elements: list[tuple[bytes, int, bytes]]) -> bytes:
    heads, data = b"", b""
    for place, (key, flags, value) in enumerate(elements):
        position = 16 * (len(elements) - place) + len(data)
        heads += struct.pack("<IIII", flags, position, len(key), len(value))
        data += key + value
    return struct.pack("<QHHI", number, LEAF, len(elements), 0) + heads + data


def varint(value: int) -> bytes:
    """As Go's binary.PutVarint."""
    return uvarint(value << 1 if value >= 0 else ~(value << 1))


def uvarint(value: int) -> bytes:
    """As Go's binary.PutUvarint."""
    data = b""
    while value >= 0x80:
        data += bytes([value & 0x7F | 0x80])
        value >>= 7
    return data + bytes([value])


def go_time(seconds: int, nanoseconds: int = 0, zone: int = -1) -> bytes:
    """As Go's Time.MarshalBinary, from seconds since 1970 UTC; the zone is minutes east, -1 = UTC."""
    return struct.pack(">Bqih", 1, seconds + 62135596800, nanoseconds, zone)
