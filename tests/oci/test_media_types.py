import pytest

from imgindex.oci import media_types as types

DOCKER = "application/vnd.docker."
OCI = "application/vnd.oci.image."


@pytest.mark.parametrize(
    ("media_type", "predicates"),
    [
        (OCI + "index.v1+json", "index"),
        (DOCKER + "distribution.manifest.list.v2+json", "index"),
        (OCI + "manifest.v1+json", "manifest"),
        (DOCKER + "distribution.manifest.v2+json", "manifest"),
        (DOCKER + "distribution.manifest.v2+json; charset=utf-8", "manifest"),
        ("application/vnd.oci.artifact.manifest.v1+json", "artifact_manifest"),
        (DOCKER + "distribution.manifest.v1+json", "schema1"),
        (DOCKER + "distribution.manifest.v1+prettyjws", "schema1"),
        (OCI + "config.v1+json", "image_config"),
        (DOCKER + "container.image.v1+json", "image_config"),
        (OCI + "layer.v1.tar", "image_layer"),
        (OCI + "layer.v1.tar+gzip", "image_layer"),
        (OCI + "layer.v1.tar+zstd", "image_layer"),
        (OCI + "layer.v1.tar+gzip+encrypted", "image_layer"),
        (OCI + "layer.v1.tar+encrypted", "image_layer"),
        (OCI + "layer.v1.tar+gzip; q=1", "image_layer"),
        (DOCKER + "image.rootfs.diff.tar", "image_layer"),
        (DOCKER + "image.rootfs.diff.tar.gzip", "image_layer"),
        (DOCKER + "image.rootfs.diff.tar.zstd", "image_layer"),
        (OCI + "layer.nydus.blob.v1", "image_layer"),
        (OCI + "layer.nondistributable.v1.tar", "image_layer foreign_layer"),
        (OCI + "layer.nondistributable.v1.tar+gzip", "image_layer foreign_layer"),
        (OCI + "layer.nondistributable.v1.tar+zstd+encrypted", "image_layer foreign_layer"),
        (DOCKER + "image.rootfs.foreign.diff.tar.gzip", "image_layer foreign_layer"),
        ("application/vnd.cncf.notary.signature", "signature"),
        ("application/vnd.dev.cosign.artifact.sig.v1+json", "signature"),
        ("application/vnd.dev.sigstore.bundle.v0.3+json", "signature"),
        ("application/vnd.in-toto+json", ""),
        ("application/vnd.cncf.helm.chart.content.v1.tar+gzip", ""),
        ("application/octet-stream", ""),
        (OCI + "INDEX.v1+json", ""),
        ("+encrypted", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_each_type_is_what_it_is_and_nothing_else(media_type: str | None, predicates: str) -> None:
    names = ["index", "manifest", "artifact_manifest", "schema1", "image_config", "image_layer", "foreign_layer"]
    found = [name for name in [*names, "signature"] if getattr(types, f"is_{name}")(media_type)]
    assert predicates.split() == found


@pytest.mark.parametrize(
    ("media_type", "well_formed"),
    [
        ("text/plain", True),
        ("text/plain; charset=utf-8", True),
        ("a" * 127 + "/" + "b" * 127, True),
        ("a" * 128 + "/b", False),
        ("a/" + "b" * 128, False),
        (".foo/bar", False),
        ("foo/.bar", False),
        ("foo", False),
        ("foo/bar/baz", False),
        ("foo/b\u00e4r", False),
        ("foo/bar\n", False),
        ("", False),
    ],
)
def test_a_well_formed_type_is_told_by_rfc_6838(media_type: str, well_formed: bool) -> None:
    assert well_formed == types.is_well_formed(media_type)
