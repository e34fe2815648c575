"""The registries that tests are given are what they are said to be: skopeo and the truth of the sample say so."""

from __future__ import annotations

import json
import re
import ssl
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from werkzeug.wrappers import Response

from tests.object_store import ObjectStore
from tests.registries import Registry, Served, copy_of, running_registry, skopeo_inspect
from tests.truth import registry_tags

MANIFESTS = "application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json"


@pytest.fixture(params=["plain", "htpasswd", "token", "s3"])
def registry(request: pytest.FixtureRequest) -> Registry:
    found: Registry = request.getfixturevalue(f"{request.param}_registry")
    return found


def test_skopeo_is_told_what_it_was_told_of_the_sample(registry: Registry) -> None:
    told = registry_tags()["team/web"]
    found = skopeo_inspect(registry, "team/web", "1.2")
    assert (told["1.2"]["digest"], sorted(told)) == (found["Digest"], sorted(found["RepoTags"]))


def test_who_shows_no_credentials_is_challenged(registry: Registry) -> None:
    status, headers, _ = registry.get("/v2/_catalog")
    challenge = headers.get("www-authenticate", "")
    if registry.tokens is not None:
        scope = 'Bearer realm="{}",service="registry.example",scope="registry:catalog:*"'
        assert (401, scope.format(registry.tokens.realm)) == (status, challenge)
    elif registry.username is not None:
        assert (401, 'Basic realm="registry of the tests"') == (status, challenge)
    else:
        assert (200, "") == (status, challenge)


def test_a_password_opens_the_catalog(htpasswd_registry: Registry) -> None:
    status, _, body = htpasswd_registry.get("/v2/_catalog", Authorization=htpasswd_registry.basic)
    assert (200, sorted(registry_tags())) == (status, json.loads(body)["repositories"])


def test_a_token_opens_what_it_was_asked_for_alone(token_registry: Registry) -> None:
    tokens = token_registry.tokens
    assert tokens is not None
    tokens.asked.clear()
    scope = urllib.parse.urlencode({"service": "registry.example", "scope": "repository:team/web:pull"})
    request = urllib.request.Request(f"{tokens.realm}?{scope}", headers={"Authorization": token_registry.basic})
    token = json.loads(answer_over_tls(request, token_registry))["token"]
    (asked,) = tokens.asked
    assert ("GET", ["repository:team/web:pull"]) == (asked.method, asked.parameters["scope"])
    paths = {"/v2/team/web/tags/list": 200, "/v2/team/worker/tags/list": 401, "/v2/_catalog": 401}
    found = {path: token_registry.get(path, Authorization=f"Bearer {token}")[0] for path in paths}
    assert paths == found


def test_a_token_server_refuses_what_it_is_told_to(token_registry: Registry) -> None:
    tokens = token_registry.tokens
    assert tokens is not None
    tokens.denied.add("repository:team/web")
    try:
        with pytest.raises(AssertionError, match=r"denied|unauthorized"):
            skopeo_inspect(token_registry, "team/web", "1.2")
    finally:
        tokens.denied.clear()


def test_a_refresh_token_is_given_and_taken(token_registry: Registry) -> None:
    tokens = token_registry.tokens
    assert tokens is not None
    forms = [
        {"grant_type": "password", "username": token_registry.username, "password": "wrong"},
        {"grant_type": "password", "username": token_registry.username, "password": token_registry.password},
        {"grant_type": "refresh_token", "refresh_token": "a-refresh-token-of-the-tests"},
    ]
    found = []
    for form in forms:
        data = urllib.parse.urlencode({**form, "access_type": "offline", "scope": "registry:catalog:*"}).encode()
        try:
            told = json.loads(answer_over_tls(urllib.request.Request(tokens.realm, data), token_registry))
        except urllib.error.HTTPError as error:
            with error:
                found.append((error.code, None))
        else:
            status, _, _ = token_registry.get("/v2/_catalog", Authorization=f"Bearer {told['access_token']}")
            found.append((status, told["refresh_token"]))
    assert [(401, None), (200, "a-refresh-token-of-the-tests"), (200, "a-refresh-token-of-the-tests")] == found


def test_blobs_in_an_object_store_are_redirected_to_it(s3_registry: Registry) -> None:
    objects = s3_registry.objects
    assert objects is not None
    _, _, body = s3_registry.get("/v2/team/web/manifests/1.2", Accept=MANIFESTS)
    config = json.loads(body)["config"]["digest"]
    status, headers, _ = s3_registry.get(f"/v2/team/web/blobs/{config}")
    place = urllib.parse.urlsplit(headers["location"])
    assert (307, objects.host) == (status, place.netloc)
    objects.asked.clear()
    request = urllib.request.Request(headers["location"], headers={"X-Mark": "seen"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
        assert "architecture" in json.load(answer)
    (asked,) = objects.asked
    assert ("GET", "seen", None) == (asked.method, asked.headers["X-Mark"], asked.headers.get("Authorization"))
    assert re.search(rf"/{config[7:]}/data$", asked.path)


def test_a_fault_stands_before_the_object_store(object_store: ObjectStore) -> None:
    object_store.make_bucket("faults")
    object_store.put("faults", [("a/key", b"content")])
    address = f"{object_store.endpoint}/faults/a/key"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    object_store.faults.append(lambda asked: Response("slow down", 503) if asked.path == "/faults/a/key" else None)
    try:
        with pytest.raises(urllib.error.HTTPError, match="503") as caught:
            opener.open(address)
        caught.value.close()
    finally:
        object_store.faults.clear()


def test_what_a_registry_served_is_written_down(registry_store: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    with running_registry(copy_of(registry_store, tmp_path_factory)) as registry:
        assert [] == registry.requests()
        registry.get("/v2/_catalog?n=1")
        registry.get("/v2/absent/tags/list")
        told = [Served("GET", "/v2/_catalog?n=1", 200), Served("GET", "/v2/absent/tags/list", 404)]
        assert told == registry.requests()


def answer_over_tls(request: urllib.request.Request, registry: Registry) -> bytes:
    context = ssl.create_default_context(cafile=registry.ca)
    handlers = [urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)]
    with urllib.request.build_opener(*handlers).open(request) as answer:
        content: bytes = answer.read()
    return content
