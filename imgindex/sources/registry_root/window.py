"""What an object store listed of one folder, held in memory and read as if it were a folder.

Keys are no folders: a name is one if keys lie below it, even where it is a key as well (consoles make such markers).
A link's content is known without reading it where its ETag is the MD5 of a digest that the keys beside it spell out,
which is what S3 answers for objects that were put in one piece and have no key of their own.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html

    repositories/team/web/_manifests/tags/1.2/current/link                  71 bytes, ETag "0e1f…"
    repositories/team/web/_manifests/tags/1.2/index/sha256/744e02ae…/link   71 bytes, ETag "0e1f…"
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from hashlib import md5
from typing import NamedTuple

from imgindex.errors import ContentError, MissingError
from imgindex.sources.files import Entry, WrongTypeError

_LINK = "/link"


class Stored(NamedTuple):
    """An object that was listed."""

    path: str
    size: int
    written: int
    """Microseconds since 1970-01-01 UTC."""
    etag: str
    """Without quotes."""


class Window:
    """All keys that start with `root`."""

    def __init__(self, root: str) -> None:
        self.root = root
        self._stored: list[Stored] = []
        self._paths: list[str] | None = None
        self._contents: dict[str, bytes] | None = None

    def __len__(self) -> int:
        return len(self._stored)

    def __iter__(self) -> Iterator[Stored]:
        return iter(self._stored)

    def add(self, stored: Stored) -> None:
        self._stored.append(stored)
        self._paths = None

    def covers(self, path: str) -> bool:
        return f"{path}/".startswith(self.root)

    def listing(self, path: str) -> list[Entry]:
        """As `Tree.listing`."""
        start = f"{path}/"
        paths = self._sorted()
        place = bisect_left(paths, start)
        found: dict[str, Entry] = {}
        while place < len(paths) and paths[place].startswith(start):
            name, slash, _ = paths[place][len(start) :].partition("/")
            if slash:
                found[name] = Entry(name, "folder")
                place = bisect_left(paths, f"{start}{name}0", place)  # 0 is what comes after /
            else:
                found[name] = Entry(name, "file", self._stored[place].size)
                place += 1
        if not found:
            raise self._no_folder(path)
        return [found[name] for name in sorted(found)]

    def stored(self, path: str) -> Stored:
        """Raises MissingError, or WrongTypeError for a folder."""
        paths = self._sorted()
        place = bisect_left(paths, path)
        if place < len(paths) and paths[place] == path:
            return self._stored[place]
        place = bisect_left(paths, f"{path}/")
        if place < len(paths) and paths[place].startswith(f"{path}/"):
            raise WrongTypeError("is a folder, not a file")
        raise MissingError("does not exist")

    def content(self, link: Stored) -> bytes | None:
        """What a link holds, if its ETag tells: the digest that its folder spells, or for a tag one spelt elsewhere."""
        spelt = spelt_digest(link.path)
        if spelt is not None:
            return spelt if len(spelt) == link.size and _md5(spelt) == link.etag else None
        if self._contents is None:
            digests = (spelt_digest(stored.path) for stored in self._stored)
            self._contents = {_md5(digest): digest for digest in digests if digest is not None}
        known = self._contents.get(link.etag)
        return known if known is not None and len(known) == link.size else None

    def _sorted(self) -> list[str]:
        if self._paths is None:
            # They are in order but for markers, which have lost their last slash.
            self._stored.sort()
            self._paths = [stored.path for stored in self._stored]
        return self._paths

    def _no_folder(self, path: str) -> ContentError:
        try:
            marker = self.stored(path).size == 0
        except ContentError as error:
            return error
        return MissingError("does not exist") if marker else WrongTypeError("is a file, not a folder")


def spelt_digest(path: str) -> bytes | None:
    """The digest that the folders of a link spell, as the link should hold it; None for a tag's current link."""
    folder, slash, _ = path.rpartition(_LINK)
    above, _, encoded = folder.rpartition("/")
    algorithm = above.rpartition("/")[2]
    return f"{algorithm}:{encoded}".encode() if slash and path.endswith(_LINK) and encoded != "current" else None


def _md5(data: bytes) -> str:
    return md5(data, usedforsecurity=False).hexdigest()
