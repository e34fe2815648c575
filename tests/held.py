"""What a store holds, read by tests themselves, in plain Python: nothing of imgindex is used.

A store is read into a `Held`, whatever its kind; `recount` counts the numbers of one the slow and simple way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

FOREIGN = ("nondistributable", "foreign")
CONFIGS = ("application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json")
LAYERS = ("application/vnd.oci.image.layer.", "application/vnd.docker.image.rootfs.")


@dataclass
class Held:
    """What a store holds: manifests by repository, tags, and blobs with their sizes."""

    blobs: dict[str, int] = field(default_factory=dict)
    """Digest -> bytes of the file."""
    documents: dict[str, Any] = field(default_factory=dict)
    """Digest -> the JSON object, of manifests and configs that are there."""
    manifests: set[tuple[str, str]] = field(default_factory=set)
    """(repository, digest) of each manifest that is there."""
    tags: dict[tuple[str, str], str] = field(default_factory=dict)
    """(repository, tag) -> digest."""
    roots: set[tuple[str, str]] | None = None
    """What makes an image listed, beside tags: what a layout's index.json lists."""

    def body(self, digest: str) -> dict[str, Any]:
        """A document; empty if it is not there."""
        return self.documents.get(digest) or {}

    def kind(self, digest: str) -> str | None:
        body = self.documents.get(digest)
        if body is None:
            return None
        if "manifests" in body:
            return "index"
        if "fsLayers" in body:
            return "schema1"
        config, layers = body.get("config") or {}, body.get("layers") or []
        is_image = config.get("mediaType") in CONFIGS or (
            config.get("mediaType") == "application/octet-stream" and bool(layers)
        )
        is_image = is_image and all(layer["mediaType"].startswith(LAYERS) for layer in layers)
        is_image = is_image and body.get("artifactType") in (None, "", *CONFIGS)
        if self.documents.get(config.get("digest", ""), {}).get("os") == "unknown":
            is_image = False
        return "image" if is_image else "artifact"

    def image_of(self, digest: str) -> str | None:
        """The image that a manifest is."""
        return self.documents[digest]["config"]["digest"] if self.kind(digest) == "image" else None

    def layers_of(self, digest: str) -> list[tuple[str, int | None]]:
        """(blob, bytes) of a manifest's layers that count: a foreign one where the store has it."""
        body = self.body(digest)
        found = [
            (layer["digest"], layer.get("size"))
            for layer in body.get("layers") or []
            if layer["digest"] in self.blobs or not any(word in layer["mediaType"] for word in FOREIGN)
        ]
        found += [(layer["blobSum"], None) for layer in body.get("fsLayers") or []]
        # An index that keeps a build's cache lists blobs, and no manifests.
        return found + [
            (entry["digest"], entry.get("size")) for entry in body.get("manifests") or [] if not _is_document(entry)
        ]

    def children(self, repository: str, digest: str, depth: int = 4) -> set[str]:
        """All under an index that its repository has."""
        found: set[str] = set()
        body = self.body(digest)
        for entry in body.get("manifests") or []:
            if depth and (repository, entry["digest"]) in self.manifests:
                found |= {entry["digest"]} | self.children(repository, entry["digest"], depth - 1)
        return found

    @cached_property
    def reached(self) -> dict[str, set[str]]:
        """By repository, the manifests that a current tag reaches through indexes."""
        found: dict[str, set[str]] = {repository: set() for repository, _ in self.manifests}
        for (repository, _), digest in self.tags.items():
            found.setdefault(repository, set()).update({digest} | self.children(repository, digest))
        return found

    @cached_property
    def counted(self) -> set[tuple[str, str]]:
        """(repository, manifest) of what makes an image listed."""
        found = {(repository, digest) for repository, digests in self.reached.items() for digest in digests}
        for repository, digest in self.roots or ():
            found |= {(repository, under) for under in {digest} | self.children(repository, digest)}
        return found & self.manifests

    @cached_property
    def listed(self) -> set[str]:
        return {image for _, digest in self.counted if (image := self.image_of(digest))}

    @cached_property
    def present(self) -> set[str]:
        """Images that the store has a manifest of, listed or not."""
        return {image for _, digest in self.manifests if (image := self.image_of(digest))}

    @cached_property
    def sizes(self) -> dict[str, int | None]:
        """Of each blob that the store has, or says it has: its size as held, else the largest declared."""
        declared: dict[str, int | None] = {}
        for _, digest in self.manifests:
            config = self.body(digest).get("config")
            named = self.layers_of(digest) + ([(config["digest"], config.get("size"))] if config else [])
            for blob, size in named:
                known = declared.get(blob)
                declared[blob] = size if known is None else max(known, size or 0)
        return {**declared, **self.blobs}

    @cached_property
    def units(self) -> dict[str, set[str]]:
        """By listed image, the distinct layers of all its manifests."""
        found: dict[str, set[str]] = {image: set() for image in self.listed}
        for _, digest in self.manifests:
            image = self.image_of(digest)
            if image in found:
                found[image].update(blob for blob, _ in self.layers_of(digest))
        return found

    def diff_ids(self, image: str) -> list[str]:
        config = self.documents.get(image)
        return list(config["rootfs"].get("diff_ids") or []) if config else []

    @cached_property
    def named(self) -> set[str]:
        """Listed images that a current tag reaches."""
        return {
            image for digests in self.reached.values() for digest in digests if (image := self.image_of(digest))
        } & self.listed


def _is_document(entry: dict[str, Any]) -> bool:
    """Whether an entry of an index is a manifest or an index itself."""
    return re.search(r"manifest|image\.index", entry.get("mediaType") or "manifest") is not None


