from __future__ import annotations

import asyncio
import base64
import json
import os
from pathlib import Path

import pytest

from imgindex.sources.registry_api.http.credentials import Credentials
from imgindex.sources.registry_api.http.finder import CredentialFinder, variable_suffix
from imgindex.sources.registry_api.http.options import FetchOptions

HOST = "registry.example:5000"


def entry(user: str, password: str = "secret") -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


def find(
    registry: str = HOST, repository: str = "", *, named: bool = True, options: FetchOptions | None = None, **more: str
) -> tuple[Credentials | None, list[str]]:
    """What is found, and where it was looked for; `more`: further variables of the environment."""
    finder = CredentialFinder(registry, options or FetchOptions(), {**os.environ, **more}, named=named)
    return asyncio.run(finder.find(repository)), list(finder.looked)


def user(registry: str = HOST, repository: str = "", **more: str) -> str | None:
    found, _ = find(registry, repository, **more)
    return None if found is None else found.username


def write(path: Path, document: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


def write_helper(folder: Path, name: str, script: str) -> None:
    program = write(folder / f"docker-credential-{name}", f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which programs are found."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder


def test_files_are_looked_at_in_podmans_order(home: Path, tmp_path: Path) -> None:
    places = [
        write(home / ".docker/config.json", {"auths": {HOST: entry("docker")}}),
        write(tmp_path / "docker/config.json", {"auths": {HOST: entry("DOCKER_CONFIG")}}),
        write(home / ".config/containers/auth.json", {"auths": {HOST: entry("config")}}),
        write(tmp_path / "run/containers/auth.json", {"auths": {HOST: entry("runtime")}}),
        write(tmp_path / "named.json", {"auths": {HOST: entry("named")}}),
    ]
    more = {"DOCKER_CONFIG": str(tmp_path / "docker")}
    assert user(**more, REGISTRY_AUTH_FILE=str(places[4])) == "named"
    assert user(**more) == "runtime"
    places[3].unlink()
    assert user(**more) == "config"
    places[2].unlink()
    assert user(**more) == "DOCKER_CONFIG"
    assert user() == "docker"
    places[0].unlink()
    found, looked = find()
    assert found is None
    assert looked[-1] == f"{home}/.docker/config.json (no such file)"


def test_a_file_that_is_named_is_the_only_one(home: Path, tmp_path: Path) -> None:
    write(home / ".docker/config.json", {"auths": {HOST: entry("docker")}})
    assert user(REGISTRY_AUTH_FILE=str(tmp_path / "missing.json")) is None
    assert find(options=FetchOptions(auth_file=tmp_path / "missing.json"))[0] is None


@pytest.mark.parametrize(
    ("key", "registry", "repository", "expected"),
    [
        (HOST, HOST, "team/web", True),
        ("REGISTRY.example:5000", HOST, "", True),
        ("https://registry.example:5000", HOST, "", True),
        ("https://registry.example:5000/v1/", HOST, "team/web", True),
        ("registry.example", HOST, "", False),
        (f"{HOST}/team", HOST, "team/web", True),
        (f"{HOST}/team/web", HOST, "team/web", True),
        (f"{HOST}/team", HOST, "teams/web", False),
        (f"{HOST}/team", HOST, "", False),
        ("https://index.docker.io/v1/", "docker.io", "library/nginx", True),
        ("docker.io/library", "docker.io", "library/nginx", True),
        ("registry-1.docker.io", "docker.io", "", True),
        ("https://index.docker.io/v1/", HOST, "", False),
        ("evil.invalid/registry.example:5000", HOST, "", False),
        ("no host at all", HOST, "", False),
    ],
)
def test_keys_say_which_registry_and_namespace(
    home: Path, key: str, registry: str, repository: str, expected: bool
) -> None:
    write(home / ".docker/config.json", {"auths": {key: entry("somebody")}})
    assert user(registry, repository) == ("somebody" if expected else None)


def test_the_longest_key_counts(home: Path) -> None:
    auths = {HOST: entry("host"), f"{HOST}/team": entry("team"), f"{HOST}/team/web": entry("web")}
    write(home / ".docker/config.json", {"auths": auths})
    assert [user(repository=name) for name in ("team/web", "team/api", "tea", "")] == ["web", "team", "host", "host"]


def test_passwords_are_read_whole(home: Path) -> None:
    write(home / ".docker/config.json", {"auths": {HOST: entry("user", "with: colon\0\0")}})
    found, _ = find()
    assert found is not None
    assert (found.password, found.basic) == ("with: colon", "Basic " + base64.b64encode(b"user:with: colon").decode())
    assert "colon" not in repr(found)


def test_tokens_of_files_are_kept_apart(home: Path) -> None:
    write(
        home / ".docker/config.json",
        {"auths": {HOST: {"identitytoken": "refresh"}, "b.example": {"registrytoken": "t"}}},
    )
    identity, registry = find()[0], find("b.example")[0]
    assert identity is not None
    assert registry is not None
    assert (identity.identity_token, identity.password, registry.registry_token) == ("refresh", "", "t")


@pytest.mark.parametrize(
    "document",
    [
        "{",
        "[]",
        '{"auths": []}',
        '{"auths": {"registry.example:5000": {"auth": "c2VjcmV0!"}}}',
        '{"credsStore": "../x"}',
    ],
)
def test_what_cannot_be_read_is_no_failure_but_told(home: Path, document: str) -> None:
    write(home / ".docker/config.json", document)
    found, looked = find()
    assert found is None
    assert str(home / ".docker/config.json") in looked[-1]
    assert "c2VjcmV0" not in " ".join(looked)


def test_helpers_are_asked_for_their_registry(home: Path, programs: Path) -> None:
    write(home / ".docker/config.json", {"credHelpers": {HOST: "one"}, "credsStore": "all", "auths": {HOST: {}}})
    write_helper(
        programs, "one", """[ "$1" = get ] && read url; echo "{\\"Username\\": \\"$url\\", \\"Secret\\": \\"s\\"}" """
    )
    write_helper(programs, "all", """read url; echo "{\\"Username\\": \\"all of $url\\", \\"Secret\\": \\"s\\"}" """)
    assert user() == HOST
    assert user("docker.io") == "all of https://index.docker.io/v1/"


def test_a_helper_may_keep_an_identity_token(home: Path, programs: Path) -> None:
    write(home / ".docker/config.json", {"credsStore": "all"})
    write_helper(programs, "all", """echo '{"Username": "<token>", "Secret": "refresh"}'""")
    found, _ = find()
    assert found is not None
    assert (found.username, found.identity_token) == ("", "refresh")


def test_a_helper_sees_no_secret_of_ours_and_none_of_its_own_is_told(
    home: Path, programs: Path, tmp_path: Path
) -> None:
    write(home / ".docker/config.json", {"credsStore": "all"})
    write_helper(programs, "all", f"env > {tmp_path}/seen; echo leaked-secret; echo leaked-secret >&2; exit 3")
    found, looked = find(IMGINDEX_PASSWORD_ELSEWHERE="canary")
    assert found is None
    assert "docker-credential-all failed with exit code 3" in looked
    assert "leaked-secret" not in " ".join(looked)
    assert "IMGINDEX_" not in (tmp_path / "seen").read_text()


def test_a_helper_that_knows_nothing_or_is_absent(home: Path, programs: Path) -> None:
    write(home / ".docker/config.json", {"credsStore": "all"})
    assert "is not installed" in find()[1][-1]
    write_helper(programs, "all", "echo credentials not found in native keychain; exit 1")
    assert find()[1][-1].endswith(f"(nothing for {HOST})")


def test_the_environment_comes_first(home: Path) -> None:
    write(home / ".docker/config.json", {"auths": {HOST: entry("docker")}})
    run = {"IMGINDEX_USERNAME": "run", "IMGINDEX_PASSWORD": "p"}
    own = {"IMGINDEX_USERNAME_REGISTRY_EXAMPLE___5000": "own", "IMGINDEX_PASSWORD_REGISTRY_EXAMPLE___5000": "p"}
    assert [user(**run, **own), user(**run), user("other.example", **own)] == ["own", "run", None]


def test_what_the_environment_says_without_a_host_is_for_the_only_registry(home: Path) -> None:
    run = {"IMGINDEX_USERNAME": "run", "IMGINDEX_PASSWORD": "p"}
    assert find(named=False, **run)[0] is None
    assert find(options=FetchOptions(several_registries=True), **run)[0] is None


def test_half_of_a_pair_is_told() -> None:
    found, looked = find(IMGINDEX_USERNAME="run")
    assert found is None
    assert "IMGINDEX_USERNAME (without its other half)" in looked


def test_no_two_registries_share_a_variable() -> None:
    names = ["a-b.example", "a.b.example", "a.b-example", "a--b.example", "a.b:5", "a.b.5", "a-b:5", "[::1]:5", "[::1]"]
    assert len({variable_suffix(name) for name in names}) == len(names)
    assert all(variable_suffix(name).replace("_", "").isalnum() for name in names)
