"""storage.conf: where this user's store lies, and which additional stores it may read images from.

Looked for as containers/storage looks for it. Of variables in a path only those that name a user's own places are
replaced, so that no other part of the environment reaches an address. Nothing else of the file is used.

https://github.com/containers/storage/blob/main/docs/containers-storage.conf.5.md

    [storage]
    driver = "overlay"
    graphroot = "/var/lib/containers/storage"
    [storage.options]
    additionalimagestores = ["/usr/lib/containers/storage"]
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from imgindex.errors import LayoutError, quote

SYSTEM = ("/etc/containers/storage.conf", "/usr/share/containers/storage.conf")
DEFAULT_ROOT = "/var/lib/containers/storage"
_MOST_BYTES = 1024 * 1024
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_REPLACED = ("HOME", "USER", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR")


class StorageConf(NamedTuple):
    """What counts of a storage.conf."""

    root: str
    """The folder of the store."""
    additional: tuple[str, ...] = ()
    """Folders of stores that it reads images from."""


def read_storage_conf(environ: Mapping[str, str], uid: int) -> StorageConf:
    """What storage.conf says to the user `uid`, or what counts without one. Raises LayoutError for one that is none."""
    given = environ.get("CONTAINERS_STORAGE_CONF")
    home = environ.get("HOME") or "/"
    config_home = environ.get("XDG_CONFIG_HOME") or f"{home}/.config"
    own_root = f"{environ.get('XDG_DATA_HOME') or f'{home}/.local/share'}/containers/storage"
    if given:
        storage = _read(given) or {}
        return _conf(storage, storage.get("graphroot") or (own_root if uid else DEFAULT_ROOT), environ, uid)
    system: dict[str, Any] = next((found for path in SYSTEM if (found := _read(path)) is not None), {})
    if uid == 0:
        return _conf(system, system.get("graphroot") or DEFAULT_ROOT, environ, uid)
    own = _read(f"{config_home}/containers/storage.conf")
    if own is not None:
        return _conf(own, own.get("graphroot") or own.get("rootless_storage_path") or own_root, environ, uid)
    return _conf(system, system.get("rootless_storage_path") or own_root, environ, uid)


def _read(path: str) -> dict[str, Any] | None:
    """The table `storage` of a file; None if there is no such file."""
    try:
        with Path(path).open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            raise LayoutError(f"{quote(path)} is larger than any storage.conf")
        storage = tomllib.loads(data.decode()).get("storage", {})
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LayoutError(f"cannot read {quote(path)}: {error.strerror}") from error
    except ValueError as error:  # of TOML, and of UTF-8
        raise LayoutError(f"{quote(path)} is no storage.conf: {quote(error)}") from error
    if not isinstance(storage, dict):
        raise LayoutError(f"{quote(path)} is no storage.conf: storage is no table")
    return storage


def _conf(storage: dict[str, Any], root: Any, environ: Mapping[str, str], uid: int) -> StorageConf:
    options = storage.get("options", {})
    listed = options.get("additionalimagestores", []) if isinstance(options, dict) else None
    split = storage.get("imagestore")
    if not isinstance(listed, list):
        raise LayoutError("storage.conf: additionalimagestores is no list")
    paths = [root, *([split] if split else []), *listed]
    root, *additional = (_expand(path, environ, uid) for path in paths)
    return StorageConf(root, tuple(additional))


def _expand(path: object, environ: Mapping[str, str], uid: int) -> str:
    if not isinstance(path, str) or not path or "\0" in path:
        raise LayoutError(f"storage.conf: {quote(path)} is no path")

    def value(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        found = str(uid) if name == "UID" else environ.get(name) if name in _REPLACED else None
        if not found:
            raise LayoutError(f"storage.conf: {quote(path)} needs {name}, which is not set, or never replaced here")
        return found

    expanded = _VARIABLE.sub(value, path)
    if not Path(expanded).is_absolute():
        raise LayoutError(f"storage.conf: {quote(path)} is no whole path")
    return expanded
