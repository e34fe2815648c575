"""A driver's containers: what each was made of. Whether it runs is in podman's own database, which is not read.

Of its maker's metadata only the name of the image is taken. buildah's working containers are among them.

    {"id": "c7365a01…", "names": ["box"], "image": "7a442f4c…", "layer": "246deff3…", "created": "2026-11-24T16:26:37Z",
     "metadata": "{\\"image-name\\":\\"docker.io/lab/web:1.2\\",\\"name\\":\\"box\\",…}"}
"""

from __future__ import annotations

import msgspec

from imgindex.errors import MissingError, quote
from imgindex.limits import Limits
from imgindex.oci.repair import repair
from imgindex.oci.timestamps import parse_time
from imgindex.records.keys import Keyring
from imgindex.records.rows import Container, Key
from imgindex.sources.base import check_name
from imgindex.sources.containers_storage.layers import Layers, stack_key
from imgindex.sources.containers_storage.lists import ContainerEntry


class _Metadata(msgspec.Struct, rename="kebab"):
    image_name: str | None = None


_decode = msgspec.json.Decoder(_Metadata).decode


def container_row(
    scope: Key, entry: ContainerEntry, image_key: Key | None, layers: Layers, keys: Keyring, limits: Limits
) -> Container:
    """The row of a container. Raises ContentError for a name that no column holds."""
    stack = None if entry.layer is None else layers.under(entry.layer)
    names = entry.names or []
    image_ref = _image_ref(entry.metadata)
    return Container(
        scope,
        entry.id,
        check_name(names[0], limits) if names else None,
        image_key,
        None if image_ref is None else check_name(image_ref, limits),
        None if stack is None else stack_key(stack, keys),
        None,
        parse_time(entry.created or ""),
    )


def check_standing(entry: ContainerEntry, layers: Layers) -> None:
    """Raises MissingError for a container whose own layer is not there."""
    if entry.layer is not None and entry.layer not in layers:
        raise MissingError(f"has the layer {quote(entry.layer)}, which is not there")


def _image_ref(metadata: str | None) -> str | None:
    """What podman and CRI-O note; buildah notes nothing here, and others may note what they like."""
    try:
        return _decode(repair((metadata or "{}").encode("utf-8", "surrogatepass"))).image_name or None
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
