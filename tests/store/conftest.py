"""An empty index for each test, and one that holds all sample stores, on both engines."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.indexes import NewIndex
from tests.stores import Database


@pytest.fixture
def db(new_index: NewIndex, tmp_path: Path) -> Database:
    return new_index(tmp_path)


@pytest.fixture(scope="session")
def sample_stores(docker_host: Path, registry_store: Path, skopeo_layout: Path, umoci_layout: Path) -> list[Path]:
    return [docker_host, registry_store, skopeo_layout, umoci_layout]


@pytest.fixture(scope="session")
def full(lasting_index: NewIndex, sample_stores: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Database:
    """All sample stores in one index. Tests read it and never write to it."""
    db = lasting_index(tmp_path_factory.mktemp("full"))
    for store in sample_stores:
        db.look(store)
    return db
