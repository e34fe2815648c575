"""Documents to records: the one place where manifests and image configs become rows, whichever store they come from.

Rows say only what the document's bytes say; where and when it was seen is for the source. A document that cannot be
used as a whole is a `ContentError`; an oddity in one that can is a problem record beside its rows. Nothing is fetched:
documents that this one refers to are named, for the source to find.

https://github.com/opencontainers/image-spec/blob/main/spec.md

    normalizer = Normalizer(keys, redact, limits)
    made = normalizer.manifest(data, "sha256:…", "application/vnd.oci.image.manifest.v1+json", scope)
    made.records, made.references -> [Manifest(…), ManifestLayer(…), …], [Wanted("sha256:…", "config", …)]
    normalizer.config(data, "sha256:…", scope) -> [Image(…), ImageLayer(…), …]
"""

from __future__ import annotations

from imgindex.limits import Limits
from imgindex.oci.decode import open_document
from imgindex.oci.manifest import NAMES, family_of
from imgindex.records.keys import Keyring
from imgindex.records.normalize.config import normalize_config
from imgindex.records.normalize.findings import Findings
from imgindex.records.normalize.index import normalize_index
from imgindex.records.normalize.manifest import (
    normalize_artifact_manifest,
    normalize_image_manifest,
    normalize_unknown_manifest,
)
from imgindex.records.normalize.schema1 import normalize_schema1
from imgindex.records.normalize.text import Texts
from imgindex.records.normalize.work import NormalizedManifest, Work, refuse_more
from imgindex.records.redact import Redactor
from imgindex.records.rows import Key, Record

__all__ = ["NormalizedManifest", "Normalizer"]


class Normalizer:
    """Makes records of the documents of one scan."""

    def __init__(self, keys: Keyring, redact: Redactor, limits: Limits) -> None:
        self._keys = keys
        self._limits = limits
        self._texts = Texts(redact, limits)

    def manifest(self, data: bytes, digest: str, media_type: str | None, scope: Key) -> NormalizedManifest:
        """The rows of a manifest or index, and the documents it refers to.

        `data` has been verified against `digest`, but for schema 1, whose digest is not that of its bytes. `media_type`
        is what the document was served or described as; it changes no row that the body can tell by itself. Raises
        `MalformedError` and `LimitExceededError`.
        """
        refuse_more("bytes", len(data), self._limits.document_bytes)
        document = open_document(data, NAMES)
        family = family_of(document)
        work = self._begin(digest, None if family == "schema1" else len(data), scope)
        match family:
            case "index":
                made = normalize_index(work, document, media_type)
            case "manifest":
                made = normalize_image_manifest(work, document, media_type)
            case "artifact manifest":
                made = normalize_artifact_manifest(work, document, media_type)
            case "schema1":
                made = normalize_schema1(work, document, media_type)
            case "unknown":
                made = normalize_unknown_manifest(work, document, media_type)
        made.records += work.finish(document.repaired)
        return made

    def config(self, data: bytes, image_id: str, scope: Key) -> list[Record]:
        """The rows of an image config; `image_id` is its digest, which has been verified.

        Raises `MalformedError` and `LimitExceededError`.
        """
        refuse_more("bytes", len(data), self._limits.document_bytes)
        work = self._begin(image_id, len(data), scope)
        records, repaired = normalize_config(work, data, image_id)
        records += work.finish(repaired)
        return records

    def _begin(self, digest: str, size: int | None, scope: Key) -> Work:
        blobs = self._keys.blobs
        key = blobs.key(digest)
        if size is not None:
            blobs.describe(digest, size)
        self._texts.take_cuts()
        return Work(self._keys, self._texts, self._limits, key, Findings(scope, digest, key))
