"""A tar as a tree: its members are listed once, and the documents among them read without unpacking anything.

Of a tar as it is, members are read where they lie. Of a compressed one, which can be read forward alone, what looks
like a JSON document is kept while it goes by: in memory, beyond 64 MB in a temporary file. Links inside the tar are
members like others; nobody follows one that leads out.

https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html#tag_20_92_13_06

    with TarRoot("image.tar", limits) as tar:
        tar.listing("blobs/sha256", sizes=True)
        tar.read("index.json", limits.listing_bytes)
"""

from __future__ import annotations

import os
import posixpath
import tarfile
import tempfile
from types import TracebackType
from typing import IO, NamedTuple

from imgindex.errors import (
    ContentError,
    LayoutError,
    LimitExceededError,
    MalformedError,
    MissingError,
    PathEscapeError,
    quote,
)
from imgindex.limits import Limits
from imgindex.sources.files import Entry, Kind, WrongTypeError
from imgindex.sources.tar.stream import DAMAGED, READ, Stream, open_stream

_KEPT_IN_MEMORY = 64 << 20
_LINKS = 8
"""Most links followed one after the other."""


class _Member(NamedTuple):
    kind: Kind
    size: int = 0
    offset: int = -1
    """Where its bytes lie: in the tar as it is, or among what was kept; -1 if they were not kept."""
    written_at: int = 0
    target: str | None = None
    """What a link leads to, within the tar; None if it leads out."""
    start: bytes = b""
    """The first bytes of a file in a compressed tar."""


_FOLDER = _Member("folder")


