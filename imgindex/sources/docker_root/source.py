"""The data root of a Docker engine, as it lies on the disk: images of its graph drivers, and containers.

Every folder in `image/` is a graph driver's own store and a scope; the last scope says which drivers there are. What is
listed is what `docker images` lists: images that are tagged, pulled by digest, or that no other image was built on. An
image whose config is broken is not listed, as the engine does not load it. Images that the engine keeps in containerd's
store instead are not read, and a problem row says so. No layer is opened.

https://github.com/moby/moby/blob/master/image/store.go

    /var/lib/docker/
      image/overlay2/repositories.json
      image/overlay2/imagedb/content/sha256/654b0f88…
      image/overlay2/layerdb/sha256/6d039ee2…/size
      image/overlay2/distribution/diffid-by-digest/sha256/9d3dccac…
      containers/dc67991a…/config.v2.json
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress

from imgindex.errors import ContentError, LayoutError, quote
from imgindex.limits import Limits
from imgindex.records.rows import Key, Problem, ScanScope
from imgindex.sources.base import Group, Identity, ScanContext, check_name, problem, scope_key
from imgindex.sources.docker_root.containers import FOLDER as CONTAINERS
from imgindex.sources.docker_root.containers import Containers
from imgindex.sources.docker_root.driver import PARTS, Driver
from imgindex.sources.files import Root, check_folder
from imgindex.sources.identity import identity_of

IMAGES = "image"
_CATALOG = scope_key("catalog", "drivers")
_CONTAINERD = ("containerd/daemon", "containerd")
_CONTENT = "io.containerd.content.v1.content/blobs/sha256"


class UnsupportedStoreError(ContentError):
    """Images are kept in a way that this version does not read."""

    kind = "unsupported_store"


class DockerRoot:
    """The data root in the folder `path`."""

    def __init__(self, path: str, rename: Callable[[str], str] = str) -> None:
        """`rename`: the name that a repository is filed under. Raises SourceUnavailableError if there is no folder."""
        with Root(path) as root:
            self._path = root.path
        self._rename = rename
        self.identity = Identity("docker-root", f"docker-root:{quote(self._path, 4096)}", identity_of(self._path))

    def scan(self, context: ScanContext) -> Iterator[Group]:
        """As `Source.scan`. Raises LayoutError where there is no folder of drivers."""
        with Root(self._path) as root:
            names, problems, unlisted = _drivers(root, context.limits)
            containers = Containers(root, context.limits)
            for name in names:
                driver = Driver(root, name, context, self._rename)
                yield from driver.read([found for found in containers.found if found.driver == name])
                detail = driver.unlisted or containers.unlisted
                yield [_end(driver.scope, "driver", name, detail)]
            problems += [problem(_CATALOG, locator, error) for locator, error in containers.problems]
            problems += _elsewhere(root, containers, names)
            if problems:
                yield problems
            yield [_end(_CATALOG, "catalog", "drivers", unlisted)]

    def plan(self, context: ScanContext) -> dict[str, int]:
        """As `Source.plan`."""
        with Root(self._path) as root:
            names, _, _ = _drivers(root, context.limits)
            counts = {"drivers": len(names), "images": 0, "layers": 0, "tags": 0}
            for name in names:
                for noun, count in Driver(root, name, context, self._rename).plan().items():
                    counts[noun] += count
            counts["containers"] = len(Containers(root, context.limits).found)
        return counts


def _drivers(root: Root, limits: Limits) -> tuple[list[str], list[Problem], str | None]:
    """The graph drivers, what is wrong with others, and why some may not have been found, if so."""
    try:
        entries = root.listing(IMAGES)
    except ContentError as error:
        why = "its images are in containerd's store, which this version cannot read" if _content(root) else str(error)
        raise LayoutError(f"{quote(root.path)} has no graph driver's images: {why}") from error
    names: list[str] = []
    problems: list[Problem] = []
    unlisted = None
    for entry in entries:
        path = f"{IMAGES}/{entry.name}"
        try:
            if entry.kind == "file":
                continue
            check_folder(entry)
            if any(part.name in PARTS for part in root.listing(path)):
                names.append(check_name(entry.name, limits))
        except ContentError as error:
            unlisted = f"{quote(path)} {error}"
            problems.append(problem(_CATALOG, path, error))
    return names, problems, unlisted


def _elsewhere(root: Root, containers: Containers, names: list[str]) -> list[Problem]:
    """What lies in stores that are not read."""
    problems = []
    content = _content(root)
    if content is not None:
        error = UnsupportedStoreError("images in containerd's store are not read by this version")
        problems.append(problem(_CATALOG, content, error))
    for driver in sorted({found.driver for found in containers.found}.difference(names)):
        count = sum(found.driver == driver for found in containers.found)
        error = UnsupportedStoreError(f"{count} of them stand on {quote(driver)}, of which there are no images here")
        problems.append(problem(_CATALOG, f"{CONTAINERS}: {driver}", error))
    return problems


def _content(root: Root) -> str | None:
    """Where containerd keeps content for this engine, if there is any; often it runs and keeps none."""
    for folder in _CONTAINERD:
        path = f"{folder}/{_CONTENT}"
        with suppress(ContentError):
            if root.listing(path):
                return path
    return None


def _end(scope: Key, kind: str, name: str, unlisted: str | None) -> ScanScope:
    return ScanScope(scope, kind, name, "complete" if unlisted is None else "partial", unlisted)
