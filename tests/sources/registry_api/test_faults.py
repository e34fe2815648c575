"""What a crawl makes of a registry that fails, lies or changes under it."""

from __future__ import annotations

import pytest

from imgindex.sources.registry_api.http.options import FetchOptions
from tests.builders import digest_of, make_image, make_index
from tests.sources.registry_api.fake import FakeServer, Reply, Seen
from tests.sources.registry_api.serving import FAST, UNKNOWN, manifest, serve
from tests.stores import Database, Row, ScanReport, image_of, layer_of, new_index

ONE, TWO, ARM = make_image(1), make_image(2), make_image(3, architecture="arm64")
MULTI = make_index(ONE, ARM)
NEW = make_image(4)


def look(fake: FakeServer, db: Database, rest: str = "", **options: object) -> ScanReport:
    return db.look(f"docker://{fake.host}{rest}", name="r", **{"fetch": FAST, **options})


def tags(db: Database) -> dict[str, str | None]:
    return dict(db.rows("SELECT tag, target_digest FROM current_tags"))


def serve_two(fake: FakeServer) -> None:
    serve(fake, {"a/web": {"1": ONE, "multi": MULTI}, "b/api": {"2": TWO}})


def open_rows(db: Database) -> dict[str, list[Row]]:
    """Content, and what is there now, without when it was seen."""
    found = db.dump(["blobs", "manifests", "images", "layers", "chains", "image_layers", "manifest_layers"])
    for table in ("tags", "source_manifests", "source_images", "source_blobs", "problems"):
        columns = db.column(
            "SELECT column_name FROM duckdb_columns() WHERE table_name = :table AND data_type NOT LIKE 'TIMESTAMP%' "
            "ORDER BY column_name",
            table=table,
        )
        found[table] = sorted(db.rows(f"SELECT {', '.join(columns)} FROM {table} WHERE ended_at IS NULL"), key=repr)
    return found


def test_a_crawl_stopped_after_any_request_ends_as_one_that_was_not(fake: FakeServer, db: Database) -> None:
    serve_two(fake)
    look(fake, db)
    expected, all_requests = open_rows(db), len(fake.seen)
    for requests in range(1, all_requests):
        stopped = new_index(db.path.parent, f"{requests}.duckdb")
        report = look(fake, stopped, fetch=FetchOptions(max_requests=requests, jobs=2))
        assert ("partial", 1) == (report.outcome, report.problems["budget_spent"])
        resumed = look(fake, stopped)
        assert ("complete", expected) == (resumed.outcome, open_rows(stopped))
    assert all_requests > 10


def test_an_unchanged_crawl_asks_once_a_list_and_once_a_tag(fake: FakeServer, db: Database) -> None:
    serve_two(fake)
    look(fake, db)
    fake.seen.clear()
    assert 0 == look(fake, db).changed_rows
    assert [
        "GET /v2/_catalog?n=1000",
        "GET /v2/a/web/tags/list?n=1000",
        "GET /v2/b/api/tags/list?n=1000",
        "HEAD /v2/a/web/manifests/1",
        "HEAD /v2/a/web/manifests/multi",
        "HEAD /v2/b/api/manifests/2",
    ] == sorted(fake.paths)


def test_a_tag_that_moves_between_head_and_get_is_looked_at_again(fake: FakeServer, db: Database) -> None:
    serve_two(fake)
    look(fake, db)
    serve(fake, {"a/web": {"1": NEW, "multi": MULTI}, "b/api": {"2": TWO}})
    gone = make_image(9)
    fake.routes["/v2/a/web/manifests/1"] = [manifest(gone.manifest), manifest(NEW.manifest)]
    report = look(fake, db)
    assert ("complete", NEW.manifest.digest) == (report.outcome, tags(db)["1"])
    assert 1 == db.value("SELECT COUNT(*) FROM images WHERE image_id = :id", id=NEW.config.digest)


