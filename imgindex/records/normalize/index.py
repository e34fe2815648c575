"""Rows of image indexes and their entries.

https://github.com/opencontainers/image-spec/blob/main/image-index.md
"""

from __future__ import annotations

from typing import Any

from imgindex.oci.decode import Document
from imgindex.oci.descriptor import Entry, Platform
from imgindex.oci.digest import UnsupportedDigestError, parse_digest
from imgindex.oci.index import INDEX, REFERENCE_DIGEST, names_document, role_of
from imgindex.oci.platform import normalize_platform
from imgindex.records.normalize import findings as kinds
from imgindex.records.normalize.manifest import annotation_rows, decide_media_type, refer_to_subject
from imgindex.records.normalize.work import NormalizedManifest, Work, refuse_long
from imgindex.records.rows import IndexEntry, Key, Manifest, Record
from imgindex.records.wanted import Wanted

_NOWHERE = Platform()


def normalize_index(work: Work, document: Document, served_type: str | None) -> NormalizedManifest:
    """An OCI image index or a docker manifest list."""
    reading = INDEX.read(document)
    work.note_numbers(reading)
    body = reading.value
    entries = body.manifests or []
    refuse_long("index entries", entries, work.limits.index_entries)
    references: list[Wanted] = []
    entry_extras: dict[str, Any] = reading.extra.pop("manifests", {})
    rows: list[Record] = []
    for position, entry in enumerate(entries):
        path = f"$.manifests[{position}]"
        digest = work.digest_at(entry.digest, f"{path}.digest")
        if digest is None:
            continue
        extra = entry_extras.get(str(position), {}) if entry_extras else {}
        rows.append(_entry_row(work, entry, position, work.keys.blobs.key(digest), path, extra))
        if names_document(entry):
            references.append(Wanted(digest, "manifest", entry.media_type, entry.size))
    record = Manifest(
        work.key,
        decide_media_type(work, "index", body.media_type, served_type, None),
        "index",
        work.texts.media_types[body.artifact_type].text if body.artifact_type else None,
        None,
        None,
        refer_to_subject(work, body.subject, references),
        0,
        None,
        None,
        None,
        work.texts.extra_json(reading.extra),
    )
    unique: dict[str, Wanted] = {}
    for wanted in references:
        unique.setdefault(wanted.digest, wanted)
    return NormalizedManifest([record, *rows, *annotation_rows(work, body.annotations)], [*unique.values()])


def _entry_row(work: Work, entry: Entry, position: int, child: Key, path: str, extra: dict[str, Any]) -> IndexEntry:
    texts, platform = work.texts, entry.platform or _NOWHERE
    if platform.os_features is not None:
        extra.setdefault("platform", {})["os.features"] = platform.os_features
    if bool(platform.os) != bool(platform.architecture):
        work.findings.add(kinds.INCOMPLETE_PLATFORM, f"{path}.platform")
    if entry.annotations:
        refuse_long("annotations", entry.annotations, work.limits.map_entries)
    role = role_of(entry)
    return IndexEntry(
        work.key,
        position,
        child,
        work.media_type_at(entry.media_type, f"{path}.mediaType"),
        texts.media_types[entry.artifact_type].text if entry.artifact_type else None,
        role,
        entry.size,
        texts.plain[platform.os],
        texts.plain[platform.architecture],
        texts.plain[platform.variant],
        texts.plain[platform.os_version],
        normalize_platform(platform.os, platform.architecture, platform.variant),
        _attested_key(work, entry) if role == "attestation" else None,
        texts.pairs_json(entry.annotations) if entry.annotations else None,
        texts.extra_json(extra) if extra else None,
    )


def _attested_key(work: Work, entry: Entry) -> Key | None:
    digest = (entry.annotations or {}).get(REFERENCE_DIGEST)
    if not digest:
        return None
    try:
        return work.keys.blobs.key(parse_digest(digest))
    except UnsupportedDigestError:
        return None  # What it says stays readable among the annotations.
