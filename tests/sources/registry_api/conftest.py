"""A fake registry for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sources.registry_api.fake import FakeServer
from tests.stores import Database, new_index


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeServer]:
    """It knows nobody's credentials, and no proxy."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with FakeServer() as server:
        yield server


@pytest.fixture
def db(tmp_path: Path) -> Database:
    """An empty index."""
    return new_index(tmp_path)
