"""Real registries: what is signed in to, and what is answered. See `tests.registries`."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path

import pytest

from imgindex.limits import Limits
from imgindex.sources.registry_api.http.client import Client
from imgindex.sources.registry_api.http.errors import DeniedError, NotFoundError, UnavailableError
from imgindex.sources.registry_api.http.mirrors import Registries
from imgindex.sources.registry_api.http.options import FetchOptions
from tests.registries import PASSWORD, USERNAME, Registry

CATALOG = "registry:catalog:*"
WEB = "repository:team/web:pull"
MANIFESTS = ", ".join(
    [
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    ]
)


@pytest.fixture(autouse=True)
def nobodys_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No credentials, certificates or proxies of who runs the tests."""
    for name in ("REGISTRY_AUTH_FILE", "DOCKER_CONFIG", "XDG_CONFIG_HOME", "IMGINDEX_USERNAME", "IMGINDEX_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    return tmp_path


def options(registry: Registry, **more: object) -> FetchOptions:
    return FetchOptions(ca_file=registry.ca, **more)  # type: ignore[arg-type]


def client(registry: Registry, **more: object) -> Client:
    return Client(registry.host, options(registry, **more), Limits(), registries=Registries([]))


def sign_in_by_file(home: Path, registry: Registry) -> None:
    """What `docker login` writes."""
    auth = base64.b64encode(f"{registry.username}:{registry.password}".encode()).decode()
    (home / ".docker").mkdir()
    (home / ".docker/config.json").write_text(json.dumps({"auths": {registry.host: {"auth": auth}}}))


async def look(asked: Client) -> tuple[list[str], str]:
    """The catalog, and the digest that a tag points at."""
    async with asked:
        catalog = await asked.get("/v2/_catalog", scope=CATALOG, limit=1 << 20)
        head = await asked.head("/v2/team/web/manifests/latest", scope=WEB, accept=MANIFESTS)
        return json.loads(catalog.body)["repositories"], head.headers["docker-content-digest"]


def test_an_open_registry_on_loopback_is_asked_over_plain_http(plain_registry: Registry) -> None:
    repositories, digest = asyncio.run(look(client(plain_registry)))
    _, headers, _ = plain_registry.get("/v2/team/web/manifests/latest", Accept=MANIFESTS)
    assert repositories == json.loads(plain_registry.get("/v2/_catalog")[2])["repositories"]
    assert digest == headers["docker-content-digest"]


@pytest.mark.parametrize("kind", ["htpasswd_registry", "token_registry"])
def test_a_registry_over_tls_is_signed_in_to(kind: str, nobodys_home: Path, request: pytest.FixtureRequest) -> None:
    registry: Registry = request.getfixturevalue(kind)
    sign_in_by_file(nobodys_home, registry)
    repositories, digest = asyncio.run(look(client(registry)))
    assert "team/web" in repositories
    assert digest.startswith("sha256:")


@pytest.mark.parametrize("kind", ["htpasswd_registry", "token_registry"])
def test_the_environment_has_credentials(
    kind: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMGINDEX_USERNAME", USERNAME)
    monkeypatch.setenv("IMGINDEX_PASSWORD", PASSWORD)
    repositories, _ = asyncio.run(look(client(request.getfixturevalue(kind))))
    assert "team/web" in repositories


@pytest.mark.parametrize("kind", ["htpasswd_registry", "token_registry"])
def test_without_credentials_the_error_says_where_they_were_looked_for(
    kind: str, nobodys_home: Path, request: pytest.FixtureRequest
) -> None:
    with pytest.raises(DeniedError) as caught:
        asyncio.run(look(client(request.getfixturevalue(kind))))
    assert f"{nobodys_home}/.docker/config.json (no such file)" in str(caught.value)


def test_an_unknown_certificate_is_refused(htpasswd_registry: Registry) -> None:
    asked = Client(htpasswd_registry.host, FetchOptions(), Limits(), registries=Registries([]))
    with pytest.raises(UnavailableError, match="not trusted: self-signed certificate"):
        asyncio.run(look(asked))


def test_blobs_come_from_where_the_registry_redirects(s3_registry: Registry) -> None:
    async def fetch() -> tuple[bytes, str]:
        async with client(s3_registry) as asked:
            tags = await asked.get("/v2/team/web/tags/list", scope=WEB, limit=1 << 20)
            tag = json.loads(tags.body)["tags"][0]
            manifest = await asked.get(f"/v2/team/web/manifests/{tag}", scope=WEB, limit=1 << 20, accept=MANIFESTS)
            config = json.loads(manifest.body)["config"]["digest"]
            blob = await asked.get(f"/v2/team/web/blobs/{config}", scope=WEB, limit=1 << 20, redirects=True)
            return blob.body, blob.url

    body, url = asyncio.run(fetch())
    assert "rootfs" in json.loads(body)
    assert s3_registry.host not in url
    assert "?" not in url


def test_what_is_not_there_is_not_found(plain_registry: Registry) -> None:
    async def fetch() -> tuple[int, str | None]:
        async with client(plain_registry) as asked:
            answer = await asked.get("/v2/no/such/tags/list", scope=WEB, limit=1 << 20, expected=(404,))
            with pytest.raises(NotFoundError) as caught:
                await asked.get("/v2/no/such/tags/list", scope=WEB, limit=1 << 20)
            return answer.status, caught.value.code

    assert asyncio.run(fetch()) == (404, "NAME_UNKNOWN")
