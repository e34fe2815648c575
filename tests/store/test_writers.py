"""Several who write into one index in PostgreSQL at once: nobody sees an error, and it ends as if they took turns."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import text

from imgindex.errors import ContendedError, StoreError, UsageError
from imgindex.ingest import IngestOptions, ScanReport, ingest
from imgindex.records.keys import content_key
from imgindex.sources.registry_root.source import RegistryRoot
from imgindex.store import content, loader, session
from imgindex.store.dialects import postgresql
from imgindex.store.engine import connect, open_engine
from imgindex.store.forget import forget
from imgindex.store.merge import merge
from imgindex.store.prune import prune
from imgindex.store.session import Session
from tests.builders import Docker, Layout, Registry, make_image, make_index
from tests.indexes import Server
from tests.postgres import NewDatabase, administer
from tests.stores import (
    CONTENT,
    HOUR,
    NOON,
    OBSERVED,
    Database,
    Row,
    Unwatched,
    at,
    image_of,
    is_sound,
    layer_of,
    new_index,
)

LATE = 1_795_500_000
"""After the sample stores were made, in seconds since 1970."""
MADE_HERE = {"index_key", "scan_key", "created_at", "started_at", "finished_at"}
"""Columns that differ from one index, or one run, to the next: keys that are made, and times of the clock."""
COUNTED = {"document_count", "bytes_read", "changed_rows"}
"""How much each of two who read the same at one time has read is theirs to share out."""
FOREVER = 60
"""Seconds after which a test says that somebody waits for good."""


def run_at_once(*calls: Callable[[], Any]) -> list[Any]:
    """What each returned; raises what one raised."""
    start = threading.Barrier(len(calls))

    def begin(call: Callable[[], Any]) -> Any:
        start.wait(FOREVER)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result(FOREVER) for future in [pool.submit(begin, call) for call in calls]]


def read(url: str, store: Path, name: str, as_of: int = LATE) -> ScanReport:
    options = IngestOptions(name=name, as_of=as_of * 1_000_000)
    (report,) = ingest(url, [str(store)], options, Unwatched())
    assert report.error is None
    return report


def held(db: Database) -> dict[str, list[Any]]:
    """Content and observations, less what is made anew each time."""
    return db.dump([*CONTENT, *OBSERVED], without=MADE_HERE | COUNTED)


@pytest.fixture
def server(postgresql_server: sqlalchemy.URL) -> Iterator[Server]:
    made = Server(postgresql_server)
    yield made
    made.close()


@pytest.fixture
def db(server: Server, tmp_path: Path) -> Database:
    return server.new_index(tmp_path)


@pytest.fixture
def eight(
    docker_host: Path, registry_store: Path, skopeo_layout: Path, umoci_layout: Path, podman_store: Path
) -> dict[str, Path]:
    """Eight sources, of which several hold the same images: the same stores under other names among them."""
    layers = podman_store / "storage" if (podman_store / "storage").exists() else podman_store
    return {
        "host": docker_host,
        "registry": registry_store,
        "layout": skopeo_layout,
        "umoci": umoci_layout,
        "podman": layers,
        "mirror": registry_store,
        "copy": skopeo_layout,
        "twin": docker_host,
    }


@pytest.mark.parametrize("batch", [150_000, 40], ids=["a transaction each", "many small transactions"])
def test_eight_at_once_come_to_what_one_after_the_other_comes_to(
    eight: dict[str, Path], new_postgresql_database: NewDatabase, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    # There is not even a schema: it is made by whoever comes first.
    monkeypatch.setattr(loader, "BATCH_RECORDS", batch)
    alone, together = Database(new_postgresql_database()), Database(new_postgresql_database())
    for name, store in eight.items():
        read(str(alone.path), store, name)
    run_at_once(*(lambda s=store, n=name: read(str(together.path), s, n) for name, store in eight.items()))
    assert [1] == together.column("SELECT COUNT(*) FROM index_info")
    expected, found = held(alone), held(together)
    for table, rows in expected.items():
        assert rows == found[table], table
    assert is_sound(together)


def test_each_of_many_who_read_one_store_finds_it_there(db: Database, registry_store: Path) -> None:
    reports = run_at_once(
        *(lambda n=number: read(str(db.path), registry_store, f"{n}", LATE + n) for number in range(6))
    )
    assert len({report.counts["images"] for report in reports}) == 1
    documents = db.value("SELECT COUNT(*) FROM manifests") + db.value("SELECT COUNT(*) FROM images")
    assert documents == sum(report.counts["new documents"] for report in reports)
    assert is_sound(db)


# -- one source -------------------------------------------------------------------------------------------------------


def test_two_scans_of_one_source_come_one_after_the_other(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = Registry(tmp_path / "registry")
    registry.push("team/web", "1", make_image(1))
    whole = RegistryRoot.scan
    inside, most = [0], [0]

    def scan(self: RegistryRoot, context: Any) -> Iterator[Any]:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        yield from whole(self, context)
        time.sleep(0.2)
        inside[0] -= 1

    monkeypatch.setattr(RegistryRoot, "scan", scan)
    monkeypatch.setattr(session, "POLL", 0.02)
    url = str(db.path)
    run_at_once(*(lambda n=number: read(url, registry.path, "registry", NOON + n) for number in range(3)))
    assert [1] == most
    assert {"complete", "superseded"} >= set(db.column("SELECT outcome FROM scans"))
    assert 3 == db.value("SELECT COUNT(*) FROM scans")
    assert 1 == db.value("SELECT COUNT(*) FROM current_tags")
    assert at(NOON + 2) == db.value("SELECT last_complete_at FROM source_status")
    assert is_sound(db)


def test_who_waits_is_told(db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "POLL", 0.02)
    held_, said = Session(open_engine(str(db.path), read_only=False)), threading.Event()
    other = Session(open_engine(str(db.path), read_only=False))

    def wait_for_it() -> str:
        with other.holding(7, wait=said.set):
            return "its turn"

    with ThreadPoolExecutor(1) as pool:
        with held_.holding(7, wait=lambda: None):
            turn = pool.submit(wait_for_it)
            assert said.wait(FOREVER)
            assert not turn.done()
        assert "its turn" == turn.result(FOREVER)
    held_.close()
    other.close()


# -- getting in each other's way ------------------------------------------------------------------------------------


def test_a_deadlock_is_seen_by_nobody(db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Somebody else, who keeps to no order, holds a row that we shall want, and wants one that we hold.
    layout = Layout(tmp_path / "layout")
    image = make_image(1)
    layout.add(image, "1")
    first, second = sorted([image.manifest.digest, image.config.digest], key=content_key)
    attempts: list[int] = []
    stranger = connect(str(db.path), read_only=False)
    whole = content._write_documents
    with stranger.connect() as theirs, ThreadPoolExecutor(1) as pool:
        insert = text("INSERT INTO images (image_key, image_id, layer_count, history_count) VALUES (:key, 'x', 0, 0)")
        blob = text("INSERT INTO blobs (blob_key, digest) VALUES (:key, :digest)")
        theirs.execute(text("SET LOCAL deadlock_timeout = '10min'"))  # that we are the one who is told
        theirs.execute(blob, {"key": 5, "digest": "sha256:" + "0" * 64})
        theirs.execute(insert, {"key": 5})
        theirs.execute(text("LOCK TABLE images IN SHARE MODE"))
        waiting: list[Any] = []

        def write(*arguments: Any) -> int:
            attempts.append(len(attempts))
            if len(attempts) == 1:
                want = {"key": content_key(first), "digest": first}
                waiting.append(pool.submit(lambda: (theirs.execute(blob, want), theirs.rollback())))
                time.sleep(0.2)
            return whole(*arguments)

        monkeypatch.setattr(content, "_write_documents", write)
        report = Database(db.path).look(layout.path, name="layout", as_of=NOON)
        waiting[0].exception(FOREVER)
    stranger.dispose()
    assert "complete" == report.outcome
    assert 2 < len(attempts), "it was not begun anew"
    assert 2 == report.counts["new documents"]
    assert [second] == db.column("SELECT digest FROM blobs WHERE digest = :digest", digest=second)
    assert is_sound(db)


def test_who_is_always_in_the_way_is_told_of_in_the_end(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "PAUSE", 0)
    writer = Session(open_engine(str(db.path), read_only=False))
    tries: list[int] = []

    def fail() -> None:
        tries.append(1)
        writer.execute("DO $$ BEGIN RAISE EXCEPTION 'as if' USING ERRCODE = '40P01'; END $$")

    with pytest.raises(ContendedError, match="run it again"):
        writer.write(fail)
    assert session.ATTEMPTS == len(tries)
    writer.close()


def test_what_is_tried_again_is_written_once(db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "PAUSE", 0)
    registry = Registry(tmp_path / "registry")
    registry.push("team/web", "1", make_index(make_image(1), make_image(2)))
    undisturbed = db.copy(tmp_path)
    undisturbed.look(registry.path, name="registry", as_of=NOON)
    whole, disturbed = loader.decide, []

    def decide(own: Session, *arguments: Any) -> int:
        found = whole(own, *arguments)
        if len(disturbed) < 3:
            disturbed.append(1)
            own.execute("DO $$ BEGIN RAISE EXCEPTION 'as if' USING ERRCODE = '40001'; END $$")
        return found

    monkeypatch.setattr(loader, "decide", decide)
    report = db.look(registry.path, name="registry", as_of=NOON)
    assert 3 == len(disturbed)
    assert 4 == report.counts["new documents"] - 1
    assert held(undisturbed) == held(db)


def test_a_manifest_and_its_config_that_come_at_one_time_are_paired(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each of the two stores lacks what the other has, and neither writer sees what the other has not committed.
    odd = image_of(layer_of(b"one"), os="unknown")
    image = make_image(4)
    without, docker = Layout(tmp_path / "without"), Docker(tmp_path / "docker")
    for number, made in enumerate((image, odd)):
        without.add(made, str(number))
        without.blob(made.config.digest).unlink()
        docker.load(made, f"web:{number}")
    for store in (without, docker):
        db.look(store.path, name=store.path.name, as_of=NOON)
    with db.writing() as run:  # names alone are known, so that no writer waits for another because of them
        run("TRUNCATE manifests, images, layer_blobs CASCADE")
    alone = db.copy(tmp_path)
    for store in (without, docker):
        alone.look(store.path, name=store.path.name, as_of=NOON + HOUR)
    whole, both = loader.add_seen, threading.Barrier(2)

    def add_seen(own: Session, batch: Any) -> None:
        # Where neither waits for the other, both have written here, and neither has committed.
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(3)
        whole(own, batch)

    monkeypatch.setattr(loader, "add_seen", add_seen)
    run_at_once(*(lambda s=store: read(str(db.path), s.path, s.path.name, NOON + HOUR) for store in (without, docker)))
    expected, found = held(alone), held(db)
    assert 0 < len(expected["layer_blobs"])
    assert {"image", "artifact"} == set(db.column("SELECT kind FROM manifests"))
    for table in CONTENT:
        assert expected[table] == found[table], table
    assert is_sound(db)


def test_a_name_that_another_brings_at_the_same_time_is_no_other_names(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout, image = Layout(tmp_path / "layout"), make_image(1)
    layout.add(image, "1")
    key = content_key(image.config.digest)
    whole = content._write_names

    def write_names(own: Session, *arguments: Any) -> None:
        if not db.column("SELECT digest FROM blobs WHERE blob_key = :key", key=key):
            with db.writing() as run:
                run(f"INSERT INTO blobs (blob_key, digest) VALUES ({key}, 'sha256:{'f' * 64}')")
        whole(own, *arguments)

    monkeypatch.setattr(content, "_write_names", write_names)
    db.look(layout.path, name="layout", as_of=NOON)
    assert [("key_collision", image.config.digest)] == [
        problem for problem in db.problems() if problem[0] == "key_collision"
    ]
    assert 0 == db.value("SELECT COUNT(*) FROM images")


# -- who dies, and who tidies up --------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["between statements", "while columns are copied"])
def test_a_writer_whose_connection_is_cut_says_so_and_a_second_run_mends_it(
    where: str, db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = Registry(tmp_path / "registry")
    registry.push("team/web", "1", make_index(make_image(1), make_image(2)))
    registry.push("team/api", "1", make_image(3))
    undisturbed = db.copy(tmp_path)
    undisturbed.look(registry.path, name="registry", as_of=NOON)
    whole, whole_values, cut = loader.add_seen, postgresql._values, []

    def add_seen(own: Session, batch: Any) -> None:
        whole(own, batch)
        if not cut:
            cut.append(own.value("SELECT pg_backend_pid()"))
            if where == "between statements":
                end()

    def end() -> None:
        with db.writing() as run:
            run("SELECT pg_terminate_backend(:pid)", pid=cut[0])

    def values(kind: str, found: Any) -> Any:
        if len(cut) == 1 and where != "between statements" and found:
            cut.append(end())
            found = list(found) * 100_000  # more than fits into what is buffered on the way
        return whole_values(kind, found)

    monkeypatch.setattr(loader, "add_seen", add_seen)
    monkeypatch.setattr(postgresql, "_values", values)
    monkeypatch.setattr(loader, "BATCH_RECORDS", 20)
    with pytest.raises(StoreError, match=r"connection .* was lost"):
        db.look(registry.path, name="registry", as_of=NOON)
    db.look(registry.path, name="registry", as_of=NOON)
    expected, found = held(undisturbed), held(db)
    for table in [*CONTENT, *OBSERVED]:
        if table not in ("scans", "scan_scopes"):
            assert expected[table] == found[table], table
    assert ["complete", "failed"] == sorted(db.column("SELECT outcome FROM scans"))
    assert is_sound(db)


def test_who_may_only_write_can_ingest(db: Database, postgresql_server: sqlalchemy.URL, registry_store: Path) -> None:
    # As docs/writers.md grants it.
    url = sqlalchemy.make_url(str(db.path))
    role = f"writer_{url.database}"
    administer(postgresql_server, f"CREATE ROLE {role} LOGIN")
    try:
        with db.writing() as run:
            run(f"GRANT TEMPORARY ON DATABASE {url.database} TO {role}")
            run(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}")
        writer = Database(url.set(username=role).render_as_string(hide_password=False))
        assert "complete" == writer.look(registry_store, name="registry").outcome
        assert is_sound(writer)
    finally:
        with db.writing() as run:
            run(f"DROP OWNED BY {role}")
        administer(postgresql_server, f"DROP ROLE {role}")


def test_forgetting_and_pruning_go_on_while_others_write(db: Database, tmp_path: Path) -> None:
    stores = []
    for number in range(4):
        stores.append(Registry(tmp_path / f"{number}"))
        stores[-1].push("team/web", "1", make_image(number))
        read(str(db.path), stores[-1].path, str(number), NOON)
        stores[-1].push("team/web", "1", make_image(number + 1))
    url = str(db.path)
    run_at_once(
        *(lambda n=n: read(url, stores[n].path, str(n), NOON + HOUR) for n in range(3)),
        lambda: forget(url, "3"),
        lambda: prune(url, at(NOON + HOUR // 2)),
    )
    assert ["0", "1", "2"] == db.column("SELECT source FROM source_status ORDER BY source")
    assert is_sound(db)


def test_files_are_merged_while_others_write(
    db: Database, docker_host: Path, registry_store: Path, skopeo_layout: Path, tmp_path: Path
) -> None:
    file, again = new_index(tmp_path), db.copy(tmp_path)
    for name, store in (("host", docker_host), ("layout", skopeo_layout)):
        read(str(file.path), store, name)
    read(str(again.path), registry_store, "registry")
    for name, store in (("host", docker_host), ("layout", skopeo_layout)):
        read(str(again.path), store, name)
    merged, _ = run_at_once(
        lambda: merge(str(db.path), [str(file.path)]),
        lambda: read(str(db.path), registry_store, "registry"),
    )
    assert 2 == merged.streams
    assert 0 == merge(str(db.path), [str(file.path)]).streams
    for view in ("image_summary", "image_sizes", "layer_usage", "current_tags", "source_sizes", "problem_detail"):
        sql = f"SELECT * FROM {view}"
        assert without_times(again.rows(sql)) == without_times(db.rows(sql)), view
    assert is_sound(db)


def without_times(rows: list[Row]) -> list[str]:
    return sorted(repr([value for value in row if not isinstance(value, datetime)]) for row in rows)


def test_an_index_in_postgresql_is_not_merged_into_another(db: Database, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="takes in DuckDB files"):
        merge(str(tmp_path / "new.duckdb"), [str(db.path)])


def test_a_config_read_elsewhere_changes_what_others_counted(db: Database, tmp_path: Path) -> None:
    odd = image_of(layer_of(b"one"), os="unknown")
    poor, rich = Layout(tmp_path / "poor"), Layout(tmp_path / "rich")
    poor.add(odd, "1")
    poor.blob(odd.config.digest).unlink()
    rich.add(odd, "1")
    assert 1 == read(str(db.path), poor.path, "poor", NOON).counts["images"]
    others = [Registry(tmp_path / f"{number}") for number in range(3)]
    for number, store in enumerate(others):
        store.push("team/web", "1", make_image(number))
    run_at_once(
        lambda: read(str(db.path), rich.path, "rich", NOON),
        *(lambda s=s: read(str(db.path), s.path, s.path.name, NOON) for s in others),
    )
    assert [] == db.rows("SELECT image_id FROM image_sizes WHERE source IN ('poor', 'rich')")
    assert is_sound(db)
