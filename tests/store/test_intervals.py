"""The derived history of tags is what its facts say, whatever brings a fact to light."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from imgindex.limits import Limits
from imgindex.records.keys import Keyring, name_key
from imgindex.records.rows import PastTag, ScanScope, Tag
from imgindex.sources.base import scope_key
from imgindex.store.engine import open_engine
from imgindex.store.forget import forget
from imgindex.store.loader import Loader, SourceRow
from imgindex.store.session import Session
from tests.builders import Layout, make_image
from tests.stores import HOUR, NOON, Database, at, is_sound

SCOPE = scope_key("repository", "local/team/web")
SOURCE = SourceRow("registry", "registry-root", "registry-root:/r", "f", "local")
OLD, NEW, NOW = (make_image(number) for number in (1, 2, 3))


@contextmanager
def scanning(db: Database, as_of: float) -> Iterator[tuple[Loader, Keyring]]:
    """A scan; whoever does not finish it leaves it as where it is killed."""
    session = Session(open_engine(str(db.path), read_only=False))
    try:
        keys = Keyring()
        yield Loader(session, SOURCE, as_of=datetime.fromtimestamp(as_of, UTC), limits=Limits(), keys=keys), keys
    finally:
        session.close()


def look(db: Database, as_of: float, past: dict[str, int], outcome: str = "complete") -> None:
    """A scan of a repository whose tag points at the newest, and pointed at these digests before, since these times."""
    with scanning(db, as_of) as (loader, keys):
        repository = keys.repository("local/team/web")
        if outcome != "failed":
            loader.add([Tag(SCOPE, repository, "1", keys.blob(NOW.manifest.digest), "manifest", NOON * 1_000_000)])
        for digest, set_at in past.items():
            loader.add([PastTag(SCOPE, repository, "1", keys.blob(digest), "manifest", set_at * 1_000_000)])
        loader.add([ScanScope(SCOPE, "repository", "local/team/web", outcome)])
        loader.add([ScanScope(name_key("catalog:catalog"), "catalog", "catalog", "complete")])
        loader.finish(document_count=0, bytes_read=0)


def told(db: Database) -> list[str]:
    return db.column(
        "SELECT b.digest FROM tag_intervals AS t JOIN sources AS s ON s.source_key = t.source_key "
        "JOIN blobs AS b ON b.blob_key = t.target_key WHERE s.name = 'registry' ORDER BY t.place"
    )


@pytest.mark.parametrize("first", [OLD, NEW], ids=["old", "new"])
def test_what_another_source_brings_tells_which_of_two_came_later(db: Database, tmp_path: Path, first: object) -> None:
    tied = {OLD.manifest.digest: NOON - HOUR, NEW.manifest.digest: NOON - HOUR}
    look(db, NOON + HOUR, tied)
    assert {*tied, NOW.manifest.digest} == set(told(db))
    layouts: list[Path] = []
    for image in (OLD, NEW) if first is OLD else (NEW, OLD):
        layout = Layout(tmp_path / str(len(layouts)))
        layout.add(image, "1")
        layouts.append(layout.path)
        db.look(layout.path, as_of=NOON)
        assert is_sound(db)
    assert [OLD.manifest.digest, NEW.manifest.digest, NOW.manifest.digest] == told(db)


def test_what_a_scan_decided_is_history_before_it_ends(db: Database) -> None:
    look(db, NOON, {})
    with scanning(db, NOON + HOUR) as (loader, keys):
        repository, target = keys.repository("local/team/web"), keys.blob(NEW.manifest.digest)
        loader.add([Tag(SCOPE, repository, "1", target, "manifest", NOON * 1_000_000)])
        loader.add([PastTag(SCOPE, repository, "2", target, "manifest", (NOON - HOUR) * 1_000_000)])
        loader.add([ScanScope(SCOPE, "repository", "local/team/web", "complete")])
        loader.flush()
    assert [("1", None), ("1", "current"), ("2", None)] == db.rows(
        "SELECT h.tag, CASE WHEN c.tag IS NOT NULL THEN 'current' END FROM tag_history AS h "
        "LEFT JOIN current_tags AS c ON c.tag = h.tag AND c.target_digest = h.target_digest "
        "ORDER BY h.tag, h.valid_from"
    )
    assert is_sound(db)


def test_a_look_that_changes_nothing_may_end_what_is_remembered(db: Database) -> None:
    # What is remembered ends at the first complete look after it, and the first look was not complete.
    look(db, NOON + HOUR, {OLD.manifest.digest: NOON - HOUR}, "failed")
    assert [(None, None)] == db.rows("SELECT valid_from, valid_to FROM tag_history")
    look_at_nothing(db, NOON + 2 * HOUR)
    assert [(at(NOON - HOUR), at(NOON + 2 * HOUR))] == db.rows("SELECT valid_from, valid_to FROM tag_history")
    assert is_sound(db)


def look_at_nothing(db: Database, as_of: int) -> None:
    """A complete look at the repository, which has no tag."""
    with scanning(db, as_of) as (loader, _):
        loader.add([ScanScope(SCOPE, "repository", "local/team/web", "complete")])
        found = loader.finish(document_count=0, bytes_read=0)
    assert (0, 0) == (found.documents, found.changed_rows)


def test_what_was_forgotten_is_remembered_rightly(db: Database) -> None:
    look(db, NOON + HOUR, {OLD.manifest.digest: NOON - HOUR})
    forget(str(db.path), "registry")
    assert is_sound(db)
    assert 2 == db.value("SELECT COUNT(*) FROM source_tag_intervals WHERE valid_to IS NOT NULL")
    look(db, time.time(), {OLD.manifest.digest: NOON - HOUR})
    assert is_sound(db)
