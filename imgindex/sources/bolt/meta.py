"""The two meta pages of a BoltDB file: where the newest committed transaction has its root.

A writer commits by writing the older of the two anew, checksum last, so that one of them is always whole. The first
lies at the start of the file, the second one page behind it.

https://github.com/etcd-io/bbolt/blob/main/internal/common/meta.go

    offset 16: magic u32, version u32, page size u32, flags u32, root page u64, sequence u64, freelist u64,
               high-water page u64, transaction u64, checksum u64; all little-endian
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from imgindex.errors import MalformedError
from imgindex.sources.files import OpenFile

_META = struct.Struct("<IIIIQQQQQQ")
_HEADER = 16
_MAGIC = 0xED0CDAED
_VERSION = 2
_PAGE_SIZES = [1 << bits for bits in range(9, 18)]
"""Page sizes of systems that there are, and some more: 512 bytes to 128 KiB."""


class Meta(NamedTuple):
    """A committed transaction."""

    page_size: int
    root: int
    """The page that the root bucket lies in."""
    page_count: int
    """Pages in use, from the start of the file: the high-water mark."""
    transaction: int


def newest_meta(file: OpenFile) -> Meta:
    """The transaction that was committed last. Raises MalformedError where neither page is whole."""
    first = _meta(file.read(_HEADER, _META.size))
    sizes = _PAGE_SIZES if first is None else [first.page_size]
    seconds = (_meta(file.read(size + _HEADER, _META.size), size) for size in sizes)
    found = [meta for meta in (first, *seconds) if meta is not None]
    if not found:
        raise MalformedError("is no BoltDB file: neither of its meta pages is whole")
    return max(found, key=lambda meta: meta.transaction)


def checksum(data: bytes) -> int:
    """FNV-1a of 64 bits."""
    total = 0xCBF29CE484222325
    for byte in data:
        total = (total ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return total


def _meta(data: bytes, size: int | None = None) -> Meta | None:
    """The meta page, if it is whole; with `size`, if that is the size of its pages, too."""
    if len(data) < _META.size:
        return None
    magic, version, page_size, _, root, _, _, page_count, transaction, total = _META.unpack(data)
    if magic != _MAGIC or version != _VERSION or total != checksum(data[:-8]):
        return None
    if page_size not in _PAGE_SIZES or size not in (None, page_size):
        return None
    return Meta(page_size, root, page_count, transaction)
