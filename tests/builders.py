"""Small stores made from nothing: random images that are the same for the same seed, and the stores that hold them.

No layer holds a real tar, since imgindex opens none. Every store class has the paths of its parts as methods, so that a
test can break one of them.
"""

from __future__ import annotations

import json
import os
import random
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


def digest_of(data: bytes) -> str:
    return "sha256:" + sha256(data).hexdigest()


def as_json(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


@dataclass(frozen=True)
class Blob:
    """Bytes under their digest."""

    data: bytes
    media_type: str

    @property
    def digest(self) -> str:
        return digest_of(self.data)

    def descriptor(self, **more: Any) -> dict[str, Any]:
        return {"mediaType": self.media_type, "digest": self.digest, "size": len(self.data), **more}


@dataclass(frozen=True)
class Layer:
    """A layer: the blob that is sent, and the diff ID that it would have."""

    blob: Blob
    diff_id: str


@dataclass(frozen=True)
class Image:
    """A manifest with its config and layers."""

    manifest: Blob
    config: Blob
    layers: tuple[Layer, ...]

    @property
    def blobs(self) -> list[Blob]:
        return [self.manifest, self.config, *(layer.blob for layer in self.layers)]

    @property
    def chain_ids(self) -> list[str]:
        chains: list[str] = []
        for layer in self.layers:
            made = f"{chains[-1]} {layer.diff_id}".encode() if chains else b""
            chains.append(digest_of(made) if chains else layer.diff_id)
        return chains


@dataclass(frozen=True)
class Index:
    """An image index with the images or indexes that it lists."""

    manifest: Blob
    children: tuple[Image | Index, ...]

    @property
    def blobs(self) -> list[Blob]:
        return [self.manifest, *(blob for child in self.children for blob in child.blobs)]


def make_image(
    seed: int, layers: int = 2, base: Image | None = None, architecture: str = "amd64", **config: Any
) -> Image:
    """An image of so many layers on top of its base. `config`: what the config's inner object holds beside an Env."""
    chance = random.Random(seed)
    stack = list(base.layers) if base else []
    for _ in range(layers):
        data = chance.randbytes(chance.randint(50, 400))
        stack.append(Layer(Blob(data, OCI_LAYER), digest_of(b"tar of " + data)))
    history = [
        {"created": f"2024-01-{position + 1:02}T00:00:00Z", "created_by": f"RUN /bin/sh -c step {position}"}
        for position in range(len(stack))
    ]
    document = {
        "created": f"2024-02-{seed % 28 + 1:02}T12:00:00.5Z",
        "architecture": architecture,
        "os": "linux",
        "config": {"Env": ["PATH=/bin", f"SEED={seed}"], **config},
        "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in stack]},
        "history": [*history, {"created_by": f'CMD ["run" "{seed}"]', "empty_layer": True}],
    }
    made = Blob(as_json(document), OCI_CONFIG)
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": made.descriptor(),
        "layers": [layer.blob.descriptor() for layer in stack],
    }
    return Image(Blob(as_json(manifest), OCI_MANIFEST), made, tuple(stack))


def make_index(*children: Image | Index) -> Index:
    """An index of these, in this order; the platform of each image as its config has it."""
    entries = []
    for child in children:
        more = {}
        if isinstance(child, Image):
            config = json.loads(child.config.data)
            more["platform"] = {"os": config["os"], "architecture": config["architecture"]}
        entries.append(child.manifest.descriptor(**more))
    document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}
    return Index(Blob(as_json(document), OCI_INDEX), children)


@dataclass
class Layout:
    """An OCI image layout."""

    path: Path
    descriptors: list[dict[str, Any]] = field(default_factory=list)

    def add(self, thing: Image | Index, *refs: str) -> None:
        """Hold it, and list it once a ref, or once without."""
        for blob in thing.blobs:
            self.put(blob)
        for ref in refs or (None,):
            annotations = {} if ref is None else {"annotations": {"org.opencontainers.image.ref.name": ref}}
            self.descriptors.append(thing.manifest.descriptor(**annotations))
        self.write()

    def put(self, blob: Blob) -> None:
        write(self.blob(blob.digest), blob.data)

    def write(self) -> None:
        write(self.path / "oci-layout", b'{"imageLayoutVersion": "1.0.0"}')
        write(self.index, as_json({"schemaVersion": 2, "manifests": self.descriptors}))

    @property
    def index(self) -> Path:
        return self.path / "index.json"

    def blob(self, digest: str) -> Path:
        return self.path / "blobs" / digest.replace(":", "/")


