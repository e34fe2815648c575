"""The store of podman, buildah, skopeo and CRI-O, as it lies on the disk: images of its drivers, and containers.

Every folder `<driver>-images` is a driver's own store and a scope; the last scope says which drivers there are. What
is listed is what `podman images` lists: images with a name, and those that no other was built on. Additional stores are
read with the driver that they are of. No lock is taken, no layer opened, and nothing is written.

https://github.com/containers/storage

    /var/lib/containers/storage/
      overlay-images/images.json               overlay-images/d143ddb9…/manifest
      overlay-layers/layers.json
      overlay-containers/containers.json
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack

from imgindex.errors import ContentError, LayoutError, SourceUnavailableError, quote
from imgindex.limits import Limits
from imgindex.records.rows import Problem, ScanScope
from imgindex.sources.base import Group, Identity, ScanContext, check_name, problem, scope_key
from imgindex.sources.containers_storage.driver import Driver
from imgindex.sources.containers_storage.lists import Place
from imgindex.sources.files import Root, UnreadableError, check_folder
from imgindex.sources.identity import identity_of

_IMAGES = "-images"
_CATALOG = scope_key("catalog", "drivers")


class ContainersStorage:
    """The store in the folder `path`."""

    def __init__(self, path: str, additional: Sequence[str] = (), rename: Callable[[str], str] = str) -> None:
        """`additional`: folders of stores that it reads images from, too. `rename`: what a repository is filed under.

        Raises SourceUnavailableError if there is no folder.
        """
        with Root(path) as root:
            self._path = root.path
        self._additional = tuple(additional)
        self._rename = rename
        kind = "containers-storage"
        self.identity = Identity(kind, f"{kind}:{quote(self._path, 4096)}", identity_of(self._path))

    def scan(self, context: ScanContext) -> Iterator[Group]:
        """As `Source.scan`. Raises LayoutError where there is no driver."""
        with ExitStack() as stack:
            root = stack.enter_context(Root(self._path))
            names, problems, unlisted = _drivers(root, context.limits)
            others, closed = self._open_additional(stack)
            for name in names:
                driver = Driver(Place(root, name), _of_driver(others, name), context, self._rename)
                yield from driver.read()
                yield [driver.end([row.locator for row in closed])]
            if problems or closed:
                yield [*problems, *closed]
            outcome = "complete" if unlisted is None else "partial"
            yield [ScanScope(_CATALOG, "catalog", "drivers", outcome, unlisted)]

    def plan(self, context: ScanContext) -> dict[str, int]:
        """As `Source.plan`."""
        with ExitStack() as stack:
            root = stack.enter_context(Root(self._path))
            names, _, _ = _drivers(root, context.limits)
            others, _ = self._open_additional(stack)
            counts = {"drivers": len(names), "images": 0, "layers": 0, "tags": 0, "containers": 0}
            for name in names:
                driver = Driver(Place(root, name), _of_driver(others, name), context, self._rename)
                for noun, count in driver.plan().items():
                    counts[noun] += count
        return counts

    def _open_additional(self, stack: ExitStack) -> tuple[list[Root], list[Problem]]:
        """The additional stores, and a problem for each that cannot be read."""
        opened: list[Root] = []
        problems: list[Problem] = []
        for path in self._additional:
            try:
                opened.append(stack.enter_context(Root(path)))
            except SourceUnavailableError as error:
                problems.append(problem(_CATALOG, path, UnreadableError(f"an additional store: {error}")))
        return opened, problems


def _of_driver(others: list[Root], name: str) -> list[Place]:
    """Where the additional stores keep what is of this driver."""
    return [Place(root, name, f"{root.path}/") for root in others if root.kind(name + _IMAGES) == "folder"]


def _drivers(root: Root, limits: Limits) -> tuple[list[str], list[Problem], str | None]:
    """The drivers, what is wrong with others, and why some may not have been found, if so."""
    names: list[str] = []
    problems: list[Problem] = []
    unlisted = None
    try:
        entries = [entry for entry in root.listing() if entry.name.endswith(_IMAGES) and entry.name != _IMAGES]
    except ContentError as error:
        raise LayoutError(f"cannot list {quote(root.path)}: {error}") from error
    for entry in entries:
        try:
            check_folder(entry)
            names.append(check_name(entry.name.removesuffix(_IMAGES), limits))
        except ContentError as error:
            unlisted = f"{quote(entry.name)} {error}"
            problems.append(problem(_CATALOG, entry.name, error))
    if not names and unlisted is None:
        raise LayoutError(
            f"{quote(root.path)} has no driver's images: no folder overlay-images, vfs-images or the like"
        )
    return names, problems, unlisted
