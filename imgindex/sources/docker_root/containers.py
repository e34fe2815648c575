"""The engine's containers: what each was made of, and how it is.

All graph drivers' containers lie in one folder. Of the file only a few fields are decoded: its environment and host
configuration are none of an index's business. The state is what the engine last wrote, worded as `docker ps` words it.

https://github.com/moby/moby/blob/master/container/container.go and container/state.go

    containers/<container ID>/config.v2.json
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from imgindex.errors import ContentError, MalformedError, MissingError, quote
from imgindex.limits import Limits
from imgindex.oci.digest import parse_digest
from imgindex.oci.repair import repair
from imgindex.oci.timestamps import parse_time
from imgindex.records.rows import Micros
from imgindex.sources.base import check_name
from imgindex.sources.files import Entry, Root, check_folder

FOLDER = "containers"
_NEVER = "0001-01-01T00:00:00Z"


class Found(NamedTuple):
    """A container as its folder says."""

    container_id: str
    driver: str
    name: str | None
    image_id: str | None
    image_ref: str | None
    state: str
    created_at: Micros | None


class _State(msgspec.Struct, rename="pascal"):
    running: bool = False
    paused: bool = False
    restarting: bool = False
    removal_in_progress: bool = False
    dead: bool = False
    started_at: str | None = None


class _Config(msgspec.Struct, rename="pascal"):
    image: str | None = None


class _Container(msgspec.Struct, rename="pascal"):
    container_id: str = msgspec.field(name="ID")
    driver: str | None = None
    name: str | None = None
    image: str | None = None
    created: str | None = None
    state: _State | None = None
    config: _Config | None = None


_decode = msgspec.json.Decoder(_Container).decode


class Containers:
    """The containers of a data root."""

    def __init__(self, root: Root, limits: Limits) -> None:
        self.found: list[Found] = []
        self.problems: list[tuple[str, ContentError]] = []
        """(locator, what is wrong)"""
        self.unlisted: str | None = None
        """Why they were not listed, if so."""
        try:
            entries = root.listing(FOLDER)
        except MissingError:
            return
        except ContentError as error:
            self.unlisted = f"{FOLDER} {error}"
            self.problems.append((FOLDER, error))
            return
        for entry in entries:
            path = f"{FOLDER}/{entry.name}"
            try:
                self.found.append(_read(root, path, entry, limits))
            except ContentError as error:
                if root.kind(path) is not None:  # else the container was removed since
                    self.problems.append((path, error))


def _read(root: Root, path: str, entry: Entry, limits: Limits) -> Found:
    check_folder(entry)
    check_name(entry.name, limits)
    try:
        data = root.read(f"{path}/config.v2.json", limits.document_bytes)
    except ContentError as error:
        raise type(error)(f"config.v2.json {error}") from error
    try:
        read = _decode(repair(data))
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise MalformedError(f"config.v2.json is no container's: {quote(error)}") from error
    if read.container_id != entry.name:
        raise MalformedError(f"config.v2.json is that of the container {quote(read.container_id)}")
    image_ref = (read.config.image if read.config else None) or None
    return Found(
        read.container_id,
        read.driver or "",
        check_name((read.name or "").removeprefix("/"), limits) or None,
        parse_digest(read.image) if read.image else None,
        image_ref if image_ref is None else check_name(image_ref, limits),
        _worded(read.state or _State()),
        parse_time(read.created or ""),
    )


def _worded(state: _State) -> str:
    if state.running:
        return "paused" if state.paused else "restarting" if state.restarting else "running"
    if state.removal_in_progress:
        return "removing"
    if state.dead:
        return "dead"
    return "created" if state.started_at in (None, "", _NEVER) else "exited"
