"""A graph driver's imagedb: which images there are, what they were built on, and when they were last tagged.

`content` holds the configs under their image IDs; the walk reads those. `lastUpdated` is set by tagging, building,
importing and committing, not by pulling or loading, and outlives the tag.

https://github.com/moby/moby/blob/master/image/fs.go

    imagedb/content/sha256/654b0f88…                  the config
    imagedb/metadata/sha256/654b0f88…/parent          sha256:dd81a4b8…
    imagedb/metadata/sha256/654b0f88…/lastUpdated     2026-11-24T03:47:45.40692002Z
"""

from __future__ import annotations

from typing import NamedTuple

from imgindex.errors import ContentError, MalformedError, MissingError, quote
from imgindex.limits import Limits
from imgindex.oci.digest import parse_digest
from imgindex.oci.timestamps import parse_time
from imgindex.records.rows import Micros
from imgindex.sources.docker_root.small import read_digest, read_text
from imgindex.sources.files import Root, check_file


class Metadata(NamedTuple):
    """What the engine noted about an image."""

    parent: str | None = None
    set_at: Micros | None = None


class Images:
    """The images of one graph driver."""

    def __init__(self, root: Root, driver: str, limits: Limits) -> None:
        """Reads what is noted about all of them. Raises ContentError where they cannot be listed."""
        self.found: dict[str, Metadata] = {}
        """By image ID."""
        self.refused: set[str] = set()
        """Image IDs in whose place lies something that is no file."""
        self.problems: list[tuple[str, ContentError, str | None]] = []
        """(locator, what is wrong, image ID if it is one)"""
        self._root = root
        self._limits = limits
        self._folder = f"image/{driver}/imagedb"
        content = root.listing(f"{self._folder}/content/sha256")
        noted = self._noted()
        for entry in content:
            image_id = None
            try:
                image_id = parse_digest(f"sha256:{entry.name}")
                check_file(entry)
            except ContentError as error:
                if image_id is not None:
                    self.refused.add(image_id)
                self.problems.append((f"{self._folder}/content/sha256/{entry.name}", error, image_id))
                continue
            self.found[image_id] = self._metadata(image_id) if entry.name in noted else Metadata()

    def path(self, image_id: str) -> str:
        """Where the config of an image lies."""
        return f"{self._folder}/content/{image_id.replace(':', '/', 1)}"

    def _noted(self) -> set[str]:
        folder = f"{self._folder}/metadata/sha256"
        try:
            return {entry.name for entry in self._root.listing(folder)}
        except MissingError:
            return set()
        except ContentError as error:
            self.problems.append((folder, error, None))
            return set()

    def _metadata(self, image_id: str) -> Metadata:
        folder = f"{self._folder}/metadata/{image_id.replace(':', '/', 1)}"
        parent = set_at = None
        try:
            parent = read_digest(self._root, f"{folder}/parent", self._limits)
        except MissingError:
            pass
        except ContentError as error:
            self.problems.append((f"{folder}/parent", error, image_id))
        try:
            text = read_text(self._root, f"{folder}/lastUpdated", self._limits)
            set_at = parse_time(text)
            if set_at is None:
                raise MalformedError(f"is no time: {quote(text)}")
        except MissingError:
            pass
        except ContentError as error:
            self.problems.append((f"{folder}/lastUpdated", error, image_id))
        return Metadata(parent, set_at)
