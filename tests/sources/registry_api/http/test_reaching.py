"""Whether a server is reached over TLS or not, and which certificates are trusted and shown."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from imgindex.errors import SourceUnavailableError
from imgindex.sources.registry_api.http.answer import Answer
from imgindex.sources.registry_api.http.client import Client
from imgindex.sources.registry_api.http.errors import UnavailableError
from imgindex.sources.registry_api.http.mirrors import read_registries
from imgindex.sources.registry_api.http.proxies import find_proxy
from tests.sources.registry_api.fake import FakeServer, Reply
from tests.sources.registry_api.http.conftest import CACHE, Named, client_of

CATALOG = "/v2/_catalog"


def ask(client: Client) -> Answer:
    async def run() -> Answer:
        async with client:
            return await client.get(CATALOG, scope="registry:catalog:*", limit=100)

    return asyncio.run(run())


@pytest.fixture
def local(server_tls: ssl.SSLContext) -> Iterator[FakeServer]:
    """A server over TLS, which is asked as localhost."""
    with FakeServer(server_tls) as server:
        server.routes[CATALOG] = Reply(body=b"local")
        yield server


@pytest.fixture
def mutual(server_tls: ssl.SSLContext, authority: Path) -> Iterator[Named]:
    """A server that wants to be shown a certificate."""
    server_tls.verify_mode = ssl.CERT_REQUIRED
    server_tls.load_verify_locations(authority)
    with FakeServer(server_tls) as server:
        server.routes[CATALOG] = Reply(body=b"mutual")
        yield Named(CACHE, server)


def test_loopback_is_asked_over_tls_where_it_has_that(local: FakeServer, authority: Path) -> None:
    assert ask(client_of(f"localhost:{local.port}", authority)).url.startswith("https://localhost:")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_loopback_without_tls_is_asked_over_plain_http(fake: FakeServer, host: str) -> None:
    fake.routes[CATALOG] = Reply(body=b"plain")
    assert ask(client_of(f"{host}:{fake.port}")).url == f"http://{host}:{fake.port}{CATALOG}"
    assert fake.paths == [f"GET {CATALOG}"]


def test_a_bad_certificate_on_loopback_is_no_reason_for_plain_http(local: FakeServer) -> None:
    with pytest.raises(UnavailableError, match="its certificate is not trusted"):
        ask(client_of(f"localhost:{local.port}"))
    assert local.seen == []


def test_a_certificate_for_another_host_is_refused(local: FakeServer, authority: Path) -> None:
    with pytest.raises(UnavailableError, match="its certificate is not trusted"):
        ask(client_of(f"other.example.test:{local.port}", authority))
    assert local.seen == []


def test_plain_http_is_spoken_where_it_was_asked_for(fake: FakeServer) -> None:
    fake.routes[CATALOG] = Reply(body=b"plain")
    host = f"registry.example.test:{fake.port}"
    assert ask(client_of(host, plain_http=frozenset({host}))).body == b"plain"


@pytest.mark.parametrize("tls", [True, False])
def test_an_insecure_registry_is_asked_either_way(
    local: FakeServer, fake: FakeServer, tmp_path: Path, tls: bool
) -> None:
    server = local if tls else fake
    server.routes[CATALOG] = Reply(body=b"insecure")
    conf = tmp_path / "registries.conf"
    conf.write_text(f'[[registry]]\nlocation = "localhost:{server.port}"\ninsecure = true\n')
    known = read_registries({"CONTAINERS_REGISTRIES_CONF": str(conf)})
    assert ask(client_of(f"localhost:{server.port}", registries=known)).url.startswith("https:" if tls else "http:")


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_only_openssls_own_variable_says_whom_to_trust(
    registry: Named, authority: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    registry.server.routes[CATALOG] = Reply(body=b"named")
    monkeypatch.setenv(variable, str(authority))
    if variable == "SSL_CERT_FILE":
        assert ask(client_of(registry.host)).body == b"named"
    else:
        with pytest.raises(UnavailableError, match="not trusted"):
            ask(client_of(registry.host))


@pytest.mark.parametrize("folder", [".config/containers/certs.d", ".config/docker/certs.d"])
def test_a_hosts_folder_says_whom_to_trust_for_it(
    registry: Named, evil: Named, authority: Path, home: Path, folder: str
) -> None:
    place = home / folder / registry.host
    place.mkdir(parents=True)
    (place / "ca.crt").write_bytes(authority.read_bytes())
    registry.server.routes[CATALOG] = Reply(body=b"named")
    assert ask(client_of(registry.host)).body == b"named"
    with pytest.raises(UnavailableError, match="not trusted"):
        ask(client_of(evil.host))


def test_a_hosts_folder_holds_what_is_shown_to_it(mutual: Named, authority: Path, home: Path) -> None:
    with pytest.raises(UnavailableError):
        ask(client_of(mutual.host, authority))
    place = home / ".config/containers/certs.d" / mutual.host
    place.mkdir(parents=True)
    (place / "client.cert").write_bytes(authority.read_bytes())
    (place / "client.key").write_bytes(authority.read_bytes())
    assert ask(client_of(mutual.host, authority)).body == b"mutual"


def test_a_certificate_of_ours_is_shown_to_the_registry_alone(mutual: Named, registry: Named, authority: Path) -> None:
    assert ask(client_of(mutual.host, authority, client_certificate=authority)).body == b"mutual"
    registry.server.routes["/v2/blob"] = Reply(307, headers={"Location": f"{mutual.url}{CATALOG}"})

    async def run() -> None:
        async with client_of(registry.host, authority, client_certificate=authority) as client:
            await client.get("/v2/blob", scope="repository:team/web:pull", limit=100, redirects=True)

    with pytest.raises(UnavailableError):
        asyncio.run(run())
    assert len(mutual.server.seen) == 1


def test_a_file_that_holds_no_certificate_is_told(registry: Named, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    with pytest.raises(SourceUnavailableError, match=r"ca\.pem holds no certificate"):
        ask(client_of(registry.host, tmp_path / "ca.pem"))


def test_a_proxy_is_for_tls_to_other_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://user:secret@proxy.example:3128")
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "near.example,.inside.example")
    proxy, headers = find_proxy("https", "registry.example")
    assert str(proxy) == "http://proxy.example:3128"
    assert headers == {"Proxy-Authorization": "Basic dXNlcjpzZWNyZXQ="}
    for scheme, host in [
        ("http", "registry.example"),
        ("https", "near.example"),
        ("https", "a.inside.example"),
        ("https", "127.0.0.1"),
        ("https", "localhost"),
    ]:
        assert find_proxy(scheme, host) == (None, None)


@pytest.mark.usefixtures("signed_in")
def test_a_proxy_sees_the_hosts_name_and_no_credentials(
    registry: Named, fake: FakeServer, authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:secret@proxy.example.test:{fake.port}")
    fake.routes[registry.host] = Reply(502)
    with pytest.raises(UnavailableError) as caught:
        ask(client_of(registry.host, authority))
    assert "secret" not in str(caught.value)
    assert set(fake.paths) == {f"CONNECT {registry.host}"}
    assert fake.seen[0].headers["proxy-authorization"] == "Basic dXNlcjpzZWNyZXQ="
    assert "authorization" not in fake.seen[0].headers


@pytest.mark.parametrize("address", ["socks5://user:secret@proxy.example", "http://user:secret@proxy.example:port"])
def test_a_proxy_that_is_none_is_told_without_its_password(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", address)
    with pytest.raises(SourceUnavailableError) as caught:
        find_proxy("https", "registry.example")
    assert "secret" not in str(caught.value)
