"""Opens `containerd-root:DIR`."""

from __future__ import annotations

from imgindex.sources.base import Source
from imgindex.sources.containerd_root.source import ContainerdRoot
from imgindex.sources.kinds import OpenOptions


def open_address(address: str, options: OpenOptions) -> Source:
    return ContainerdRoot(address, options.rename)
