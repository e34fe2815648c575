from __future__ import annotations

import asyncio
import urllib.parse
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from imgindex.sources.registry_api.http.client import Client
from imgindex.sources.registry_api.http.errors import DeniedError, UnavailableError
from imgindex.sources.registry_api.http.hosts import kin
from tests.sources.registry_api.fake import FakeServer, Reply, Seen
from tests.sources.registry_api.http.conftest import client_of, write_login

T = TypeVar("T")


class Guarded:
    """A registry that answers who brings a token of its own token server, which is the same server."""

    def __init__(self, fake: FakeServer, scope: str = "repository:team/web:pull", **token: object) -> None:
        self.valid: set[str] = set()
        self.tokens = 0
        self.token = token
        self.challenge = f'Bearer realm="{fake.url}/token",service="registry",scope="{scope}"'
        fake.routes["/token"] = self.give
        for name in ("web", "api"):
            fake.routes[f"/v2/team/{name}/tags/list"] = self.answer

    def give(self, seen: Seen) -> Reply:
        self.tokens += 1
        self.valid.add(f"token-{self.tokens}")
        return Reply.of({"token": f"token-{self.tokens}", **self.token})

    def answer(self, seen: Seen) -> Reply:
        if seen.headers.get("authorization", "").removeprefix("Bearer ") in self.valid:
            return Reply(body=b"tags")
        return Reply(401, headers={"WWW-Authenticate": self.challenge})


def using(fake: FakeServer, work: Callable[[Client], Awaitable[T]]) -> T:
    async def run() -> T:
        async with client_of(fake.host) as client:
            return await work(client)

    return asyncio.run(run())


async def tags(client: Client, name: str = "web") -> bytes:
    scope = f"repository:team/{name}:pull"
    return (await client.get(f"/v2/team/{name}/tags/list", scope=scope, limit=100)).body


def test_a_scope_is_asked_for_once_however_many_wait(fake: FakeServer) -> None:
    guarded = Guarded(fake)

    async def work(client: Client) -> list[bytes]:
        return await asyncio.gather(*(tags(client) for _ in range(10)), tags(client, "api"))

    assert using(fake, work) == [b"tags"] * 11
    assert guarded.tokens == 2


def test_a_challenge_that_is_known_is_not_waited_for(fake: FakeServer) -> None:
    Guarded(fake)

    async def work(client: Client) -> None:
        await tags(client)
        await tags(client, "api")

    using(fake, work)
    assert [path.partition("?")[0] for path in fake.paths[3:]] == ["GET /token", "GET /v2/team/api/tags/list"]


def test_a_token_is_renewed_once_where_it_is_refused(fake: FakeServer) -> None:
    guarded = Guarded(fake)

    async def work(client: Client) -> bytes:
        await tags(client)
        guarded.valid.clear()
        return await tags(client)

    assert using(fake, work) == b"tags"
    assert guarded.tokens == 2


def test_a_registry_that_refuses_every_token_is_not_asked_for_ever(fake: FakeServer) -> None:
    guarded = Guarded(fake)
    fake.routes["/v2/team/web/tags/list"] = lambda seen: Reply(401, headers={"WWW-Authenticate": guarded.challenge})
    with pytest.raises(DeniedError, match="no credentials were found"):
        using(fake, tags)
    assert (guarded.tokens, len(fake.seen)) == (1, 3)


def test_a_token_is_renewed_before_it_expires(fake: FakeServer) -> None:
    guarded = Guarded(fake, expires_in=1)

    async def work(client: Client) -> None:
        await tags(client)
        await asyncio.sleep(1.1)
        await tags(client)

    using(fake, work)
    assert guarded.tokens == 2
    assert [path.partition("?")[0] for path in fake.paths[3:]] == ["GET /token", "GET /v2/team/web/tags/list"]


@pytest.mark.parametrize("lifetime", [0, -5, None, "300", 1e300, 300.5])
def test_odd_lifetimes_ask_for_no_flood_of_tokens(fake: FakeServer, lifetime: object) -> None:
    guarded = Guarded(fake, expires_in=lifetime)

    async def work(client: Client) -> None:
        for _ in range(5):
            await tags(client)

    using(fake, work)
    assert guarded.tokens <= 2


def test_a_password_is_sent_to_the_token_server_and_not_to_the_registry(fake: FakeServer, home: Path) -> None:
    Guarded(fake)
    write_login(home, {fake.host: {"auth": "dXNlcjpwYXNz"}})
    using(fake, tags)
    assert [seen.headers.get("authorization") for seen in fake.seen] == [None, "Basic dXNlcjpwYXNz", "Bearer token-1"]


def test_an_identity_token_is_posted(fake: FakeServer, home: Path) -> None:
    guarded = Guarded(fake, refresh_token="second")
    write_login(home, {fake.host: {"identitytoken": "first"}})

    async def work(client: Client) -> None:
        await tags(client)
        await tags(client, "api")

    using(fake, work)
    forms = [urllib.parse.parse_qs(seen.body.decode()) for seen in fake.seen if seen.method == "POST"]
    assert [form["refresh_token"] for form in forms] == [["first"], ["second"]]
    assert forms[0]["grant_type"] == ["refresh_token"]
    assert forms[0]["scope"] == ["repository:team/web:pull"]
    assert forms[0]["service"] == ["registry"]
    assert guarded.tokens == 2


def test_a_registry_token_goes_to_the_registry_alone(fake: FakeServer, home: Path) -> None:
    guarded = Guarded(fake)
    guarded.valid.add("given")
    write_login(home, {fake.host: {"registrytoken": "given"}})
    assert using(fake, tags) == b"tags"
    assert guarded.tokens == 0


def test_a_wider_scope_is_asked_for_if_it_only_reads(fake: FakeServer) -> None:
    asked = "repository:team/web:metadata_read repository:team/web:push repository:other:pull registry:catalog:*"
    Guarded(fake, scope=asked)
    using(fake, tags)
    query = urllib.parse.parse_qs(fake.paths[1].partition("?")[2])
    assert query["scope"] == ["repository:team/web:pull", "repository:team/web:metadata_read"]


@pytest.mark.parametrize(
    ("status", "kind"), [(401, DeniedError), (403, DeniedError), (404, DeniedError), (500, UnavailableError)]
)
def test_a_token_server_that_gives_none(fake: FakeServer, status: int, kind: type[Exception]) -> None:
    Guarded(fake)
    fake.routes["/token"] = Reply(status)
    with pytest.raises(kind, match=f"token server 127.0.0.1 answers {status}"):
        using(fake, tags)


@pytest.mark.parametrize(
    ("host", "other", "expected"),
    [
        ("registry-1.docker.io", "auth.docker.io", True),
        ("registry.gitlab.com", "gitlab.com", True),
        ("registry.example.test", "auth.example.test", True),
        ("registry.example.test", "deep.auth.example.test", True),
        ("quay.io", "quay.io", True),
        ("quay.io", "evil.io", False),
        ("registry.example.test", "evil-example.test", False),
        ("registry.example.test", "example.test.evil.invalid", False),
        ("registry.co.uk", "evil.co.uk", False),
        ("mine.azurecr.io", "evil.azurecr.io", False),
        ("mine.github.io", "evil.github.io", False),
        ("10.0.0.1", "10.0.0.2", False),
        ("1.0.0.1", "2.0.0.1", False),
        ("localhost", "127.0.0.1", False),
    ],
)
def test_which_hosts_are_kin(host: str, other: str, expected: bool) -> None:
    assert kin(host, other) is expected