def chain_ids(diff_ids: Iterable[str]) -> list[str]:
    chains: list[str] = []
    for diff_id in diff_ids:
        below = f"{chains[-1]} {diff_id}".encode() if chains else b""
        chains.append("sha256:" + sha256(below).hexdigest() if chains else diff_id)
    return chains


def hold_registry(root: Path, host: str = "local") -> Held:
    """The storage of a distribution registry."""
    top, held = root / "docker/registry/v2", Held()
    for path in (top / "blobs").glob("*/*/*/data"):
        held.blobs[f"{path.parts[-4]}:{path.parent.name}"] = path.stat().st_size
    for path in top.glob("repositories/**/_manifests/revisions/*/*/link"):
        digest = path.read_text()
        if digest in held.blobs:
            held.manifests.add((_repository(top, path, host), digest))
    for path in top.glob("repositories/**/_manifests/tags/*/current/link"):
        held.tags[_repository(top, path, host), path.parts[-3]] = path.read_text()
    _read(
        held,
        lambda digest: top / "blobs" / digest.split(":")[0] / digest.split(":")[1][:2] / digest.split(":")[1] / "data",
    )
    return held


def _repository(top: Path, path: Path, host: str) -> str:
    return f"{host}/" + str(path.relative_to(top / "repositories")).partition("/_manifests")[0]


def hold_layout(root: Path) -> Held:
    """An OCI image layout; the nameless repository is ""."""
    held = Held(roots=set())
    assert held.roots is not None
    for path in (root / "blobs").glob("*/*"):
        held.blobs[f"{path.parent.name}:{path.name}"] = path.stat().st_size
    ahead = []
    for descriptor in json.loads((root / "index.json").read_bytes())["manifests"]:
        ref = (descriptor.get("annotations") or {}).get("org.opencontainers.image.ref.name")
        repository, _, tag = (ref or "").rpartition(":")
        ahead.append((repository, descriptor["digest"]))
        if tag:
            held.tags[repository, tag] = descriptor["digest"]
    # What some descriptor names is no nameless manifest as well, though another descriptor lost its name.
    named = {digest for repository, digest in ahead if repository}
    bare = {digest for (repository, _), digest in held.tags.items() if not repository}
    ahead = [place for place in ahead if place[0] or place[1] in bare or place[1] not in named]
    held.roots.update(place for place in ahead if place[1] in held.blobs)
    bodies: dict[str, Any] = {}
    while ahead or (ahead := _subjects_alone(held, bodies)):
        repository, digest = ahead.pop()
        if digest not in held.blobs or (repository, digest) in held.manifests:
            continue
        held.manifests.add((repository, digest))
        bodies[digest] = body = json.loads((root / "blobs" / digest.replace(":", "/")).read_bytes())
        ahead += [(repository, entry["digest"]) for entry in body.get("manifests") or [] if _is_document(entry)]
    _read(held, lambda digest: root / "blobs" / digest.replace(":", "/"))
    return held


def _subjects_alone(held: Held, bodies: dict[str, Any]) -> list[tuple[str, str]]:
    """What manifests refer to, and no repository has; looked for last."""
    named = [(repository, (bodies[digest].get("subject") or {}).get("digest")) for repository, digest in held.manifests]
    return [place for place in named if place[1] in held.blobs and place[1] not in bodies]


def _read(held: Held, path_of: Callable[[str], Path]) -> None:
    for digest in {digest for _, digest in held.manifests}:
        held.documents[digest] = body = json.loads(path_of(digest).read_bytes())
        config = (body.get("config") or {}).get("digest")
        if config in held.blobs and (body["config"].get("mediaType") in (*CONFIGS, "application/octet-stream")):
            held.documents[config] = json.loads(path_of(config).read_bytes())


@dataclass
class DockerHeld:
    """What a graph driver of a Docker host holds."""

    layers: dict[str, int]
    """Chain ID -> bytes."""
    diff_ids: dict[str, list[str]]
    """Image -> its layers."""
    created: dict[str, str | None]
    listed: set[str]
    tags: dict[tuple[str, str], str]
    """(repository as docker completes it, tag) -> image"""

    @property
    def units(self) -> dict[str, set[str]]:
        return {image: set(chain_ids(self.diff_ids[image])) for image in self.listed}


def hold_docker(root: Path, driver: str = "overlay2") -> DockerHeld:
    top = root / "image" / driver
    layers = {f"sha256:{path.name}": int((path / "size").read_text()) for path in (top / "layerdb/sha256").glob("*")}
    configs = {
        f"sha256:{path.name}": json.loads(path.read_bytes()) for path in (top / "imagedb/content/sha256").glob("*")
    }
    parents = {
        f"sha256:{path.parent.name}": path.read_text() for path in (top / "imagedb/metadata/sha256").glob("*/parent")
    }
    tags: dict[tuple[str, str], str] = {}
    named = set()
    for names in json.loads((top / "repositories.json").read_bytes())["Repositories"].values():
        for name, image in names.items():
            named.add(image)
            if "@" not in name:
                repository, _, tag = name.rpartition(":")
                tags[_complete(repository), tag] = image
    return DockerHeld(
        layers,
        {image: list(config["rootfs"].get("diff_ids") or []) for image, config in configs.items()},
        {image: config.get("created") for image, config in configs.items()},
        {image for image in configs if image in named or image not in parents.values()},
        tags,
    )


def _complete(repository: str) -> str:
    head, slash, _ = repository.partition("/")
    if not slash:
        return f"docker.io/library/{repository}"
    return repository if "." in head or ":" in head or head == "localhost" else f"docker.io/{repository}"


Numbers = dict[str, Any]