class TarRoot:
    """The tar at `path`."""

    def __init__(self, path: str | os.PathLike[str], limits: Limits) -> None:
        """Lists its members. Raises SourceUnavailableError where it cannot be read, LayoutError where it is no tar."""
        self.path = os.path.realpath(path)
        self.broken: str | None = None
        """Why what comes after the listed members could not be read, if so."""
        self._limits = limits
        self._members: dict[str, _Member] = {}
        self._children: dict[str, dict[str, None]] = {"": {}}
        self._stream = open_stream(self.path, limits)
        self._kept: IO[bytes] | None = None
        try:
            if not self._stream.seekable:
                self._kept = tempfile.SpooledTemporaryFile(_KEPT_IN_MEMORY)  # noqa: SIM115  # `close` closes it
            self._list()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> TarRoot:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._stream.close()
        if self._kept is not None:
            self._kept.close()

    def _list(self) -> None:
        stream = self._stream
        unproved: tarfile.TarInfo | None = None
        try:
            with tarfile.open(fileobj=stream, mode="r:") as tar:  # type: ignore[call-overload]
                # Opening reads the first header. `tar.next` would end at a damaged one as if the tar did.
                member = tar.firstmember
                while member is not None:
                    unproved = member
                    self._add(member, stream)
                    if stream.seek(tar.offset) < tar.offset:
                        raise tarfile.ReadError("it ends within a file")
                    unproved = None
                    member = tarfile.TarInfo.fromtarfile(tar)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]  # the two empty blocks at the end
            return
        except (tarfile.TarError, ValueError, ContentError, *DAMAGED) as error:
            if unproved is not None:
                self._forget(unproved)
            if not self._members:
                raise LayoutError(f"{quote(self.path)} is no tar that can be read: {quote(error)}") from error
            self.broken = f"it cannot be read beyond {stream.tell()} bytes: {quote(error)}"

    def _forget(self, member: tarfile.TarInfo) -> None:
        """The archive ends before this member does."""
        name = _name(member)
        if self._members.pop(name, None) is not None:
            above, _, last = name.rpartition("/")
            self._children[above].pop(last, None)

    def _add(self, member: tarfile.TarInfo, stream: Stream) -> None:
        if len(self._members) >= self._limits.archive_members:
            raise LimitExceededError(f"more than the {self._limits.archive_members} members allowed")
        name = _name(member)
        if name in ("", ".") or name.startswith("..") or "\0" in name:
            return  # the top itself, or something that no path leads to
        written_at = int(member.mtime * 1_000_000)
        if member.isdir():
            found = _FOLDER
        elif member.islnk() or member.issym():
            found = self._link(name, member)
        elif member.isreg() and not member.issparse():
            offset, start = (member.offset_data, b"") if self._kept is None else self._keep(member, stream, self._kept)
            found = _Member("file", member.size, offset, written_at, start=start)
        else:
            found = _Member("other")
        self._members[name] = found
        self._enter(name)

    def _link(self, name: str, member: tarfile.TarInfo) -> _Member:
        above = posixpath.dirname(name) if member.issym() else ""
        target = posixpath.normpath(posixpath.join(above, member.linkname))
        if target.startswith(("/", "..")):
            return _Member("link")
        if member.islnk():
            return self._members.get(target, _Member("link", target=target))
        return _Member("link", target=target)

    def _keep(self, member: tarfile.TarInfo, stream: Stream, kept: IO[bytes]) -> tuple[int, bytes]:
        """Keep the bytes of what may be a document. Returns where, or -1; and the first bytes."""
        start = stream.read(min(member.size, 64))
        if not 0 < member.size <= self._limits.listing_bytes or start.lstrip()[:1] not in (b"{", b"["):
            return -1, start[:4]
        offset = kept.seek(0, os.SEEK_END)
        kept.write(start)
        left = member.size - len(start)
        while left and (part := stream.read(min(left, READ))):
            kept.write(part)
            left -= len(part)
        return offset, start[:4]

    def _enter(self, name: str) -> None:
        """Make it a child of the folder above it, and that one of the next."""
        while name:
            above, _, last = name.rpartition("/")
            children = self._children.setdefault(above, {})
            if last in children:
                return
            children[last] = None
            self._members.setdefault(name, _FOLDER)
            name = above

    def resolve(self, path: str) -> str:
        """Where a path within the tar leads when links inside it are followed. Raises PathEscapeError, MissingError."""
        for _ in range(_LINKS):
            member = self._members.get(path)
            if member is None or member.kind != "link":
                return path
            if member.target is None:
                raise PathEscapeError("is a link that leads out of the archive")
            path = member.target
        raise MissingError("leads from link to link without an end")

    def listing(self, path: str = "", sizes: bool = False) -> list[Entry]:
        """As `Tree.listing`."""
        if path and self._member(path).kind != "folder":
            raise WrongTypeError("is no folder")
        entries = []
        for name in sorted(self._children.get(path, ())):
            member = self._members[f"{path}/{name}" if path else name]
            entries.append(Entry(name, member.kind, member.size if sizes and member.kind == "file" else None))
        return entries

    def read(self, path: str, limit: int) -> bytes:
        """As `Tree.read`."""
        member = self._file(path)
        if member.size > limit:
            raise LimitExceededError(f"{member.size} bytes, more than the {limit} allowed")
        if self._kept is None:
            data = self._stream.at(member.offset, member.size)
        elif member.offset < 0 and member.size:
            raise MalformedError("begins like no JSON document")
        else:
            self._kept.seek(max(member.offset, 0))
            data = self._kept.read(member.size)
        if len(data) < member.size:
            raise MissingError(f"ends after {len(data)} of {member.size} bytes, as the archive does")
        return data

    def start(self, path: str) -> bytes:
        """The first four bytes of a file, or all if it has fewer. Raises as `read`."""
        member = self._file(path)
        return member.start if self._kept is not None else self._stream.at(member.offset, min(4, member.size))

    def read_dated(self, path: str, limit: int) -> tuple[bytes, int]:
        """As `Tree.read_dated`."""
        return self.read(path, limit), self._file(path).written_at

    def size(self, path: str) -> int:
        """As `Tree.size`."""
        return self._file(path).size

    def kind(self, path: str) -> Kind | None:
        """As `Tree.kind`."""
        member = self._members.get(path)
        return None if member is None else member.kind

    def _file(self, path: str) -> _Member:
        member = self._member(path)
        if member.kind == "link":
            raise PathEscapeError("is a symbolic link; links are not followed")
        if member.kind != "file":
            raise WrongTypeError("is a folder, not a file" if member.kind == "folder" else "is no regular file")
        return member

    def _member(self, path: str) -> _Member:
        member = self._members.get(path)
        if member is None:
            raise MissingError("does not exist")
        return member


def _name(member: tarfile.TarInfo) -> str:
    return posixpath.normpath(member.name).lstrip("/")
