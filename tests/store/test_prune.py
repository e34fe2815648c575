"""Pruning: what held at the bound or later is answered as before, and what is current is never touched."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from imgindex.errors import UsageError
from imgindex.store.check import check
from imgindex.store.engine import open_engine
from imgindex.store.prune import prune
from imgindex.store.schema import VIEWS, metadata
from tests.builders import Registry, make_image
from tests.stores import HOUR, NOON, Database, Row, at

BOUND = NOON + 2 * HOUR
TIMES = [NOON + hours * HOUR // 2 for hours in range(-2, 9)]


@pytest.fixture
def looked(db: Database, tmp_path: Path) -> Database:
    """Five looks, an hour apart: one tag moves between all of them, one stays, one goes, another comes."""
    registry = Registry(tmp_path / "registry", set_at=NOON - HOUR)
    registry.push("team/web", "steady", make_image(9))
    registry.push("team/old", "1", make_image(8))
    for number in range(5):
        registry.set_at = NOON + number * HOUR - 600
        registry.push("team/web", "moving", make_image(2 * number))
        registry.push("team/web", "moving", make_image(2 * number + 1))
        if number == 1:
            (registry.tag("team/old", "1") / "current/link").unlink()
            (registry.tag("team/old", "1") / "current").rmdir()
            for path in sorted((registry.tag("team/old", "1")).rglob("*"), reverse=True):
                path.unlink() if path.is_file() else path.rmdir()
            registry.tag("team/old", "1").rmdir()
        db.look(registry.path, name="registry", as_of=NOON + number * HOUR)
    return db


def tags_at(db: Database, time: int) -> list[Row]:
    return db.rows(
        "SELECT repository, tag, target_digest FROM tag_history WHERE valid_from <= :time "
        "AND (valid_to IS NULL OR valid_to > :time) ORDER BY repository, tag",
        time=at(time),
    )


def current(db: Database) -> dict[str, list[Row]]:
    names = [
        view.name for view in VIEWS if not view.internal and not view.name.startswith(("tag_history", "tag_moves"))
    ]
    with db.reading() as rows:
        return {n: sorted(rows(f"SELECT * FROM {n}"), key=repr) for n in names if n != "tag_platform_moves"}


def test_what_is_current_and_what_held_since_stay(looked: Database) -> None:
    before, answers = current(looked), {time: tags_at(looked, time) for time in TIMES}
    found = prune(str(looked.path), at(BOUND))
    assert {"tags", "tag_traces", "scans", "scan_scopes"} <= set(found)
    assert before == current(looked)
    assert {t: told for t, told in answers.items() if t >= BOUND} == {
        t: tags_at(looked, t) for t in TIMES if t >= BOUND
    }
    assert tags_at(looked, NOON) != answers[NOON]
    engine = open_engine(str(looked.path), read_only=True)
    assert [] == check(engine)
    engine.dispose()


def test_pruning_again_and_looking_again_bring_nothing_back(looked: Database, tmp_path: Path) -> None:
    prune(str(looked.path), at(BOUND))
    tables = [table.name for table in metadata.sorted_tables]
    before = looked.dump(tables)
    assert {} == prune(str(looked.path), at(BOUND))
    assert before == looked.dump(tables)
    looked.look(tmp_path / "registry", name="registry", as_of=NOON + 6 * HOUR)
    assert before["tag_traces"] == looked.dump(["tag_traces"])["tag_traces"]


def test_a_dry_run_counts_and_drops_nothing(looked: Database) -> None:
    tables = [table.name for table in metadata.sorted_tables]
    before = looked.dump(tables)
    found = prune(str(looked.path), at(BOUND), dry_run=True)
    assert before == looked.dump(tables)
    assert found == prune(str(looked.path), at(BOUND))


def test_the_future_is_refused(looked: Database) -> None:
    with pytest.raises(UsageError, match="future"):
        prune(str(looked.path), datetime.now(UTC) + timedelta(days=1))
