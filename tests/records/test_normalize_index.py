import json
from typing import Any

import pytest

from imgindex.errors import LimitExceededError, MalformedError
from imgindex.oci import media_types as types
from imgindex.records.rows import IndexEntry, Manifest, ManifestAnnotation
from imgindex.records.wanted import Wanted
from tests.records.documents import descriptor, digest, index, normalize_manifest


def entry(number: int, media_type: str | None = types.OCI_MANIFEST, **more: Any) -> dict[str, Any]:
    return descriptor(number, media_type, **more)


def test_an_index_becomes_a_row_and_a_row_an_entry() -> None:
    arm = {"os": "linux", "architecture": "aarch64", "variant": "v8", "os.version": "1", "os.features": ["x"]}
    about = {"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": digest(2)}
    made = normalize_manifest(
        index(
            entry(2, platform={"os": "linux", "architecture": "amd64"}),
            entry(3, types.DOCKER_MANIFEST, platform=arm, urls=["https://example.invalid"]),
            entry(4, platform={"os": "unknown", "architecture": "unknown"}, annotations=about),
            entry(5, artifactType="application/spdx+json"),
            entry(6, types.OCI_INDEX),
            annotations={"k": "v"},
        )
    )
    key = made.key
    extra = '{"platform":{"os.features":["x"]},"urls":["https://example.invalid"]}'
    annotations = json.dumps(dict(sorted(about.items())), separators=(",", ":"))
    assert [
        Manifest(key, types.OCI_INDEX, "index", None, None, None, None, 0, None, None, None, None),
        IndexEntry(
            manifest_key=key,
            position=0,
            child_key=2,
            media_type=types.OCI_MANIFEST,
            artifact_type=None,
            role="image",
            declared_bytes=20,
            os="linux",
            architecture="amd64",
            variant=None,
            os_version=None,
            platform="linux/amd64",
            subject_key=None,
            annotations=None,
            extra=None,
        ),
        IndexEntry(
            manifest_key=key,
            position=1,
            child_key=3,
            media_type=types.DOCKER_MANIFEST,
            artifact_type=None,
            role="image",
            declared_bytes=30,
            os="linux",
            architecture="aarch64",
            variant="v8",
            os_version="1",
            platform="linux/arm64",
            subject_key=None,
            annotations=None,
            extra=extra,
        ),
        IndexEntry(
            manifest_key=key,
            position=2,
            child_key=4,
            media_type=types.OCI_MANIFEST,
            artifact_type=None,
            role="attestation",
            declared_bytes=40,
            os="unknown",
            architecture="unknown",
            variant=None,
            os_version=None,
            platform=None,
            subject_key=2,
            annotations=annotations,
            extra=None,
        ),
        IndexEntry(
            key, 3, 5, types.OCI_MANIFEST, "application/spdx+json", "artifact", 50, *[None] * 5, None, None, None
        ),
        IndexEntry(key, 4, 6, types.OCI_INDEX, None, "index", 60, *[None] * 5, None, None, None),
        ManifestAnnotation(key, "k", "v"),
    ] == made.records
    assert [digest(number) for number in (2, 3, 4, 5, 6)] == [wanted.digest for wanted in made.references]
    assert Wanted(digest(3), "manifest", types.DOCKER_MANIFEST, 30) == made.references[1]


def test_an_index_may_be_empty() -> None:
    for document in (index(), {"mediaType": types.OCI_INDEX}, {"schemaVersion": 2, "manifests": []}):
        made = normalize_manifest(document)
        assert (
            made.one(Manifest).kind,
            made.one(Manifest).media_type,
            len(made.records),
        ) == ("index", types.OCI_INDEX, 1)


def test_a_child_that_is_listed_twice_has_two_rows_and_is_wanted_once() -> None:
    made = normalize_manifest(index(entry(2), entry(3), entry(2, artifactType="a/b")))
    assert [row.child_key for row in made.all(IndexEntry)] == [2, 3, 2]
    assert [Wanted(digest(number), "manifest", types.OCI_MANIFEST, number * 10) for number in (2, 3)] == made.references


