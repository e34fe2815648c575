"""Lists in pages, with every habit that registries have."""

from __future__ import annotations

import json

import pytest

from imgindex.errors import PathEscapeError
from imgindex.sources.registry_api import lists
from imgindex.sources.registry_api.lists import next_link
from tests.builders import make_image
from tests.sources.registry_api.fake import FakeServer, Reply, Seen
from tests.sources.registry_api.serving import FAST, pages, serve
from tests.stores import Database

IMAGE = make_image(1)
TAGS = [f"t{number}" for number in (5, 1, 4, 2, 3)]
LINKS = {
    "a path": lambda path: f'<{path}>; rel="next"',
    "no quotes": lambda path: f"<{path}>; rel=next",
    "a query alone": lambda path: f'<?{path.partition("?")[2]}>; rel="next"',
    "among others": lambda path: f'</v2/other>; rel="prev", <{path}>; title="a, b"; rel="next last"',
}


def crawl_tags(fake: FakeServer, db: Database) -> tuple[str, list[str], list[tuple[str, str]]]:
    """(outcome, tags, problems) of a crawl of one repository."""
    report = db.look(f"docker://{fake.host}", name="r", fetch=FAST)
    return report.outcome, sorted(db.column("SELECT tag FROM current_tags")), db.problems()


def serve_tags(fake: FakeServer) -> None:
    serve(fake, {"team/web": dict.fromkeys(TAGS, IMAGE)})


@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS.keys())
def test_pages_are_followed_by_their_links(link: object, fake: FakeServer, db: Database) -> None:
    serve_tags(fake)
    fake.routes |= pages("/v2/team/web/tags/list", "tags", TAGS, 2, link)
    assert ("complete", sorted(TAGS), []) == crawl_tags(fake, db)


def test_an_absolute_link_to_the_same_registry_is_followed(fake: FakeServer, db: Database) -> None:
    serve_tags(fake)
    fake.routes |= pages("/v2/team/web/tags/list", "tags", TAGS, 2, lambda path: f'<{fake.url}{path}>; rel="next"')
    assert ("complete", sorted(TAGS), []) == crawl_tags(fake, db)


def test_a_link_to_another_host_is_refused_and_closes_nothing(fake: FakeServer, db: Database) -> None:
    serve_tags(fake)
    crawl_tags(fake, db)
    with FakeServer() as other:
        fake.routes |= pages("/v2/team/web/tags/list", "tags", TAGS, 2, lambda path: f'<{other.url}{path}>; rel="next"')
        outcome, tags, problems = crawl_tags(fake, db)
        assert [] == other.seen
    assert ("partial", sorted(TAGS), [("path_escape", None)]) == (outcome, tags, problems)


def test_a_full_page_without_a_link_is_followed_by_its_last_name(
    fake: FakeServer, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "PAGE", 2)
    serve_tags(fake)
    fake.routes |= pages("/v2/team/web/tags/list", "tags", TAGS, 2, None)
    assert ("complete", sorted(TAGS), []) == crawl_tags(fake, db)


def test_a_list_that_ignores_the_page_size_is_whole(
    fake: FakeServer, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "PAGE", len(TAGS))
    serve_tags(fake)
    assert ("complete", sorted(TAGS), []) == crawl_tags(fake, db)


def test_a_page_size_that_is_refused_is_not_asked_for_again(fake: FakeServer, db: Database) -> None:
    serve_tags(fake)
    whole = fake.routes["/v2/team/web/tags/list"]
    assert isinstance(whole, Reply)
    error = {"errors": [{"code": "PAGINATION_NUMBER_INVALID", "message": "invalid number of results requested"}]}
    fake.routes["/v2/team/web/tags/list?n=1000"] = Reply.of(error, 400)
    assert ("complete", sorted(TAGS), []) == crawl_tags(fake, db)
    assert [
        "GET /v2/team/web/tags/list?n=1000",
        "GET /v2/team/web/tags/list",
    ] == [path for path in fake.paths if "tags" in path]


def test_names_that_come_twice_count_once(fake: FakeServer, db: Database) -> None:
    serve_tags(fake)
    fake.routes["/v2/team/web/tags/list"] = Reply.of({"tags": [*TAGS, *TAGS]})
    assert ("complete", sorted(TAGS), []) == crawl_tags(fake, db)


