"""Image configs, docker's and OCI's: what a container of the image runs, and which layers it is made of.

Docker's config has the same members as OCI's and some more; those are kept as extra. A document without `rootfs` is no
image config: docker refuses it as well, and else any JSON object would count as an image.

https://github.com/opencontainers/image-spec/blob/main/config.md
https://github.com/moby/docker-image-spec/blob/main/spec/v1.3.md

    {"os": "linux", "architecture": "amd64", "config": {"Env": ["PATH=/bin"], "Cmd": ["sh"]},
     "rootfs": {"type": "layers", "diff_ids": ["sha256:…"]}, "history": [{"created_by": "…"}]}
"""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

from imgindex.errors import MalformedError
from imgindex.oci.decode import Form, Map, Reading, Text, Words, decode_loosely, open_document
from imgindex.oci.digest import UnsupportedDigestError, is_sha256, parse_digest

Flags: TypeAlias = dict[str, dict[str, msgspec.Raw] | None] | None
"""A set of names, as Go writes it: {"80/tcp": {}}."""

_ABSENT = msgspec.Raw()


class RunConfig(msgspec.Struct, rename="pascal", forbid_unknown_fields=True, gc=False):
    """What a container runs unless told otherwise. What has no column of its own is left undecoded."""

    user: Text = None
    env: Words = None
    entrypoint: Words | str = None
    cmd: Words | str = None
    working_dir: Text = None
    stop_signal: Text = None
    labels: Map = None
    exposed_ports: Flags = None
    volumes: Flags = None

    hostname: msgspec.Raw = _ABSENT
    domainname: msgspec.Raw = _ABSENT
    attach_stdin: msgspec.Raw = _ABSENT
    attach_stdout: msgspec.Raw = _ABSENT
    attach_stderr: msgspec.Raw = _ABSENT
    tty: msgspec.Raw = _ABSENT
    open_stdin: msgspec.Raw = _ABSENT
    stdin_once: msgspec.Raw = _ABSENT
    args_escaped: msgspec.Raw = _ABSENT
    image: msgspec.Raw = _ABSENT
    healthcheck: msgspec.Raw = _ABSENT
    on_build: msgspec.Raw = _ABSENT
    shell: msgspec.Raw = _ABSENT
    stop_timeout: msgspec.Raw = _ABSENT
    network_disabled: msgspec.Raw = _ABSENT
    mac_address: msgspec.Raw = _ABSENT


class RootFs(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    type: Text = None
    diff_ids: list[str] | None = None


class HistoryEntry(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    created: Text = None
    created_by: Text = None
    comment: Text = None
    author: Text = None
    empty_layer: bool | None = None


class ImageConfig(msgspec.Struct, gc=False):
    architecture: Text = None
    os: Text = None
    variant: Text = None
    os_version: Text = msgspec.field(default=None, name="os.version")
    created: Text = None
    author: Text = None
    docker_version: Text = None
    config: RunConfig | None = None
    rootfs: RootFs | None = None
    history: list[HistoryEntry] | None = None


CONFIG = Form(ImageConfig)
_RUN_FIELDS = list(zip(RunConfig.__struct_fields__, RunConfig.__struct_encode_fields__, strict=True))
_UNDECODED = _RUN_FIELDS[[name for name, _ in _RUN_FIELDS].index("hostname") :]


def read_config(data: bytes) -> tuple[Reading[ImageConfig], list[str], bool]:
    """The config, its diff IDs from the base layer up, and whether its text was repaired.

    Raises `MalformedError`, and `UnsupportedDigestError` for a diff ID that is no digest, and `LimitExceededError`.
    """
    document = open_document(data, CONFIG.names)
    reading = CONFIG.read(document)
    rootfs = reading.value.rootfs
    if rootfs is None:
        raise MalformedError("$.rootfs: missing")
    if reading.value.config is not None:
        _keep_undecoded(reading.value.config, reading.extra)
    if rootfs.type not in (None, "layers"):
        reading.extra.setdefault("rootfs", {})["type"] = rootfs.type
    diff_ids = rootfs.diff_ids or []
    if not all(map(is_sha256, diff_ids)):
        try:
            for diff_id in diff_ids:
                parse_digest(diff_id)
        except UnsupportedDigestError as error:
            raise UnsupportedDigestError(f"$.rootfs.diff_ids: {error}") from error
    return reading, diff_ids, document.repaired


def _keep_undecoded(run: RunConfig, extra: dict[str, Any]) -> None:
    undecoded: dict[str, msgspec.Raw] = {}
    for name, written in _UNDECODED:
        raw = getattr(run, name)
        if raw:
            undecoded[written] = raw
    if undecoded:
        extra.setdefault("config", {}).update(decode_loosely(undecoded))
