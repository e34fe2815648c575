"""Image indexes, which docker calls manifest lists: manifests by platform, and what else belongs to them.

An entry's role is told from its descriptor alone; whether the manifest keeps to it is not asked here.

https://github.com/opencontainers/image-spec/blob/main/image-index.md
https://github.com/moby/buildkit/blob/master/docs/attestations/attestation-storage.md

    {"schemaVersion": 2, "manifests": [{"mediaType": "…", "digest": "sha256:…", "size": 7682,
     "platform": {"os": "linux", "architecture": "amd64"}}]}
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from imgindex.oci import media_types as types
from imgindex.oci.decode import Count, Form, Map, Text
from imgindex.oci.descriptor import Entry, Reference

ATTESTATION = "attestation-manifest"
REFERENCE_TYPE = "vnd.docker.reference.type"
REFERENCE_DIGEST = "vnd.docker.reference.digest"

EntryRole: TypeAlias = Literal["image", "index", "attestation", "signature", "artifact", "unknown"]


class ImageIndex(msgspec.Struct, rename="camel", gc=False):
    """Docker's manifest list and OCI's image index."""

    schema_version: Count = None
    media_type: Text = None
    artifact_type: Text = None
    manifests: list[Entry] | None = None
    subject: Reference | None = None
    annotations: Map = None


INDEX = Form(ImageIndex)


def role_of(entry: Entry) -> EntryRole:
    """What an entry is, as far as its descriptor says."""
    if types.is_index(entry.media_type):
        return "index"
    if _is_attestation(entry):
        return "attestation"
    if types.is_signature(entry.artifact_type):
        return "signature"
    if types.is_artifact_manifest(entry.media_type):
        return "artifact"
    if entry.artifact_type and not types.is_image_config(entry.artifact_type):
        return "artifact"
    return "image" if types.is_manifest(entry.media_type) else "unknown"


def _is_attestation(entry: Entry) -> bool:
    annotations, platform = entry.annotations, entry.platform
    if not annotations:
        return False
    if annotations.get(REFERENCE_TYPE) == ATTESTATION:
        return True
    nowhere = platform is not None and platform.os == "unknown" and platform.architecture == "unknown"
    return nowhere and REFERENCE_DIGEST in annotations


def names_document(entry: Entry) -> bool:
    """Whether the entry refers to a document that may be read as a manifest, and not to a blob of another kind."""
    media_type = entry.media_type
    return (
        not media_type
        or types.is_manifest(media_type)
        or types.is_index(media_type)
        or types.is_schema1(media_type)
        or types.is_artifact_manifest(media_type)
    )
