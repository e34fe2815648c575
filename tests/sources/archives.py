"""Archives and skopeo's folders, as tests build them: an unpacked folder, packed again after each change."""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.builders import Image, Index, Layout, as_json, write

PARTS = ".parts"
"""What the folder that an archive is packed from is called after its own name."""


def pack(parts: Path) -> Path:
    """Make the archive that lies beside this folder. Names and order are those of the folder, sorted."""
    archive = parts.with_suffix("")
    with tarfile.open(archive, "w", format=tarfile.GNU_FORMAT) as tar:
        for path in sorted(parts.rglob("*")):
            tar.add(path, str(path.relative_to(parts)), recursive=False)
    return archive


def packed(how: Callable[[Path], None]) -> Callable[[Path], None]:
    """Break a part of an archive, and pack it again."""

    def do(path: Path) -> None:
        how(path)
        pack(next(above for above in path.parents if above.suffix == PARTS))

    return do


def parts_of(archive: Path) -> Path:
    return archive.with_name(archive.name + PARTS)


class OciArchive(Layout):
    """A layout in a tar."""

    def __init__(self, archive: Path) -> None:
        super().__init__(parts_of(archive))
        self.archive = archive

    def write(self) -> None:
        super().write()
        pack(self.path)


@dataclass
class Saved:
    """What `docker save` wrote up to Docker 24."""

    archive: Path
    items: list[dict[str, Any]] = field(default_factory=list)

    def save(self, image: Image, *names: str, parent: Image | None = None) -> None:
        """An image under these names. Its layers' files lie in folders of v1 IDs, repeats as links."""
        write(self.config(image), image.config.data)
        layers = []
        for position, layer in enumerate(image.layers):
            name = f"{image.chain_ids[position][7:]}/layer.tar"
            layers.append(name)
            first = self.layer(layer.diff_id)
            write(self.parts / name, layer.blob.data)
            if first is not None and first != self.parts / name:
                (self.parts / name).unlink()
                (self.parts / name).symlink_to(Path("..") / first.relative_to(self.parts))
            else:
                self.files[layer.diff_id] = self.parts / name
        item: dict[str, Any] = {"Config": f"{image.config.digest[7:]}.json", "RepoTags": list(names) or None}
        item["Layers"] = layers
        if parent is not None:
            item["Parent"] = parent.config.digest
        self.items.append(item)
        write(self.manifest, as_json(self.items))
        pack(self.parts)

    def __post_init__(self) -> None:
        self.files: dict[str, Path] = {}

    def layer(self, diff_id: str) -> Path | None:
        """The file that holds a layer's tar."""
        return self.files.get(diff_id)

    @property
    def parts(self) -> Path:
        return parts_of(self.archive)

    @property
    def manifest(self) -> Path:
        return self.parts / "manifest.json"

    def config(self, image: Image) -> Path:
        return self.parts / f"{image.config.digest[7:]}.json"


class SkopeoDir:
    """One image or index in a folder."""

    def __init__(self, path: Path, thing: Image | Index) -> None:
        self.path = path
        write(path / "version", b"Directory Transport Version: 1.1\n")
        write(path / "manifest.json", thing.manifest.data)
        below = [] if isinstance(thing, Image) else [child.manifest.digest for child in thing.children]
        self._manifests = set(below)
        self._top = thing.manifest.digest
        for blob in thing.blobs:
            if blob.digest != self._top:
                write(self.blob(blob.digest), blob.data)

    def blob(self, digest: str) -> Path:
        if digest == self._top:
            return self.path / "manifest.json"
        return self.path / (digest[7:] + (".manifest.json" if digest in self._manifests else ""))
