"""Documents for the tests of `records.normalize`, and what is made of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

from imgindex.limits import Limits
from imgindex.oci import media_types as types
from imgindex.oci.digest import digest_of
from imgindex.records.keys import Keyring
from imgindex.records.normalize import NormalizedManifest, Normalizer
from imgindex.records.redact import Redactor
from imgindex.records.rows import Key, Problem, Record

R = TypeVar("R", bound=Record)

SCOPE: Key = 77
GZIP = types.OCI_LAYER + "+gzip"
DOCKER_GZIP = types.DOCKER_LAYER + ".gzip"


def digest(number: int) -> str:
    """A digest whose key is `number`."""
    return f"sha256:{number * 2:016x}{'0' * 48}"


def descriptor(number: int, media_type: str | None = GZIP, size: int | None = None, **more: Any) -> dict[str, Any]:
    """The size is ten times the number, unless given."""
    return {"mediaType": media_type, "digest": digest(number), "size": number * 10 if size is None else size, **more}


def manifest(*layers: dict[str, Any], config: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """An OCI image manifest with config 1."""
    config = descriptor(1, types.OCI_CONFIG) if config is None else config
    return {"schemaVersion": 2, "mediaType": types.OCI_MANIFEST, "config": config, "layers": list(layers), **more}


def index(*entries: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An OCI image index."""
    return {"schemaVersion": 2, "mediaType": types.OCI_INDEX, "manifests": list(entries), **more}


def encode(document: object) -> bytes:
    return document if isinstance(document, bytes) else json.dumps(document, separators=(",", ":")).encode()


class Made:
    """The records of one document, by type."""

    def __init__(self, records: Sequence[Record], key: Key, digest: str, keys: Keyring) -> None:
        self.records = list(records)
        self.key = key
        self.digest = digest
        self.keys = keys

    def all(self, kind: type[R]) -> list[R]:
        return [record for record in self.records if type(record) is kind]

    def one(self, kind: type[R]) -> R:
        (record,) = self.all(kind)
        return record

    @property
    def problems(self) -> dict[str, str]:
        """{kind: detail}."""
        return {problem.kind: problem.detail for problem in self.all(Problem)}


class MadeManifest(Made):
    def __init__(self, made: NormalizedManifest, key: Key, digest: str, keys: Keyring) -> None:
        super().__init__(made.records, key, digest, keys)
        self.references = made.references


def normalize_manifest(
    document: object, media_type: str | None = None, *, redact: Redactor | None = None, **limits: int
) -> MadeManifest:
    data, keys = encode(document), Keyring()
    name = digest_of(data)
    normalizer = Normalizer(keys, redact or Redactor(), replace(Limits(), **limits))
    return MadeManifest(normalizer.manifest(data, name, media_type, SCOPE), keys.blob(name), name, keys)


def normalize_config(document: object, *, redact: Redactor | None = None, **limits: int) -> Made:
    data, keys = encode(document), Keyring()
    name = digest_of(data)
    normalizer = Normalizer(keys, redact or Redactor(), replace(Limits(), **limits))
    return Made(normalizer.config(data, name, SCOPE), keys.blob(name), name, keys)