@dataclass
class Registry:
    """The storage of a distribution registry. Times of links are set, so that tags have a `set_at`."""

    path: Path
    set_at: int = 1_700_000_000
    """Seconds since 1970; each push is a minute later than the one before."""

    def push(self, repository: str, tag: str | None, thing: Image | Index) -> None:
        """As a client pushes it: blobs, layer links, a revision for it and each child, and the tag."""
        for blob in thing.blobs:
            self.put(blob)
        for revision in _manifests(thing):
            self.link(self.revision(repository, revision.digest), revision.digest)
        for image in _images(thing):
            for blob in image.blobs[1:]:
                self.link(self.layer(repository, blob.digest), blob.digest)
        if tag is not None:
            self.point(repository, tag, thing.manifest.digest)

    def point(self, repository: str, tag: str, digest: str) -> None:
        folder = self.tag(repository, tag)
        self.set_at += 60
        self.link(folder / "current" / "link", digest)
        self.link(folder / "index" / digest.replace(":", "/") / "link", digest)

    def put(self, blob: Blob) -> None:
        write(self.blob(blob.digest), blob.data)

    def link(self, path: Path, digest: str) -> None:
        write(path, digest.encode())
        os.utime(path, (self.set_at, self.set_at))

    @property
    def top(self) -> Path:
        return self.path / "docker" / "registry" / "v2"

    def blob(self, digest: str) -> Path:
        algorithm, _, encoded = digest.partition(":")
        return self.top / "blobs" / algorithm / encoded[:2] / encoded / "data"

    def repository(self, name: str) -> Path:
        return self.top / "repositories" / name

    def revision(self, name: str, digest: str) -> Path:
        return self.repository(name) / "_manifests" / "revisions" / digest.replace(":", "/") / "link"

    def layer(self, name: str, digest: str) -> Path:
        return self.repository(name) / "_layers" / digest.replace(":", "/") / "link"

    def tag(self, name: str, tag: str) -> Path:
        return self.repository(name) / "_manifests" / "tags" / tag


@dataclass
class Docker:
    """The data root of a Docker engine with one graph driver."""

    path: Path
    driver: str = "overlay2"
    names: dict[str, dict[str, str]] = field(default_factory=dict)

    def load(
        self,
        image: Image,
        *names: str,
        digest: str | None = None,
        parent: Image | None = None,
        updated: str | None = None,
    ) -> None:
        """An image under these names; `digest` is one of `name@digest`, `updated` what lastUpdated says."""
        encoded = _hex(image.config.digest)
        write(self.content(image), image.config.data)
        if parent is not None:
            write(self.store / "imagedb/metadata/sha256" / encoded / "parent", parent.config.digest.encode())
        if updated is not None:
            write(self.store / "imagedb/metadata/sha256" / encoded / "lastUpdated", updated.encode())
        below = None
        for layer, chain in zip(image.layers, image.chain_ids, strict=True):
            folder = self.layer(chain)
            write(folder / "diff", layer.diff_id.encode())
            write(folder / "size", str(10 * len(layer.blob.data)).encode())
            write(folder / "cache-id", sha256(chain.encode()).hexdigest().encode())
            if below is not None:
                write(folder / "parent", below.encode())
            below = chain
            self.pair(layer)
        for name in names:
            self.names.setdefault(name.rpartition(":")[0], {})[name] = image.config.digest
        if digest is not None:
            self.names.setdefault(digest.partition("@")[0], {})[digest] = image.config.digest
        write(self.references, as_json({"Repositories": self.names}))

    def pair(self, layer: Layer) -> None:
        """What a pull notes of a layer and its blob."""
        folder = self.store / "distribution"
        write(folder / "diffid-by-digest/sha256" / _hex(layer.blob.digest), layer.diff_id.encode())
        noted = [{"Digest": layer.blob.digest, "SourceRepository": "docker.io/lab/web", "HMAC": ""}]
        write(folder / "v2metadata-by-diffid/sha256" / _hex(layer.diff_id), as_json(noted))

    def run(self, container_id: str, image: Image, ref: str, **state: Any) -> None:
        """A container of this image. `state`: what its State holds."""
        document = {
            "ID": container_id,
            "Name": f"/name-{container_id[:4]}",
            "Image": image.config.digest,
            "Created": "2024-03-01T00:00:00Z",
            "Driver": self.driver,
            "Config": {"Image": ref, "Env": ["PASSWORD=hunter2"]},
            "State": {"StartedAt": "0001-01-01T00:00:00Z", **state},
        }
        write(self.container(container_id), as_json(document))
        write(self.store / "layerdb/mounts" / container_id / "parent", image.chain_ids[-1].encode())

    @property
    def store(self) -> Path:
        return self.path / "image" / self.driver

    @property
    def references(self) -> Path:
        return self.store / "repositories.json"

    def content(self, image: Image) -> Path:
        return self.store / "imagedb/content/sha256" / _hex(image.config.digest)

    def layer(self, chain_id: str) -> Path:
        return self.store / "layerdb/sha256" / _hex(chain_id)

    def container(self, container_id: str) -> Path:
        return self.path / "containers" / container_id / "config.v2.json"


def write(path: Path, data: bytes) -> None:
    """Write a file, and the folders that it lies in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _hex(digest: str) -> str:
    return digest.partition(":")[2]


def _images(thing: Image | Index) -> list[Image]:
    return [thing] if isinstance(thing, Image) else [image for child in thing.children for image in _images(child)]


def _manifests(thing: Image | Index) -> list[Blob]:
    children = () if isinstance(thing, Image) else thing.children
    return [thing.manifest, *(blob for child in children for blob in _manifests(child))]
