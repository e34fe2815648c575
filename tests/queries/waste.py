"""A registry of two versions of a base, empty layers, a repeat and an orphan, whose every number is known by hand.

Layers with their compressed sizes, and images of the source `waste`:

    layer    compressed        image   repository:tag     layers
    common   50                B1      base/os:1          common root1
    root1    100               B2      base/os:2          common root2
    root2    150               A       team/a:1           B1 a
    a        10                B       team/b:1           B1 empty b empty
    b        20                C       team/c:1           B2 empty c
    c        30                D       team/d:1           common d
    d        40
    empty    32                beside them, 5 bytes that nothing names
"""

from __future__ import annotations

import gzip
from pathlib import Path

from tests.builders import OCI_LAYER, Blob, Layer, Registry, digest_of
from tests.queries.small import image, layer, short_layer
from tests.stores import Database

EMPTY_TAR = bytes(1024)
EMPTY = Layer(Blob(gzip.compress(EMPTY_TAR, mtime=0).ljust(32, b"\0"), OCI_LAYER), digest_of(EMPTY_TAR))
COMMON, ROOT1, ROOT2 = layer("common", 50), layer("root1", 100), layer("root2", 150)
LAYER_A, LAYER_B, LAYER_C, LAYER_D = (short_layer(*named) for named in (("a", 10), ("b", 20), ("c", 30), ("d", 40)))

B1 = image("2024-01-01", COMMON, ROOT1)
B2 = image("2024-02-01", COMMON, ROOT2)
A = image("2024-01-02", LAYER_A, base=B1)
B = image("2024-01-03", EMPTY, LAYER_B, EMPTY, base=B1)
C = image("2024-02-02", EMPTY, LAYER_C, base=B2)
D = image("2024-02-03", COMMON, LAYER_D)
ORPHAN = Blob(b"alone", OCI_LAYER)


def make_waste(folder: Path, db: Database) -> None:
    """Write the registry and read it."""
    registry = Registry(folder / "registry")
    for repository, tag, made in (
        ("base/os", "1", B1),
        ("base/os", "2", B2),
        ("team/a", "1", A),
        ("team/b", "1", B),
        ("team/c", "1", C),
        ("team/d", "1", D),
    ):
        registry.push(repository, tag, made)
    registry.put(ORPHAN)
    db.look(f"registry-root:{registry.path}", name="waste")
