"""The generated documents are those that `scripts/generate-docs` writes now; run it, and commit what it changes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.conftest import ROOT

SAMPLES_READ_AT = datetime(2026, 11, 24, 6, tzinfo=UTC)


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if datetime.now(UTC) < SAMPLES_READ_AT:
        pytest.skip("the clock stands before the time that the documents read the samples at")
    folder = tmp_path_factory.mktemp("docs")
    command = [sys.executable, str(ROOT / "scripts/generate-docs"), str(folder)]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert (0, "") == (done.returncode, done.stderr)
    return folder


@pytest.mark.parametrize("name", ["queries.md", "schema.md"])
def test_a_document_is_as_generated(name: str, generated: Path) -> None:
    committed, fresh = (place / name for place in (ROOT / "docs", generated))
    assert committed.read_text().splitlines() == fresh.read_text().splitlines()


def test_every_query_is_documented_and_no_place_of_a_machine_is(generated: Path) -> None:
    text = (generated / "queries.md").read_text()
    files = (ROOT / "queries").glob("*/*.sql")
    names = [f"{path.parent.name}/{path.stem}" for path in files if "." not in path.stem]  # none for one engine alone
    assert sorted(names) == sorted(re.findall(r"^### (\S+)$", text, re.MULTILINE))
    assert str(generated.parent) not in text
    assert "/tmp" not in text.replace("127.0.0.1:5055/tmp", "")
