"""Docker's manifest of schema 1, signed or not: layers and history in one document, newest first.

Its digest is that of the body without signatures, which registries make anew for every answer: so signatures are not
read, and a signed and an unsigned body of one digest read the same. `v1Compatibility` is JSON in a string: the config
of the image as it was after that layer; of it only what a history says is read.

https://distribution.github.io/distribution/spec/manifest-v2-1/ (deprecated)

    {"schemaVersion": 1, "name": "library/busybox", "tag": "latest", "architecture": "amd64",
     "fsLayers": [{"blobSum": "sha256:…"}], "history": [{"v1Compatibility": "{\\"os\\": \\"linux\\", …}"}]}
"""

from __future__ import annotations

import msgspec

from imgindex.errors import MalformedError
from imgindex.oci.decode import Count, Form, Text, Words, open_document


class FsLayer(msgspec.Struct, rename="camel", forbid_unknown_fields=True, gc=False):
    blob_sum: Text = None


class HistoryItem(msgspec.Struct, rename="camel", forbid_unknown_fields=True, gc=False):
    v1_compatibility: Text = None


class Schema1Manifest(msgspec.Struct, rename="camel", gc=False):
    schema_version: Count = None
    media_type: Text = None
    architecture: Text = None
    fs_layers: list[FsLayer] | None = None
    history: list[HistoryItem] | None = None
    signatures: list[msgspec.Raw] | None = None


class ContainerConfig(msgspec.Struct, rename="pascal", gc=False):
    cmd: Words | str = None


class Compatibility(msgspec.Struct, gc=False):
    """What one history item says of its layer."""

    os: Text = None
    architecture: Text = None
    created: Text = None
    author: Text = None
    comment: Text = None
    container_config: ContainerConfig | None = None
    throwaway: bool | None = None

    @property
    def created_by(self) -> str | None:
        """The command as one text, as docker writes it when it converts such a manifest."""
        command = self.container_config.cmd if self.container_config else None
        if command is None or isinstance(command, str):
            return command
        return " ".join(word or "" for word in command)


SCHEMA1 = Form(Schema1Manifest)
_COMPATIBILITY = Form(Compatibility)


def read_compatibility(item: HistoryItem, path: str) -> tuple[Compatibility, bool]:
    """What the item's text says, and whether it was repaired. Raises `MalformedError` with the item's JSON path."""
    if item.v1_compatibility is None:
        raise MalformedError(f"{path}.v1Compatibility: missing")
    try:
        document = open_document(item.v1_compatibility.encode(), _COMPATIBILITY.names)
        return _COMPATIBILITY.read(document).value, document.repaired
    except MalformedError as error:
        raise MalformedError(f"{path}.v1Compatibility: {error}") from error
