"""The bytes of a tar, from its file: as they are, or expanded from gzip or zstd on the way.

A tar as it is can be read anywhere. An expanded one is read once, forward: going back would mean expanding it anew.
What expands beyond reason is refused, and no single read may ask for more than `READ`, since a tar's own headers say
how long they are.

https://www.rfc-editor.org/rfc/rfc1952  https://www.rfc-editor.org/rfc/rfc8878
"""

from __future__ import annotations

import gzip
import io
import os
import stat
import sys
import zlib
from typing import IO, Protocol

from imgindex.errors import LimitExceededError, SourceUnavailableError, quote
from imgindex.limits import Limits

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

READ = 1 << 20
"""Most bytes read at once, and the longest header of a tar."""

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY
DAMAGED = (OSError, EOFError, zlib.error, zstd.ZstdError)
"""What reading a damaged stream raises."""


class Stream(Protocol):
    """What `tarfile` needs to read headers: a file that is read forward."""

    seekable: bool
    """Whether any place can be read at any time, by `at`."""

    def read(self, size: int = -1) -> bytes: ...

    def tell(self) -> int: ...

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go there, or to the end if that comes before. Returns where it stands."""
        ...

    def at(self, offset: int, size: int) -> bytes:
        """These bytes, wherever the stream stands."""
        ...

    def close(self) -> None: ...


def compression_of(start: bytes) -> str | None:
    """`gzip` or `zstd`, by the first four bytes of a file; None if it is neither."""
    return "gzip" if start.startswith(_GZIP) else "zstd" if start.startswith(_ZSTD) else None


def open_stream(path: str, limits: Limits) -> Stream:
    """The bytes of the tar at `path`. Raises SourceUnavailableError where it is no file that may be read."""
    try:
        file = os.open(path, _FLAGS)
    except OSError as error:
        raise SourceUnavailableError(f"cannot read {quote(path)}: {error.strerror}") from error
    status = os.fstat(file)
    if not stat.S_ISREG(status.st_mode):
        os.close(file)
        raise SourceUnavailableError(f"{quote(path)} is no regular file")
    kind = compression_of(os.pread(file, 4, 0))
    if kind is None:
        return PlainStream(file)
    raw = os.fdopen(file, "rb")
    expanded = gzip.GzipFile(fileobj=raw) if kind == "gzip" else zstd.ZstdFile(raw)
    return ExpandedStream(raw, expanded, limits.archive_ratio * max(status.st_size, 1 << 20))


class PlainStream:
    """A tar as it is."""

    seekable = True

    def __init__(self, file: int) -> None:
        self._file = file
        self._size = os.fstat(file).st_size
        self._place = 0

    def read(self, size: int = -1) -> bytes:
        data = self.at(self._place, _bounded(size))
        self._place += len(data)
        return data

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = 0) -> int:
        self._place = min(offset, self._size)
        return self._place

    def at(self, offset: int, size: int) -> bytes:
        data = os.pread(self._file, size, offset)
        while len(data) < size and (more := os.pread(self._file, size - len(data), offset + len(data))):
            data += more
        return data

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


class ExpandedStream:
    """A compressed tar, read forward."""

    seekable = False

    def __init__(self, raw: IO[bytes], expanded: gzip.GzipFile | zstd.ZstdFile, limit: int) -> None:
        """`limit`: most bytes that it may expand to."""
        self._raw = raw
        self._expanded = expanded
        self._limit = limit
        self._place = 0

    def read(self, size: int = -1) -> bytes:
        parts = []
        left = _bounded(size)
        while left and (part := self._expanded.read(left)):
            parts.append(part)
            left -= len(part)
            self._place += len(part)
        if self._place > self._limit:
            raise LimitExceededError(
                f"expands to more than {self._limit} bytes, which no honest archive of its size does"
            )
        return b"".join(parts)

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = 0) -> int:
        """As `Stream.seek`, forward alone."""
        if offset < self._place:
            raise io.UnsupportedOperation("an expanded stream goes forward alone")
        while self._place < offset and self.read(min(READ, offset - self._place)):
            pass
        return self._place

    def at(self, offset: int, size: int) -> bytes:
        raise io.UnsupportedOperation("an expanded stream goes forward alone")

    def close(self) -> None:
        self._expanded.close()
        self._raw.close()


def _bounded(size: int) -> int:
    if not 0 <= size <= READ:
        raise LimitExceededError(f"a header of the tar claims {size} bytes, more than the {READ} allowed")
    return size
