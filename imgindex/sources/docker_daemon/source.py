"""A Docker engine, or podman's service, over its socket: for what a socket shows, and a disk may not be read for.

It has one scope, the engine's storage driver. Images are those that the engine lists, with intermediate ones; listed
are those that it shows by itself. Configs are read out of what the engine saves, once an image. Layers that no image
has are not shown by the API, nor are the pairs of layers and blobs: `docker-root:` reads those.

https://docs.docker.com/reference/api/engine/

    docker-daemon:                         the socket of DOCKER_HOST, else /var/run/docker.sock
    docker-daemon:/run/podman/podman.sock  podman's
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from imgindex.errors import ContentError, MissingError, SourceUnavailableError, quote
from imgindex.limits import Limits
from imgindex.oci.digest import parse_digest
from imgindex.oci.timestamps import parse_time
from imgindex.records.rows import Container, Key, Record, RepoDigest, ScanScope, SourceImage, SourceLayer, Tag
from imgindex.records.wanted import Wanted
from imgindex.sources.base import ROWS, Group, Identity, ScanContext, batches, check_name, problem, scope_key
from imgindex.sources.docker_daemon.answers import ContainerAnswer, ContainerSummary, Info, Summary, Version
from imgindex.sources.docker_daemon.engine import Engine
from imgindex.sources.docker_daemon.images import Shown, read_config, read_image
from imgindex.sources.walk import Walk


class DockerDaemon:
    """The engine behind the socket at `path`."""

    def __init__(self, path: str, rename: Callable[[str], str] = str) -> None:
        """`rename`: the name that a repository is filed under. Raises SourceUnavailableError."""
        self._path = os.path.realpath(path)
        self._rename = rename
        with Engine(self._path, Limits()) as engine:
            info, version = _ask(engine)
        self._driver = info.driver or "unknown"
        self._basis = "uncompressed" if version.is_podman else "on_disk"
        fingerprint = info.engine_id or self._path
        self.identity = Identity("docker-daemon", f"docker-daemon:{quote(self._path, 4096)}", quote(fingerprint, 512))

    def scan(self, context: ScanContext) -> Iterator[Group]:
        """As `Source.scan`. Raises SourceUnavailableError where the engine goes away."""
        scope = scope_key("driver", self._driver)
        with Engine(self._path, context.limits) as engine:
            ids, listed = _image_ids(engine)
            shown: list[Shown] = []
            unlisted: str | None = None
            for image_id in ids:
                try:
                    shown.append(read_image(engine, parse_digest(image_id), context.limits, self._rename))
                except MissingError:
                    continue  # removed since it was listed
                except ContentError as error:
                    unlisted = f"the image {quote(image_id)} {error}"
                    yield [problem(scope, f"/images/{image_id}/json", error)]
            walk = Walk(
                context,
                scope,
                fetch=lambda wanted: read_config(engine, wanted.digest, context.limits),
                where=lambda image_id: f"/images/{image_id}/get",
            )
            yield from walk.read(Wanted(image.image_id, "config") for image in shown)
            yield from self._rows(shown, listed, walk.failed, scope, context)
            for batch in batches(_containers(engine, context.limits), ROWS):
                yield [_container(item, scope, shown, context) for item in batch]
            outcome = "complete" if unlisted is None else "partial"
            yield [ScanScope(scope, "driver", self._driver, outcome, unlisted)]

    def plan(self, context: ScanContext) -> dict[str, int]:
        """As `Source.plan`. A new image costs what saving it costs the engine."""
        with Engine(self._path, context.limits) as engine:
            ids, _ = _image_ids(engine)
            containers = engine.get("/containers/json?all=1", list[ContainerSummary])
        return {"images": len(ids), "containers": len(containers)}

    def _rows(
        self, shown: list[Shown], listed: set[str], failed: set[str], scope: Key, context: ScanContext
    ) -> Iterator[Group]:
        keys = context.keys
        known: dict[str, int] = {
            layer.chain_id: layer.size for image in shown for layer in image.layers if layer.size is not None
        }
        told: set[str] = set()
        for image in shown:
            image_key = keys.blob(image.image_id)
            rows: list[Record] = [problem(scope, image.image_id, error) for error in image.problems]
            if image.image_id not in failed:
                parent = None if image.parent is None else keys.blob(image.parent)
                is_listed = image.image_id in listed
                rows.append(SourceImage(scope, image_key, image.image_id, is_listed, parent, image.set_at))
            for name, tag in image.tags:
                rows.append(Tag(scope, keys.repository(name), tag, image_key, "image", None))
            for name, digest in image.digests:
                rows.append(RepoDigest(scope, keys.repository(name), keys.blob(digest), image_key))
            for layer in image.layers:
                if layer.chain_id not in told:
                    told.add(layer.chain_id)
                    key = keys.chain(layer.chain_id, layer.parent_id, layer.diff_id, layer.depth)
                    size = known.get(layer.chain_id)
                    rows.append(SourceLayer(scope, self._driver, key, None, size, self._basis))
            if rows:
                yield rows


def _ask(engine: Engine) -> tuple[Info, Version]:
    try:
        return engine.get("/info", Info), engine.get("/version", Version)
    except ContentError as error:
        raise SourceUnavailableError(f"what answers at {quote(engine.path)} is no Docker engine: {error}") from error


def _image_ids(engine: Engine) -> tuple[list[str], set[str]]:
    """All images, and those of them that are listed. Raises SourceUnavailableError."""
    try:
        every = engine.get("/images/json?all=1", list[Summary])
        listed = engine.get("/images/json", list[Summary])
    except ContentError as error:
        raise SourceUnavailableError(f"the engine at {quote(engine.path)} lists no images: {error}") from error
    return sorted({image.image_id for image in every}), {image.image_id for image in listed}


def _containers(engine: Engine, limits: Limits) -> Iterator[ContainerAnswer | tuple[str, ContentError]]:
    try:
        listed = engine.get("/containers/json?all=1", list[ContainerSummary])
    except ContentError as error:
        raise SourceUnavailableError(f"the engine at {quote(engine.path)} lists no containers: {error}") from error
    for item in sorted(listed, key=lambda item: item.container_id):
        try:
            check_name(item.container_id, limits)
            yield engine.get(f"/containers/{item.container_id}/json", ContainerAnswer)
        except MissingError:
            continue  # removed since it was listed
        except ContentError as error:
            yield f"/containers/{item.container_id}/json", error


def _container(
    item: ContainerAnswer | tuple[str, ContentError], scope: Key, shown: list[Shown], context: ScanContext
) -> Record:
    if isinstance(item, tuple):
        return problem(scope, *item)
    keys, limits = context.keys, context.limits
    try:
        image_id = parse_digest(item.image if ":" in item.image else f"sha256:{item.image}") if item.image else None
        stack = next((image.layers for image in shown if image.image_id == image_id), [])
        top = stack[-1] if stack else None
        ref = (item.config.image if item.config else None) or None
        return Container(
            scope,
            item.container_id,
            check_name((item.name or "").removeprefix("/"), limits) or None,
            None if image_id is None else keys.blob(image_id),
            None if ref is None else check_name(ref, limits),
            None if top is None else keys.chain(top.chain_id, top.parent_id, top.diff_id, top.depth),
            item.state.status if item.state else None,
            parse_time(item.created or ""),
        )
    except ContentError as error:
        return problem(scope, f"/containers/{item.container_id}/json", error)
