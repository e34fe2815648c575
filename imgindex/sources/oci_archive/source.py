"""An OCI image layout in a tar, as skopeo's `oci-archive:`, buildah and `ctr export` write it, compressed or not.

It is read as the layout that it holds, without unpacking it.

https://github.com/opencontainers/image-spec/blob/main/image-layout.md
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from imgindex.limits import Limits
from imgindex.sources.identity import identity_of_file
from imgindex.sources.oci_layout.source import OciLayout
from imgindex.sources.tar.root import TarRoot
from imgindex.sources.tar.stream import open_stream
from imgindex.sources.tree import Tree


class OciArchive(OciLayout):
    """The layout in the tar `path`; with `ref`, only what goes by that name in it."""

    kind = "oci-archive"

    def _look(self, path: str) -> str:
        open_stream(path, Limits()).close()
        return os.path.realpath(path)

    def _fingerprint(self) -> str:
        return identity_of_file(self._path)

    @contextmanager
    def _open(self, limits: Limits) -> Iterator[tuple[Tree, str | None]]:
        with TarRoot(self._path, limits) as tar:
            yield tar, tar.broken
