"""Opens `oci:DIR[:ref]`."""

from __future__ import annotations

from imgindex.sources.base import Source
from imgindex.sources.kinds import OpenOptions, split_ref
from imgindex.sources.oci_layout.source import OciLayout


def open_address(address: str, options: OpenOptions) -> Source:
    path, ref = split_ref(address)
    return OciLayout(path, ref, options.rename)
