"""Which reports there are: the user's first, each by one name."""

from __future__ import annotations

from pathlib import Path

import pytest

from imgindex.errors import ReportError, UnknownReportError, UsageError
from imgindex.report.shelf import Shelf, open_shelf
from tests.queries.conftest import CATALOG

TEXT = 'title = "{}"\nquestion = "What?"\n[[section]]\ntitle = "Images"\nquery = "size/images"\n'


@pytest.fixture(autouse=True)
def no_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IMGINDEX_REPORTS", raising=False)


def test_what_ships() -> None:
    assert ["host", "image", "layer-sharing", "tag-drift"] == [name for name, _ in open_shelf().places()]


def test_a_users_report_comes_before_a_shipped_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given, listed = tmp_path / "given", tmp_path / "listed"
    for folder in (given, listed):
        folder.mkdir()
        (folder / "host.toml").write_text(TEXT.format(folder.name))
    assert "given" == open_shelf([given, listed]).find("host", CATALOG).title
    monkeypatch.setenv("IMGINDEX_REPORTS", str(listed))
    assert "listed" == open_shelf().find("host", CATALOG).title
    assert "given" == open_shelf([given]).find("HOST", CATALOG).title


def test_names_are_the_same_where_only_dashes_or_case_differ(own: Path) -> None:
    (own / "Our_Images.toml").write_text(TEXT.format("Ours"))
    assert "Our_Images" == Shelf([own]).find("our-images", CATALOG).name
    (own / "our-images.toml").write_text(TEXT.format("Ours"))
    with pytest.raises(ReportError, match="have the same name"):
        Shelf([own])


def test_an_unknown_report_has_near_misses() -> None:
    with pytest.raises(UnknownReportError, match=r'no report "layer-shring"\. Did you mean layer-sharing\?'):
        open_shelf().find("layer-shring", CATALOG)


def test_a_file_that_cannot_be_named_is_refused(own: Path) -> None:
    (own / ".hidden.toml").write_text("")
    assert [] == Shelf([own]).places()
    (own / "our images.toml").write_text(TEXT)
    with pytest.raises(ReportError, match="letters, digits, - and _ only"):
        Shelf([own])


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match=r'--reports names ".*nowhere", which is no folder'):
        open_shelf([tmp_path / "nowhere"])
    monkeypatch.setenv("IMGINDEX_REPORTS", str(tmp_path / "nowhere"))
    with pytest.raises(UsageError, match="IMGINDEX_REPORTS names"):
        open_shelf()
