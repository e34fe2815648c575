"""The engine's answers, as far as they are read.

https://docs.docker.com/reference/api/engine/version/v1.41/
"""

from __future__ import annotations

import msgspec


class Info(msgspec.Struct, rename="pascal"):
    """`/info`."""

    engine_id: str = msgspec.field(name="ID", default="")
    driver: str = ""


class Component(msgspec.Struct, rename="pascal"):
    name: str = ""


class Version(msgspec.Struct, rename="pascal"):
    """`/version`."""

    components: list[Component] | None = None

    @property
    def is_podman(self) -> bool:
        return any("podman" in component.name.lower() for component in self.components or ())


class Summary(msgspec.Struct, rename="pascal"):
    """One of `/images/json`."""

    image_id: str = msgspec.field(name="Id")


class RootFs(msgspec.Struct, rename="pascal"):
    layers: list[str] | None = None


class Metadata(msgspec.Struct, rename="pascal"):
    last_tag_time: str | None = None


class ImageAnswer(msgspec.Struct, rename="pascal"):
    """`/images/<ID>/json`."""

    image_id: str = msgspec.field(name="Id")
    repo_tags: list[str] | None = None
    repo_digests: list[str] | None = None
    parent: str | None = None
    size: int | None = None
    root_fs: RootFs | None = msgspec.field(name="RootFS", default=None)
    metadata: Metadata | None = None


class Made(msgspec.Struct, rename="pascal"):
    """One of `/images/<ID>/history`, newest first."""

    size: int = 0


class ContainerSummary(msgspec.Struct, rename="pascal"):
    """One of `/containers/json`."""

    container_id: str = msgspec.field(name="Id")


class ContainerState(msgspec.Struct, rename="pascal"):
    status: str | None = None


class ContainerConfig(msgspec.Struct, rename="pascal"):
    image: str | None = None


class ContainerAnswer(msgspec.Struct, rename="pascal"):
    """`/containers/<ID>/json`."""

    container_id: str = msgspec.field(name="Id")
    name: str | None = None
    image: str | None = None
    created: str | None = None
    state: ContainerState | None = None
    config: ContainerConfig | None = None
