"""A registry is asked for its lists while the index is opened; nothing else follows from it."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from imgindex import ingest as module
from imgindex.errors import SourceUnavailableError, StoreError
from imgindex.limits import Limits
from imgindex.sources.base import Prompt
from imgindex.sources.open import open_source
from imgindex.sources.registry_api.http.options import FetchOptions
from tests.builders import make_image
from tests.sources.registry_api.fake import FakeServer, Reply
from tests.sources.registry_api.serving import FAST, serve
from tests.stores import Database

LISTS = ["GET /v2/_catalog?n=1000", "GET /v2/team/web/tags/list?n=1000"]


def early_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "early"]


@pytest.fixture
def opened_late(fake: FakeServer, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The index is not opened before the lists were asked for; what was asked for by then."""
    asked: list[list[str]] = []
    upgrade = module.migrate.upgrade

    def wait_and_upgrade(*arguments: Any, **options: Any) -> None:
        deadline = threading.Event()
        for _ in range(1000):
            if LISTS[-1] in fake.paths:
                break
            deadline.wait(0.01)
        asked.append(fake.paths)
        upgrade(*arguments, **options)

    monkeypatch.setattr(module.migrate, "upgrade", wait_and_upgrade)
    return asked


def test_lists_are_asked_for_before_the_index_is_open(
    fake: FakeServer, db: Database, opened_late: list[list[str]]
) -> None:
    serve(fake, {"team/web": {"1.0": make_image(1), "1.1": make_image(2)}})
    report = db.look(f"docker://{fake.host}", name="r", fetch=FAST)
    assert [LISTS] == opened_late
    assert len(fake.paths) == len(set(fake.paths))
    assert ("complete", 2) == (report.outcome, report.counts["tags"])


def test_a_scans_time_is_before_its_first_request(fake: FakeServer, db: Database) -> None:
    served: list[datetime] = []

    def answer(seen: object) -> Reply:
        served.append(datetime.now(UTC))
        return Reply.of({"repositories": []})

    fake.routes["/v2/_catalog"] = answer
    before = datetime.now(UTC)
    db.look(f"docker://{fake.host}", name="r", fetch=FAST)
    assert before <= db.value("SELECT as_of FROM scans") <= served[0]


def test_an_index_that_cannot_be_opened_ends_what_was_begun(fake: FakeServer, tmp_path: Path) -> None:
    fake.routes["/v2/_catalog"] = Reply(wait=60)
    with pytest.raises(StoreError, match="is a folder"):
        Database(tmp_path).ingest(f"docker://{fake.host}", fetch=FAST)
    assert [] == early_threads()


def test_a_registry_that_fails_early_fails_when_it_is_scanned(fake: FakeServer, db: Database) -> None:
    fake.routes["/v2/_catalog"] = Reply.of({}, 503)
    (report,) = db.ingest(f"docker://{fake.host}", name="r", fetch=FAST)
    assert "failed" == report.outcome
    assert isinstance(report.error, SourceUnavailableError)
    assert ["failed"] == db.column("SELECT outcome FROM scans")
    assert [] == early_threads()


def test_what_was_begun_and_never_scanned_can_be_ended(fake: FakeServer) -> None:
    fake.routes["/v2/_catalog"] = Reply(wait=60)
    source = open_source(f"docker://{fake.host}", fetch=FetchOptions())
    assert isinstance(source, Prompt)
    source.begin(Limits())
    assert 1 == len(early_threads())
    source.end()
    source.end()
    assert [] == early_threads()


def test_a_source_in_a_folder_begins_with_nothing(tmp_path: Path) -> None:
    (tmp_path / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (tmp_path / "index.json").write_text('{"schemaVersion": 2, "manifests": []}')
    assert not isinstance(open_source(f"oci:{tmp_path}"), Prompt)
