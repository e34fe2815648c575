"""Two indexes that saw one source, united: content is the same in both, and one of them speaks for the source."""

from __future__ import annotations

from pathlib import Path

import pytest

from imgindex.store import migrate
from imgindex.store.check import check
from imgindex.store.engine import open_engine
from imgindex.store.schema import metadata
from tests.builders import Layout, Registry, make_image, make_index
from tests.stores import HOUR, NOON, Database

ONE, TWO, THREE = make_image(1), make_image(2), make_image(3)


def index_at(path: Path) -> Database:
    """An index with a key of its own."""
    migrate.upgrade(str(path))
    return Database(path)


def unite(here: Database, there: Database) -> None:
    """A plain union, table by table: keys are the same in every index, and observations hold their index's key."""
    with here.writing() as run:
        run(f"ATTACH '{there.path}' AS there (READ_ONLY)")
        for table in metadata.sorted_tables:
            run(f"INSERT INTO {table.name} SELECT * FROM there.{table.name} EXCEPT SELECT * FROM {table.name}")


@pytest.fixture
def indexes(tmp_path: Path) -> tuple[Database, Database]:
    """The first saw the registry at noon and at two; the second at one, when a tag pointed elsewhere."""
    registry, layout = Registry(tmp_path / "registry"), Layout(tmp_path / "layout")
    layout.add(THREE, "1")
    first, second = index_at(tmp_path / "first.duckdb"), index_at(tmp_path / "second.duckdb")
    registry.push("team/web", "1", ONE)
    first.look(registry.path, name="registry", as_of=NOON)
    registry.push("team/web", "1", make_index(TWO, THREE))
    second.look(registry.path, name="registry", as_of=NOON + HOUR)
    second.look(layout.path, name="layout", as_of=NOON + HOUR)
    registry.push("team/web", "1", TWO)
    first.look(registry.path, name="registry", as_of=NOON + 2 * HOUR)
    return first, second


def test_one_index_speaks_for_a_source_that_two_saw(indexes: tuple[Database, Database]) -> None:
    first, second = indexes
    views = ("current_tags", "tag_history", "image_summary", "image_sizes", "source_sizes", "source_status")
    with first.reading() as rows:
        expected = {view: sorted(rows(f"SELECT * FROM {view} WHERE source = 'registry'"), key=repr) for view in views}
    with second.reading() as rows:
        expected["layout"] = rows("SELECT image_id FROM image_summary WHERE source = 'layout'")
    unite(first, second)
    with first.reading() as rows:
        found = {view: sorted(rows(f"SELECT * FROM {view} WHERE source = 'registry'"), key=repr) for view in views}
        found["layout"] = rows("SELECT image_id FROM image_summary WHERE source = 'layout'")
        assert rows("SELECT target_digest FROM current_tags WHERE source = 'registry'") == [(TWO.manifest.digest,)]
    assert expected == found


def test_it_does_not_matter_which_index_takes_in_the_other(indexes: tuple[Database, Database], tmp_path: Path) -> None:
    first, second = indexes
    one, two = first.copy(tmp_path / "one.duckdb"), second.copy(tmp_path / "two.duckdb")
    unite(one, second)
    unite(two, first)
    tables = [table.name for table in metadata.sorted_tables]
    assert one.dump(tables) == two.dump(tables)
    assert check(open_engine(str(one.path), read_only=True)) == []


def test_where_both_looks_are_of_one_time_the_larger_index_key_speaks(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "registry")
    found = []
    for name, image in (("first", ONE), ("second", TWO)):
        registry.push("team/web", "1", image)
        db = index_at(tmp_path / f"{name}.duckdb")
        db.look(registry.path, name="registry", as_of=NOON)
        found.append((str(db.value("SELECT index_key FROM index_info")), db, image))
    unite(found[0][1], found[1][1])
    assert found[0][1].column("SELECT target_digest FROM current_tags") == [max(found)[2].manifest.digest]
