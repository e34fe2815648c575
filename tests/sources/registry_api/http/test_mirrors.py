from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import pytest

from imgindex.limits import Limits
from imgindex.sources.registry_api.http.errors import BlockedError, NotFoundError
from imgindex.sources.registry_api.http.mirrors import Endpoint, Registries, RegistriesConfError, read_registries
from tests.sources.registry_api.fake import FakeServer, Reply
from tests.sources.registry_api.http.conftest import client_of

CONF = """
unqualified-search-registries = ["docker.io"]

[[registry]]
prefix = "registry.example"
[[registry.mirror]]
location = "cache.example:5000"
[[registry.mirror]]
location = "second.example/copies"
insecure = true
[[registry.mirror]]
location = "tags.example"
pull-from-mirror = "tag-only"

[[registry]]
prefix = "registry.example/team"
location = "internal.example:5000/mirrored/team"

[[registry]]
location = "docker.io"
insecure = true

[[registry]]
prefix = "*.blocked.example"
blocked = true
"""
BODY = b"{}"
DIGEST = "sha256:" + hashlib.sha256(BODY).hexdigest()
MANIFEST = f"/v2/team/web/manifests/{DIGEST}"


def read(folder: Path, text: str) -> Registries:
    (folder / "registries.conf").write_text(text)
    return read_registries({"CONTAINERS_REGISTRIES_CONF": str(folder / "registries.conf")})


def test_the_longest_prefix_says_where_to_ask(tmp_path: Path) -> None:
    found = read(tmp_path, CONF)
    assert found.endpoints_for("registry.example", "other/web") == [
        Endpoint("cache.example:5000", "other/web", mirror=True),
        Endpoint("second.example", "copies/other/web", insecure=True, mirror=True),
        Endpoint("registry.example", "other/web"),
    ]
    assert found.endpoints_for("registry.example", "team/web") == [
        Endpoint("internal.example:5000", "mirrored/team/web")
    ]
    assert found.endpoints_for("registry.example", "teams/web")[-1] == Endpoint("registry.example", "teams/web")
    assert found.endpoints_for("docker.io", "library/nginx") == [Endpoint("docker.io", "library/nginx", insecure=True)]
    assert found.endpoints_for("unknown.example", "") == [Endpoint("unknown.example", "")]
    with pytest.raises(BlockedError):
        found.endpoints_for("a.blocked.example", "team/web")


def test_files_are_read_in_podmans_order(home: Path) -> None:
    place = home / ".config/containers"
    (place / "registries.conf.d").mkdir(parents=True)
    (place / "registries.conf").write_text('[[registry]]\nprefix = "a.example"\nlocation = "one.example"\n')
    (place / "registries.conf.d/1.conf").write_text('[[registry]]\nprefix = "a.example"\nlocation = "two.example"\n')
    found = read_registries({"HOME": str(home)})
    assert found.endpoints_for("a.example", "x") == [Endpoint("two.example", "x")]


@pytest.mark.parametrize(
    "text", ["[[registry", "registry = 1", "[[registry]]\nblocked = true", '[[registry]]\nlocation = "a b"']
)
def test_a_file_that_is_wrong_stops_the_crawl(tmp_path: Path, text: str) -> None:
    with pytest.raises(RegistriesConfError, match=r"registries\.conf"):
        read(tmp_path, text)


def mirrored(tmp_path: Path, registry: FakeServer, mirror: FakeServer) -> Registries:
    text = f'[[registry]]\nlocation = "{registry.host}"\n[[registry.mirror]]\nlocation = "{mirror.host}/copies"\n'
    return read(tmp_path, text)


def fetch(registry: FakeServer, known: Registries, *paths: str) -> list[bytes]:
    async def ask() -> list[bytes]:
        async with client_of(registry.host, registries=known) as client:
            scope = "repository:team/web:pull"
            return [(await client.get(path, scope=scope, limit=Limits().document_bytes)).body for path in paths]

    return asyncio.run(ask())


def test_a_mirror_delivers_documents_and_nothing_else(tmp_path: Path, fake: FakeServer) -> None:
    with FakeServer() as mirror:
        mirror.routes[f"/v2/copies/team/web/manifests/{DIGEST}"] = Reply(body=BODY)
        fake.routes["/v2/team/web/manifests/latest"] = Reply(body=b"tag")
        fake.routes["/v2/team/web/tags/list"] = Reply(body=b"tags")
        known = mirrored(tmp_path, fake, mirror)
        bodies = fetch(fake, known, MANIFEST, "/v2/team/web/manifests/latest", "/v2/team/web/tags/list")
        assert bodies == [BODY, b"tag", b"tags"]
        assert mirror.paths == [f"GET /v2/copies/team/web/manifests/{DIGEST}"]
        assert fake.paths == ["GET /v2/team/web/manifests/latest", "GET /v2/team/web/tags/list"]


@pytest.mark.parametrize("reply", [Reply(404), Reply(body=b"another"), Reply(401), Reply(500), Reply(body=BODY, cut=1)])
def test_what_a_mirror_lacks_or_forges_comes_from_the_registry(tmp_path: Path, fake: FakeServer, reply: Reply) -> None:
    fake.routes[MANIFEST] = Reply(body=BODY)
    with FakeServer() as mirror:
        mirror.routes[f"/v2/copies/team/web/manifests/{DIGEST}"] = reply
        assert fetch(fake, mirrored(tmp_path, fake, mirror), MANIFEST) == [BODY]
        assert mirror.seen != []


def test_a_mirror_that_is_down_is_left_alone(tmp_path: Path, fake: FakeServer) -> None:
    fake.routes[MANIFEST] = Reply(body=BODY)
    with FakeServer() as mirror:
        mirror.routes[f"/v2/copies/team/web/manifests/{DIGEST}"] = Reply(501)
        assert fetch(fake, mirrored(tmp_path, fake, mirror), *[MANIFEST] * 9) == [BODY] * 9
        assert len(mirror.seen) == 3


def test_a_catalog_that_lies_within_another_cannot_be_listed(tmp_path: Path, fake: FakeServer) -> None:
    known = read(tmp_path, f'[[registry]]\nprefix = "registry.example"\nlocation = "{fake.host}/copies"\n')

    async def ask() -> None:
        async with client_of("registry.example", registries=known) as client:
            await client.get("/v2/_catalog", scope="registry:catalog:*", limit=100)

    with pytest.raises(NotFoundError):
        asyncio.run(ask())
    assert fake.seen == []
