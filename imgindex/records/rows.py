"""One record type per table: what a source yields and the store takes.

The fields are the table's columns in order, less those that the loader adds: `index_key`, `source_key`, `scan_key`, and
the presence columns. What each column means is said once, in `store/schema`. Times are microseconds since
1970-01-01 UTC; keys are 63-bit integers made by `records.keys`.

Rows of `blobs`, `layers`, `chains` and `repositories` have no record: `records.keys.Keyring` makes them from the
names it gave keys to.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

Key: TypeAlias = int
Micros: TypeAlias = int


class Record(msgspec.Struct, frozen=True, gc=False):
    """A row on its way to the store."""


# -- content: what a digest proves ------------------------------------------------------------------------------------


class Manifest(Record, frozen=True, gc=False):
    manifest_key: Key
    media_type: str | None
    kind: str
    artifact_type: str | None
    config_key: Key | None
    config_media_type: str | None
    subject_key: Key | None
    layer_count: int
    total_bytes: int | None
    os: str | None
    architecture: str | None
    extra: str | None
    config_bytes: int | None = None


class IndexEntry(Record, frozen=True, gc=False):
    manifest_key: Key
    position: int
    child_key: Key
    media_type: str | None
    artifact_type: str | None
    role: str
    declared_bytes: int | None
    os: str | None
    architecture: str | None
    variant: str | None
    os_version: str | None
    platform: str | None
    subject_key: Key | None
    annotations: str | None
    extra: str | None


class ManifestLayer(Record, frozen=True, gc=False):
    manifest_key: Key
    position: int
    blob_key: Key
    media_type: str | None
    declared_bytes: int | None
    is_foreign: bool
    urls: str | None
    annotations: str | None


class ManifestAnnotation(Record, frozen=True, gc=False):
    manifest_key: Key
    name: str
    value: str


class ManifestHistory(Record, frozen=True, gc=False):
    manifest_key: Key
    position: int
    blob_key: Key | None
    created_at: Micros | None
    created_by: str | None
    instruction: str | None
    comment: str | None
    author: str | None
    empty_layer: bool


class Image(Record, frozen=True, gc=False):
    image_key: Key
    image_id: str
    os: str | None
    architecture: str | None
    variant: str | None
    os_version: str | None
    platform: str | None
    created_at: Micros | None
    author: str | None
    run_as: str | None
    entrypoint: str | None
    cmd: str | None
    working_dir: str | None
    stop_signal: str | None
    docker_version: str | None
    layer_count: int
    history_count: int
    chain_key: Key | None
    extra: str | None


class ImageLayer(Record, frozen=True, gc=False):
    image_key: Key
    position: int
    layer_key: Key
    chain_key: Key
    history_position: int | None


class ImageHistory(Record, frozen=True, gc=False):
    image_key: Key
    position: int
    created_at: Micros | None
    created_by: str | None
    instruction: str | None
    comment: str | None
    author: str | None
    empty_layer: bool
    layer_position: int | None


class ImageLabel(Record, frozen=True, gc=False):
    image_key: Key
    name: str
    value: str


class ImageEnv(Record, frozen=True, gc=False):
    image_key: Key
    position: int
    name: str
    value: str | None


class ImagePort(Record, frozen=True, gc=False):
    image_key: Key
    exposed: str
    port: int | None
    protocol: str | None


class ImageVolume(Record, frozen=True, gc=False):
    image_key: Key
    path: str


class LayerBlob(Record, frozen=True, gc=False):
    layer_key: Key
    blob_key: Key
    evidence: str


# -- observations: what a store says, where and when ------------------------------------------------------------------


class ScanScope(Record, frozen=True, gc=False):
    """The end of a scope's listing.

    `closure`: what the listed manifests reach and the store holds is present too. `listing`: a fingerprint of the blobs
    that it lists; `unchanged`: it is that of the last look, so their rows were not yielded again. `sparse`: an index
    may lack children here, and an image the blobs of layers that are unpacked: the store keeps of them what it needs.
    `declares`: blobs that manifests name count as there, of the size declared; false where layers are only unpacked.
    `more_held`: the store holds more blobs than it shows, so one that it does not show is not missing. `tags_like`: of
    a partial look, the tags that it saw all of, as a pattern of SQL's LIKE with the escape character `!`; `%` = all.
    """

    scope_key: Key
    kind: str
    name: str
    outcome: str
    detail: str | None = None
    closure: bool = False
    listing: str | None = None
    unchanged: bool = False
    sparse: bool = False
    declares: bool = True
    more_held: bool = False
    tags_like: str | None = None


class Tag(Record, frozen=True, gc=False):
    scope_key: Key
    repository_key: Key
    tag: str
    target_key: Key | None
    target_kind: str
    set_at: Micros | None
    evidence: str = "observed"


class PastTag(Record, frozen=True, gc=False):
    """What a tag pointed at once, as the store itself remembers; it may be what the tag points at now, too."""

    scope_key: Key
    repository_key: Key
    tag: str
    target_key: Key
    target_kind: str
    set_at: Micros | None


class RepoDigest(Record, frozen=True, gc=False):
    scope_key: Key
    repository_key: Key
    manifest_key: Key
    image_key: Key


class SourceManifest(Record, frozen=True, gc=False):
    scope_key: Key
    repository_key: Key
    manifest_key: Key


class SourceImage(Record, frozen=True, gc=False):
    scope_key: Key
    image_key: Key
    local_id: str | None
    listed: bool
    parent_key: Key | None
    set_at: Micros | None
    own_bytes: int | None = None


class SourceBlob(Record, frozen=True, gc=False):
    scope_key: Key
    repository_key: Key
    blob_key: Key
    bytes: int | None
    bytes_evidence: str


class SourceLayer(Record, frozen=True, gc=False):
    scope_key: Key
    store: str
    chain_key: Key
    cache_id: str | None
    bytes: int | None
    basis: str = "on_disk"


class Container(Record, frozen=True, gc=False):
    scope_key: Key
    container_id: str
    name: str | None
    image_key: Key | None
    image_ref: str | None
    chain_key: Key | None
    state: str | None
    created_at: Micros | None


class Problem(Record, frozen=True, gc=False):
    """`document_key`: the document it is about, where it lies in the document itself and not in this place."""

    scope_key: Key
    locator: str
    kind: str
    digest: str | None
    detail: str
    document_key: Key | None = None
