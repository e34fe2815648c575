"""The data root of a Docker engine, as it lies on the disk: images of its graph drivers, or in containerd's store, and
containers.

Every folder in `image/` is a graph driver's own store and a scope; so is every namespace of containerd's store, where
the engine runs containerd itself and has images there; the last scope says which of them there are. Of a graph driver,
what is listed is what `docker images` lists: images that are tagged, pulled by digest, or that no other image was built
on. An image whose config is broken is not listed, as the engine does not load it. A containerd that the engine does not
run itself has a root of its own, which is a source of its own. No layer is opened.

https://github.com/moby/moby/blob/master/image/store.go
https://docs.docker.com/engine/storage/containerd/

    /var/lib/docker/
      image/overlay2/repositories.json
      image/overlay2/imagedb/content/sha256/654b0f88…
      image/overlay2/layerdb/sha256/6d039ee2…/size
      image/overlay2/distribution/diffid-by-digest/sha256/9d3dccac…
      containers/dc67991a…/config.v2.json
      containerd/daemon/io.containerd.metadata.v1.bolt/meta.db
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from imgindex.errors import ContentError, LayoutError, MissingError, quote
from imgindex.limits import Limits
from imgindex.records.rows import Key, Problem, ScanScope
from imgindex.sources.base import Group, Identity, ScanContext, check_name, problem, scope_key
from imgindex.sources.containerd_root.store import UNSETTLED, Store, Told
from imgindex.sources.docker_root.containerd import NAMESPACE, find_folder, stands_on, told
from imgindex.sources.docker_root.containers import FOLDER as CONTAINERS
from imgindex.sources.docker_root.containers import Containers, Found
from imgindex.sources.docker_root.driver import PARTS, Driver
from imgindex.sources.files import Root, check_folder
from imgindex.sources.identity import identity_of

IMAGES = "image"
_CATALOG = scope_key("catalog", "drivers")


class UnsupportedStoreError(ContentError):
    """Images are kept in a way that is not read here."""

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
        """As `Source.scan`. Raises LayoutError where there are neither drivers nor images in containerd's store."""
        with Root(self._path) as root:
            names, problems, unlisted = _drivers(root, context.limits)
            containers = Containers(root, context.limits)
            for name in names:
                driver = Driver(root, name, context, self._rename)
                yield from driver.read([found for found in containers.found if found.driver == name])
                detail = driver.unlisted or containers.unlisted
                yield [_end(driver.scope, "driver", name, detail)]
            others = [found for found in containers.found if found.driver not in names]
            store, broken = _store(root, context)
            if store is not None:
                mine = [found for found in others if stands_on(store, found)]
                others = [found for found in others if found not in mine]
                yield from store.read(_CATALOG, self._rename, Told(NAMESPACE, list(told(mine)), containers.unlisted))
                unlisted = unlisted or (None if store.is_settled else UNSETTLED)
            elif broken is not None:
                unlisted = f"containerd's store: {broken}"
                if not names:
                    raise LayoutError(f"cannot read {unlisted}") from broken
                problems.append(problem(_CATALOG, "containerd", broken))
            problems += [problem(_CATALOG, locator, error) for locator, error in containers.problems]
            problems += _elsewhere(others)
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
            store, _ = _store(root, context)
            for noun, count in store.plan().items() if store is not None else ():
                counts[noun] = counts.get(noun, 0) + count
            counts["containers"] = len(Containers(root, context.limits).found)
        return counts


def _drivers(root: Root, limits: Limits) -> tuple[list[str], list[Problem], str | None]:
    """The graph drivers, what is wrong with others, and why some may not have been found, if so."""
    try:
        entries = root.listing(IMAGES)
    except ContentError as error:
        if isinstance(error, MissingError) and find_folder(root) is not None:
            return [], [], None
        hint = "an engine that uses the host's containerd has its images in /var/lib/containerd: see containerd-root"
        raise LayoutError(f"{quote(root.path)} has no graph driver's images: {error}; {hint}") from error
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


def _store(root: Root, context: ScanContext) -> tuple[Store | None, ContentError | None]:
    """Containerd's store, if images are in it; or why it cannot be read."""
    folder = find_folder(root)
    try:
        return (None if folder is None else Store(root, folder, context)), None
    except ContentError as error:
        return None, error


def _elsewhere(containers: Sequence[Found]) -> list[Problem]:
    """Containers of stores that are not here."""
    counts = Counter(found.driver for found in containers)
    return [
        problem(
            _CATALOG,
            f"{CONTAINERS}: {driver}",
            UnsupportedStoreError(f"{count} of them stand on {quote(driver)}, of which there are no images here"),
        )
        for driver, count in sorted(counts.items())
    ]


def _end(scope: Key, kind: str, name: str, unlisted: str | None) -> ScanScope:
    return ScanScope(scope, kind, name, "complete" if unlisted is None else "partial", unlisted)
