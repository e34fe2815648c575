"""Descriptors: how documents refer to content, by media type, digest and size.

There are as many shapes as there are rows to be made of them; what a shape does not know is kept as the document's
extra. A digest of an algorithm that is not supported is no error of the document: what it describes is left out.

https://github.com/opencontainers/image-spec/blob/main/descriptor.md

    {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": "sha256:…", "size": 7682}
"""

from __future__ import annotations

import msgspec

from imgindex.errors import MalformedError
from imgindex.oci.decode import Count, Map, Text, Words
from imgindex.oci.digest import UnsupportedDigestError, is_foreign_algorithm, parse_digest


class Reference(msgspec.Struct, rename="camel", forbid_unknown_fields=True, gc=False):
    """A descriptor of a config or a subject."""

    media_type: Text = None
    digest: Text = None
    size: Count = None


class Descriptor(msgspec.Struct, rename="camel", forbid_unknown_fields=True, gc=False):
    """A descriptor of a layer."""

    media_type: Text = None
    digest: Text = None
    size: Count = None
    urls: Words = None
    annotations: Map = None


class Platform(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """What an image of an index runs on."""

    architecture: Text = None
    os: Text = None
    os_version: Text = msgspec.field(default=None, name="os.version")
    os_features: Words = msgspec.field(default=None, name="os.features")
    variant: Text = None


class Entry(msgspec.Struct, rename="camel", forbid_unknown_fields=True, gc=False):
    """A descriptor of a manifest in an index."""

    media_type: Text = None
    digest: Text = None
    size: Count = None
    artifact_type: Text = None
    platform: Platform | None = None
    annotations: Map = None


def digest_at(digest: str | None, path: str) -> str | None:
    """The digest that stands at this JSON path, or None where its algorithm is one that has no key.

    Raises `MalformedError` where there is none, or what stands there is no digest at all.
    """
    if digest is None:
        raise MalformedError(f"{path}: missing")
    try:
        return parse_digest(digest)
    except UnsupportedDigestError as error:
        if is_foreign_algorithm(digest):
            return None
        raise MalformedError(f"{path}: is no digest") from error  # what it is instead may be a secret
