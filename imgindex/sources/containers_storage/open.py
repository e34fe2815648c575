"""Opens `containers-storage:[DIR]`. Without DIR, the store that storage.conf names.

Where storage.conf names DIR, its additional stores are read, too. The transport's own way of naming a store is taken,
without an image: `[driver@DIR+runroot:driver.imagestore=OTHER]`.

https://github.com/containers/image/blob/main/docs/containers-transports.5.md
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from imgindex.errors import SourceError, UnknownSourceError, quote
from imgindex.sources.base import Source
from imgindex.sources.containers_storage.source import ContainersStorage
from imgindex.sources.containers_storage.storage_conf import StorageConf, read_storage_conf
from imgindex.sources.kinds import OpenOptions

_SPECIFIER = re.compile(r"\[(?:[a-z0-9]+@)?(?P<root>/[^+:\]]*)(?:\+[^:\]]*)?(?::(?P<options>[^\]]*))?\]")


def open_address(address: str, options: OpenOptions) -> Source:
    if address.startswith("["):
        conf = _specified(address)
    elif address:
        conf = StorageConf(address, _additional_of(address))
    else:
        conf = read_storage_conf(os.environ, os.geteuid())
    return ContainersStorage(conf.root, conf.additional, options.rename)


def _specified(address: str) -> StorageConf:
    match = _SPECIFIER.fullmatch(address)
    if match is None:
        raise UnknownSourceError(
            f"containers-storage:{quote(address)} names no store; write containers-storage:DIR, or "
            "containers-storage:[driver@DIR+runroot:options], without an image"
        )
    pairs = (option.partition("=") for option in (match["options"] or "").split(","))
    return StorageConf(match["root"], tuple(value for name, _, value in pairs if name.endswith("imagestore") and value))


def _additional_of(path: str) -> tuple[str, ...]:
    """The additional stores of storage.conf, if the store at `path` is the one that it names."""
    try:
        conf = read_storage_conf(os.environ, os.geteuid())
        return conf.additional if Path(path).samefile(conf.root) else ()
    except (OSError, SourceError):
        return ()
