"""Servers that want what is not theirs. A canary is the registry's password: no other server may ever see it."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from imgindex.errors import ImgindexError
from imgindex.sources.registry_api.http.answer import Answer
from imgindex.sources.registry_api.http.errors import (
    BadAnswerError,
    CutBodyError,
    DeniedError,
    RefusedAddressError,
    TooLargeError,
    UnavailableError,
)
from tests.sources.registry_api.fake import FakeServer, Reply, Seen
from tests.sources.registry_api.http.conftest import CANARIES, SECRET, Named, client_of, write_login

SCOPE = "repository:team/web:pull"
BLOB = "/v2/team/web/blobs/sha256:" + "0" * 64
LIMIT = 1 << 16


def fetch(registry: Named | FakeServer, authority: Path | None = None, path: str = BLOB, **more: object) -> Answer:
    async def ask() -> Answer:
        async with client_of(registry.host, authority, **more) as client:
            return await client.get(path, scope=SCOPE, limit=LIMIT, redirects=True)

    return asyncio.run(ask())


def refused(registry: Named | FakeServer, authority: Path | None = None, **more: object) -> ImgindexError:
    with pytest.raises(ImgindexError) as caught:
        fetch(registry, authority, **more)
    for canary in CANARIES:
        assert canary not in str(caught.value)
        assert canary not in repr(caught.value)
    return caught.value


def asks_basic(reply: Reply) -> Callable[[Seen], Reply]:
    """Answers those alone who know the password."""

    def answer(seen: Seen) -> Reply:
        if seen.headers.get("authorization") == f"Basic {CANARIES[1]}":
            return reply
        return Reply(401, headers={"WWW-Authenticate": 'Basic realm="registry"'})

    return answer


def bearer(realm: str) -> Reply:
    return Reply(401, headers={"WWW-Authenticate": f'Bearer realm="{realm}",service="registry"'})


def check_unseen(*servers: Named | FakeServer) -> None:
    for one in servers:
        server = one.server if isinstance(one, Named) else one
        for canary in CANARIES:
            assert not server.saw(canary)


@pytest.mark.usefixtures("signed_in")
def test_the_registry_itself_gets_the_canary(registry: Named, authority: Path) -> None:
    # Else the tests below would prove nothing.
    registry.server.routes[BLOB] = asks_basic(Reply(body=b"blob"))
    assert fetch(registry, authority).body == b"blob"
    assert registry.server.saw(CANARIES[1])


@pytest.mark.usefixtures("signed_in")
def test_a_redirect_to_another_host_takes_no_authorization_along(registry: Named, evil: Named, authority: Path) -> None:
    registry.server.routes[BLOB] = asks_basic(Reply(307, headers={"Location": f"{evil.url}/blob?X-Signature=s3cret"}))
    evil.server.routes["/blob"] = Reply(body=b"blob")
    answer = fetch(registry, authority)
    assert (answer.body, answer.url) == (b"blob", f"{evil.url}/blob")
    assert [("authorization" in one.headers, "cookie" in one.headers) for one in evil.server.seen] == [(False, False)]
    check_unseen(evil)


@pytest.mark.usefixtures("signed_in")
def test_a_redirect_to_another_port_takes_no_authorization_along(registry: Named, evil: Named, authority: Path) -> None:
    target = f"https://{registry.name}:{evil.server.port}/blob"
    registry.server.routes[BLOB] = asks_basic(Reply(307, headers={"Location": target}))
    evil.server.routes["/blob"] = Reply(body=b"blob")
    assert fetch(registry, authority).body == b"blob"
    check_unseen(evil)


@pytest.mark.usefixtures("signed_in")
def test_a_redirect_on_the_same_host_keeps_the_authorization(registry: Named, authority: Path) -> None:
    registry.server.routes[BLOB] = asks_basic(Reply(302, headers={"Location": "/elsewhere"}))
    registry.server.routes["/elsewhere"] = asks_basic(Reply(body=b"blob"))
    assert fetch(registry, authority).body == b"blob"


@pytest.mark.usefixtures("signed_in")
def test_authorization_is_not_sent_again_after_a_way_round(registry: Named, evil: Named, authority: Path) -> None:
    registry.server.routes[BLOB] = asks_basic(Reply(307, headers={"Location": f"{evil.url}/back"}))
    registry.server.routes["/stolen"] = Reply(body=b"blob")
    evil.server.routes["/back"] = Reply(307, headers={"Location": f"{registry.url}/stolen"})
    fetch(registry, authority)
    assert "authorization" not in registry.server.seen[-1].headers


@pytest.mark.usefixtures("signed_in")
def test_a_challenge_of_the_redirects_host_is_not_met(registry: Named, evil: Named, authority: Path) -> None:
    registry.server.routes[BLOB] = asks_basic(Reply(307, headers={"Location": f"{evil.url}/blob"}))
    evil.server.routes["/blob"] = asks_basic(Reply())
    assert isinstance(refused(registry, authority), UnavailableError)
    assert evil.server.paths == ["GET /blob"]
    check_unseen(evil)


@pytest.mark.usefixtures("signed_in")
@pytest.mark.parametrize(
    "location",
    [
        "http://{evil}/blob",
        "//{evil}@registry.example.test/",
        "https://user:password@{evil}/blob",
        "ftp://{evil}/blob",
        "file:///etc/passwd",
        "https://127.0.0.1:{port}/blob",
        "https://[::1]:{port}/blob",
        "https://localhost:{port}/blob",
        "https://{evil}:nonsense/blob",
        "",
    ],
)
def test_redirects_that_are_not_followed(registry: Named, evil: Named, authority: Path, location: str) -> None:
    target = location.format(evil=evil.host, port=evil.server.port)
    registry.server.routes[BLOB] = asks_basic(Reply(307, headers={"Location": target}))
    assert isinstance(refused(registry, authority), RefusedAddressError)
    assert evil.server.seen == []


@pytest.mark.usefixtures("signed_in")
@pytest.mark.parametrize("canary", CANARIES)
def test_a_registry_that_quotes_the_credentials_is_not_quoted(registry: Named, authority: Path, canary: str) -> None:
    registry.server.routes[BLOB] = asks_basic(
        Reply.of({"errors": [{"code": canary, "message": f"not {canary}!"}]}, 403)
    )
    assert "holds the credentials" in str(refused(registry, authority))


def test_redirects_are_followed_five_times(registry: Named, authority: Path) -> None:
    registry.server.routes[BLOB] = Reply(307, headers={"Location": BLOB})
    assert isinstance(refused(registry, authority), RefusedAddressError)
    assert registry.server.paths == [f"GET {BLOB}"] * 6


@pytest.mark.usefixtures("signed_in")
def test_a_redirect_is_followed_only_where_it_was_asked_for(registry: Named, evil: Named, authority: Path) -> None:
    registry.server.routes["/v2/_catalog"] = Reply(307, headers={"Location": f"{evil.url}/?token=s3cret"})

    async def ask() -> None:
        async with client_of(registry.host, authority) as client:
            await client.get("/v2/_catalog", scope="registry:catalog:*", limit=LIMIT)

    with pytest.raises(RefusedAddressError) as caught:
        asyncio.run(ask())
    assert "s3cret" not in str(caught.value)
    assert evil.server.seen == []


@pytest.mark.usefixtures("signed_in")
@pytest.mark.parametrize(
    "path",
    [
        "//evil.invalid/v2/",
        "https://evil.invalid/v2/",
        "@evil.invalid/v2/",
        "/v2/../../etc",
        "/v2/%2e%2e/x",
        "/v2/ x",
        "/v2/x\r\nHost: evil.invalid",
        "/v2/x#y",
        "\\evil.invalid",
        "",
    ],
)
def test_paths_that_are_not_asked_for(registry: Named, authority: Path, path: str) -> None:
    # The target of a hostile Link, say, if whoever reads it should let it pass.
    assert isinstance(refused(registry, authority, path=path), RefusedAddressError)
    assert registry.server.seen == []


@pytest.mark.usefixtures("signed_in")
def test_a_realm_in_the_registrys_domain_gets_the_credentials(registry: Named, auth: Named, authority: Path) -> None:
    registry.server.routes[BLOB] = lambda seen: (
        Reply(body=b"blob") if seen.headers.get("authorization") == "Bearer t" else bearer(f"{auth.url}/token")
    )
    auth.server.routes["/token"] = Reply.of({"token": "t"})
    assert fetch(registry, authority).body == b"blob"
    assert auth.server.saw(CANARIES[1])
    check_unseen(registry)


@pytest.mark.usefixtures("signed_in")
def test_a_realm_elsewhere_is_asked_without_credentials(registry: Named, evil: Named, authority: Path) -> None:
    registry.server.routes[BLOB] = bearer(f"{evil.url}/token")
    evil.server.routes["/token"] = Reply.of({"token": "t"})
    error = refused(registry, authority)
    assert isinstance(error, DeniedError)
    assert "--auth-realm evil.invalid" in str(error)
    assert evil.server.paths == ["GET /token?service=registry&scope=repository:team/web:pull"]
    check_unseen(evil, registry)


@pytest.mark.usefixtures("signed_in")
def test_a_realm_elsewhere_gets_them_where_the_user_says_so(registry: Named, evil: Named, authority: Path) -> None:
    registry.server.routes[BLOB] = bearer(f"{evil.url}/token")
    evil.server.routes["/token"] = Reply.of({"token": "t"})
    refused(registry, authority, auth_realms=frozenset({evil.name}))
    assert evil.server.saw(CANARIES[1])


@pytest.mark.usefixtures("signed_in")
@pytest.mark.parametrize(
    "realm",
    [
        "http://{evil}/token",
        "http://127.0.0.1:{port}/token",
        "https://localhost:{port}/token",
        "https://user:password@{evil}/token",
        "file:///etc/passwd",
        "/token",
        "https://",
        "https://[/token",
    ],
)
def test_realms_that_are_not_asked_at_all(registry: Named, evil: Named, authority: Path, realm: str) -> None:
    registry.server.routes[BLOB] = bearer(realm.format(evil=evil.host, port=evil.server.port))
    assert isinstance(refused(registry, authority), DeniedError)
    assert evil.server.seen == []


@pytest.mark.usefixtures("signed_in")
def test_a_realm_that_redirects_is_not_followed(registry: Named, auth: Named, evil: Named, authority: Path) -> None:
    registry.server.routes[BLOB] = bearer(f"{auth.url}/token")
    auth.server.routes["/token"] = Reply(307, headers={"Location": f"{evil.url}/token"})
    assert isinstance(refused(registry, authority), DeniedError)
    assert evil.server.seen == []


def test_credentials_for_one_registry_do_not_go_to_another(
    registry: Named, evil: Named, home: Path, authority: Path
) -> None:
    write_login(home, {registry.host: {"auth": CANARIES[1]}})
    evil.server.routes[BLOB] = asks_basic(Reply())
    assert isinstance(refused(evil, authority), DeniedError)
    check_unseen(evil)


def test_a_password_is_not_sent_in_the_clear(fake: FakeServer, home: Path) -> None:
    # The name is no loopback address, whatever it resolves to, so TLS is spoken or nothing.
    host = f"registry.example.test:{fake.port}"
    write_login(home, {host: {"auth": CANARIES[1]}})

    async def ask() -> None:
        async with client_of(host) as client:
            await client.get(BLOB, scope=SCOPE, limit=LIMIT)

    with pytest.raises(UnavailableError, match="--plain-http"):
        asyncio.run(ask())
    assert fake.seen == []


@pytest.mark.parametrize(
    "header",
    [
        "Bearer " + ",".join(f'p{number}="x"' for number in range(2_000)),
        "Basic, " * 1_000,
        'Bearer realm="' + "x" * 30_000,
    ],
)
def test_a_flood_of_challenges_is_no_challenge(registry: Named, authority: Path, header: str) -> None:
    registry.server.routes[BLOB] = Reply(401, headers={"WWW-Authenticate": header})
    assert isinstance(refused(registry, authority), BadAnswerError)


def test_a_compressed_body_is_refused(registry: Named, authority: Path) -> None:
    bomb = gzip.compress(bytes(1 << 20))
    registry.server.routes[BLOB] = Reply(body=bomb, headers={"Content-Encoding": "gzip"})
    assert isinstance(refused(registry, authority), BadAnswerError)
    assert registry.server.seen[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("headers", [{}, {"Transfer-Encoding": "chunked"}], ids=["declared", "chunked"])
def test_a_body_beyond_the_limit_is_refused(registry: Named, authority: Path, headers: dict[str, str]) -> None:
    body = bytes(LIMIT + 1)
    if headers:
        body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    registry.server.routes[BLOB] = Reply(body=body, headers=headers)
    assert isinstance(refused(registry, authority), TooLargeError)
    assert len(registry.server.seen) == 1


def test_a_body_that_drips_is_given_up(registry: Named, authority: Path) -> None:
    registry.server.routes[BLOB] = Reply(body=bytes(1000), drip=0.05)
    error = refused(registry, authority, answer_seconds=0.3, attempts=1)
    assert isinstance(error, UnavailableError)


def test_a_server_that_says_nothing_is_given_up(registry: Named, authority: Path) -> None:
    registry.server.routes[BLOB] = Reply(wait=30)
    assert isinstance(refused(registry, authority, silence_seconds=0.2, attempts=2), UnavailableError)
    assert len(registry.server.seen) == 2


@pytest.mark.parametrize(
    "reply",
    [
        Reply(headers={f"X-{number}": "x" for number in range(1_000)}),
        Reply(headers={"X-Long": "x" * 200_000}),
        Reply(raw=b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
        Reply(headers={"Content-Length": "-1"}),
        Reply(headers=[("Content-Length", "1"), ("Content-Length", "2")]),
    ],
    ids=["many headers", "a long header", "no HTTP", "a negative length", "two lengths"],
)
def test_what_is_no_proper_http_is_refused_at_once(registry: Named, authority: Path, reply: Reply) -> None:
    registry.server.routes[BLOB] = reply
    assert isinstance(refused(registry, authority), BadAnswerError)
    assert len(registry.server.seen) == 1


def test_a_cut_body_is_asked_for_again(registry: Named, authority: Path) -> None:
    registry.server.routes[BLOB] = [Reply(body=b"blob", cut=2), Reply(body=b"blob")]
    assert fetch(registry, authority).body == b"blob"
    registry.server.routes[BLOB] = Reply(body=b"blob", cut=2)
    assert isinstance(refused(registry, authority), CutBodyError)
    assert len(registry.server.seen) == 2 + 3


def test_a_token_that_would_break_a_header_is_refused(registry: Named, auth: Named, authority: Path) -> None:
    registry.server.routes[BLOB] = bearer(f"{auth.url}/token")
    auth.server.routes["/token"] = Reply.of({"token": f"{SECRET}\r\nHost: evil.invalid"})
    assert isinstance(refused(registry, authority), BadAnswerError)
    assert len(registry.server.seen) == 1
