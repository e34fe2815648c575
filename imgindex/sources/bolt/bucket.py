"""The pages of a BoltDB file, and the buckets in them: keys in order, whose values are bytes or buckets.

Whatever a page says is checked: that it is the page that was asked for, that all of it lies in the file, that its
elements lie behind each other, that keys ascend. So no cycle goes unseen, no byte is read twice on the way through a
bucket, and how much is read of a file is bounded by its size, however its pages point at each other.

https://github.com/etcd-io/bbolt/blob/main/internal/common/page.go

    page     id u64, flags u16 (1 branch, 2 leaf), count u16, overflow u32 (pages that belong to it), elements, data
    branch   position u32 (from the element on), key size u32, page u64
    leaf     flags u32 (1 = the value is a bucket), position u32, key size u32, value size u32
    bucket   root page u64, sequence u64; with the root 0, a leaf page follows: an inline bucket
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import TypeAlias

from imgindex.errors import LimitExceededError, MalformedError

_PAGE = struct.Struct("<QHHI")
_BRANCH = struct.Struct("<IIQ")
_LEAF = struct.Struct("<IIII")
_BUCKET = struct.Struct("<QQ")
_IS_BRANCH, _IS_LEAF = 1, 2
_IS_BUCKET = 1
_TIMES = 4
"""How often the whole of a file may be read through; once is what it takes."""


class Pages:
    """The pages of one committed transaction."""

    def __init__(self, data: bytes, page_size: int) -> None:
        self._data = memoryview(data)
        self._page_size = page_size
        self._left = _TIMES * len(data)

    def page(self, number: int) -> memoryview:
        """A page with those that belong to it. Raises MalformedError, LimitExceededError."""
        size = self._page_size
        start = number * size
        if start + size > len(self._data):
            raise MalformedError(f"page {number} lies behind the end of the file")
        known, _, _, overflow = _PAGE.unpack_from(self._data, start)
        if known != number:
            raise MalformedError(f"page {number} says that it is page {known}")
        end = start + (1 + overflow) * size
        if end > len(self._data):
            raise MalformedError(f"page {number} goes on behind the end of the file")
        self._left -= end - start
        if self._left < 0:
            raise LimitExceededError("its pages point at each other so that it would have to be read again and again")
        return self._data[start:end]


Value: TypeAlias = "bytes | Bucket"


class Bucket:
    """A bucket whose tree begins at the page `root`, or that lies in the page `inline`."""

    def __init__(self, pages: Pages, root: int, inline: memoryview | None = None) -> None:
        self._pages = pages
        self._root = root
        self._inline = inline

    def items(self) -> Iterator[tuple[bytes, Value]]:
        """Keys, in order, with their values. Raises MalformedError, LimitExceededError where it is broken."""
        last: bytes | None = None
        for page in self._leaves():
            for key, value in self._elements(page):
                if last is not None and key <= last:
                    raise MalformedError("its keys are not in order")
                last = key
                yield key, value

    def buckets(self) -> Iterator[tuple[bytes, Bucket]]:
        """Those of the values that are buckets."""
        return ((key, value) for key, value in self.items() if isinstance(value, Bucket))

    def values(self) -> dict[bytes, bytes]:
        """Those of the values that are bytes."""
        return {key: value for key, value in self.items() if isinstance(value, bytes)}

    def bucket(self, *path: bytes) -> Bucket | None:
        """The bucket under these keys; None if there is none."""
        found: Bucket | None = self
        for name in path:
            if found is None:
                break
            found = next((bucket for key, bucket in found.buckets() if key == name), None)
        return found

    def _leaves(self) -> Iterator[memoryview]:
        if self._inline is not None:
            if _flags(self._inline) != _IS_LEAF:
                raise MalformedError("an inline bucket is no leaf")
            yield self._inline
            return
        ahead, seen = [self._root], set[int]()
        while ahead:
            number = ahead.pop()
            if number in seen:
                raise MalformedError(f"page {number} comes twice in one bucket")
            seen.add(number)
            page = self._pages.page(number)
            if _flags(page) == _IS_LEAF:
                yield page
            elif _flags(page) == _IS_BRANCH:
                ahead.extend(reversed(list(_children(page))))
            else:
                raise MalformedError(f"page {number} is neither branch nor leaf")

    def _elements(self, page: memoryview) -> Iterator[tuple[bytes, Value]]:
        count = _count(page, _LEAF.size)
        free = _PAGE.size + count * _LEAF.size
        for place in range(_PAGE.size, free, _LEAF.size):
            flags, position, key_size, value_size = _LEAF.unpack_from(page, place)
            start = place + position
            middle, end = start + key_size, start + key_size + value_size
            if start < free or end > len(page):
                raise MalformedError("an element lies outside its page, or over another one")
            free = end
            value = page[middle:end]
            yield bytes(page[start:middle]), self._nested(value) if flags & _IS_BUCKET else bytes(value)

    def _nested(self, value: memoryview) -> Bucket:
        if len(value) < _BUCKET.size:
            raise MalformedError("a bucket has no header")
        root, _ = _BUCKET.unpack_from(value)
        return Bucket(self._pages, root, None if root else value[_BUCKET.size :])


def _children(page: memoryview) -> Iterator[int]:
    for place in range(_PAGE.size, _PAGE.size + _count(page, _BRANCH.size) * _BRANCH.size, _BRANCH.size):
        yield _BRANCH.unpack_from(page, place)[2]


def _flags(page: memoryview) -> int:
    if len(page) < _PAGE.size:
        raise MalformedError("a page has no header")
    return int(_PAGE.unpack_from(page)[1])


def _count(page: memoryview, element_size: int) -> int:
    count = int(_PAGE.unpack_from(page)[2])
    if _PAGE.size + count * element_size > len(page):
        raise MalformedError("a page has more elements than it has room for")
    return count
