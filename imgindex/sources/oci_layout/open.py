"""Opens `oci:DIR[:ref]`."""

from __future__ import annotations

import re
from pathlib import Path

from imgindex.sources.base import Source
from imgindex.sources.kinds import OpenOptions
from imgindex.sources.oci_layout.source import OciLayout


def open_address(address: str, options: OpenOptions) -> Source:
    path, ref = _split_ref(address)
    return OciLayout(path, ref, options.rename)


def _split_ref(address: str) -> tuple[str, str | None]:
    """`DIR[:ref]`: both may hold colons, so the shortest DIR that exists is meant."""
    if Path(address).is_dir():
        return address, None
    for colon in re.finditer(":", address):
        path, ref = address[: colon.start()], address[colon.end() :]
        if ref and Path(path).is_dir():
            return path, ref
    return address, None
