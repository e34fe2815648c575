"""Manifests: which kind a document is, and the shape of those that describe an image or an artifact.

The kind follows from the bytes alone: from the body's own media type, else from what it is made of. A document that two
readers could take for two kinds is refused (CVE-2021-41190), and one of an unknown type is not looked into.

https://github.com/opencontainers/image-spec/blob/main/manifest.md
https://github.com/opencontainers/image-spec/security/advisories/GHSA-77vh-xpmg-72qh

    {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
     "config": {descriptor}, "layers": [{descriptor}, …], "annotations": {…}}
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias

import msgspec

from imgindex.errors import MalformedError
from imgindex.oci import media_types as types
from imgindex.oci.decode import Count, Document, Form, Map, Names, Text
from imgindex.oci.descriptor import Descriptor, Reference
from imgindex.oci.index import INDEX
from imgindex.oci.schema1 import SCHEMA1

Family: TypeAlias = Literal["index", "manifest", "artifact manifest", "schema1", "unknown"]


class ImageManifest(msgspec.Struct, rename="camel", gc=False):
    """Docker's of schema 2, and OCI's, also for artifacts."""

    schema_version: Count = None
    media_type: Text = None
    artifact_type: Text = None
    config: Reference | None = None
    layers: list[Descriptor] | None = None
    subject: Reference | None = None
    annotations: Map = None


class ArtifactManifest(msgspec.Struct, rename="camel", gc=False):
    """What image-spec 1.1 had for artifacts before its release."""

    media_type: Text = None
    artifact_type: Text = None
    blobs: list[Descriptor] | None = None
    subject: Reference | None = None
    annotations: Map = None


class UnknownManifest(msgspec.Struct, rename="camel", gc=False):
    """A document of which nothing is known but, maybe, its type."""

    media_type: Text = None


MANIFEST = Form(ImageManifest)
ARTIFACT_MANIFEST = Form(ArtifactManifest)
UNKNOWN = Form(UnknownManifest)

NAMES = Names(INDEX.names.exact | MANIFEST.names.exact | SCHEMA1.names.exact)
"""Names that may stand but once in a document, whichever kind it is."""

_TELLING = frozenset({"manifests", "config", "layers", "fsLayers"})
_CARRIES: dict[Family, frozenset[str]] = {
    "index": frozenset({"manifests"}),
    "manifest": frozenset({"config", "layers"}),
    "artifact manifest": frozenset(),
    "schema1": frozenset({"fsLayers"}),
    "unknown": _TELLING,
}


def family_of(document: Document) -> Family:
    """What kind of document this is. Raises `MalformedError` if it carries what belongs to another kind."""
    carried = {name for name in _TELLING & document.members.keys() if document.has(name)}
    media_type = document.text("mediaType")
    family = _family_of_shape(document, carried) if media_type is None else _family_of_type(media_type)
    foreign = carried - _CARRIES[family]
    if foreign:
        raise MalformedError(f"$.{min(foreign)}: does not belong in a document of kind {family}")
    return family


def _family_of_type(media_type: str) -> Family:
    if types.is_manifest(media_type):
        return "manifest"
    if types.is_index(media_type):
        return "index"
    if types.is_schema1(media_type):
        return "schema1"
    return "artifact manifest" if types.is_artifact_manifest(media_type) else "unknown"


def _family_of_shape(document: Document, carried: set[str]) -> Family:
    if "manifests" in carried:
        return "index"
    if "fsLayers" in carried:
        return "schema1"
    # An image config has a member `config` as well, but no schema version.
    if "layers" in carried or ("config" in carried and document.has("schemaVersion")):
        return "manifest"
    return "unknown"


def guess_media_type(family: Family, config_type: str | None) -> str | None:
    """The type of a document that does not say it; None where nothing can be told.

    Registries serve such documents as OCI's, and schema 1 as signed, since they sign it anew for every answer.
    """
    match family:
        case "index":
            return types.OCI_INDEX
        case "manifest":
            return types.DOCKER_MANIFEST if config_type == types.DOCKER_CONFIG else types.OCI_MANIFEST
        case "schema1":
            return types.DOCKER_SCHEMA1_SIGNED
        case _:
            return None


def is_image(config_type: str | None, layer_types: Iterable[str | None], artifact_type: str | None) -> bool:
    """Whether a manifest with a config and layers of these types is an image.

    Attestations, signatures and the like have the config of an image, but not its layers, or say what they are.
    """
    if artifact_type and not types.is_image_config(artifact_type):
        return False
    layers = set(layer_types)
    if not all(map(types.is_image_layer, layers)):
        return False
    return types.is_image_config(config_type) or (config_type == types.OCTET_STREAM and bool(layers))
