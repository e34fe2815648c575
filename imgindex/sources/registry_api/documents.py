"""One tag, one manifest, one config, asked for and proved by digest.

A tag is asked for by HEAD, which costs no allowance and no body; by GET where HEAD is not answered well, or where the
document is wanted anyway. Without an `Accept` that names every type, registries answer 404, or with another document.
"""

from __future__ import annotations

from typing import NamedTuple

from imgindex.errors import ContentError, DigestMismatchError, MalformedError
from imgindex.limits import Limits
from imgindex.oci import media_types as types
from imgindex.oci.digest import digest_of, parse_digest, verify
from imgindex.oci.signatures import signed_payload
from imgindex.records.wanted import Wanted
from imgindex.sources.registry_api.http.answer import Answer
from imgindex.sources.registry_api.http.client import Client
from imgindex.sources.registry_api.http.errors import CutBodyError

MANIFEST_TYPES = (
    types.OCI_INDEX,
    types.OCI_MANIFEST,
    types.DOCKER_MANIFEST_LIST,
    types.DOCKER_MANIFEST,
    types.OCI_ARTIFACT_MANIFEST,
    types.DOCKER_SCHEMA1_SIGNED,
    types.DOCKER_SCHEMA1,
)
ACCEPT = ", ".join((*MANIFEST_TYPES, "*/*;q=0.1"))
_HEAD_REFUSED = (400, 404, 405, 501)


class Document(NamedTuple):
    """The bytes of a document, proved by its digest."""

    data: bytes
    media_type: str | None
    """What it was served as, where that is the type of a manifest."""


class Target(NamedTuple):
    """What a tag points at."""

    digest: str | None
    """None where it points at nothing that can be told."""
    size: int | None = None
    """In bytes, as the registry says."""
    document: Document | None = None
    """What is there, where it was fetched with the tag."""
    wrong: ContentError | None = None


async def look_at_tag(client: Client, repository: str, tag: str, limits: Limits, *, fetch: bool) -> Target:
    """What a tag points at. `fetch`: with the document. Raises SourceError, and CutBodyError."""
    path, scope = f"/v2/{repository}/manifests/{tag}", f"repository:{repository}:pull"
    if not fetch:
        answer = await client.head(path, scope=scope, accept=ACCEPT, expected=_HEAD_REFUSED)
        if answer.status not in _HEAD_REFUSED and (digest := _stated_digest(answer)) is not None:
            return Target(digest, _length(answer))
    try:
        answer = await client.get(path, scope=scope, limit=limits.document_bytes, accept=ACCEPT, redirects=True)
    except CutBodyError:
        raise
    except ContentError as error:
        return Target(None, wrong=error)
    stated, media_type = _stated_digest(answer), _served_type(answer)
    data = answer.body
    if stated is None:
        try:
            data = signed_payload(data) if types.is_schema1(media_type) else data
        except MalformedError as error:
            return Target(None, wrong=error)
        return Target(digest_of(data), len(data), Document(data, media_type))
    try:
        data = check(data, stated)
    except ContentError as error:
        return Target(stated, wrong=error)
    return Target(stated, len(data), Document(data, media_type))


async def fetch_document(client: Client, repository: str, wanted: Wanted, limits: Limits) -> Document:
    """A document by its digest. Raises ContentError where it cannot be had or is another, and SourceError."""
    scope, digest = f"repository:{repository}:pull", wanted.digest
    if wanted.role == "config":
        path = f"/v2/{repository}/blobs/{digest}"
        answer = await client.get(path, scope=scope, limit=limits.document_bytes, redirects=True)
        verify(answer.body, digest)
        return Document(answer.body, None)
    path = f"/v2/{repository}/manifests/{digest}"
    answer = await client.get(path, scope=scope, limit=limits.document_bytes, accept=ACCEPT, redirects=True)
    return Document(check(answer.body, digest), _served_type(answer))


def check(data: bytes, digest: str) -> bytes:
    """The bytes that have this digest: `data`, or what it signs. Raises `DigestMismatchError` and as `verify` does."""
    try:
        verify(data, digest)
    except DigestMismatchError:
        if b'"fsLayers"' not in data or (payload := signed_payload(data)) is data:
            raise
        verify(payload, digest)
        return payload
    return data


def _stated_digest(answer: Answer) -> str | None:
    try:
        return parse_digest(answer.headers.get("Docker-Content-Digest", "").strip())
    except MalformedError:
        return None


def _length(answer: Answer) -> int | None:
    length = answer.headers.get("Content-Length", "")
    return int(length) if length.isdecimal() and len(length) < 19 else None


def _served_type(answer: Answer) -> str | None:
    """Many a server says `application/json` of anything: only what names a manifest says something."""
    media_type = types.bare(answer.headers.get("Content-Type", ""))
    return media_type if media_type in MANIFEST_TYPES else None
