import json
from typing import Any

import pytest

from imgindex.errors import LimitExceededError, MalformedError
from imgindex.oci import media_types as types
from imgindex.records.rows import Manifest, ManifestAnnotation, ManifestLayer, Problem
from imgindex.records.wanted import Wanted
from tests.records.documents import DOCKER_GZIP, GZIP, SCOPE, descriptor, digest, encode, manifest, normalize_manifest

IN_TOTO = "application/vnd.in-toto+json"
SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json"
HELM = "application/vnd.cncf.helm.config.v1+json"


def test_an_image_becomes_a_row_and_a_row_a_layer() -> None:
    foreign = descriptor(4, types.DOCKER_FOREIGN_LAYER + ".gzip", urls=["https://example.invalid/4"])
    named = descriptor(3, annotations={"b": "2", "a": "1"})
    made = normalize_manifest(manifest(descriptor(2), named, foreign, descriptor(2), annotations={"title": "web"}))
    key = made.key
    assert [
        Manifest(
            manifest_key=key,
            media_type=types.OCI_MANIFEST,
            kind="image",
            artifact_type=None,
            config_key=1,
            config_media_type=types.OCI_CONFIG,
            subject_key=None,
            layer_count=4,
            total_bytes=10 + 20 + 30 + 40 + 20,
            os=None,
            architecture=None,
            extra=None,
            config_bytes=10,
        ),
        ManifestLayer(key, 0, 2, GZIP, 20, False, None, None),
        ManifestLayer(key, 1, 3, GZIP, 30, False, None, '{"a":"1","b":"2"}'),
        ManifestLayer(key, 2, 4, types.DOCKER_FOREIGN_LAYER + ".gzip", 40, True, '["https://example.invalid/4"]', None),
        ManifestLayer(key, 3, 2, GZIP, 20, False, None, None),
        ManifestAnnotation(key, "title", "web"),
    ] == made.records
    assert [Wanted(digest(1), "config", types.OCI_CONFIG, 10)] == made.references


def test_the_blobs_get_rows_and_the_document_its_verified_size() -> None:
    data = encode(manifest(descriptor(2), subject=descriptor(5, types.OCI_MANIFEST)))
    made = normalize_manifest(data)
    pending = {name: value for _, name, value in made.keys.blobs.pending()}
    assert {made.digest: len(data), digest(1): None, digest(2): None, digest(5): None} == pending


def test_the_same_document_makes_the_same_rows_however_it_is_indented() -> None:
    document = manifest(descriptor(2), annotations={"a": "b"})
    plain, indented = normalize_manifest(document), normalize_manifest(json.dumps(document, indent=3).encode() + b"\n")
    assert plain.one(ManifestLayer).blob_key == indented.one(ManifestLayer).blob_key
    assert plain.one(Manifest).kind == indented.one(Manifest).kind
    assert not indented.problems


@pytest.mark.parametrize(
    ("document", "kind", "artifact_type"),
    [
        (manifest(descriptor(2)), "image", None),
        (manifest(), "image", None),
        (manifest(descriptor(2), config=descriptor(1, types.OCTET_STREAM)), "image", None),
        (manifest(descriptor(2, DOCKER_GZIP), config=descriptor(1, types.DOCKER_CONFIG)), "image", None),
        (manifest(descriptor(2), artifactType=types.OCI_CONFIG), "image", types.OCI_CONFIG),
        (manifest(descriptor(2, IN_TOTO)), "artifact", types.OCI_CONFIG),
        (manifest(descriptor(2, SIGNING)), "artifact", types.OCI_CONFIG),
        (manifest(descriptor(2), config=descriptor(1, HELM)), "artifact", HELM),
        (manifest(config=descriptor(1, types.OCI_EMPTY), artifactType="a/b"), "artifact", "a/b"),
        (manifest(descriptor(2), artifactType="a/b"), "artifact", "a/b"),
        (manifest(descriptor(2), config=descriptor(1, None)), "artifact", None),
        ({"schemaVersion": 2, "mediaType": types.OCI_MANIFEST, "layers": [descriptor(2)]}, "artifact", None),
    ],
)
def test_the_kind_follows_from_the_bytes_and_only_images_refer_to_a_config(
    document: dict[str, Any], kind: str, artifact_type: str | None
) -> None:
    for served in (None, types.OCI_MANIFEST, types.OCI_INDEX, "text/plain"):
        made = normalize_manifest(document, served)
        row = made.one(Manifest)
        assert (kind, artifact_type) == (row.kind, row.artifact_type)
        assert (kind == "image") == bool([wanted for wanted in made.references if wanted.role == "config"])


