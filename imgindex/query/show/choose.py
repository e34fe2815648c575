"""The one image that a name stands for: that of a tag, an image index, a manifest, or an image's own ID."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imgindex.errors import AmbiguousThingError, UnknownThingError, quote
from imgindex.query.show import tag
from imgindex.query.show.find import Thing, find
from imgindex.query.show.open import CONFIG, IN_INDEX
from imgindex.query.show.page import ask

if TYPE_CHECKING:
    from sqlalchemy import Connection

SHOWN = 20
"""How many images an error names."""


def choose_image(connection: Connection, text: str, platform: str | None = None) -> str:
    """The image ID that `text` means; of several platforms, that of this one.

    Raises UnknownThingError, and AmbiguousThingError, which names the images by platform.
    """
    thing = find(connection, text)
    if thing.kind == "image":
        return thing.name
    found = {(row["image_id"], row["platform"]) for row in _images(connection, thing)}
    if not found:
        raise UnknownThingError(f'"{quote(text)}" is a {thing.kind} that stands for no image.')
    wanted = {image_id for image_id, its_platform in found if platform in (None, its_platform)}
    shown = "".join(
        f"\n  {quote(its_platform or 'unknown'):16} {image_id}"
        for image_id, its_platform in sorted(found, key=lambda pair: (pair[1] or "", pair[0]))[:SHOWN]
    )
    if not wanted:
        raise UnknownThingError(f'{quote(text)} has no image for "{quote(platform)}". It has:{shown}')
    if len(wanted) > 1:
        several = f'"{quote(text)}" stands for {len(wanted)} images. Choose one by its ID or platform:'
        raise AmbiguousThingError(several + shown)
    return str(wanted.pop())


def _images(connection: Connection, thing: Thing) -> list[dict[str, Any]]:
    if thing.kind == "tag":
        return ask(connection, tag.REACHED, key=thing.key, tag=thing.tag)
    if thing.kind == "manifest":
        own = ask(connection, CONFIG, key=thing.key)
        return [{"image_id": row["digest"], "platform": None} for row in own] or ask(
            connection, IN_INDEX, key=thing.key
        )
    return []
