"""Registries with names of their own: servers on loopback that TLS certificates and a resolver give a name to."""

from __future__ import annotations

import base64
import datetime
import json
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from imgindex.limits import Limits
from imgindex.sources.registry_api.http.client import Client
from imgindex.sources.registry_api.http.mirrors import Registries
from imgindex.sources.registry_api.http.options import FetchOptions
from tests.certificates import private_key
from tests.sources.registry_api.fake import FakeServer

NAMES = ["registry.example.test", "auth.example.test", "evil.invalid", "cache.example.test", "localhost"]
REGISTRY, AUTH, EVIL, CACHE = NAMES[:4]
SECRET = "canary-7f3a"
CANARIES = [SECRET, base64.b64encode(f"crawler:{SECRET}".encode()).decode()]
"""The password of `signed_in`, as it is and as Basic has it."""


class ToLoopback(AbstractResolver):
    """Says that every host is this machine."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [ResolveResult(hostname=host, host="127.0.0.1", port=port, family=socket.AF_INET, proto=0, flags=0)]

    async def close(self) -> None: ...


class Named:
    """A server over TLS that is known by a name."""

    def __init__(self, name: str, server: FakeServer) -> None:
        self.name = name
        self.server = server

    @property
    def host(self) -> str:
        return f"{self.name}:{self.server.port}"

    @property
    def url(self) -> str:
        return f"https://{self.host}"


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for all the names, and its key, in one PEM file: the only one that is to be trusted."""
    key = private_key()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "names of the tests")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(one) for one in NAMES]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("authority") / "names.pem"
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    file.write_bytes(certificate.public_bytes(pem) + key.private_bytes(pem, pkcs8, serialization.NoEncryption()))
    return file


@pytest.fixture
def server_tls(authority: Path) -> ssl.SSLContext:
    """What a server with one of the names speaks TLS with."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority)
    return context


@pytest.fixture
def fake() -> Iterator[FakeServer]:
    """A server over plain HTTP."""
    with FakeServer() as server:
        yield server


@pytest.fixture
def registry(server_tls: ssl.SSLContext) -> Iterator[Named]:
    with FakeServer(server_tls) as server:
        yield Named(REGISTRY, server)


@pytest.fixture
def auth(server_tls: ssl.SSLContext) -> Iterator[Named]:
    """A server in the registry's own domain."""
    with FakeServer(server_tls) as server:
        yield Named(AUTH, server)


@pytest.fixture
def evil(server_tls: ssl.SSLContext) -> Iterator[Named]:
    """A server that must never see a canary."""
    with FakeServer(server_tls) as server:
        yield Named(EVIL, server)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without credentials, certificates or proxies of who runs the tests."""
    for name in ("REGISTRY_AUTH_FILE", "DOCKER_CONFIG", "XDG_CONFIG_HOME", "IMGINDEX_USERNAME", "IMGINDEX_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "CONTAINERS_REGISTRIES_CONF"):
        monkeypatch.delenv(name, raising=False)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    return home


@pytest.fixture
def signed_in(home: Path, registry: Named) -> None:
    """The canary is the password for the registry, as `docker login` writes it."""
    write_login(home, {registry.host: {"auth": CANARIES[1]}})


def write_login(home: Path, auths: dict[str, dict[str, str]]) -> None:
    (home / ".docker").mkdir(exist_ok=True)
    (home / ".docker/config.json").write_text(json.dumps({"auths": auths}))


def quick(**more: object) -> FetchOptions:
    """Options that wait for next to nothing."""
    told = {"wait_seconds": 0.001, "longest_wait_seconds": 0.01, "attempts": 3, **more}
    return FetchOptions(**told)  # type: ignore[arg-type]


def client_of(host: str, authority: Path | None = None, registries: Registries | None = None, **more: object) -> Client:
    """A client that finds every name on loopback."""
    known = Registries([]) if registries is None else registries
    return Client(host, quick(ca_file=authority, **more), Limits(), registries=known, resolver=ToLoopback())