def test_a_repository_that_vanishes_after_it_was_listed_is_gone(fake: FakeServer, db: Database) -> None:
    serve_two(fake)
    look(fake, db)
    del fake.routes["/v2/b/api/tags/list"]
    assert "complete" == look(fake, db).outcome
    assert {"1", "multi"} == set(tags(db))


@pytest.mark.parametrize(
    ("status", "kind"), [(401, "denied"), (403, "denied"), (500, "unavailable"), (503, "unavailable")]
)
def test_a_repository_that_cannot_be_listed_closes_nothing(
    status: int, kind: str, fake: FakeServer, db: Database
) -> None:
    serve_two(fake)
    look(fake, db)
    before = tags(db)
    fake.routes["/v2/b/api/tags/list"] = Reply(status)
    assert ("partial", {kind: 1}) == ((report := look(fake, db)).outcome, report.problems)
    assert before == tags(db)


@pytest.mark.parametrize("status", [401, 403, 500, 502])
def test_a_tag_that_cannot_be_looked_at_keeps_its_target(status: int, fake: FakeServer, db: Database) -> None:
    serve_two(fake)
    look(fake, db)
    before = tags(db)
    fake.routes["/v2/a/web/manifests/1"] = Reply(status)
    assert "partial" == look(fake, db).outcome
    assert before == tags(db)


def test_a_registry_that_wants_too_long_a_wait_ends_the_crawl_and_closes_nothing(
    fake: FakeServer, db: Database
) -> None:
    serve_two(fake)
    look(fake, db)
    before = tags(db)
    fake.routes["/v2/a/web/manifests/1"] = Reply(429, headers={"Retry-After": "3600"})
    (report,) = db.ingest(f"docker://{fake.host}", name="r", fetch=FAST)
    assert (3, "failed") == (report.error and report.error.exit_code, report.outcome)
    assert before == tags(db)


def test_a_lying_digest_is_a_problem_and_the_document_is_left_out(fake: FakeServer, db: Database) -> None:
    serve_two(fake)
    other = digest_of(b"another")
    fake.routes["/v2/b/api/manifests/2"] = manifest(TWO.manifest, Docker_Content_Digest=other)
    report = look(fake, db)
    assert ("complete", {"digest_mismatch": 1}, other) == (report.outcome, report.problems, tags(db)["2"])
    assert 0 == db.value("SELECT COUNT(*) FROM images WHERE image_id = :id", id=TWO.config.digest)


def test_bytes_of_another_digest_are_a_problem(fake: FakeServer, db: Database) -> None:
    serve_two(fake)
    fake.routes[f"/v2/a/web/blobs/{ARM.config.digest}"] = Reply(200, ONE.config.data)
    assert {"digest_mismatch": 1} == look(fake, db).problems


def test_a_registry_without_digests_in_its_headers_is_hashed(fake: FakeServer, db: Database) -> None:
    serve_two(fake)
    look(fake, db)
    expected = tags(db)
    for path, reply in list(fake.routes.items()):
        if "/manifests/" in path and isinstance(reply, Reply):
            fake.routes[path] = Reply(200, reply.body, {"Content-Type": "application/json"})
    assert ("complete", 0) == ((report := look(fake, db)).outcome, report.changed_rows)
    assert expected == tags(db)


def test_a_registry_that_refuses_head_is_asked_by_get(fake: FakeServer, db: Database) -> None:
    serve_two(fake)
    look(fake, db)

    def no_head(seen: Seen) -> Reply:
        return Reply(405) if seen.method == "HEAD" else manifest(NEW.manifest)

    serve(fake, {"a/web": {"1": NEW, "multi": MULTI}, "b/api": {"2": TWO}})
    fake.routes["/v2/a/web/manifests/1"] = no_head
    assert "complete" == look(fake, db).outcome
    assert NEW.manifest.digest == tags(db)["1"]


