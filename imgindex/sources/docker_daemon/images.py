"""What an engine says of its images: names, layers and their sizes; and their configs, byte for byte.

The API shows a config only in the engine's own words, which no digest proves. The bytes are in what the engine saves
(`/images/<ID>/get`), a tar: it is read as far as the config, and the layers before it go by unread. This is done once
an image, for those that the index does not hold.

Sizes are told by history entry. An entry without size may be a layer that is empty or no layer at all; where that
leaves open which layer has which size, the size is not known.

https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Image
"""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.client import HTTPException

from imgindex.errors import ContentError, InvalidReferenceError, MalformedError, MissingError, quote
from imgindex.limits import Limits
from imgindex.oci.chain import chain_ids
from imgindex.oci.digest import digest_of, parse_digest
from imgindex.oci.reference import parse_reference
from imgindex.oci.timestamps import parse_time
from imgindex.records.rows import Micros
from imgindex.sources.base import check_name
from imgindex.sources.docker_daemon.answers import ImageAnswer, Made
from imgindex.sources.docker_daemon.engine import Engine

_NEVER = "0001-01-01T00:00:00Z"
_NO_NAME = "<none>"
_READ = 1 << 16


@dataclass(frozen=True, slots=True)
class Layer:
    """A stack of layers within an image, and the size of its top one."""

    chain_id: str
    parent_id: str | None
    diff_id: str
    depth: int
    size: int | None


@dataclass(slots=True)
class Shown:
    """An image as the engine shows it."""

    image_id: str
    parent: str | None
    set_at: Micros | None
    layers: list[Layer]
    tags: list[tuple[str, str]] = field(default_factory=list)
    """(repository, tag)"""
    digests: list[tuple[str, str]] = field(default_factory=list)
    """(repository, manifest digest)"""
    problems: list[ContentError] = field(default_factory=list)
    """What is wrong with its names."""


def read_image(engine: Engine, image_id: str, limits: Limits, rename: Callable[[str], str]) -> Shown:
    """What the engine shows of an image. Raises ContentError, MissingError where it has gone."""
    answer = engine.get(f"/images/{image_id}/json", ImageAnswer)
    made = engine.get(f"/images/{image_id}/history", list[Made])
    diff_ids = [parse_digest(diff_id) for diff_id in (answer.root_fs.layers if answer.root_fs else None) or []]
    tagged = answer.metadata.last_tag_time if answer.metadata else None
    shown = Shown(
        image_id,
        parse_digest(answer.parent) if answer.parent else None,
        None if tagged in (None, "", _NEVER) else parse_time(tagged or ""),
        _layers(diff_ids, sizes_of(len(diff_ids), [item.size for item in reversed(made)])),
    )
    for name in (*(answer.repo_tags or ()), *(answer.repo_digests or ())):
        if _NO_NAME in name:
            continue
        try:
            _add_name(shown, name, limits, rename)
        except ContentError as error:
            shown.problems.append(error)
    return shown


def sizes_of(layer_count: int, sizes: Sequence[int]) -> list[int | None]:
    """The sizes of the layers from the base up, as far as those of the history entries, oldest first, tell them."""
    filled = [size for size in sizes if size]
    if layer_count == len(filled):
        return list(filled)
    if layer_count == len(sizes):
        return list(sizes)
    return [0] * layer_count if not filled else [None] * layer_count


def _layers(diff_ids: list[str], sizes: list[int | None]) -> list[Layer]:
    chains = chain_ids(diff_ids)
    return [
        Layer(chain, chains[depth - 1] if depth else None, diff_ids[depth], depth + 1, sizes[depth])
        for depth, chain in enumerate(chains)
    ]


def _add_name(shown: Shown, name: str, limits: Limits, rename: Callable[[str], str]) -> None:
    try:
        reference = parse_reference(name)
    except InvalidReferenceError as error:
        raise MalformedError(str(error)) from error
    repository = check_name(rename(reference.repository), limits)
    if reference.digest is not None:
        shown.digests.append((repository, reference.digest))
    elif reference.tag is not None:
        shown.tags.append((repository, reference.tag))


def read_config(engine: Engine, image_id: str, limits: Limits) -> bytes:
    """The bytes of an image's config, out of what the engine saves. Raises ContentError."""
    encoded = image_id.partition(":")[2]
    wanted = {f"{encoded}.json", f"blobs/sha256/{encoded}"}
    with engine.stream(f"/images/{image_id}/get") as answer:
        try:
            with tarfile.open(fileobj=answer, mode="r|", bufsize=_READ) as tar:
                for member in tar:
                    tar.members = []  # type: ignore[attr-defined]  # it would keep them all
                    if member.name in wanted and member.isreg() and member.size <= limits.document_bytes:
                        data = tar.extractfile(member)
                        read = b"" if data is None else data.read()
                        if digest_of(read) == image_id:
                            return read
        except (tarfile.TarError, OSError, ValueError, HTTPException) as error:
            raise MalformedError(f"what the engine saves of it cannot be read: {quote(error)}") from error
    raise MissingError("what the engine saves of it holds no config of this ID")
