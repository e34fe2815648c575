"""A driver's images: what each keeps, what it is in the index, and which of them podman lists.

An image is its config. What has none, a list of images that buildah made or an image of manifest schema 1, is known by
its manifest instead: it is an image to podman, with an ID, names and a size. An image whose config is broken is left
out, since nothing would say which layers are its; a problem row says so, and its names stay.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from imgindex.errors import ContentError, MalformedError, MissingError
from imgindex.limits import Limits
from imgindex.oci.digest import verify
from imgindex.oci.timestamps import parse_time
from imgindex.records.rows import Micros
from imgindex.records.wanted import Wanted
from imgindex.sources.containers_storage.big_data import BigData, look
from imgindex.sources.containers_storage.kinship import Kin, Lineage, find_kin, read_lineage
from imgindex.sources.containers_storage.layers import Layers
from imgindex.sources.containers_storage.lists import ImageEntry, Lists, Place


class LayersDisagreeError(ContentError):
    """An image stands on other layers than its config tells."""

    kind = "layers_disagree"


class Image(NamedTuple):
    """An image whose entry makes sense."""

    entry: ImageEntry
    place: Place
    digest: str
    """Its config's digest; of what has no config, its manifest's."""
    data: BigData

    @property
    def kind(self) -> str:
        """What a tag that points at it points at."""
        return "image" if self.data.config_digest else "manifest"

    @property
    def set_at(self) -> Micros | None:
        """When it was made, where no config tells: otherwise `created` repeats what the config says."""
        return None if self.data.config_digest else parse_time(self.entry.created or "")


class Images:
    """The images of one driver, those of additional stores included; of two with one ID the first counts."""

    def __init__(self, lists: Iterable[Lists], limits: Limits) -> None:
        """Looks at what each keeps, and reads none of it: see `read_configs`."""
        self.listed: dict[str, tuple[ImageEntry, Place]] = {}
        """By ID in the store, every image that has an entry, whatever else is wrong with it."""
        self.found: dict[str, Image] = {}
        """By ID in the store."""
        self.problems: list[tuple[str, ContentError, str | None]] = []
        """(locator, what is wrong, digest if it is a document)"""
        self._limits = limits
        self._documents: dict[str, tuple[Place, str]] = {}
        self._lineages: dict[str, Lineage] = {}
        for part in lists:
            for entry in part.images:
                if entry.id not in self.listed:
                    self._add(part, entry)

    def read_configs(self) -> None:
        """Read and verify the config of every image. Those whose config is broken are not `loaded`."""
        broken: list[str] = []
        for image_id, image in self.found.items():
            config = image.data.config_digest
            if config is None or config not in self._documents:
                continue
            try:
                data = self.read(config)
                verify(data, config)
                lineage = read_lineage(data)
                if lineage is None:
                    raise MalformedError("is no image config")
                self._lineages[image_id] = lineage
            except ContentError as error:
                self.problems.append((self.where(config), error, config))
                broken.append(config)
        for config in broken:
            self._documents.pop(config, None)

    def is_loaded(self, image: Image) -> bool:
        """Whether its config was read, if it has one."""
        return image.data.config_digest is None or image.entry.id in self._lineages

    def locator(self, image_id: str) -> str:
        """Where a listed image lies."""
        place = self.listed[image_id][1]
        return f"{place.above}{place.folder('images')}/images.json: {image_id}"

    def manifests(self, image_id: str) -> Iterable[str]:
        """Digests of the manifests of a listed image, as far as they are known."""
        image = self.found.get(image_id)
        return () if image is None else image.data.manifests

    def wanted(self) -> Iterable[Wanted]:
        """The documents of all images."""
        for image in self.found.values():
            if image.data.config_digest in self._documents:
                yield Wanted(image.digest, "config")
            for digest in image.data.manifests:
                if digest in self._documents:
                    yield Wanted(digest, "manifest")

    def read(self, digest: str) -> bytes:
        """A manifest or config. Raises MissingError where there is none that is sound, and as `Root.read`."""
        if digest not in self._documents:
            raise MissingError("is not there, or as another row says")
        place, path = self._documents[digest]
        return place.root.read(path, self._limits.document_bytes)

    def where(self, digest: str) -> str:
        """The locator of a document."""
        if digest not in self._documents:
            return digest
        place, path = self._documents[digest]
        return place.above + path

    def diff_ids(self) -> Iterable[tuple[str, tuple[str, ...]]]:
        """(top layer, diff IDs) of every image that has both."""
        for image_id, lineage in self._lineages.items():
            top = self.found[image_id].entry.layer
            if top:
                yield top, lineage.diff_ids

    def kin(self, layers: Layers) -> Kin:
        """Which image was built on which."""
        tops = {image_id: self.found[image_id].entry.layer or None for image_id in self._lineages}
        return find_kin(self._lineages, tops, layers.below)

    def check_layers(self, layers: Layers) -> None:
        """A problem for each image whose layers are not those that its config tells."""
        for image_id, lineage in self._lineages.items():
            image = self.found[image_id]
            top = image.entry.layer or None
            if top is not None and top not in layers:
                error: ContentError = MissingError(f"has the layer {top}, which is not there")
                self.problems.append((self.locator(image_id), error, image.digest))
            elif (stack := None if top is None else layers.stack(top)) is not None and stack.depth != len(
                lineage.diff_ids
            ):
                error = LayersDisagreeError(f"stands on {stack.depth} layers; its config has {len(lineage.diff_ids)}")
                self.problems.append((self.locator(image_id), error, image.digest))

    def own_bytes(self, image: Image, layers: Layers) -> int:
        """What the store keeps for this image alone: big data, and copies of its top layer for other user IDs."""
        copies = dict.fromkeys(image.entry.mapped_layers or ())
        copies.pop(image.entry.layer or "", None)
        return image.data.own_bytes + sum(map(layers.size, copies))

    def _add(self, lists: Lists, entry: ImageEntry) -> None:
        place = lists.place
        try:
            data = look(place, entry, self._limits)
            if data.is_gone and not lists.is_current():
                return  # removed since it was listed
            self.listed[entry.id] = (entry, place)
            digest = data.config_digest or next(iter(data.manifests), None)
            if digest is None:
                raise MalformedError("has neither config nor manifest")
        except ContentError as error:
            self.listed[entry.id] = (entry, place)
            self.problems.append((self.locator(entry.id), error, None))
            return
        self.problems += [(place.above + path, error, digest) for path, error, digest in data.problems]
        self.found[entry.id] = Image(entry, place, digest, data)
        for document in data.documents:
            self._documents.setdefault(document.digest, (place, document.path))
