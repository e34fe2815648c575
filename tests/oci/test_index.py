from typing import Any

import pytest

from imgindex.oci import media_types as types
from imgindex.oci.descriptor import Entry, Platform
from imgindex.oci.index import ATTESTATION, REFERENCE_DIGEST, REFERENCE_TYPE, EntryRole, names_document, role_of

NOWHERE = Platform(os="unknown", architecture="unknown")
ABOUT = {REFERENCE_DIGEST: "sha256:" + "a" * 64}


@pytest.mark.parametrize(
    ("entry", "role"),
    [
        ({"media_type": types.OCI_MANIFEST}, "image"),
        ({"media_type": types.DOCKER_MANIFEST, "platform": Platform(os="linux", architecture="amd64")}, "image"),
        ({"media_type": types.OCI_MANIFEST, "artifact_type": types.OCI_CONFIG}, "image"),
        ({"media_type": types.OCI_MANIFEST, "platform": NOWHERE}, "image"),
        ({"media_type": types.OCI_INDEX, "platform": NOWHERE, "annotations": ABOUT}, "index"),
        ({"media_type": types.DOCKER_MANIFEST_LIST}, "index"),
        ({"media_type": types.OCI_MANIFEST, "annotations": {REFERENCE_TYPE: ATTESTATION}}, "attestation"),
        ({"media_type": types.OCI_MANIFEST, "platform": NOWHERE, "annotations": ABOUT}, "attestation"),
        ({"media_type": types.OCI_MANIFEST, "annotations": ABOUT}, "image"),
        ({"media_type": types.OCI_MANIFEST, "annotations": {REFERENCE_TYPE: "other"}}, "image"),
        ({"media_type": types.OCI_MANIFEST, "artifact_type": "application/vnd.cncf.notary.signature"}, "signature"),
        ({"media_type": types.OCI_MANIFEST, "artifact_type": "application/spdx+json"}, "artifact"),
        ({"media_type": types.OCI_ARTIFACT_MANIFEST}, "artifact"),
        ({"media_type": types.DOCKER_SCHEMA1_SIGNED}, "unknown"),
        ({"media_type": "application/xml"}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_the_descriptor_tells_the_role(entry: dict[str, Any], role: EntryRole) -> None:
    assert role == role_of(Entry(**entry))


@pytest.mark.parametrize(
    ("media_type", "named"),
    [
        (types.OCI_MANIFEST, True),
        (types.OCI_INDEX, True),
        (types.DOCKER_SCHEMA1, True),
        (types.OCI_ARTIFACT_MANIFEST, True),
        (None, True),
        ("", True),
        ("application/xml", False),
        (types.OCI_LAYER, False),
        (types.OCI_CONFIG, False),
    ],
)
def test_only_documents_are_looked_for(media_type: str | None, named: bool) -> None:
    assert named == names_document(Entry(media_type=media_type))
