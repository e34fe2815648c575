"""Merging indexes: the same whatever the order and however often, and the same as if one index had seen it all."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from imgindex.errors import ImgindexError, LoadError, SchemaVersionError, SourceIdentityError, UsageError
from imgindex.store import migrate
from imgindex.store.merge import Merged, merge
from imgindex.store.schema import VIEWS, metadata
from tests.builders import Layout, Registry, make_image, make_index
from tests.stores import HOUR, NOON, Database, Row, is_sound

LATE = 1_795_500_000
"""After the sample stores were made, in seconds since 1970."""
ONE, TWO, THREE = make_image(1), make_image(2), make_image(3)


def index_at(path: Path, keep_env: bool = False) -> Database:
    """An index with a key of its own."""
    migrate.upgrade(str(path), keep_env=keep_env)
    return Database(path)


def shown(db: Database) -> dict[str, list[Row]]:
    """All that users see."""
    with db.reading() as rows:
        return {view.name: sorted(rows(f"SELECT * FROM {view.name}"), key=repr) for view in VIEWS if not view.internal}


def united(path: Path, *others: Database) -> Database:
    merge(str(path), [str(other.path) for other in others])
    return Database(path)


@pytest.fixture
def indexes(tmp_path: Path) -> list[Database]:
    """Two saw one registry at different times, the second a layout beside, and the third saw the layout later."""
    registry, layout = Registry(tmp_path / "registry"), Layout(tmp_path / "layout")
    layout.add(THREE, "1")
    found = [index_at(tmp_path / f"{name}.duckdb") for name in ("a", "b", "c")]
    first, second, third = found
    registry.push("team/web", "1", ONE)
    first.look(registry.path, name="registry", as_of=NOON)
    registry.push("team/web", "1", make_index(TWO, THREE))
    second.look(registry.path, name="registry", as_of=NOON + HOUR)
    second.look(layout.path, name="layout", as_of=NOON + HOUR)
    registry.push("team/web", "1", TWO)
    first.look(registry.path, name="registry", as_of=NOON + 2 * HOUR)
    layout.add(ONE, "2")
    third.look(layout.path, name="layout", as_of=NOON + 3 * HOUR)
    return found


def test_what_two_hosts_saw_is_what_one_index_would_have_seen(
    docker_host: Path, registry_store: Path, skopeo_layout: Path, tmp_path: Path
) -> None:
    seen = {
        "one": [docker_host, skopeo_layout],
        "two": [registry_store],
        "both": [docker_host, skopeo_layout, registry_store],
    }
    made = {name: index_at(tmp_path / f"{name}.duckdb") for name in seen}
    for name, stores in seen.items():
        for store in stores:
            made[name].look(store, as_of=LATE)
    expected = shown(made["both"])
    assert 30 < len(expected["image_summary"])
    there = united(tmp_path / "there.duckdb", made["one"], made["two"])
    back = united(tmp_path / "back.duckdb", made["two"], made["one"])
    for view, rows in expected.items():
        assert rows == shown(there)[view], view
        assert rows == shown(back)[view], view
    assert is_sound(there)


def test_neither_order_nor_grouping_nor_repetition_matters(indexes: list[Database], tmp_path: Path) -> None:
    names = itertools.count()

    def place() -> Path:
        return tmp_path / f"merged-{next(names)}.duckdb"

    first, second, third = indexes
    expected = shown(united(place(), first, second, third))
    for ordered in ((second, third, first), (third, second, first)):
        assert expected == shown(united(place(), *ordered))
    assert expected == shown(united(place(), united(place(), first, second), third))
    assert expected == shown(united(place(), first, united(place(), second, third)))
    again = united(place(), first, second, third)
    for other in (first, second, third):
        merge(str(again.path), [str(other.path)])
    assert expected == shown(again)
    into = first.copy(place())
    merge(str(into.path), [str(second.path), str(third.path)])
    assert expected == shown(into)
    assert is_sound(again)


Step = tuple[int, int, int]
"""Which index looks, which image was pushed before, and how many hours after noon it is as_of."""


@settings(max_examples=4, deadline=None, database=None, derandomize=True, phases=[Phase.explicit, Phase.generate])
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(1, 4), st.integers(0, 5)), min_size=3, max_size=6),
    st.permutations([0, 1, 2]),
)
def test_any_three_indexes_of_any_looks_merge_to_the_same(steps: list[Step], order: list[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        registry = Registry(top / "registry")
        made = [index_at(top / f"{number}.duckdb") for number in range(3)]
        for number, image, hours in steps:
            registry.push("team/web", "1", make_image(image))
            made[number].look(registry.path, name="registry", as_of=NOON + hours * HOUR)
        one, two, three = (made[number] for number in order)
        left = united(top / "left.duckdb", united(top / "pair.duckdb", one, two), three)
        right = united(top / "right.duckdb", *made)
        expected = shown(right)
        assert expected == shown(left)
        merge(str(right.path), [str(left.path), str(one.path)])
        assert expected == shown(right)
        assert [] == right.rows("SELECT tag FROM current_tags GROUP BY tag HAVING COUNT(*) > 1")


def test_a_later_copy_brings_up_to_date_and_an_earlier_one_changes_nothing(tmp_path: Path) -> None:
    registry, host = Registry(tmp_path / "registry"), index_at(tmp_path / "host.duckdb")
    registry.push("team/web", "1", ONE)
    host.look(registry.path, name="registry", as_of=NOON)
    early = host.copy(tmp_path / "early.duckdb")
    registry.push("team/web", "1", TWO)
    host.look(registry.path, name="registry", as_of=NOON + HOUR)
    every = united(tmp_path / "all.duckdb", early)
    assert Merged(indexes=0, streams=1, documents=2) == merge(str(every.path), [str(host.path)])
    expected = shown(host)
    assert expected == shown(every)
    assert Merged(indexes=0, streams=0, documents=0) == merge(str(every.path), [str(early.path)])
    assert expected == shown(every)


def test_what_is_ingested_after_a_merge_is_the_indexs_own(indexes: list[Database], tmp_path: Path) -> None:
    first, second, _ = indexes
    own = first.value("SELECT index_key FROM index_info")
    merge(str(first.path), [str(second.path)])
    later = Layout(tmp_path / "later")
    later.add(TWO, "9")
    report = first.look(later.path, name="later")
    assert [(own,)] == first.rows("SELECT DISTINCT index_key FROM sources WHERE name = 'later'")
    assert 1 == report.counts["tags"]
    assert is_sound(first)


# -- what is refused --------------------------------------------------------------------------------------------------


def refused(kind: type[ImgindexError], target: Database, others: Iterable[Database], match: str) -> None:
    """The merge fails so, and leaves the target as it was."""
    tables = [table.name for table in metadata.sorted_tables]
    before = target.dump(tables)
    with pytest.raises(kind, match=match):
        merge(str(target.path), [str(other.path) for other in others])
    assert before == target.dump(tables)


@pytest.mark.parametrize(
    ("damage", "match"),
    [
        ("UPDATE blobs SET digest = 'sha256:' || REPEAT('0', 64) WHERE digest = :digest", "have one key"),
        ("UPDATE blobs SET size_bytes = 1 WHERE digest = :digest", "has two sizes"),
    ],
    ids=["a key with two digests", "a digest with two sizes"],
)
def test_indexes_that_contradict_each_other_are_refused(indexes: list[Database], damage: str, match: str) -> None:
    first, second, third = indexes
    with third.writing() as run:
        run(damage, digest=THREE.manifest.digest)
    refused(LoadError, first, [second, third], match)


def test_copies_of_one_index_that_went_different_ways_are_refused(indexes: list[Database], tmp_path: Path) -> None:
    first = indexes[0]
    twin = first.copy(tmp_path / "twin.duckdb")
    for db in (first, twin):
        db.look(tmp_path / "registry", name="registry", as_of=NOON + 4 * HOUR)
    refused(LoadError, first, [twin], "different ways")


def test_two_stores_of_one_name_are_refused(indexes: list[Database], tmp_path: Path) -> None:
    other = index_at(tmp_path / "other.duckdb")
    store = Registry(tmp_path / "elsewhere")
    store.push("team/web", "1", THREE)
    other.look(store.path, name="registry", as_of=NOON)
    refused(SourceIdentityError, indexes[0], [other], "registry")
    merge(str(indexes[0].path), [str(other.path)], adopt=True)
    assert [(TWO.manifest.digest,)] == indexes[0].rows("SELECT target_digest FROM current_tags")


def test_secrets_that_are_kept_do_not_spread(indexes: list[Database], tmp_path: Path) -> None:
    telling = index_at(tmp_path / "telling.duckdb", keep_env=True)
    refused(UsageError, indexes[0], [telling], "keep-env")
    refused(UsageError, telling, [indexes[0]], "keep-env")
    new = tmp_path / "new.duckdb"
    with pytest.raises(UsageError):
        merge(str(new), [str(telling.path), str(indexes[0].path)])
    assert not new.exists()
    assert [(True,)] == united(new, telling).rows("SELECT DISTINCT keep_env FROM index_info")


def test_an_index_of_another_version_is_refused(indexes: list[Database]) -> None:
    with indexes[1].writing() as run:
        run("UPDATE alembic_version SET version_num = '0001'")
    refused(SchemaVersionError, indexes[0], [indexes[1]], "db upgrade")


@pytest.mark.parametrize("other", ["the same", "postgresql://nowhere/index"])
def test_what_is_no_other_file_is_refused(indexes: list[Database], other: str) -> None:
    path = str(indexes[0].path)
    with pytest.raises(UsageError):
        merge(path, [path if other == "the same" else other])


def test_a_new_index_that_could_not_be_merged_is_not_left(indexes: list[Database], tmp_path: Path) -> None:
    with indexes[1].writing() as run:
        run("UPDATE blobs SET size_bytes = 1 WHERE size_bytes IS NOT NULL")
    target = tmp_path / "new 'quoted' : folder"
    target.mkdir()
    with pytest.raises(LoadError):
        merge(str(target / "new.duckdb"), [str(db.path) for db in indexes])
    assert [] == list(target.iterdir())


def test_a_path_may_hold_any_character(indexes: list[Database], tmp_path: Path) -> None:
    odd = indexes[0].copy(tmp_path / "it's :odd.duckdb")
    assert 1 == united(tmp_path / "all.duckdb", odd).value("SELECT COUNT(*) FROM current_tags")
