"""Rows of the manifests that describe an image or an artifact.

https://github.com/opencontainers/image-spec/blob/main/manifest.md
"""

from __future__ import annotations

from imgindex.errors import MalformedError
from imgindex.oci import media_types
from imgindex.oci.decode import Document, Map
from imgindex.oci.descriptor import Descriptor, Reference
from imgindex.oci.digest import is_sha256
from imgindex.oci.manifest import (
    ARTIFACT_MANIFEST,
    MANIFEST,
    UNKNOWN,
    Family,
    ImageManifest,
    guess_media_type,
    is_image,
)
from imgindex.records.normalize import findings as kinds
from imgindex.records.normalize.work import NormalizedManifest, Work, refuse_long
from imgindex.records.rows import Key, Manifest, ManifestAnnotation, ManifestLayer, Record
from imgindex.records.wanted import Wanted


def normalize_image_manifest(work: Work, document: Document, served_type: str | None) -> NormalizedManifest:
    """A manifest of OCI, or of docker's schema 2."""
    reading = MANIFEST.read(document)
    work.note_numbers(reading)
    body = reading.value
    config, layers = body.config, body.layers or []
    if config is None and body.layers is None:
        raise MalformedError("$.config: missing")
    config_type = None if config is None else config.media_type
    media_type = decide_media_type(work, "manifest", body.media_type, served_type, config_type)
    image = is_image(config_type, [layer.media_type for layer in layers], body.artifact_type)
    artifact_type = body.artifact_type or (None if image else config_type)
    config_key, references = _refer_to_config(work, config, image)
    subject_key = refer_to_subject(work, body.subject, references)
    rows = _layer_rows(work, layers, "$.layers")
    record = Manifest(
        work.key,
        media_type,
        "image" if image else "artifact",
        _type_text(work, artifact_type),
        config_key,
        None if config is None else work.media_type_at(config_type, "$.config.mediaType"),
        subject_key,
        len(layers),
        _total_bytes(work, body),
        None,
        None,
        work.texts.extra_json(reading.extra),
        None if config is None else config.size,
    )
    return NormalizedManifest([record, *rows, *annotation_rows(work, body.annotations)], references)


def normalize_artifact_manifest(work: Work, document: Document, served_type: str | None) -> NormalizedManifest:
    """The manifest that image-spec 1.1 had for artifacts before its release: blobs, and no config."""
    reading = ARTIFACT_MANIFEST.read(document)
    work.note_numbers(reading)
    body = reading.value
    blobs = body.blobs or []
    references: list[Wanted] = []
    record = Manifest(
        work.key,
        decide_media_type(work, "artifact manifest", body.media_type, served_type, None),
        "artifact",
        _type_text(work, body.artifact_type),
        None,
        None,
        refer_to_subject(work, body.subject, references),
        len(blobs),
        work.sum_of((blob.size for blob in blobs), "the sum of all sizes"),
        None,
        None,
        work.texts.extra_json(reading.extra),
    )
    rows = _layer_rows(work, blobs, "$.blobs")
    return NormalizedManifest([record, *rows, *annotation_rows(work, body.annotations)], references)


def normalize_unknown_manifest(work: Work, document: Document, served_type: str | None) -> NormalizedManifest:
    """A document that is kept, and not understood."""
    reading = UNKNOWN.read(document)
    media_type = decide_media_type(work, "unknown", reading.value.media_type, served_type, None)
    extra = work.texts.extra_json(reading.extra)
    record = Manifest(work.key, media_type, "unknown", None, None, None, None, 0, None, None, None, extra)
    return NormalizedManifest([record], [])


def decide_media_type(
    work: Work, family: Family, own_type: str | None, served_type: str | None, config_type: str | None
) -> str | None:
    """The media type of a document; a problem where it was served or described as something else.

    What the body tells comes first, be it by its make: so the row is the same whichever store it comes from.
    """
    served_type = media_types.bare(served_type) if served_type else None
    guessed = own_type or guess_media_type(family, config_type)
    if guessed is None or served_type is None:
        return _type_text(work, guessed or served_type)
    same = media_types.bare(guessed) == served_type if own_type else _alike(guessed, served_type)
    if not same:
        work.findings.add(kinds.MEDIA_TYPE_MISMATCH, f"said to be {served_type}, but is {guessed}")
    return _type_text(work, guessed)


def _alike(guessed: str, served: str) -> bool:
    """Whether both are types of one kind: docker's or OCI's manifest, index, or schema 1 signed or not."""
    of_kinds = (media_types.is_index, media_types.is_manifest, media_types.is_schema1)
    return all(of_kind(guessed) == of_kind(served) for of_kind in of_kinds)


def _type_text(work: Work, media_type: str | None) -> str | None:
    return work.texts.media_types[media_type].text if media_type else None


def _refer_to_config(work: Work, config: Reference | None, image: bool) -> tuple[Key | None, list[Wanted]]:
    if config is None:
        return None, []
    digest = work.digest_at(config.digest, "$.config.digest")
    if digest is None:
        return None, []
    wanted = [Wanted(digest, "config", config.media_type, config.size)] if image else []
    return work.keys.blobs.key(digest), wanted


def refer_to_subject(work: Work, subject: Reference | None, references: list[Wanted]) -> Key | None:
    """The key of the subject, which is added to the references."""
    if subject is None:
        return None
    digest = work.digest_at(subject.digest, "$.subject.digest")
    if digest is None:
        return None
    references.append(Wanted(digest, "manifest", subject.media_type, subject.size))
    return work.keys.blobs.key(digest)


def _total_bytes(work: Work, body: ImageManifest) -> int | None:
    sizes = [layer.size for layer in body.layers or []]
    if body.config is not None:
        sizes.append(body.config.size)
    return work.sum_of(sizes, "the sum of all sizes")


def _layer_rows(work: Work, layers: list[Descriptor], path: str) -> list[Record]:
    limits, texts, key, blob_key = work.limits, work.texts, work.key, work.keys.blobs.key
    kinds_of = texts.media_types
    refuse_long("layers", layers, limits.layers)
    rows: list[Record] = []
    for position, layer in enumerate(layers):
        digest = layer.digest
        if digest is None or not is_sha256(digest):
            digest = work.digest_at(digest, f"{path}[{position}].digest")
            if digest is None:
                continue
        kind = kinds_of[layer.media_type]
        if not kind.is_well_formed:
            work.findings.add(kinds.INVALID_MEDIA_TYPE, f"{path}[{position}].mediaType")
        urls, annotations = layer.urls, layer.annotations
        if urls or annotations:
            refuse_long("addresses of a layer", urls, limits.urls)
            refuse_long("annotations", annotations, limits.map_entries)
        rows.append(
            ManifestLayer(
                key,
                position,
                blob_key(digest),
                kind.text,
                layer.size,
                kind.is_foreign,
                texts.addresses_json(urls) if urls else None,
                texts.pairs_json(annotations) if annotations else None,
            )
        )
    return rows


def annotation_rows(work: Work, annotations: Map) -> list[Record]:
    """One row a name."""
    if not annotations:
        return []
    refuse_long("annotations", annotations, work.limits.map_entries)
    return [ManifestAnnotation(work.key, name, value) for name, value in work.texts.pairs(annotations).items()]
