"""Reading a folder that somebody else wrote: nothing outside it is ever opened, and nothing in it can make a read hang.

Every part of a path is opened without following links, relative to the folder above it, so that neither a planted link
nor a folder swapped for one meanwhile leads out. What is no regular file is refused: a FIFO would block, a device
would answer. Sizes are bounded before the first byte is read. Nothing is ever written.

    with Root("/var/lib/registry") as root:
        root.listing("docker/registry/v2/repositories")
        root.read("docker/registry/v2/repositories/team/web/_manifests/tags/1.0/current/link", 4096)
"""

from __future__ import annotations

import errno
import os
import stat
from operator import attrgetter
from types import TracebackType
from typing import Literal, Self, TypeAlias

import msgspec

from imgindex.errors import (
    ContentError,
    LimitExceededError,
    MissingError,
    PathEscapeError,
    SourceUnavailableError,
    quote,
)

Kind: TypeAlias = Literal["file", "folder", "link", "other"]

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
# O_NONBLOCK: opening a FIFO returns at once, and is refused by its type.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY
_NO_NAMES = frozenset({"", ".", ".."})
_by_name = attrgetter("name")
_LINK = "is a symbolic link; links are not followed"
_OPEN_FOLDERS = 128
_OUT_OF_RESOURCES = {errno.EMFILE, errno.ENFILE, errno.ENOMEM}


class WrongTypeError(ContentError):
    """A folder, FIFO, socket or device where a file should be, or a file where a folder should be."""

    kind = "wrong_type"


class UnreadableError(ContentError):
    """The system refuses to read it: permissions, or a broken disk."""

    kind = "unreadable"


class Entry(msgspec.Struct, frozen=True, gc=False):
    """What lies in a folder. `size` in bytes, where it was asked for and it is a file."""

    name: str
    kind: Kind
    size: int | None = None


class Root:
    """A folder, and whatever lies in it. Paths are relative to it, with `/`; the empty path is the root itself."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Raises SourceUnavailableError where there is no such folder, or it may not be read."""
        self.path = os.path.realpath(path)
        try:
            self._root = os.open(self.path, _FOLDER)
        except OSError as error:
            raise SourceUnavailableError(f"cannot read the folder {quote(path)}: {error.strerror}") from error
        self._folders: dict[str, int] = {}
        self._last_path, self._last_folder = "", self._root

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        while self._folders:
            os.close(self._folders.popitem()[1])
        if self._root >= 0:
            os.close(self._root)
            self._root = -1

    def read(self, path: str, limit: int) -> bytes:
        """The whole file, of at most `limit` bytes.

        Raises:
            MissingError, WrongTypeError, UnreadableError, LimitExceededError: as they say.
            PathEscapeError: it, or a folder on the way, is a link.
        """
        file = self._file(path)
        try:
            return _read(file, os.fstat(file), limit)
        except OSError as error:
            raise _translated(error) from error
        finally:
            os.close(file)

    def read_dated(self, path: str, limit: int) -> tuple[bytes, int]:
        """As `read`, and when the file was last written, in microseconds since 1970-01-01 UTC."""
        file = self._file(path)
        try:
            status = os.fstat(file)
            return _read(file, status, limit), status.st_mtime_ns // 1000
        except OSError as error:
            raise _translated(error) from error
        finally:
            os.close(file)

    def open(self, path: str) -> OpenFile:
        """A file that is read in parts, while somebody else may write to it. Raises as `read`."""
        file = self._file(path)
        mode = os.fstat(file).st_mode
        if stat.S_ISREG(mode):
            return OpenFile(file)
        os.close(file)
        raise _wrong_type(mode, "file")

    def size(self, path: str) -> int:
        """Size in bytes of a regular file, which is not opened. Raises as `read`."""
        folder, _, name = path.rpartition("/")
        status = self._status(self._folder(folder), name)
        if not stat.S_ISREG(status.st_mode):
            raise _wrong_type(status.st_mode, "file")
        return status.st_size

    def kind(self, path: str) -> Kind | None:
        """What lies there; None if nothing, or nothing that can be looked at."""
        folder, _, name = path.rpartition("/")
        try:
            mode = self._status(self._folder(folder), name).st_mode
        except ContentError:
            return None
        if stat.S_ISLNK(mode):
            return "link"
        return "folder" if stat.S_ISDIR(mode) else "file" if stat.S_ISREG(mode) else "other"

    def listing(self, path: str = "", sizes: bool = False) -> list[Entry]:
        """What lies in a folder, sorted by name; names that are no UTF-8 hold surrogates. Raises as `read`."""
        folder = self._folder(path)
        entries = []
        try:
            with os.scandir(folder) as found:
                for entry in found:
                    name = entry.name
                    if entry.is_file(follow_symlinks=False):
                        size = None
                        if sizes:
                            try:
                                size = entry.stat(follow_symlinks=False).st_size
                            except FileNotFoundError:
                                continue  # gone since it was listed
                        entries.append(Entry(name, "file", size))
                    elif entry.is_dir(follow_symlinks=False):
                        entries.append(Entry(name, "folder"))
                    else:
                        entries.append(Entry(name, "link" if entry.is_symlink() else "other"))
        except OSError as error:
            raise _translated(error) from error
        entries.sort(key=_by_name)
        return entries

    def _file(self, path: str) -> int:
        """The descriptor of what may be a file."""
        above, _, name = path.rpartition("/")
        # The folder used last is the one that is used most.
        folder = self._last_folder if above == self._last_path else self._folder(above)
        return self._open(folder, name, _FILE)

    def _folder(self, path: str) -> int:
        """The descriptor of a folder. The ones used last are kept open."""
        if not path:
            return self._root
        folder = self._folders.pop(path, None)
        if folder is None:
            above, _, name = path.rpartition("/")
            folder = self._open(self._folder(above), name, _FOLDER)
            if len(self._folders) >= _OPEN_FOLDERS:
                os.close(self._folders.pop(next(iter(self._folders))))
        self._folders[path] = folder
        self._last_path, self._last_folder = path, folder
        return folder

    def _open(self, folder: int, name: str, flags: int) -> int:
        if name in _NO_NAMES:
            raise PathEscapeError("the path leads out of the store")
        try:
            return os.open(name, flags, dir_fd=folder)
        except OSError as error:
            if error.errno in (errno.ENOTDIR, errno.ENXIO, errno.ELOOP):
                mode = self._status(folder, name).st_mode
                raise _wrong_type(mode, "folder" if flags == _FOLDER else "file") from error
            raise _translated(error) from error
        except ValueError as error:  # NUL, or characters that no file name holds
            raise MissingError("does not exist: no file can have this name") from error

    @staticmethod
    def _status(folder: int, name: str) -> os.stat_result:
        try:
            return os.stat(name or ".", dir_fd=folder, follow_symlinks=False)
        except OSError as error:
            raise _translated(error) from error
        except ValueError as error:
            raise MissingError("does not exist: no file can have this name") from error