def test_no_tags_are_none_and_what_was_there_is_gone(fake: FakeServer, db: Database) -> None:
    serve_tags(fake)
    crawl_tags(fake, db)
    fake.routes["/v2/team/web/tags/list"] = Reply.of({"name": "team/web", "tags": None})
    assert ("complete", [], []) == crawl_tags(fake, db)


@pytest.mark.parametrize("kind", ["the same page", "ever the same names"])
def test_a_list_without_an_end_ends_and_closes_nothing(kind: str, fake: FakeServer, db: Database) -> None:
    serve_tags(fake)
    crawl_tags(fake, db)
    count = iter(range(1000))

    def endless(seen: Seen) -> Reply:
        mark = "" if kind == "the same page" else f"&mark={next(count)}"
        link = f'</v2/team/web/tags/list?last=t1{mark}>; rel="next"'
        return Reply(200, json.dumps({"tags": ["t1"]}).encode(), {"Link": link})

    fake.routes["/v2/team/web/tags/list"] = endless
    fake.seen.clear()
    assert ("partial", sorted(TAGS), [("endless_list", None)]) == crawl_tags(fake, db)
    assert len(fake.seen) < 8


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"tags": 1}', b"\xff", b'{"tags": [1]}'])
def test_what_is_no_list_closes_nothing(body: bytes, fake: FakeServer, db: Database) -> None:
    serve_tags(fake)
    crawl_tags(fake, db)
    fake.routes["/v2/team/web/tags/list"] = Reply(200, body)
    assert ("partial", sorted(TAGS), [("malformed", None)]) == crawl_tags(fake, db)


def test_a_tag_that_is_no_tag_is_a_problem_and_never_asked_for(fake: FakeServer, db: Database) -> None:
    serve_tags(fake)
    fake.routes["/v2/team/web/tags/list"] = Reply.of({"tags": ["t1", "../../../secret"]})
    assert ("complete", ["t1"], [("malformed", None)]) == crawl_tags(fake, db)
    assert not fake.saw("secret")


def test_a_catalog_in_pages_is_read_whole(fake: FakeServer, db: Database) -> None:
    names = ["a/one", "b/two", "c/three"]
    serve(fake, {name: {"1": IMAGE} for name in names})
    fake.routes |= pages("/v2/_catalog", "repositories", names, 1, LINKS["a path"])
    report = db.look(f"docker://{fake.host}", name="r")
    assert ("complete", 3) == (report.outcome, db.value("SELECT COUNT(*) FROM current_tags"))


@pytest.mark.parametrize("status", [401, 403, 404, 405])
def test_a_catalog_that_is_refused_wants_repositories_named(status: int, fake: FakeServer, db: Database) -> None:
    serve_tags(fake)
    fake.routes["/v2/_catalog"] = Reply(status)
    (report,) = db.ingest(f"docker://{fake.host}", name="r", fetch=FAST)
    assert report.error is not None
    assert f"Name them, one by one: docker://{fake.host}/REPOSITORY" in str(report.error)
    assert 3 == report.error.exit_code
    assert "partial" == db.look(f"docker://{fake.host}/team/web", name="r", fetch=FAST).outcome
    assert len(TAGS) == db.value("SELECT COUNT(*) FROM current_tags")


def test_a_link_is_read_as_it_is_meant() -> None:
    url = "https://registry.example/v2/_catalog"
    assert "/v2/_catalog?last=b&n=2" == next_link(
        '<https://registry.example:443/v2/_catalog?last=b&n=2>; rel="next"', url.replace(".example", ".example:443")
    )
    assert next_link(None, url) is None
    assert next_link('</v2/_catalog?last=b>; rel="prev"', url) is None
    assert next_link("nonsense", url) is None


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.invalid/v2/_catalog",
        "//evil.invalid/v2/x",
        "http://registry.example/v2/x",
        "https://u:p@registry.example/v2/x",
        "/etc/passwd",
        "https://registry.example:444/v2/x",
        "http://[",
    ],
)
def test_a_link_that_leads_away_is_refused(address: str) -> None:
    with pytest.raises(PathEscapeError):
        next_link(f'<{address}>; rel="next"', "https://registry.example/v2/_catalog")
