"""Makes an OCI image layout of N images for the benchmarks: seeded, so the same arguments give the same bytes.

Images are built the way registries see them: a few bases, lines of images on top of them, rebuilds that keep the layers
below the change, and an index a build where a line has several platforms. index.json reaches every document.
Layers are sparse files of the size that the manifests declare: nobody opens them, but a listing sees them. It is no
model of any real registry; shares and sizes are only plausible.

    python benchmarks/generate.py /tmp/layout --images 5000 --seed 1
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
from pathlib import Path
from typing import Any, NamedTuple

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
REF = "org.opencontainers.image.ref.name"
PLATFORMS = [("linux", "amd64", None), ("linux", "arm64", "v8"), ("linux", "arm", "v7"), ("linux", "s390x", None)]
WORDS = (
    "curl",
    "git",
    "gcc",
    "make",
    "openssl",
    "zlib",
    "perl",
    "python3",
    "tzdata",
    "gnupg",
    "libxml2",
    "sqlite3",
    "jq",
)


class Layer(NamedTuple):
    """A layer, its blob, and the history entry that made it."""

    blob: str
    diff_id: str
    size: int
    command: str


class Layout:
    """A layout that is being written."""

    def __init__(self, root: Path, seed: int) -> None:
        self.documents = 0
        self.layers = 0
        self.random = random.Random(f"layout/{seed}")
        self._root = root
        self._seed = seed
        self._listed: list[dict[str, Any]] = []
        (root / "blobs" / "sha256").mkdir(parents=True)
        (root / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}', encoding="utf-8")

    def layer(self, command: str) -> Layer:
        """A layer that nobody has had; its sizes are spread as real ones are, most small and a few large."""
        mark = f"{self._seed}/{self.layers}".encode()
        self.layers += 1
        blob = hashlib.sha256(b"blob/" + mark).hexdigest()
        size = int(min(4e8, max(120, self.random.lognormvariate(12.5, 3))))
        with (self._root / "blobs" / "sha256" / blob).open("wb") as file:
            os.truncate(file.fileno(), size)
        return Layer(blob, hashlib.sha256(b"tar/" + mark).hexdigest(), size, command)

    def document(self, value: dict[str, Any], media_type: str) -> dict[str, Any]:
        """Write a document. Returns its descriptor."""
        data = json.dumps(value, separators=(",", ":")).encode()
        encoded = hashlib.sha256(data).hexdigest()
        (self._root / "blobs" / "sha256" / encoded).write_bytes(data)
        self.documents += 1
        return {"mediaType": media_type, "digest": f"sha256:{encoded}", "size": len(data)}

    def name(self, descriptor: dict[str, Any], name: str) -> None:
        """List a document in index.json."""
        self._listed.append({**descriptor, "annotations": {REF: name}})

    def close(self) -> None:
        listing = {"schemaVersion": 2, "mediaType": INDEX, "manifests": self._listed}
        (self._root / "index.json").write_text(json.dumps(listing, separators=(",", ":")), encoding="utf-8")


class Line:
    """One image that is built again and again, for some platforms."""

    def __init__(self, layout: Layout, number: int, bases: dict[Any, list[list[Layer]]]) -> None:
        pick = layout.random
        count = pick.choice((1, 2, 3, 4))
        self.repository = f"team{number % 23}/app{number}"
        self.platforms = PLATFORMS[:count]
        self._own = pick.randint(2, 7)
        self._base = pick.randrange(len(bases[PLATFORMS[0]]))
        self._bases = bases
        self._stacks: dict[Any, list[Layer]] = {platform: [] for platform in self.platforms}
        self._builds = 0

    def build(self, layout: Layout, room: int) -> int:
        """Build it anew, for at most `room` platforms. Returns the number of images."""
        version = f"1.{self._builds}"
        cut = layout.random.randrange(self._own) if self._builds else 0
        entries = [self._image(layout, platform, version, cut) for platform in self.platforms[:room]]
        self._builds += 1
        target = entries[0]
        if len(entries) > 1:
            target = layout.document({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}, INDEX)
        layout.name(target, f"registry.example/{self.repository}:{version}")
        return len(entries)

    def _image(self, layout: Layout, platform: Any, version: str, cut: int) -> dict[str, Any]:
        pick = layout.random
        kept = self._stacks[platform][:cut]
        new = [layout.layer(f"RUN apt-get install {' '.join(pick.sample(WORDS, 5))}") for _ in range(cut, self._own)]
        self._stacks[platform] = kept + new
        stack = self._bases[platform][self._base] + kept + new
        os_name, architecture, variant = platform
        created = f"2026-{pick.randint(1, 12):02}-{pick.randint(1, 28):02}T{pick.randint(0, 23):02}:15:00.123456789Z"
        history: list[dict[str, Any]] = []
        for layer in stack:
            history.append({"created": created, "created_by": f"ENV STEP={layer.size}", "empty_layer": True})
            history.append({"created": created, "created_by": layer.command, "comment": "buildkit.dockerfile.v0"})
        config = {
            "architecture": architecture,
            "os": os_name,
            **({"variant": variant} if variant else {}),
            "created": created,
            "config": {
                "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", f"VERSION={version}"],
                "Cmd": ["serve"],
                "Labels": {"org.opencontainers.image.title": self.repository, "version": version},
            },
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer.diff_id}" for layer in stack]},
            "history": history,
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": layout.document(config, CONFIG),
            "layers": [{"mediaType": LAYER, "digest": f"sha256:{layer.blob}", "size": layer.size} for layer in stack],
        }
        descriptor = layout.document(manifest, MANIFEST)
        where = {"architecture": architecture, "os": os_name, **({"variant": variant} if variant else {})}
        return {**descriptor, "platform": where}


def generate(root: Path, images: int, seed: int) -> Layout:
    """Write the layout into a folder that does not exist yet."""
    layout = Layout(root, seed)
    bases = {platform: [[layout.layer(f"ADD rootfs{base}.tar.xz /")] for base in range(8)] for platform in PLATFORMS}
    lines = [Line(layout, number, bases) for number in range(max(1, images // 25))]
    made = 0
    while made < images:
        made += layout.random.choice(lines).build(layout, images - made)
    layout.close()
    return layout


def main() -> None:
    parser = argparse.ArgumentParser(description="Make an OCI image layout for the benchmarks.")
    parser.add_argument("root", type=Path, help="a folder that does not exist yet")
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    layout = generate(arguments.root, arguments.images, arguments.seed)
    print(f"{arguments.root}: {arguments.images} images, {layout.documents} documents, {layout.layers} layers")


if __name__ == "__main__":
    main()
