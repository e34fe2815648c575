"""Broken documents, each under its own digest, so that only its content is wrong; and the stores that hold them all."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from imgindex.limits import Limits
from tests.builders import (
    OCI_CONFIG,
    OCI_INDEX,
    OCI_LAYER,
    OCI_MANIFEST,
    Blob,
    Image,
    Layout,
    Registry,
    as_json,
    make_image,
)
from tests.stores import image_of

GOOD = make_image(1, Labels={"team": "web"})
LAYER = GOOD.layers[0]
SOUND = image_of(LAYER)
"""What a broken manifest would be if it were sound."""
LIMITS = Limits()
SPLIT = "\\ud800"
"""Half of a surrogate pair, as JSON spells it."""


def config(**members: Any) -> dict[str, Any]:
    """A sound config of one layer."""
    return {
        "os": "linux",
        "architecture": "amd64",
        "rootfs": {"type": "layers", "diff_ids": [LAYER.diff_id]},
        "history": [{"created_by": "RUN one"}],
        **members,
    }


def spelt(text: str, **members: Any) -> bytes:
    """A config in which the word HERE is spelt as JSON spells it."""
    return as_json(config(**members)).replace(b"HERE", text.encode())


CONFIGS: dict[str, tuple[bytes, str]] = {
    "truncated": (as_json(config())[:-20], "malformed"),
    "empty": (b"", "malformed"),
    "no JSON": (b"\x7fELF\x00\x01", "malformed"),
    "a list": (b"[]", "malformed"),
    "a number": (b"1", "malformed"),
    "nothing": (b"null", "malformed"),
    "no rootfs": (as_json({"os": "linux"}), "malformed"),
    "a rootfs of text": (as_json(config(rootfs="x")), "malformed"),
    "labels in a list": (as_json(config(config={"Labels": ["a"]})), "malformed"),
    "an Env of numbers": (as_json(config(config={"Env": [1]})), "malformed"),
    "an os that is a number": (as_json(config(os=1)), "malformed"),
    "one name twice": (as_json(config())[:-1] + b',"os":"plan9"}', "malformed"),
    "one name in two cases": (as_json(config())[:-1] + b',"OS":"plan9"}', "malformed"),
    "a diff ID of another algorithm": (as_json(config(rootfs={"diff_ids": ["md5:" + "0" * 32]})), "unsupported_digest"),
    "a diff ID that is a path": (
        as_json(config(rootfs={"diff_ids": ["sha256:../../etc/passwd"]})),
        "unsupported_digest",
    ),
    "nested without end": (
        as_json(config())[:-1] + b',"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        "limit_exceeded",
    ),
    "nested too deep": (as_json(config())[:-1] + b',"x":' + b"[" * 150 + b"]" * 150 + b"}", "limit_exceeded"),
    "too large": (as_json(config(comment="x" * LIMITS.document_bytes)), "limit_exceeded"),
    "too many labels": (as_json(config(config={"Labels": {str(n): "" for n in range(10_000)}})), "limit_exceeded"),
    "too much history": (as_json(config(history=[{"empty_layer": True}] * 10_000)), "limit_exceeded"),
    "too many layers": (as_json(config(rootfs={"diff_ids": [LAYER.diff_id] * 10_000})), "limit_exceeded"),
    "NUL": (spelt("\\u0000", author="HERE"), "text_repaired"),
    "half a surrogate pair": (spelt(SPLIT, config={"Labels": {"a": "HERE"}}), "text_repaired"),
    "no UTF-8": (as_json(config(author="HERE")).replace(b"HERE", b"\xff\xfe"), "text_repaired"),
    "a name with NUL": (spelt("\\u0000", config={"Labels": {"HERE": "a"}}), "text_repaired"),
    "a time that is none": (as_json(config(created="yesterday")), "time_out_of_range"),
    "a time beyond 9999": (as_json(config(created="10000-01-01T00:00:00Z")), "time_out_of_range"),
    "a time before 1": (as_json(config(created="0000-01-01T00:00:00Z")), "time_out_of_range"),
    "times that are none": (as_json(config(created="", history=[{"created": "x"}])), "time_out_of_range"),
    "a long text": (as_json(config(author="x" * (LIMITS.text_chars + 1))), "text_cut"),
    "fewer entries than layers": (as_json(config(history=[])), "history_mismatch"),
}
"""Name -> (bytes, kind of the one problem row)."""

UNREAD = {"malformed", "limit_exceeded", "unsupported_digest"}
"""Kinds that leave the whole document out; of the others, its rows are there."""


def manifest(**members: Any) -> dict[str, Any]:
    """A sound manifest of one layer, but for what is given."""
    return {"schemaVersion": 2, "config": SOUND.config.descriptor(), "layers": [LAYER.blob.descriptor()], **members}


def sized(text: str) -> bytes:
    """A manifest whose layer declares this size."""
    return as_json(manifest(layers=[{**LAYER.blob.descriptor(), "size": "SIZE"}])).replace(b'"SIZE"', text.encode())


def digested(digest: str) -> bytes:
    return as_json(manifest(layers=[{"mediaType": OCI_LAYER, "digest": digest, "size": 1}]))


MANIFESTS: dict[str, tuple[bytes, str]] = {
    "a truncated manifest": (as_json(manifest())[:-9], "malformed"),
    "a manifest that is a list": (b"[1]", "malformed"),
    "layers in no list": (as_json(manifest(layers={})), "malformed"),
    "layers and manifests": (as_json(manifest(manifests=[])), "malformed"),
    "config twice": (as_json(manifest())[:-1] + b',"config":{}}', "malformed"),
    "a layer without digest": (as_json(manifest(layers=[{"size": 1}])), "malformed"),
    "a digest that is a path": (digested("sha256:" + "../" * 21 + "x"), "malformed"),
    "a digest that is too short": (digested("sha256:abcd"), "malformed"),
    "a digest in upper case": (digested("sha256:" + "AB" * 32), "malformed"),
    "a digest of an unknown algorithm": (digested("sha3:" + "ab" * 32), "unsupported_digest"),
    "a negative size": (sized("-5"), "number_out_of_range"),
    "a size beyond 2^63": (sized("9223372036854775808"), "number_out_of_range"),
    "a size of a thousand digits": (sized("9" * 1000), "number_out_of_range"),
    "a size that is text": (sized('"1"'), "malformed"),
    "a size with a fraction": (sized("1.5"), "number_out_of_range"),
    "a media type that is none": (
        as_json(manifest(layers=[{**LAYER.blob.descriptor(), "mediaType": "no/type/at all"}])),
        "invalid_media_type",
    ),
    "10,000 layers": (as_json(manifest(layers=[LAYER.blob.descriptor()] * 10_000)), "limit_exceeded"),
    "10,000 annotations": (as_json(manifest(annotations={str(n): "" for n in range(10_000)})), "limit_exceeded"),
    "20,001 entries": (
        as_json({"schemaVersion": 2, "manifests": [{"digest": GOOD.manifest.digest, "size": 1}] * 20_001}),
        "limit_exceeded",
    ),
    "an entry without digest": (as_json({"schemaVersion": 2, "manifests": [{"size": 1}]}), "malformed"),
    "an annotation with NUL": (
        as_json(manifest(annotations={"a": "HERE"})).replace(b"HERE", b"\\u0000"),
        "text_repaired",
    ),
    "a manifest that is too large": (as_json(manifest(x="x" * LIMITS.document_bytes)), "limit_exceeded"),
}


def broken_images() -> list[tuple[str, Image, str, str]]:
    """(name, image, kind, digest of the broken document)"""
    found = []
    for name, (data, kind) in CONFIGS.items():
        made = Blob(data, OCI_CONFIG)
        told = Blob(as_json(manifest(config=made.descriptor())), OCI_MANIFEST)
        found.append((name, Image(told, made, (LAYER,)), kind, made.digest))
    for name, (data, kind) in MANIFESTS.items():
        told = Blob(data, OCI_INDEX if b'"manifests":[{' in data else OCI_MANIFEST)
        found.append((name, Image(told, SOUND.config, (LAYER,)), kind, told.digest))
    return found


BROKEN = broken_images()
EXPECTED = Counter((kind, digest) for _, _, kind, digest in BROKEN)


def build_layout(path: Path) -> Path:
    layout = Layout(path)
    for number, (_, image, _, _) in enumerate(BROKEN):
        for blob in image.blobs:
            layout.put(blob)
        layout.descriptors.append(
            image.manifest.descriptor(annotations={"org.opencontainers.image.ref.name": f"t{number}"})
        )
    layout.add(GOOD, "good")
    return layout.path


def build_registry(path: Path) -> Path:
    registry = Registry(path)
    for number, (_, image, _, _) in enumerate(BROKEN):
        registry.push("team/web", f"t{number}", image)
    registry.push("team/web", "good", GOOD)
    return registry.path
