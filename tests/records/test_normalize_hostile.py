"""Whatever a document holds, it becomes rows that a database takes, or a `ContentError`."""

from __future__ import annotations

import contextlib
import copy
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgindex.errors import ContentError, MalformedError
from imgindex.limits import Limits
from imgindex.oci import media_types as types
from imgindex.records.keys import Keyring
from imgindex.records.normalize import Normalizer
from imgindex.records.redact import Redactor
from imgindex.records.rows import Image, ImageHistory, IndexEntry, Manifest, ManifestLayer, Problem, Record
from tests.records.documents import (
    Made,
    descriptor,
    digest,
    encode,
    index,
    manifest,
    normalize_config,
    normalize_manifest,
)

CONFIG: dict[str, Any] = {
    "architecture": "arm64",
    "os": "linux",
    "variant": "v8",
    "os.version": "1",
    "created": "2015-10-31T22:22:56.015925234Z",
    "author": "me",
    "docker_version": "1",
    "container": "x",
    "config": {
        "User": "1",
        "Env": ["A=b"],
        "Cmd": ["a"],
        "Entrypoint": "b",
        "Labels": {"a": "b"},
        "ExposedPorts": {"80/tcp": {}},
        "Volumes": {"/v": {}},
        "Tty": True,
    },
    "rootfs": {"type": "layers", "diff_ids": [digest(2)]},
    "history": [{"created": "2015-10-31T22:22:56Z", "created_by": "RUN x", "comment": "c", "empty_layer": False}],
}
MANIFESTS: list[dict[str, Any]] = [
    manifest(descriptor(2, urls=["https://a"], annotations={"a": "b"}), annotations={"c": "d"}, subject=descriptor(9)),
    index(descriptor(2, types.OCI_MANIFEST, platform={"os": "linux", "architecture": "arm"}, annotations={"a": "b"})),
    {
        "schemaVersion": 1,
        "fsLayers": [{"blobSum": digest(2)}],
        "history": [
            {"v1Compatibility": json.dumps({"created": "2015-10-31T22:22:56Z", "container_config": {"Cmd": ["a"]}})}
        ],
    },
    {"mediaType": types.OCI_ARTIFACT_MANIFEST, "blobs": [descriptor(2)], "artifactType": "a/b"},
]
ODDITIES: list[Any] = [
    None, True, 0, -1, 2**63, 10**400, 1.5, -0.0, "", "x", "\x00", "\ud800", "\u202e", "sha256:", digest(3), "a/b",
    [], {}, [None], [[]], [{}], {"": ""}, {"a": None}, {"digest": digest(3)}, "2015-10-31T22:22:56.015925234Z",
    "x" * 70_000,
]  # fmt: skip


def places(node: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of everything in a document."""
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(place for name, value in inner for place in places(value, (*path, name)))]


def replaced(document: Any, path: tuple[Any, ...], value: object) -> Any:
    if not path:
        return value
    changed = copy.deepcopy(document)
    node = changed
    for name in path[:-1]:
        node = node[name]
    node[path[-1]] = value
    return changed


def check(made: Made) -> None:
    for record in made.records:
        for name in record.__struct_fields__:
            value = getattr(record, name)
            if isinstance(value, str):
                assert "\x00" not in value
                assert len(value) <= 65_536
                value.encode()
            elif isinstance(value, int) and name != "created_at":
                assert 0 <= value < 2**63
    for kind in (Image, Manifest, IndexEntry, ManifestLayer):
        for record in made.all(kind):
            for name in ("extra", "annotations", "urls", "cmd", "entrypoint"):
                text = getattr(record, name, None)
                assert text is None or json.loads(text) is not None
    identities = [identity(record) for record in made.records]
    assert len(identities) == len(set(identities))


def identity(record: Record) -> tuple[object, ...]:
    """What makes a row of its table unique."""
    names = ("position", "name", "exposed", "path", "kind")
    values = msgspec.structs.asdict(record)
    return (type(record), *[values[name] for name in names if name in values])


@pytest.mark.parametrize("oddity", ODDITIES, ids=lambda oddity: repr(oddity)[:20])
def test_any_value_may_stand_anywhere_in_a_config(oddity: object) -> None:
    for path in places(CONFIG):
        try:
            made = normalize_config(encode(replaced(CONFIG, path, oddity)))
        except ContentError:
            continue
        check(made)


@pytest.mark.parametrize("oddity", ODDITIES, ids=lambda oddity: repr(oddity)[:20])
def test_any_value_may_stand_anywhere_in_a_manifest(oddity: object) -> None:
    for document in MANIFESTS:
        for path in places(document):
            try:
                made = normalize_manifest(encode(replaced(document, path, oddity)))
            except ContentError:
                continue
            check(made)


@pytest.mark.parametrize("document", [CONFIG, *MANIFESTS], ids=["config", "image", "index", "schema1", "artifact"])
def test_null_is_the_same_as_absence(document: dict[str, Any]) -> None:
    def rows(changed: dict[str, Any]) -> list[str] | None:
        try:
            made = normalize_config(changed) if document is CONFIG else normalize_manifest(changed)
        except MalformedError:
            return None
        return [repr(record).replace(made.digest, "").replace(str(made.key), "") for record in made.records]

    for name in document:
        without = {other: value for other, value in document.items() if other != name}
        assert rows(without) == rows({**document, name: None}), name


@settings(max_examples=300)
@given(st.integers(0, 3), st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=3)), max_size=3))
def test_any_bytes_may_stand_anywhere(which: int, changes: list[tuple[float, bytes]]) -> None:
    for document in (MANIFESTS[which], CONFIG):
        data = encode(document)
        for where, inserted in changes:
            place = int(where * len(data))
            data = data[:place] + inserted + data[place + 1 :]
        try:
            check(normalize_config(data) if document is CONFIG else normalize_manifest(data))
        except ContentError:
            continue


def test_a_document_reads_the_same_whatever_was_read_before() -> None:
    normalizer = Normalizer(Keyring(), Redactor(), Limits(text_chars=5))
    others = [encode(replaced(CONFIG, path, oddity)) for path in places(CONFIG) for oddity in ODDITIES[:16]]
    first = normalizer.config(encode(CONFIG), digest(5), 1)
    for data in others:
        with contextlib.suppress(ContentError):
            normalizer.config(data, digest(6), 1)
    assert first == normalizer.config(encode(CONFIG), digest(5), 1)
    assert "text_cut" in {record.kind for record in first if isinstance(record, Problem)}


def test_many_escapes_and_many_entries_are_read_in_one_go() -> None:
    history = [{"created_by": '\\"\n' * 20, "empty_layer": True}] * 4000
    made = normalize_config({"rootfs": {}, "history": history})
    assert len(made.all(ImageHistory)) == 4000
