"""Where the files that ship with imgindex lie: `queries/`, `reports/`, `migrations/` and `samples/`.

An installed wheel has them in this folder, a checkout at its top.
"""

from __future__ import annotations

from pathlib import Path

from imgindex.errors import StoreError


def folder(name: str) -> Path:
    """The shipped folder of this name. Raises StoreError where the installation lacks it."""
    here = Path(__file__).resolve().parent
    for place in (here / name, here.parent.parent / name):
        if place.is_dir():
            return place
    raise StoreError(f"This installation of imgindex lacks its folder {name}/. Install it again.")
