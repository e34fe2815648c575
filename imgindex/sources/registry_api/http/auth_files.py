"""The files in which podman and docker keep credentials, and the programs that keep them instead.

    {"auths": {"registry.example:5000": {"auth": "dXNlcjpwYXNz"}, "quay.io/team": {"auth": "…"}},
     "credHelpers": {"registry.example": "pass"}, "credsStore": "secretservice"}

https://github.com/containers/image/blob/main/docs/containers-auth.json.5.md
https://docs.docker.com/reference/cli/docker/login/#configure-the-credential-store
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from imgindex.errors import InvalidReferenceError
from imgindex.oci.reference import DOCKER_HUB, normalize_registry
from imgindex.sources.registry_api.http.credentials import Credentials, CredentialsError
from imgindex.sources.registry_api.http.options import FetchOptions

FILE_BYTES = 4 * 1024 * 1024
HELPER_SECONDS = 30
DOCKER_HUB_KEY = "https://index.docker.io/v1/"
"""What docker calls Docker Hub in its own files and to its helpers."""

_HELPER = re.compile(r"[A-Za-z0-9._-]+").fullmatch
_IDENTITY = "<token>"
"""The user name under which a helper keeps an identity token."""


class AuthFile:
    """One such file. Raises `CredentialsError` where it cannot be understood, FileNotFoundError where there is none."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("rb") as file:
                content = file.read(FILE_BYTES + 1)
            if len(content) > FILE_BYTES:
                raise CredentialsError(f"{path} is larger than {FILE_BYTES} bytes")
            parsed = msgspec.json.decode(content) if content.strip() else {}
        except FileNotFoundError:
            raise
        except OSError as error:
            raise CredentialsError(f"{path} cannot be read") from error
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise CredentialsError(f"{path} is no JSON") from None  # the error may quote what is in it
        if not isinstance(parsed, dict):
            raise CredentialsError(f"{path} is no JSON object")
        self._auths = {name: entry for key, entry in _object(parsed, "auths").items() if (name := _place(key))}
        self._helpers = {name: text for key, text in _object(parsed, "credHelpers").items() if (name := _place(key))}
        self._store = parsed.get("credsStore")

    def find(self, registry: str, repository: str) -> Credentials | None:
        """The credentials for a repository. Raises `CredentialsError`. A helper is a program that may take a while."""
        if helper := self._helpers.get(registry):
            return _ask(helper, registry, self.path)
        for place in _places(registry, repository):
            if (entry := self._auths.get(place)) and (found := _read(entry, f"{self.path} ({place})")):
                return found
        return _ask(self._store, registry, self.path) if self._store else None


def auth_files(options: FetchOptions, environ: Mapping[str, str]) -> list[Path]:
    """Where credentials may lie, in order. A file that the user names is the only one."""
    if options.auth_file is not None:
        return [options.auth_file]
    if named := environ.get("REGISTRY_AUTH_FILE"):
        return [Path(named)]
    home = environ.get("HOME")
    runtime = environ.get("XDG_RUNTIME_DIR")
    paths = [Path(runtime, "containers/auth.json") if runtime else Path(f"/run/containers/{os.getuid()}/auth.json")]
    if config := environ.get("XDG_CONFIG_HOME") or (home and f"{home}/.config"):
        paths.append(Path(config, "containers/auth.json"))
    if docker := environ.get("DOCKER_CONFIG") or (home and f"{home}/.docker"):
        paths.append(Path(docker, "config.json"))
    return paths


def _places(registry: str, repository: str) -> Iterator[str]:
    """`host/team/web`, `host/team`, `host`: the most specific first."""
    place = f"{registry}/{repository}" if repository else registry
    while place:
        yield place
        place = place.rpartition("/")[0]


def _place(key: str) -> str | None:
    """What a key is about: `host` or `host/team`. Docker's older keys are addresses, whose path means nothing."""
    _, colon, rest = key.partition("://")
    host, _, path = (rest if colon else key).partition("/")
    try:
        registry = normalize_registry(host)
    except InvalidReferenceError:
        return None
    path = "" if colon else path.strip("/")
    return f"{registry}/{path}" if path else registry


def _object(parsed: dict[str, Any], name: str) -> dict[str, Any]:
    found = parsed.get(name)
    return found if isinstance(found, dict) else {}


def _read(entry: Any, place: str) -> Credentials | None:
    """What an entry of `auths` holds; None for the empty ones that docker leaves where a program keeps them."""
    if not isinstance(entry, dict):
        return None
    text = {name: value for name, value in entry.items() if isinstance(value, str) and value}
    username, password = text.get("username", ""), text.get("password", "")
    if "auth" in text:
        try:
            username, _, password = base64.b64decode(text["auth"], validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise CredentialsError(f"{place}: `auth` is no base64 of user:password") from None
        password = password.rstrip("\0")
    found = Credentials(place, username, password, text.get("identitytoken", ""), text.get("registrytoken", ""))
    return found if found.password or found.identity_token or found.registry_token else None


def _ask(helper: Any, registry: str, named_by: Path) -> Credentials | None:
    """What `docker-credential-<helper> get` knows of a registry."""
    if not isinstance(helper, str) or not _HELPER(helper):
        raise CredentialsError(f"{named_by} names a credential helper that is no name")
    program = f"docker-credential-{helper}"
    if (path := shutil.which(program)) is None:
        raise CredentialsError(f"{program}, which {named_by} names, is not installed")
    server = DOCKER_HUB_KEY if registry == DOCKER_HUB else registry
    environ = {name: text for name, text in os.environ.items() if not name.startswith("IMGINDEX_")}
    try:
        done = subprocess.run(  # noqa: S603 - a name without a slash, run without a shell
            [path, "get"], input=server.encode(), capture_output=True, env=environ, timeout=HELPER_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise CredentialsError(f"{program} did not answer in {HELPER_SECONDS} s") from None
    except OSError as error:
        raise CredentialsError(f"{program} cannot be run") from error
    if done.returncode:
        # Helpers say so on stdout. What else they print may quote secrets.
        if b"not found" in done.stdout.lower():
            return None
        raise CredentialsError(f"{program} failed with exit code {done.returncode}")
    try:
        answer = msgspec.json.decode(done.stdout, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise CredentialsError(f"{program} answered no JSON object") from None
    username, secret = str(answer.get("Username") or ""), str(answer.get("Secret") or "")
    if not secret:
        return None
    if username == _IDENTITY:
        return Credentials(program, "", "", secret)
    return Credentials(program, username, secret)
