"""A store as podman keeps it, made from nothing: the images of `tests.builders`, and lists of them."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.builders import Image, Index, as_json, digest_of, write


@dataclass
class ContainersStorage:
    """A store with one driver. Times are fixed."""

    path: Path
    driver: str = "overlay"
    images: list[dict[str, Any]] = field(default_factory=list)
    layers: list[dict[str, Any]] = field(default_factory=list)
    containers: list[dict[str, Any]] = field(default_factory=list)

    def add(self, image: Image, *names: str, history: tuple[str, ...] = (), **more: Any) -> str:
        """An image under these names, which it had before as well. Returns its ID. `more`: members of its entry."""
        image_id = image.config.digest.partition(":")[2]
        manifest = image.manifest
        data = {
            image.config.digest: image.config.data,
            f"manifest-{manifest.digest}": manifest.data,
            "manifest": manifest.data,
            f"signature-{manifest.digest.partition(':')[2]}": b"",
        }
        top = self.unpack(image)
        entry = self.entry(image_id, data, manifest.digest, names, history, layer=top, **more)
        self.images.append(entry)
        self.write()
        return image_id

    def add_list(self, index: Index, *names: str) -> str:
        """A list of images, as `buildah manifest` makes one: with an ID of its own, and the digest of an empty list."""
        image_id = sha256(b"list " + index.manifest.data).hexdigest()
        data = {"manifest": index.manifest.data, "instances.json": b"{}"}
        self.images.append(self.entry(image_id, data, digest_of(b"an empty list"), names, ()))
        self.write()
        return image_id

    def entry(
        self,
        image_id: str,
        data: dict[str, bytes],
        digest: str,
        names: tuple[str, ...],
        history: tuple[str, ...],
        **more: Any,
    ) -> dict[str, Any]:
        """Write an image's big data. Returns its entry."""
        for name, content in data.items():
            write(self.data(image_id, name), content)
        entry: dict[str, Any] = {
            "id": image_id,
            "digest": digest,
            "big-data-names": list(data),
            "big-data-sizes": {name: len(content) for name, content in data.items()},
            "big-data-digests": {name: digest_of(content) for name, content in data.items()},
            "created": "2024-02-02T12:00:00.5Z",
            **more,
        }
        if names:
            entry["names"] = list(names)
        if names or history:
            entry["names-history"] = [*names, *history]
        return entry

    def unpack(self, image: Image) -> str | None:
        """The image's layers. Returns the ID of the top one."""
        below: str | None = None
        for layer in image.layers:
            encoded = layer.diff_id.partition(":")[2]
            layer_id = encoded if below is None else sha256(f"{below}+{encoded}".encode()).hexdigest()
            if all(known["id"] != layer_id for known in self.layers):
                entry = {
                    "id": layer_id,
                    "created": "2024-02-02T12:00:00Z",
                    "diff-digest": layer.diff_id,
                    "diff-size": 10 * len(layer.blob.data),
                    "compressed-diff-digest": layer.blob.digest,
                    "compressed-size": len(layer.blob.data),
                    "compression": 2,
                }
                self.layers.append(entry if below is None else {**entry, "parent": below})
            below = layer_id
        return below

    def run(self, container_id: str, image_id: str, name: str, image_name: str) -> None:
        """A container of this image, as podman makes it."""
        entry = next(entry for entry in self.images if entry["id"] == image_id)
        layer_id = sha256(container_id.encode()).hexdigest()
        self.layers.append({"id": layer_id, "parent": entry["layer"], "created": "2024-03-01T00:00:00Z"})
        metadata = {"image-name": image_name, "image-id": image_id, "name": name}
        self.containers.append(
            {
                "id": container_id,
                "names": [name],
                "image": image_id,
                "layer": layer_id,
                "metadata": json.dumps(metadata),
                "created": "2024-03-01T00:00:00Z",
                "flags": {"ProcessLabel": ""},
            }
        )
        self.write()

    def write(self) -> None:
        for part, entries in (("images", self.images), ("layers", self.layers), ("containers", self.containers)):
            write(self.list(part), as_json(entries))
            write(self.list(part).with_suffix(".lock"), sha256(as_json(entries)).digest())

    def list(self, part: str) -> Path:
        return self.path / f"{self.driver}-{part}" / f"{part}.json"

    def data(self, image_id: str, name: str) -> Path:
        plain = name in ("manifest", "instances.json")
        encoded = name if plain else "=" + b64encode(name.encode()).decode()
        return self.path / f"{self.driver}-images" / image_id / encoded
