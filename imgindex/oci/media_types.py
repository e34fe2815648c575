"""Media types of image documents and layers, and what each says of the bytes under it.

A type that is not listed here is no error: it is kept as it was seen, and nothing is concluded from it. Parameters
after a semicolon are ignored; letters are compared as written, as all other tools do.

https://github.com/opencontainers/image-spec/blob/main/media-types.md
https://distribution.github.io/distribution/spec/manifest-v2-2/#media-types

    is_image_layer("application/vnd.oci.image.layer.v1.tar+gzip+encrypted") -> True
"""

from __future__ import annotations

import re

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"
OCI_FOREIGN_LAYER = "application/vnd.oci.image.layer.nondistributable.v1.tar"
OCI_EMPTY = "application/vnd.oci.empty.v1+json"
OCI_ARTIFACT_MANIFEST = "application/vnd.oci.artifact.manifest.v1+json"
"""Of release candidates of image-spec 1.1; such manifests are still in registries."""

DOCKER_MANIFEST_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar"
DOCKER_FOREIGN_LAYER = "application/vnd.docker.image.rootfs.foreign.diff.tar"
DOCKER_SCHEMA1 = "application/vnd.docker.distribution.manifest.v1+json"
DOCKER_SCHEMA1_SIGNED = "application/vnd.docker.distribution.manifest.v1+prettyjws"

OCTET_STREAM = "application/octet-stream"
"""What old docker clients called the config of an image."""

_INDEXES = frozenset({OCI_INDEX, DOCKER_MANIFEST_LIST})
_MANIFESTS = frozenset({OCI_MANIFEST, DOCKER_MANIFEST})
_SCHEMA1 = frozenset({DOCKER_SCHEMA1, DOCKER_SCHEMA1_SIGNED})
_IMAGE_CONFIGS = frozenset({OCI_CONFIG, DOCKER_CONFIG})

_FOREIGN_LAYERS = frozenset(
    {OCI_FOREIGN_LAYER, OCI_FOREIGN_LAYER + "+gzip", OCI_FOREIGN_LAYER + "+zstd"}
    | {DOCKER_FOREIGN_LAYER, DOCKER_FOREIGN_LAYER + ".gzip", DOCKER_FOREIGN_LAYER + ".zstd"}
)
_IMAGE_LAYERS = frozenset(
    {OCI_LAYER, OCI_LAYER + "+gzip", OCI_LAYER + "+zstd"}
    | {DOCKER_LAYER, DOCKER_LAYER + ".gzip", DOCKER_LAYER + ".zstd"}
    # An image whose layers are fetched lazily: its blobs hold the same files in another order.
    | {"application/vnd.oci.image.layer.nydus.blob.v1"}
    | _FOREIGN_LAYERS
)

_SIGNATURES = frozenset(
    {
        "application/vnd.cncf.notary.signature",
        "application/vnd.dev.cosign.artifact.sig.v1+json",
        "application/vnd.dev.cosign.simplesigning.v1+json",
    }
)
_SIGSTORE_BUNDLE = "application/vnd.dev.sigstore.bundle"

_WELL_FORMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}").fullmatch


def bare(media_type: str) -> str:
    """The type without parameters: what a `Content-Type` header names."""
    return media_type.partition(";")[0].strip() if ";" in media_type else media_type


def is_index(media_type: str | None) -> bool:
    """An OCI image index or a docker manifest list."""
    return media_type is not None and bare(media_type) in _INDEXES


def is_manifest(media_type: str | None) -> bool:
    """An OCI image manifest or a docker manifest of schema 2, whatever it describes."""
    return media_type is not None and bare(media_type) in _MANIFESTS


def is_artifact_manifest(media_type: str | None) -> bool:
    """The manifest of artifacts that image-spec 1.1 had before its release."""
    return media_type is not None and bare(media_type) == OCI_ARTIFACT_MANIFEST


def is_schema1(media_type: str | None) -> bool:
    """A docker manifest of schema 1, signed or not."""
    return media_type is not None and bare(media_type) in _SCHEMA1


def is_image_config(media_type: str | None) -> bool:
    """The config of an image, docker's or OCI's."""
    return media_type is not None and bare(media_type) in _IMAGE_CONFIGS


def is_image_layer(media_type: str | None) -> bool:
    """A layer of an image's file system: compressed or not, encrypted or not, distributable or not."""
    if media_type in _IMAGE_LAYERS:
        return True
    return media_type is not None and bare(media_type).removesuffix("+encrypted") in _IMAGE_LAYERS


def is_foreign_layer(media_type: str | None) -> bool:
    """A layer whose bytes come from elsewhere: OCI says nondistributable, docker foreign."""
    return media_type is not None and bare(media_type).removesuffix("+encrypted") in _FOREIGN_LAYERS


def is_signature(artifact_type: str | None) -> bool:
    """An artifact type of cosign, sigstore or notation."""
    if artifact_type is None:
        return False
    artifact_type = bare(artifact_type)
    return artifact_type in _SIGNATURES or artifact_type.startswith(_SIGSTORE_BUNDLE)


def is_well_formed(media_type: str) -> bool:
    """Whether this is a media type by RFC 6838, section 4.2, parameters aside."""
    return _WELL_FORMED(bare(media_type)) is not None