def test_blobs_among_the_entries_are_rows_and_not_wanted() -> None:
    made = normalize_manifest(index(entry(2, "application/xml"), entry(3, None)))
    assert [row.role for row in made.all(IndexEntry)] == ["unknown", "unknown"]
    assert [digest(3)] == [wanted.digest for wanted in made.references]


def test_an_index_can_be_a_referrer() -> None:
    made = normalize_manifest(index(entry(2), artifactType="a/b", subject=entry(9)))
    assert (made.one(Manifest).artifact_type, made.one(Manifest).subject_key) == ("a/b", 9)
    assert [digest(2), digest(9)] == [wanted.digest for wanted in made.references]


def test_an_attestation_about_no_digest_keeps_what_it_says() -> None:
    about = {"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": "latest"}
    row = normalize_manifest(index(entry(2, annotations=about))).one(IndexEntry)
    assert (row.role, row.subject_key) == ("attestation", None)
    assert about == json.loads(row.annotations or "")


def test_half_a_platform_is_a_problem() -> None:
    made = normalize_manifest(
        index(entry(2, platform={"os": "linux"}), entry(3, platform={"os": "", "architecture": ""}))
    )
    assert [row.platform for row in made.all(IndexEntry)] == ["linux/unknown", None]
    assert made.problems == {"incomplete_platform": "$.manifests[0].platform"}


def test_a_number_out_of_range_is_in_the_entrys_own_extra() -> None:
    made = normalize_manifest(index(entry(2), entry(3, size=2**63, platform={"os": "linux", "architecture": "arm"})))
    first, second = made.all(IndexEntry)
    assert (first.declared_bytes, first.extra) == (20, None)
    assert (
        second.declared_bytes,
        second.extra,
        second.platform,
    ) == (None, '{"size":"9223372036854775808"}', "linux/arm/v7")
    assert made.one(Manifest).extra is None
    assert made.problems == {"number_out_of_range": "$.manifests[1].size"}


def test_an_entry_whose_digest_has_no_key_is_left_out() -> None:
    made = normalize_manifest(index({**entry(2), "digest": "multihash+base58:QmRZxt2b1"}, entry(3, "/no-type")))
    assert [(row.position, row.child_key) for row in made.all(IndexEntry)] == [(1, 3)]
    assert made.problems == {
        "unsupported_digest": "$.manifests[0].digest",
        "invalid_media_type": "$.manifests[1].mediaType",
    }


def test_secrets_in_an_entry_are_redacted() -> None:
    made = normalize_manifest(index(entry(2, annotations={"password": "hunter2"}, token="hunter2")))
    assert "hunter2" not in repr(made.records)
    row = made.one(IndexEntry)
    assert (row.annotations, row.extra) == ('{"password":"[redacted]"}', '{"token":"[redacted]"}')


@pytest.mark.parametrize(
    ("document", "path"),
    [
        (index({"mediaType": types.OCI_MANIFEST}), "$.manifests[0].digest: missing"),
        (index(entry(2), {"digest": "latest"}), "$.manifests[1].digest: is no digest"),
        (index(layers=[]), "$.layers: does not belong"),
        (index(config={}), "$.config: does not belong"),
        ({**index(), "manifests": {}}, "Expected `array | null`, got `object` - at `$.manifests`"),
    ],
)
def test_an_index_that_cannot_be_used_is_malformed(document: object, path: str) -> None:
    with pytest.raises(MalformedError) as refused:
        normalize_manifest(document)
    assert str(refused.value).startswith(path)


def test_more_entries_than_the_limit_are_refused() -> None:
    document = index(entry(2), entry(3))
    assert len(normalize_manifest(document, index_entries=2).all(IndexEntry)) == 2
    with pytest.raises(LimitExceededError):
        normalize_manifest(document, index_entries=1)