def test_a_cut_body_is_a_problem_and_the_look_partial(fake: FakeServer, db: Database) -> None:
    serve_two(fake)
    reply = fake.routes[f"/v2/a/web/blobs/{ARM.config.digest}"]
    assert isinstance(reply, Reply)
    fake.routes[f"/v2/a/web/blobs/{ARM.config.digest}"] = Reply(200, reply.body, cut=10)
    assert ("partial", {"size_mismatch": 1}) == ((report := look(fake, db)).outcome, report.problems)
    fake.routes[f"/v2/a/web/blobs/{ARM.config.digest}"] = reply
    assert ("complete", {}) == ((report := look(fake, db)).outcome, report.problems)


def test_a_manifest_of_64_megabytes_is_refused(fake: FakeServer, db: Database) -> None:
    serve_two(fake)
    fake.routes["/v2/b/api/manifests/2"] = Reply(200, b" " * (64 << 20))
    report = look(fake, db)
    assert ("complete", {"limit_exceeded": 1}, None) == (report.outcome, report.problems, tags(db)["2"])


def test_a_tag_that_leads_nowhere_is_there_without_a_target(fake: FakeServer, db: Database) -> None:
    serve_two(fake)
    fake.routes["/v2/b/api/manifests/2"] = UNKNOWN
    assert ("complete", {"missing": 1}) == ((report := look(fake, db)).outcome, report.problems)
    assert tags(db)["2"] is None


def test_what_an_index_names_and_is_not_there_is_a_problem_until_it_is(fake: FakeServer, db: Database) -> None:
    serve_two(fake)
    path = f"/v2/a/web/manifests/{ARM.manifest.digest}"
    reply = fake.routes.pop(path)
    for _ in range(2):
        assert {"missing_manifest": 1} == look(fake, db).problems
    fake.routes[path] = reply
    assert {} == look(fake, db).problems


def test_a_glob_of_tags_closes_those_of_them_alone(fake: FakeServer, db: Database) -> None:
    serve(fake, {"a/web": {"1.0": ONE, "1.1": TWO, "2.0": ARM}})
    look(fake, db)
    serve(fake, {"a/web": {"1.0": ONE}})
    assert "partial" == look(fake, db, "/a/web:1.*").outcome
    assert {"1.0", "2.0"} == set(tags(db))


def test_a_glob_of_repositories_closes_no_other(fake: FakeServer, db: Database) -> None:
    serve_two(fake)
    look(fake, db)
    serve(fake, {"a/web": {"1": ONE}})
    assert "partial" == look(fake, db, "/a/*").outcome
    assert {"1", "2"} == set(tags(db))


def test_a_platform_is_all_that_is_fetched_of_an_index(fake: FakeServer, db: Database) -> None:
    serve(fake, {"a/web": {"multi": MULTI}})
    look(fake, db, platforms=("linux/arm64/v8",))
    assert {ARM.config.digest} == set(db.column("SELECT image_id FROM images"))
    assert not any(ONE.manifest.digest in path for path in fake.paths)
    look(fake, db)
    assert 2 == db.value("SELECT COUNT(*) FROM images")
    look(fake, db, platforms=("linux/arm64",))
    assert 2 == db.value("SELECT COUNT(*) FROM source_images WHERE ended_at IS NULL")


def test_referrers_are_asked_for_once_and_stay(fake: FakeServer, db: Database) -> None:
    serve(fake, {"a/web": {"1": ONE}})
    signature = image_of(layer_of(b"signature"), manifest={"subject": ONE.manifest.descriptor()})
    listed = {"schemaVersion": 2, "manifests": [signature.manifest.descriptor()]}
    fake.routes[f"/v2/a/web/referrers/{ONE.manifest.digest}"] = Reply.of(listed)
    fake.routes[f"/v2/a/web/manifests/{signature.manifest.digest}"] = manifest(signature.manifest)
    fake.routes[f"/v2/a/web/blobs/{signature.config.digest}"] = Reply(200, signature.config.data)
    look(fake, db)
    assert 2 == db.value("SELECT COUNT(*) FROM source_manifests WHERE ended_at IS NULL")
    fake.seen.clear()
    assert 0 == look(fake, db).changed_rows
    assert not any("referrers" in path for path in fake.paths)
    assert 2 == db.value("SELECT COUNT(*) FROM source_manifests WHERE ended_at IS NULL")