@pytest.mark.parametrize(
    ("body", "served", "stored", "mismatch"),
    [
        (types.OCI_MANIFEST, None, types.OCI_MANIFEST, False),
        (types.OCI_MANIFEST, types.OCI_MANIFEST + "; charset=utf-8", types.OCI_MANIFEST, False),
        (types.OCI_MANIFEST, types.DOCKER_MANIFEST, types.OCI_MANIFEST, True),
        (types.OCI_MANIFEST, types.OCI_INDEX, types.OCI_MANIFEST, True),
        (None, None, types.OCI_MANIFEST, False),
        (None, types.OCI_MANIFEST, types.OCI_MANIFEST, False),
        (None, types.DOCKER_MANIFEST, types.OCI_MANIFEST, False),
        (None, types.OCI_INDEX, types.OCI_MANIFEST, True),
        ("", "", types.OCI_MANIFEST, False),
    ],
)
def test_the_media_type_is_the_bodys_whatever_it_was_served_as(
    body: str | None, served: str | None, stored: str, mismatch: bool
) -> None:
    made = normalize_manifest({**manifest(descriptor(2)), "mediaType": body}, served)
    assert stored == made.one(Manifest).media_type
    assert mismatch == ("media_type_mismatch" in made.problems)


def test_a_docker_manifest_without_media_type_is_guessed_by_its_config() -> None:
    config = descriptor(1, types.DOCKER_CONFIG)
    made = normalize_manifest({"schemaVersion": 2, "config": config, "layers": [descriptor(2, DOCKER_GZIP)]})
    assert (made.one(Manifest).media_type, made.one(Manifest).kind) == (types.DOCKER_MANIFEST, "image")


def test_an_unknown_type_is_a_row_and_all_else_is_kept() -> None:
    document = {"mediaType": "application/x-any", "schemaVersion": "3", "layers": 5, "password": "hunter2"}
    made = normalize_manifest(document, "application/x-other")
    expected = '{"layers":5,"password":"[redacted]","schemaVersion":"3"}'
    row = made.one(Manifest)
    assert (
        row.media_type,
        row.kind,
        row.config_key,
        row.layer_count,
        row.total_bytes,
    ) == ("application/x-any", "unknown", None, 0, None)
    assert (expected, []) == (row.extra, made.references)
    assert {"media_type_mismatch"} == made.problems.keys()


def test_a_document_that_does_not_say_what_it_is_has_the_type_it_was_served_as() -> None:
    for served in ("application/x-any", None):
        row = normalize_manifest({"hello": "world"}, served).one(Manifest)
        assert (served, "unknown", '{"hello":"world"}') == (row.media_type, row.kind, row.extra)


def test_a_referrer_names_its_subject() -> None:
    document = manifest(
        descriptor(2, "application/spdx+json"),
        config=descriptor(1, types.OCI_EMPTY),
        artifactType="application/spdx+json",
        subject=descriptor(9, types.OCI_MANIFEST),
    )
    made = normalize_manifest(document)
    assert made.one(Manifest).subject_key == 9
    assert [Wanted(digest(9), "manifest", types.OCI_MANIFEST, 90)] == made.references


def test_the_artifact_manifest_of_before_is_an_artifact() -> None:
    made = normalize_manifest(
        {
            "mediaType": types.OCI_ARTIFACT_MANIFEST,
            "artifactType": "a/b",
            "blobs": [descriptor(2, "text/plain")],
            "subject": descriptor(9, types.OCI_MANIFEST),
            "annotations": {"k": "v"},
        }
    )
    row = made.one(Manifest)
    assert (
        row.kind,
        row.artifact_type,
        row.config_key,
        row.subject_key,
        row.layer_count,
        row.total_bytes,
    ) == ("artifact", "a/b", None, 9, 1, 20)
    assert ManifestLayer(made.key, 0, 2, "text/plain", 20, False, None, None) == made.one(ManifestLayer)
    assert ManifestAnnotation(made.key, "k", "v") == made.one(ManifestAnnotation)


def test_what_no_column_holds_is_extra() -> None:
    document = manifest(
        descriptor(2, data="e30=", size=-5),
        config=descriptor(1, types.OCI_CONFIG, annotations={"k": "v"}),
        topping={"b": None, "a": [1]},
    )
    made = normalize_manifest(document)
    expected = {
        "config": {"annotations": {"k": "v"}},
        "layers": {"0": {"data": "e30=", "size": "-5"}},
        "topping": {"a": [1], "b": None},
    }
    row = made.one(Manifest)
    assert json.dumps(expected, separators=(",", ":")) == row.extra
    assert (row.kind, row.total_bytes) == ("image", None)
    assert made.one(ManifestLayer).declared_bytes is None
    assert made.problems == {"number_out_of_range": "$.layers[0].size"}


