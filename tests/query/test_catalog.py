"""The catalog: names, folders that shadow each other, look-ups and near misses."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from imgindex.errors import QueryError, UnknownQueryError, UsageError
from imgindex.query.catalog import Catalog, lint, open_catalog


def write(folder: Path, name: str, question: str = "What?", suffix: str = ".sql") -> Path:
    path = folder / f"{name}{suffix}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"-- {question}\nSELECT 1 AS one ORDER BY one\n")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("sharing/most-shared-layers", "size/images", "size/repositories", "inventory/images"):
        write(tmp_path / "shipped", name)
    return tmp_path / "shipped"


def test_names_are_paths_and_sorted(folder: Path) -> None:
    expected = ["inventory/images", "sharing/most-shared-layers", "size/images", "size/repositories"]
    assert expected == Catalog([folder]).names()
    assert expected == [query.name for query in Catalog([folder]).all()]


@pytest.mark.parametrize(
    "asked", ["sharing/most-shared-layers", "most-shared-layers", "most_shared_layers", "Sharing/Most-Shared-Layers"]
)
def test_a_query_is_found_by_its_name_or_a_unique_end(folder: Path, asked: str) -> None:
    assert Catalog([folder]).find(asked).name == "sharing/most-shared-layers"


def test_an_end_that_several_share_is_refused_with_their_names(folder: Path) -> None:
    with pytest.raises(UnknownQueryError, match="inventory/images, size/images"):
        Catalog([folder]).find("images")


def test_the_whole_name_wins_over_an_end(folder: Path) -> None:
    write(folder, "images")
    assert Catalog([folder]).find("images").name == "images"


@pytest.mark.parametrize(
    ("asked", "meant"), [("most-shared-layer", "sharing/most-shared-layers"), ("size/image", "size/images")]
)
def test_near_misses_are_suggested(folder: Path, asked: str, meant: str) -> None:
    with pytest.raises(UnknownQueryError) as raised:
        Catalog([folder]).find(asked)
    assert f"Did you mean {meant}" in str(raised.value)


def test_a_name_unlike_any_gets_no_suggestion(folder: Path) -> None:
    with pytest.raises(UnknownQueryError) as raised:
        Catalog([folder]).find("zzz")
    assert "Did you mean" not in str(raised.value)
    assert "imgindex query list" in str(raised.value)


def test_an_earlier_folder_shadows_a_later_one(folder: Path, tmp_path: Path) -> None:
    own = write(tmp_path / "own", "size/images", "Ours?")
    catalog = Catalog([tmp_path / "own", folder])
    assert own.resolve() == catalog.find("size/images").path
    assert len(catalog.names()) == 4


@pytest.mark.parametrize(("one", "other"), [("size/images", "size/Images"), ("size/by-tag", "size/by_tag")])
def test_a_name_twice_in_one_folder_is_refused(tmp_path: Path, one: str, other: str) -> None:
    write(tmp_path, one)
    write(tmp_path, other)
    if len(list((tmp_path / "size").iterdir())) == 1:
        pytest.skip("this file system does not tell the two names apart")
    with pytest.raises(QueryError, match="have the same name"):
        Catalog([tmp_path])


def test_the_same_folder_twice_is_one_folder(folder: Path) -> None:
    assert len(Catalog([folder, folder / ".." / folder.name]).names()) == 4


def test_a_sibling_is_no_query_of_its_own(folder: Path) -> None:
    write(folder, "size/images", suffix=".postgresql.sql")
    catalog = Catalog([folder])
    assert len(catalog.names()) == 4
    assert catalog.find("size/images").postgresql is not None


def test_a_sibling_without_its_query_is_refused(folder: Path) -> None:
    write(folder, "size/lost", suffix=".postgresql.sql")
    with pytest.raises(QueryError, match=r"there is no lost\.sql beside it"):
        Catalog([folder])


@pytest.mark.parametrize("name", ["size/images.spark", "size/two words", "-x", "größe/bilder"])
def test_a_file_that_no_name_fits_is_refused(tmp_path: Path, name: str) -> None:
    write(tmp_path, name)
    with pytest.raises(QueryError, match="letters, digits, - and _ only"):
        Catalog([tmp_path])


def test_hidden_files_and_folders_are_no_queries(folder: Path) -> None:
    write(folder, "size/.#images")
    write(folder, ".trash/old")
    assert len(Catalog([folder]).names()) == 4


def test_a_broken_file_does_not_stop_another_query(folder: Path) -> None:
    (folder / "size/broken.sql").write_text("SELECT 1")
    catalog = Catalog([folder])
    assert catalog.find("size/images").name == "size/images"
    with pytest.raises(QueryError, match="broken"):
        catalog.find("broken")
    with pytest.raises(QueryError, match="broken"):
        catalog.all()


def test_folders_come_from_the_option_then_the_environment_then_the_shipped(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    option, first, second = tmp_path / "option", tmp_path / "first", tmp_path / "second"
    for place in (option, first, second):
        write(place, "size/images", place.name)
    write(first, "size/repositories", "first")
    write(second, "only/here", "second")
    monkeypatch.setattr("imgindex.shipped.folder", lambda name: folder)
    monkeypatch.setenv("IMGINDEX_QUERIES", os.pathsep.join([str(first), "", str(second)]))
    catalog = open_catalog([option])
    found = [
        catalog.find(name).question for name in ("size/images", "size/repositories", "only/here", "inventory/images")
    ]
    assert found == ["option", "first", "second", "What?"]


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match=r"--queries names .*nowhere"):
        open_catalog([tmp_path / "nowhere"])
    monkeypatch.setenv("IMGINDEX_QUERIES", str(tmp_path / "gone"))
    with pytest.raises(UsageError, match=r"IMGINDEX_QUERIES names .*gone"):
        open_catalog()


def test_every_shipped_query_loads_and_keeps_the_rules() -> None:
    queries = open_catalog().all()
    assert queries
    findings = {query.name: found for query in queries if (found := lint(query))}
    assert findings == {}