class OpenFile:
    """A regular file that stays open, whatever its name leads to meanwhile."""

    def __init__(self, file: int) -> None:
        self._file = file

    def __enter__(self) -> OpenFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        os.close(self._file)

    def read(self, start: int, size: int) -> bytes:
        """So many bytes from there on; fewer where the file ends before. Raises UnreadableError."""
        try:
            # Never asked for more than there is: a size that a hostile file states would be allocated at once.
            size = min(size, os.fstat(self._file).st_size - start)
            parts: list[bytes] = []
            while size > 0 and (part := os.pread(self._file, size, start)):
                parts.append(part)
                start, size = start + len(part), size - len(part)
        except OSError as error:
            raise _translated(error) from error
        return b"".join(parts)


def _read(file: int, status: os.stat_result, limit: int) -> bytes:
    size = status.st_size
    if not stat.S_ISREG(status.st_mode):
        raise _wrong_type(status.st_mode, "file")
    if size > limit:
        raise LimitExceededError(f"{size} bytes, more than the {limit} allowed")
    data = os.read(file, size)
    while len(data) < size and (more := os.read(file, size - len(data))):
        data += more
    return data


def check_file(entry: Entry) -> int:
    """The size of what should be a file, -1 if it was not asked for. Raises WrongTypeError or PathEscapeError."""
    if entry.kind == "file":
        return -1 if entry.size is None else entry.size
    if entry.kind == "link":
        raise PathEscapeError(_LINK)
    raise WrongTypeError("is a folder, not a file" if entry.kind == "folder" else "is no regular file")


def check_folder(entry: Entry) -> None:
    """Raises WrongTypeError or PathEscapeError for what should be a folder and is none."""
    if entry.kind == "link":
        raise PathEscapeError(_LINK)
    if entry.kind != "folder":
        raise WrongTypeError("is a file, not a folder" if entry.kind == "file" else "is no folder")


def _wrong_type(mode: int, wanted: str) -> ContentError:
    if stat.S_ISLNK(mode):
        return PathEscapeError(_LINK)
    what = {
        stat.S_IFREG: "a file",
        stat.S_IFDIR: "a folder",
        stat.S_IFIFO: "a FIFO",
        stat.S_IFSOCK: "a socket",
    }.get(stat.S_IFMT(mode), "a device")
    return WrongTypeError(f"is {what}, not a {wanted}")


def _translated(error: OSError) -> Exception:
    if error.errno in (errno.ENOENT, errno.ENAMETOOLONG):
        return MissingError("does not exist")
    if error.errno in _OUT_OF_RESOURCES:
        return SourceUnavailableError(f"cannot go on reading: {error.strerror}")
    return UnreadableError(f"cannot be read: {error.strerror}")
