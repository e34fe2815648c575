"""Opens `oci-archive:FILE[:ref]`."""

from __future__ import annotations

from imgindex.sources.base import Source
from imgindex.sources.kinds import OpenOptions, split_ref
from imgindex.sources.oci_archive.source import OciArchive


def open_address(address: str, options: OpenOptions) -> Source:
    path, ref = split_ref(address)
    return OciArchive(path, ref, options.rename)