def test_problems_say_where_and_about_which_document() -> None:
    made = normalize_manifest(manifest(descriptor(2, size=-1), descriptor(3, size=-1), descriptor(4, "no type")))
    mistyped = Problem(
        SCOPE, made.digest, "invalid_media_type", made.digest, "$.layers[2].mediaType", document_key=made.key
    )
    numbers = Problem(
        SCOPE, made.digest, "number_out_of_range", made.digest, "$.layers[0].size and 1 more", document_key=made.key
    )
    assert [mistyped, numbers] == sorted(made.all(Problem), key=lambda problem: problem.kind)


@pytest.mark.parametrize("where", ["config", "layer", "neither"])
def test_the_total_is_unknown_if_one_size_is(where: str) -> None:
    config, layer = descriptor(1, types.OCI_CONFIG), descriptor(2)
    config["size"], layer["size"] = (None if where == "config" else 1), (None if where == "layer" else 2)
    total = normalize_manifest(manifest(layer, config=config)).one(Manifest).total_bytes
    assert (3 if where == "neither" else None) == total


def test_a_total_that_no_column_holds_is_unknown() -> None:
    made = normalize_manifest(manifest(descriptor(2, size=2**63 - 1), descriptor(3, size=1)))
    assert made.one(Manifest).total_bytes is None
    assert [layer.declared_bytes for layer in made.all(ManifestLayer)] == [2**63 - 1, 1]
    assert {"number_out_of_range"} == made.problems.keys()


def test_what_has_a_digest_without_key_is_left_out_with_a_problem() -> None:
    other = "sha256+b64:LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7"
    document = manifest(
        descriptor(2), {**descriptor(3), "digest": other}, config={**descriptor(1, types.OCI_CONFIG), "digest": other}
    )
    document["subject"] = {**descriptor(9, types.OCI_MANIFEST), "digest": other}
    made = normalize_manifest(document)
    row = made.one(Manifest)
    assert (
        row.kind,
        row.config_key,
        row.subject_key,
        row.layer_count,
        row.total_bytes,
    ) == ("image", None, None, 2, 60)
    assert [(layer.position, layer.blob_key) for layer in made.all(ManifestLayer)] == [(0, 2)]
    assert made.problems == {"unsupported_digest": "$.config.digest and 2 more"}
    assert made.references == []


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"schemaVersion": 2, "mediaType": types.OCI_MANIFEST}, "$.config: missing"),
        (manifest(config={"mediaType": types.OCI_CONFIG}), "$.config.digest: missing"),
        (manifest({"size": 1}), "$.layers[0].digest: missing"),
        (manifest(descriptor(2), {"digest": "sha256:abc"}), "$.layers[1].digest: is no digest"),
        (manifest({"digest": digest(10).upper()}), "$.layers[0].digest: "),
        (manifest(subject={}), "$.subject.digest: missing"),
        ({**manifest(), "manifests": []}, "$.manifests: does not belong"),
        (b'{"schemaVersion":2,"layers":[],"layers":[],"config":{}}', "$.layers: is there twice"),
        (b"not JSON", "$: "),
    ],
)
def test_a_document_that_cannot_be_used_is_malformed(document: object, path: str) -> None:
    with pytest.raises(MalformedError) as refused:
        normalize_manifest(document)
    assert str(refused.value).startswith(path)


@pytest.mark.parametrize(
    "limits",
    [{"layers": 2}, {"map_entries": 1}, {"urls": 1}, {"document_bytes": 200}],
    ids=lambda limits: next(iter(limits)),
)
def test_more_than_the_limits_allow_is_refused(limits: dict[str, int]) -> None:
    many = descriptor(2, urls=["https://a.invalid", "https://b.invalid"], annotations={"a": "1", "b": "2"})
    document = manifest(many, descriptor(3), descriptor(4))
    assert normalize_manifest(document).one(Manifest).layer_count == 3
    with pytest.raises(LimitExceededError):
        normalize_manifest(document, **limits)


def test_annotations_are_bounded_too() -> None:
    document = manifest(annotations={"a": "1", "b": "2"})
    with pytest.raises(LimitExceededError):
        normalize_manifest(document, map_entries=1)


def test_secrets_in_annotations_addresses_and_extra_are_redacted() -> None:
    layer = descriptor(2, urls=["https://me:hunter2@example.invalid/x"], annotations={"API_TOKEN": "hunter2"})
    made = normalize_manifest(
        manifest(layer, annotations={"password": "hunter2", "title": "web"}, notes={"secret": "hunter2"})
    )
    assert "hunter2" not in repr(made.records)
    assert [row.value for row in made.all(ManifestAnnotation)] == ["[redacted]", "web"]
    assert [row.name for row in made.all(ManifestAnnotation)] == ["password", "title"]
