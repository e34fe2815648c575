"""One graph driver's store: its layers, names, images and containers, as rows in a scope of its own.

image/overlay2/{repositories.json,imagedb,layerdb,distribution}
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from imgindex.errors import ContentError, MissingError
from imgindex.records.rows import Container, LayerBlob, Problem, Record, RepoDigest, SourceImage, Tag
from imgindex.records.wanted import Wanted
from imgindex.sources.base import ROWS, Group, ScanContext, batches, problem, scope_key
from imgindex.sources.docker_root.containers import Found
from imgindex.sources.docker_root.distribution import Distribution
from imgindex.sources.docker_root.images import Images
from imgindex.sources.docker_root.layers import Layers
from imgindex.sources.docker_root.references import References
from imgindex.sources.files import Root
from imgindex.sources.walk import Walk

PARTS = frozenset({"repositories.json", "imagedb", "layerdb"})


class Driver:
    """The store of the graph driver `name`."""

    def __init__(self, root: Root, name: str, context: ScanContext, rename: Callable[[str], str]) -> None:
        self.scope = scope_key("driver", name)
        self.unlisted: str | None = None
        """Why some of it was not listed, if so."""
        self._root = root
        self._name = name
        self._context = context
        self._rename = rename

    def read(self, containers: Sequence[Found]) -> Iterator[Group]:
        """All that it holds. `containers`: those that stand on it."""
        # What cannot be listed at all is one problem, and the rest is read all the same.
        layers, references, images, problems = self._parts()
        yield from batches(problems, ROWS)
        if layers is not None:
            yield from self._layers(layers)
        if references is not None:
            yield from self._names(references)
        if images is not None:
            yield from self._images(images, references)
        yield from self._pairs()
        for batch in batches(containers, ROWS):
            yield [row for found in batch for row in self._container(found, layers)]

    def plan(self) -> dict[str, int]:
        """How much of what there is."""
        layers, references, images, _ = self._parts()
        return {
            "images": 0 if images is None else len(images.found),
            "layers": 0 if layers is None else len(layers),
            "tags": 0 if references is None else len(references.tags),
        }

    def _parts(self) -> tuple[Layers | None, References | None, Images | None, list[Problem]]:
        place = (self._root, self._name, self._context.limits)
        problems: list[Problem] = []
        layers = references = images = None
        try:
            layers = Layers(*place)
        except ContentError as error:
            problems.append(self._unlisted("layerdb/sha256", error))
        try:
            references = References(*place, self._rename)
        except ContentError as error:
            problems.append(self._unlisted("repositories.json", error))
        try:
            images = Images(*place)
        except ContentError as error:
            problems.append(self._unlisted("imagedb/content/sha256", error))
        return layers, references, images, problems

    def _unlisted(self, part: str, error: ContentError) -> Problem:
        self.unlisted = f"{part} {error}"
        return problem(self.scope, f"image/{self._name}/{part}", error)

    def _layers(self, layers: Layers) -> Iterator[Group]:
        keys = self._context.keys
        yield from batches([problem(self.scope, *wrong) for wrong in layers.problems], ROWS)
        for batch in batches(layers.chain_ids(), ROWS):
            yield [layers.row(chain_id, self.scope, self._name, keys) for chain_id in batch]

    def _names(self, references: References) -> Iterator[Group]:
        keys = self._context.keys
        yield from batches([problem(self.scope, *wrong) for wrong in references.problems], ROWS)
        for tags in batches(references.tags.items(), ROWS):
            yield [
                Tag(
                    self.scope,
                    keys.repository(name),
                    tag,
                    None if image_id is None else keys.blob(image_id),
                    "image",
                    None,  # lastUpdated is the image's, which may have several tags
                )
                for (name, tag), image_id in tags
            ]
        for digests in batches(references.digests.items(), ROWS):
            yield [
                RepoDigest(self.scope, keys.repository(name), keys.blob(digest), keys.blob(image_id))
                for (name, digest), image_id in digests
            ]

    def _images(self, images: Images, references: References | None) -> Iterator[Group]:
        context, scope = self._context, self.scope
        yield from batches([problem(scope, *wrong) for wrong in images.problems], ROWS)
        walk = Walk(
            context,
            scope,
            fetch=lambda wanted: self._root.read(images.path(wanted.digest), context.limits.document_bytes),
            where=images.path,
        )
        yield from walk.read(Wanted(image_id, "config") for image_id in images.found)
        loaded = {image_id: noted for image_id, noted in images.found.items() if image_id not in walk.failed}
        named = set() if references is None else references.image_ids()
        built_on = {noted.parent for noted in loaded.values()}
        for batch in batches(loaded.items(), ROWS):
            yield [
                SourceImage(
                    scope,
                    context.keys.blob(image_id),
                    image_id,
                    image_id in named or image_id not in built_on,
                    None if noted.parent is None else context.keys.blob(noted.parent),
                    noted.set_at,
                )
                for image_id, noted in batch
            ]
        gone = sorted(named.difference(images.found, images.refused))
        error = MissingError("has a name, but is not there")
        yield from batches([problem(scope, images.path(image_id), error, image_id) for image_id in gone], ROWS)

    def _pairs(self) -> Iterator[Group]:
        distribution = Distribution(self._root, self._name, self._context.limits)
        keys = self._context.keys
        for batch in batches(distribution.pairs(), ROWS):
            yield [LayerBlob(keys.layer(diff_id), keys.blob(digest), "store") for diff_id, digest in batch]
        yield from batches([problem(self.scope, *wrong) for wrong in distribution.problems], ROWS)

    def _container(self, found: Found, layers: Layers | None) -> Iterator[Record]:
        keys = self._context.keys
        chain_key = None
        path = f"image/{self._name}/layerdb/mounts/{found.container_id}/parent"
        if layers is not None:
            try:
                chain_id = layers.mounted(found.container_id)
                if chain_id is not None:
                    chain_key = layers.key(chain_id, keys)
                    if chain_key is None and chain_id not in layers.reported:
                        raise MissingError(f"leads to the layer {chain_id}, which is not there")
            except ContentError as error:
                yield problem(self.scope, path, error)
        yield Container(
            self.scope,
            found.container_id,
            found.name,
            None if found.image_id is None else keys.blob(found.image_id),
            found.image_ref,
            chain_key,
            found.state,
            found.created_at,
        )
