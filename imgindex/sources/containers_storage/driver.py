"""One driver's store: its layers, images, names and containers, as rows in a scope of its own.

Additional stores belong to it: the host sees their images as its own, and layers of the store stand on theirs.

    overlay-images/ overlay-layers/ overlay-containers/
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec

from imgindex.errors import ContentError
from imgindex.oci.digest import verify
from imgindex.oci.repair import repair
from imgindex.records.rows import (
    PastTag,
    Problem,
    Record,
    RepoDigest,
    ScanScope,
    SourceImage,
    SourceManifest,
    Tag,
)
from imgindex.sources.base import ROWS, Group, ScanContext, batches, problem, scope_key
from imgindex.sources.containers_storage.containers import check_standing, container_row
from imgindex.sources.containers_storage.images import Image, Images
from imgindex.sources.containers_storage.layers import Layers
from imgindex.sources.containers_storage.lists import Lists, Place
from imgindex.sources.containers_storage.names import Names
from imgindex.sources.walk import Walk


class _Child(msgspec.Struct):
    digest: str


class _List(msgspec.Struct):
    manifests: list[_Child]


_decode_list = msgspec.json.Decoder(_List).decode


class Driver:
    """The store of one driver, as it was when this was made."""

    def __init__(
        self, place: Place, additional: Sequence[Place], context: ScanContext, rename: Callable[[str], str]
    ) -> None:
        limits = context.limits
        self.name = place.driver
        self.scope = scope_key("driver", place.driver)
        self._context = context
        self._own = Lists(place, limits)
        # The additional ones last: a layer that stands on theirs was made after them.
        self._lists = [self._own, *(Lists(other, limits, ("images", "layers")) for other in additional)]
        self._images = Images(self._lists, limits)
        self._layers = Layers(
            (
                (f"{lists.place.above}{lists.place.folder('layers')}/layers.json", entry)
                for lists in self._lists
                for entry in lists.layers
            ),
            limits,
        )
        self._names = Names(limits, rename)
        self._repositories = {
            image_id: self._names.add(
                self._images.locator(image_id), entry, self._images.manifests(image_id), bool(place.above)
            )
            for image_id, (entry, place) in self._images.listed.items()
        }

    def plan(self) -> dict[str, int]:
        """How much of what there is."""
        return {
            "images": len(self._images.found),
            "layers": len(self._layers),
            "tags": len(self._names.tags),
            "containers": len(self._own.containers),
        }

    def read(self) -> Iterator[Group]:
        """All that it holds, but for the scope's end."""
        scope, keys = self.scope, self._context.keys
        self._images.read_configs()
        self._layers.tell(self._images.diff_ids())
        if "layers" not in self._unlisted():
            self._images.check_layers(self._layers)
        yield from batches(self._problems(), ROWS)
        yield from self._layers.rows(scope, self.name, keys)
        yield from self._layers.pairs(keys)
        walk = Walk(
            self._context, scope, fetch=lambda wanted: self._images.read(wanted.digest), where=self._images.where
        )
        yield from walk.read(self._images.wanted())
        loaded = [
            image
            for image in self._images.found.values()
            if self._images.is_loaded(image) and image.data.config_digest not in walk.failed
        ]
        yield from self._image_rows(loaded)
        yield from self._name_rows()
        yield from self._list_rows(loaded)
        if not {"images", "layers", "containers"} & self._unlisted().keys():
            yield from self._container_rows()

    def end(self, closed: Sequence[str]) -> ScanScope:
        """The scope's end. `closed`: additional stores that could not be read."""
        reasons = [*self._unlisted().values(), *(f"{path} could not be read" for path in closed)]
        detail = "; ".join(reasons) or None
        outcome = "complete" if detail is None else "partial"
        return ScanScope(self.scope, "driver", self.name, outcome, detail, declares=False)

    def _unlisted(self) -> dict[str, str]:
        return {part: why for lists in self._lists for part, why in lists.unlisted.items()}

    def _problems(self) -> Iterator[Problem]:
        for lists in self._lists:
            for locator, error in lists.problems:
                yield problem(self.scope, locator, error)
        if "layers" not in self._unlisted():
            for locator, error in self._layers.problems:
                yield problem(self.scope, locator, error)
        for locator, error, digest in self._images.problems:
            yield problem(self.scope, locator, error, digest)
        for locator, error in self._names.problems:
            yield problem(self.scope, locator, error)

    def _image_rows(self, images: list[Image]) -> Iterator[Group]:
        keys, found = self._context.keys, self._images.found
        kin = self._images.kin(self._layers)
        for batch in batches(images, ROWS):
            rows: list[Record] = []
            for image in batch:
                parent = kin.parents.get(image.entry.id)
                rows.append(
                    SourceImage(
                        self.scope,
                        keys.blob(image.digest),
                        image.entry.id,
                        bool(image.entry.names) or image.entry.id not in kin.built_on,
                        None if parent is None else keys.blob(found[parent].digest),
                        image.set_at,
                        self._images.own_bytes(image, self._layers),
                    )
                )
            yield rows

    def _name_rows(self) -> Iterator[Group]:
        scope, keys, found = self.scope, self._context.keys, self._images.found
        for tags in batches(self._names.tags.items(), ROWS):
            rows: list[Record] = []
            for (name, tag), image_id in tags:
                image = found.get(image_id)
                key, kind = (None, "image") if image is None else (keys.blob(image.digest), image.kind)
                rows.append(Tag(scope, keys.repository(name), tag, key, kind, None))
            yield rows
        past = ((name, tag, found[image_id]) for name, tag, image_id in self._names.past if image_id in found)
        for batch in batches(past, ROWS):
            yield [
                PastTag(scope, keys.repository(name), tag, keys.blob(image.digest), image.kind, None)
                for name, tag, image in batch
            ]
        digests = ((*place, found[image_id]) for place, image_id in self._names.digests.items() if image_id in found)
        for batch in batches(digests, ROWS):
            yield [
                RepoDigest(scope, keys.repository(name), keys.blob(digest), keys.blob(image.digest))
                for name, digest, image in batch
            ]

    def _list_rows(self, images: list[Image]) -> Iterator[Group]:
        """Of lists of images, whose tags point at a manifest: the list in its repositories, and what of it is here."""
        keys = self._context.keys
        here = {digest for image in images for digest in image.data.manifests}
        for image in images:
            if image.data.config_digest is None:
                present = sorted({image.digest, *here.intersection(self._children(image))})
                for repository in self._repositories[image.entry.id]:
                    yield [
                        SourceManifest(self.scope, keys.repository(repository), keys.blob(digest)) for digest in present
                    ]

    def _children(self, image: Image) -> set[str]:
        """Digests of what a list lists."""
        try:
            data = self._images.read(image.digest)
            verify(data, image.digest)
            return {child.digest for child in _decode_list(repair(data)).manifests}
        except (ContentError, msgspec.MsgspecError, ValueError, RecursionError):
            return set()  # its problem row says so, or it is no list

    def _container_rows(self) -> Iterator[Group]:
        keys, found = self._context.keys, self._images.found
        for batch in batches(self._own.containers, ROWS):
            rows: list[Record] = []
            for entry in batch:
                image = found.get(entry.image or "")
                key = None if image is None else keys.blob(image.digest)
                locator = f"{self._own.place.folder('containers')}/containers.json: {entry.id}"
                try:
                    rows.append(container_row(self.scope, entry, key, self._layers, keys, self._context.limits))
                    check_standing(entry, self._layers)
                except ContentError as error:
                    rows.append(problem(self.scope, locator, error))
            yield rows
