"""Which store on which machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from imgindex.errors import SourceUnavailableError
from imgindex.sources.identity import identity_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "a").mkdir(parents=True)
    return root


def test_an_identity_tells_folders_apart_and_stays_the_same(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(folder)
    assert identity_of(folder) == identity_of(str(folder) + "/") == identity_of(tmp_path / "alias")
    assert identity_of(folder) != identity_of(folder / "a")
    assert str(folder) in identity_of(folder)


def test_a_folder_made_anew_at_the_same_path_is_another(folder: Path, tmp_path: Path) -> None:
    before = identity_of(folder)
    folder.rename(tmp_path / "kept")
    folder.mkdir()
    assert before != identity_of(folder)


def test_nothing_has_no_identity(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailableError, match="cannot look at"):
        identity_of(tmp_path / "nothing")
