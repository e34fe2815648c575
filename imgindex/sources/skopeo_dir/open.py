"""Opens `dir:DIR`."""

from __future__ import annotations

from imgindex.sources.base import Source
from imgindex.sources.kinds import OpenOptions
from imgindex.sources.skopeo_dir.source import SkopeoDir


def open_address(address: str, options: OpenOptions) -> Source:
    return SkopeoDir(address)
