"""What hangs together in a registry: indexes and their children, signatures, attestations and what nothing needs.

app:1     an index of AMD, ARM and ATTESTATION, which is about AMD
app:2     an index of AMD alone
app:3     an index of AMD and LOST, whose manifest was deleted
app       SBOM, untagged, about the index of app:1; the tag sha256-(AMD).sig, cosign's signature of AMD
lone:1    LONE; OLD is untagged there, and nothing needs it
          a blob that nothing names
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import OCI_CONFIG, OCI_LAYER, OCI_MANIFEST, Blob, Image, Layer, Registry, as_json
from tests.queries.conftest import Index, Open
from tests.queries.small import layer
from tests.stores import Database, image_of, index_of, platform

SIGNED = "application/vnd.dev.cosign.simplesigning.v1+json"
SPDX = "application/spdx+json"


def artifact(config: Blob, content: Blob, **members: object) -> Image:
    """A manifest of a config and one blob."""
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": config.descriptor(),
        "layers": [content.descriptor()],
        **members,
    }
    return Image(Blob(as_json(document), OCI_MANIFEST), config, (Layer(content, ""),))


BASE, TOP = layer("base", 100), layer("top", 20)
AMD = image_of(BASE, TOP)
ARM = image_of(layer("arm", 30), architecture="arm64")
LOST = image_of(layer("lost", 40), architecture="arm64")
LONE = image_of(layer("lone", 50))
OLD = image_of(BASE, layer("old", 60))
ATTESTATION = artifact(
    Blob(
        as_json({"os": "unknown", "architecture": "unknown", "rootfs": {"type": "layers", "diff_ids": []}}), OCI_CONFIG
    ),
    Blob(b'{"predicateType": "https://slsa.dev/provenance/v0.2"}', "application/vnd.in-toto+json"),
)
ABOUT_AMD = {
    "platform": {"os": "unknown", "architecture": "unknown"},
    "annotations": {
        "vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": AMD.manifest.digest,
    },
}
FULL = index_of((AMD, platform("linux/amd64")), (ARM, platform("linux/arm64")), (ATTESTATION, ABOUT_AMD))
HALF = index_of((AMD, platform("linux/amd64")))
BROKEN = index_of((AMD, platform("linux/amd64")), (LOST, platform("linux/arm64")))
SIGNATURE = artifact(
    Blob(
        as_json({"os": "", "architecture": "", "config": {}, "rootfs": {"type": "layers", "diff_ids": []}}), OCI_CONFIG
    ),
    Blob(b'{"critical": {}}', SIGNED),
)
SBOM = artifact(
    Blob(b"{}", "application/vnd.oci.empty.v1+json"),
    Blob(b'{"spdx": 2}', SPDX),
    artifactType=SPDX,
    subject=FULL.manifest.descriptor(),
)
ORPHAN = Blob(b"nothing names this", OCI_LAYER)
APP, LONE_REPOSITORY = "r.example/app", "r.example/lone"


def make(folder: Path, db: Database) -> None:
    registry = Registry(folder / "registry")
    for tag, index in (("1", FULL), ("2", HALF), ("3", BROKEN)):
        registry.push("app", tag, index)
    registry.push("app", f"{AMD.manifest.digest.replace(':', '-')}.sig", SIGNATURE)
    registry.push("app", None, SBOM)
    registry.push("lone", "1", LONE)
    registry.push("lone", None, OLD)
    registry.put(ORPHAN)
    registry.revision("app", LOST.manifest.digest).unlink()
    db.look(f"registry-root:{registry.path}", name="reg", registry=("r.example",))


@pytest.fixture
def attached(open_index: Open) -> Index:
    return open_index("attached", make)


def test_multi_platform(attached: Index) -> None:
    both = "linux/amd64, linux/arm64"
    full, half, broken = (index.manifest.digest for index in (FULL, HALF, BROKEN))
    lacking = ("reg", APP, "2", 1, "linux/amd64", 0, None, "linux/arm64", half)
    missing = ("reg", APP, "3", 2, both, 1, "linux/arm64", None, broken)
    complete = ("reg", APP, "1", 2, both, 0, None, None, full)
    assert [complete, lacking, missing] == attached.ask("inventory/multi-platform").rows
    assert [lacking, missing] == attached.ask("inventory/multi-platform", incomplete="true").rows


def test_unsigned(attached: Index) -> None:
    # AMD is signed wherever it is in the repository; ARM and LONE are not.
    assert [
        ("reg", APP, "1", "linux/arm64", ARM.manifest.digest, FULL.manifest.digest, ARM.config.digest),
        ("reg", LONE_REPOSITORY, "1", "linux/amd64", LONE.manifest.digest, LONE.manifest.digest, LONE.config.digest),
    ] == attached.ask("inventory/unsigned").rows


def test_without_sbom(attached: Index) -> None:
    # The SBOM is about the whole of app:1.
    amd = AMD.manifest.digest
    assert [
        (APP, "2", amd),
        (APP, "3", amd),
        (LONE_REPOSITORY, "1", LONE.manifest.digest),
    ] == attached.ask("inventory/without-sbom").only("repository", "tag", "manifest_digest")


def test_unknown_platforms(attached: Index) -> None:
    about = (AMD.manifest.digest, "linux/amd64")
    what = "an attestation (provenance, SBOM) of another entry"
    assert [
        ("reg", APP, "1", FULL.manifest.digest, 2, ATTESTATION.manifest.digest, what, None, *about),
    ] == attached.ask("integrity/unknown-platforms").rows


def test_untagged_children(attached: Index) -> None:
    full, half, broken = (index.manifest.digest for index in (FULL, HALF, BROKEN))
    amd, arm, attestation = (made.manifest.digest for made in (AMD, ARM, ATTESTATION))
    rows = [
        ("reg", APP, "1", "index", "linux/amd64", "image", amd, full),
        ("reg", APP, "2", "index", "linux/amd64", "image", amd, half),
        ("reg", APP, "3", "index", "linux/amd64", "image", amd, broken),
        ("reg", APP, "1", "index", "linux/arm64", "image", arm, full),
        ("reg", APP, "1", "index", None, OCI_CONFIG, attestation, full),
        ("reg", APP, "1", "subject", None, SPDX, SBOM.manifest.digest, full),
    ]
    assert sorted(rows, key=lambda row: (row[6], row[3], row[7])) == attached.ask("integrity/untagged-children").rows


def test_dangling_children(attached: Index) -> None:
    lost = LOST.manifest.digest
    assert [
        ("reg", APP, "3", BROKEN.manifest.digest, 1, "linux/arm64", "image", lost, 0),
    ] == attached.ask("integrity/dangling-children").rows


def blobs_of(*things: Image) -> set[str]:
    return {blob.digest for thing in things for blob in thing.blobs[1:]}


def test_garbage_of_what_nothing_names(attached: Index) -> None:
    # The lost manifest's body is still named by its index; its config and layer are not.
    answer = attached.ask("integrity/garbage")
    assert blobs_of(LOST) | {ORPHAN.digest} == {digest for (digest,) in answer.only("digest")}
    assert {("blob", None)} == set(answer.only("removes", "repository"))
    assert ("reg", "blob", None, ORPHAN.digest, len(ORPHAN.data), None) in answer.rows


def test_garbage_with_untagged_manifests(attached: Index) -> None:
    # Distribution does not look through indexes: of app, all but indexes and the signature goes.
    answer = attached.ask("integrity/garbage", untagged="true")
    manifests = {(name, digest) for removes, name, digest in answer.only("removes", "repository", "digest") if name}
    assert {
        *((APP, made.manifest.digest) for made in (AMD, ARM, ATTESTATION, SBOM)),
        (LONE_REPOSITORY, OLD.manifest.digest),
    } == manifests
    gone = {digest for removes, digest in answer.only("removes", "digest") if removes == "blob"}
    assert blobs_of(AMD, ARM, ATTESTATION, SBOM, OLD, LOST) | {ORPHAN.digest} == gone
    freed = {digest: size for digest, size in answer.only("digest", "freed_bytes") if size is not None}
    assert {OLD.manifest.digest, SBOM.manifest.digest} == set(freed) - gone
    assert len(OLD.manifest.data) == freed[OLD.manifest.digest]
