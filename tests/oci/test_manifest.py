import json
from typing import Any

import pytest

from imgindex.errors import MalformedError
from imgindex.oci import media_types as types
from imgindex.oci.decode import open_document
from imgindex.oci.manifest import NAMES, Family, family_of, guess_media_type, is_image

DESCRIPTOR = {"digest": "sha256:" + "a" * 64, "size": 1}
IN_TOTO = "application/vnd.in-toto+json"


def family(**members: Any) -> Family:
    return family_of(open_document(json.dumps(members).encode(), NAMES))


@pytest.mark.parametrize(
    ("media_type", "expected"),
    [
        (types.OCI_INDEX, "index"),
        (types.DOCKER_MANIFEST_LIST, "index"),
        (types.OCI_MANIFEST, "manifest"),
        (types.DOCKER_MANIFEST, "manifest"),
        (types.OCI_ARTIFACT_MANIFEST, "artifact manifest"),
        (types.DOCKER_SCHEMA1, "schema1"),
        (types.DOCKER_SCHEMA1_SIGNED, "schema1"),
        (types.OCI_CONFIG, "unknown"),
        ("application/x-anything", "unknown"),
    ],
)
def test_the_body_says_what_it_is(media_type: str, expected: Family) -> None:
    assert expected == family(mediaType=media_type)


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"manifests": []}, "index"),
        ({"layers": []}, "manifest"),
        ({"schemaVersion": 2, "config": DESCRIPTOR}, "manifest"),
        ({"config": {}, "rootfs": {}}, "unknown"),
        ({"fsLayers": [], "history": []}, "schema1"),
        ({"mediaType": "", "layers": []}, "manifest"),
        ({"mediaType": None, "manifests": []}, "index"),
        ({"layers": None, "manifests": []}, "index"),
        ({"schemaVersion": 2}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_a_body_that_does_not_say_it_is_told_by_what_it_carries(members: dict[str, Any], expected: Family) -> None:
    assert expected == family(**members)


@pytest.mark.parametrize(
    "members",
    [
        {"mediaType": types.OCI_INDEX, "manifests": [], "layers": []},
        {"mediaType": types.OCI_INDEX, "manifests": [], "config": {}},
        {"mediaType": types.OCI_INDEX, "fsLayers": []},
        {"mediaType": types.DOCKER_MANIFEST_LIST, "layers": [DESCRIPTOR]},
        {"mediaType": types.OCI_MANIFEST, "config": {}, "layers": [], "manifests": []},
        {"mediaType": types.DOCKER_MANIFEST, "manifests": [DESCRIPTOR]},
        {"mediaType": types.OCI_MANIFEST, "fsLayers": []},
        {"mediaType": types.DOCKER_SCHEMA1, "fsLayers": [], "layers": []},
        {"mediaType": types.OCI_ARTIFACT_MANIFEST, "blobs": [], "layers": []},
        {"manifests": [], "layers": []},
        {"manifests": [], "config": {}},
        {"layers": [], "fsLayers": []},
        {"mediaType": types.OCI_MANIFEST, "config": {}, "layers": [], "Manifests": [DESCRIPTOR]},
    ],
)
def test_what_could_be_taken_for_two_kinds_is_refused(members: dict[str, Any]) -> None:
    with pytest.raises(MalformedError, match=r"^\$\.\w+: does not belong"):
        family(**members)


def test_a_document_of_an_unknown_type_may_carry_anything() -> None:
    assert family(mediaType="application/x-anything", manifests=1, layers=2, config=3) == "unknown"


@pytest.mark.parametrize("media_type", [1, ["a/b"], {}])
def test_a_media_type_that_is_no_text_is_malformed(media_type: object) -> None:
    with pytest.raises(MalformedError, match=r"^\$\.mediaType: "):
        family(mediaType=media_type)


@pytest.mark.parametrize(
    ("config", "layers", "artifact_type", "image"),
    [
        (types.OCI_CONFIG, [types.OCI_LAYER + "+gzip"], None, True),
        (types.DOCKER_CONFIG, [types.DOCKER_LAYER + ".gzip", types.DOCKER_FOREIGN_LAYER], None, True),
        (types.OCI_CONFIG, [types.DOCKER_LAYER + ".gzip"], "", True),
        (types.OCI_CONFIG, [], None, True),
        (types.OCI_CONFIG, [types.OCI_LAYER], types.OCI_CONFIG, True),
        (types.OCTET_STREAM, [types.DOCKER_LAYER + ".gzip"], None, True),
        (types.OCTET_STREAM, [], None, False),
        (types.OCI_CONFIG, [IN_TOTO], None, False),
        (types.OCI_CONFIG, ["application/vnd.dev.cosign.simplesigning.v1+json"], None, False),
        (types.OCI_CONFIG, [types.OCI_LAYER, IN_TOTO], None, False),
        (types.OCI_CONFIG, [types.OCI_LAYER, None], None, False),
        (types.OCI_CONFIG, [types.OCI_LAYER], "application/vnd.example", False),
        (types.OCI_EMPTY, [types.OCI_LAYER], None, False),
        ("application/vnd.cncf.helm.config.v1+json", [types.OCI_LAYER], None, False),
        ("application/vnd.docker.plugin.v1+json", [types.DOCKER_LAYER + ".gzip"], None, False),
        (None, [types.OCI_LAYER], None, False),
    ],
)
def test_an_image_has_an_image_config_and_image_layers_alone(
    config: str | None, layers: list[str | None], artifact_type: str | None, image: bool
) -> None:
    assert image == is_image(config, layers, artifact_type)


@pytest.mark.parametrize(
    ("family_name", "config", "expected"),
    [
        ("index", None, types.OCI_INDEX),
        ("manifest", types.OCI_CONFIG, types.OCI_MANIFEST),
        ("manifest", types.OCI_EMPTY, types.OCI_MANIFEST),
        ("manifest", types.DOCKER_CONFIG, types.DOCKER_MANIFEST),
        ("schema1", None, types.DOCKER_SCHEMA1_SIGNED),
        ("unknown", None, None),
    ],
)
def test_a_missing_media_type_is_guessed_from_the_make(
    family_name: Family, config: str | None, expected: str | None
) -> None:
    assert expected == guess_media_type(family_name, config)
