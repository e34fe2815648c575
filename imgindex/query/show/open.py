"""From a thing to its page: which parts it has.

A tag that stands for one image has the image's parts below its own, and so has an image's manifest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgindex.errors import UnknownThingError, quote
from imgindex.query.parameters import Value
from imgindex.query.show import image, layer, manifest, tag
from imgindex.query.show.find import Thing, find
from imgindex.query.show.page import Page, Part, ask, read_sections

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

_DIGESTS = {"layer": layer.LAYER_PARTS, "chain": layer.CHAIN_PARTS, "blob": layer.BLOB_PARTS}

CONFIG = """
SELECT m.config_key, b.digest
FROM manifests AS m
JOIN blobs AS b ON b.blob_key = m.config_key
WHERE m.manifest_key = :key AND m.kind = 'image'
ORDER BY b.digest
"""


def open_page(engine: Engine, text: str, platform: str | None = None, limit: int = 20) -> Page:
    """The page of the thing that `text` means, at most `limit` rows a part.

    `platform` chooses among the images of a tag or an index. Raises UnknownThingError, AmbiguousThingError, QueryError.
    """
    with engine.connect() as connection:
        thing = find(connection, text)
        page = Page(thing.kind, thing.name)
        reader = _Reader(connection, page, limit)
        if thing.kind == "tag":
            reader.add_tag(thing, platform)
        elif thing.kind == "manifest":
            reader.add_manifest(thing.key, thing.name, platform)
        else:
            reader.add(_DIGESTS.get(thing.kind, image.PARTS), thing.key, thing.name)
        return page


class _Reader:
    """Adds sections to a page."""

    def __init__(self, connection: Connection, page: Page, limit: int) -> None:
        self._connection = connection
        self._page = page
        self._limit = limit

    def add(self, parts: tuple[Part, ...], key: int, digest: str) -> None:
        self._page.sections.extend(read_sections(self._connection, parts, {"key": key, "digest": digest}, self._limit))

    def add_tag(self, thing: Thing, platform: str | None) -> None:
        values: dict[str, Value] = {"key": thing.key, "tag": thing.tag}
        self._page.sections.extend(read_sections(self._connection, tag.PARTS, values, self._limit))
        pointed_at = ask(self._connection, tag.POINTED_AT, **values)
        images = ask(self._connection, tag.REACHED, **values)
        if platform is None and len(pointed_at) == 1:
            self.add(manifest.PARTS, pointed_at[0]["manifest_key"], pointed_at[0]["digest"])
        elif platform is not None:
            chosen = {row["manifest_key"] for row in images if row["platform"] == platform} - {None}
            for key in chosen if len(chosen) == 1 else ():
                self.add(manifest.PARTS, key, self._digest(key))
        self._add_image({(row["platform"], row["image_key"], row["image_id"]) for row in images}, platform)

    def add_manifest(self, key: int, digest: str, platform: str | None) -> None:
        self.add(manifest.PARTS, key, digest)
        for row in ask(self._connection, CONFIG, key=key):
            self.add(image.PARTS, row["config_key"], row["digest"])
            return
        images = ask(self._connection, IN_INDEX, key=key)
        self._add_image({(row["platform"], row["image_key"], row["image_id"]) for row in images}, platform)

    def _add_image(self, images: set[tuple[str | None, int, str]], platform: str | None) -> None:
        """The one image, or the one of the platform; else a note of how to choose."""
        found = {(key, digest) for its_platform, key, digest in images if platform in (None, its_platform)}
        if platform is not None and images and not found:
            there = ", ".join(sorted({its_platform or "unknown" for its_platform, _, _ in images}))
            raise UnknownThingError(f'{quote(self._page.name)} has no image for "{quote(platform)}". It has: {there}.')
        if len(found) == 1:
            ((key, digest),) = found
            self.add(image.PARTS, key, digest)
        elif found:
            self._page.notes.append(
                f"It stands for {len(found)} images. `imgindex show IMAGE_ID` shows one, and --platform chooses."
            )

    def _digest(self, key: int) -> str:
        rows = ask(self._connection, "SELECT digest FROM blobs WHERE blob_key = :key ORDER BY digest", key=key)
        return str(rows[0]["digest"])


IN_INDEX = """
SELECT DISTINCT l.image_key, COALESCE(l.platform, i.platform) AS platform, b.digest AS image_id
FROM index_leaves AS l
JOIN blobs AS b ON b.blob_key = l.image_key
LEFT JOIN images AS i ON i.image_key = l.image_key
WHERE l.root_key = :key AND l.role = 'image'
ORDER BY platform ASC NULLS LAST, b.digest
"""
"""The images under an index, by key."""
