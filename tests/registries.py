"""Real registries for tests: distribution's docker-registry on free ports of loopback, each with its own storage.

Session fixtures serve the sample registry: over plain HTTP, over TLS to a user with a password, over TLS to who brings
a token, and from an object store to which it redirects for blobs. `running_registry` serves any storage. Where the
programs are absent, tests that need them are skipped, or fail where CI=true.

https://distribution.github.io/distribution/about/configuration/
"""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.certificates import private_key, write_certificate
from tests.object_store import REGION, ObjectStore
from tests.programs import require
from tests.token_server import ISSUER, SERVICE, TokenServer, running_token_server

USERNAME = "crawler"
PASSWORD = "a password: with a colon"

STARTS = 3
"""How often to start a registry on another port: between choosing a port and using it, another program may take it."""
PATIENCE = 30
"""Seconds to wait for a registry to answer."""

_LINE = re.compile(r'"(?P<method>[A-Z]+) (?P<path>\S+) HTTP/[\d.]+" (?P<status>\d+) ')
_marks = itertools.count()


class Served(NamedTuple):
    """One line of a registry's access log."""

    method: str
    path: str
    """With its query, as it was asked."""
    status: int


@dataclass(frozen=True)
class Registry:
    """A registry that runs."""

    host: str
    """`127.0.0.1:PORT`."""
    storage: Path | None = None
    """The folder that holds its `docker/registry/v2`, which a test may change; None if an object store does."""
    username: str | None = None
    password: str | None = None
    ca: Path | None = None
    """The certificate to trust, alone in a folder as `ca.crt`; None where it speaks plain HTTP."""
    tokens: TokenServer | None = None
    objects: ObjectStore | None = None
    log: Path = Path()
    """All that it prints, the access log in it."""

    @property
    def url(self) -> str:
        return f"{'http' if self.ca is None else 'https'}://{self.host}"

    def requests(self) -> list[Served]:
        """What it has answered up to now, but for what these tests asked it themselves."""
        # It writes a line after it has answered, so ask it for something and wait until that is written.
        mark = f"/v2/?mark={next(_marks)}"
        self.get(mark)
        deadline = time.monotonic() + PATIENCE
        while f" {mark} " not in (text := self.log.read_text()):
            assert time.monotonic() < deadline, f"the registry has not written down {mark}"
            time.sleep(0.01)
        return [
            Served(line["method"], line["path"], int(line["status"]))
            for line in _LINE.finditer(text)
            if "/v2/?mark=" not in line["path"]
        ]

    def get(self, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers by lower-case name, and body; no redirect is followed, and no proxy is asked."""
        context = ssl.create_default_context(cafile=self.ca) if self.ca else None
        handlers = [urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context), _Stay()]
        request = urllib.request.Request(self.url + path, headers=headers)
        try:
            with urllib.request.build_opener(*handlers).open(request) as answer:
                return answer.status, _lowered(answer.headers), answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, _lowered(error.headers), error.read()

    @property
    def basic(self) -> str:
        """The Authorization header of its user."""
        return "Basic " + base64.b64encode(f"{self.username}:{self.password}".encode()).decode()


@contextlib.contextmanager
def running_registry(
    storage: Path | None = None,
    *,
    tls: bool = False,
    htpasswd: bool = False,
    token: bool = False,
    s3: tuple[ObjectStore, str, str] | None = None,
) -> Iterator[Registry]:
    """Start a registry, and stop it at the end.

    Args:
        storage: The folder that holds, or will hold, `docker/registry/v2`; it may be pushed to and changed.
        tls: Speak HTTPS, with a certificate of its own; the token server, too.
        htpasswd: Ask for USERNAME and PASSWORD.
        token: Ask for a token of a server that is started with it.
        s3: Store, bucket and folder in it (`""` or `"some/folder"`) instead of `storage`.
    """
    require("docker-registry", *(["htpasswd"] if htpasswd else []))
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="imgindex-registry-")))
        made = Registry("", storage, log=folder / "log", objects=s3[0] if s3 else None)
        config: dict[str, Any] = {
            "version": 0.1,
            "log": {"level": "warn"},
            "storage": {
                "filesystem": {"rootdirectory": str(storage)},
                "delete": {"enabled": True},
                "maintenance": {"uploadpurging": {"enabled": False}},
            },
            "compatibility": {"schema1": {"enabled": True}},
            "validation": {"manifests": {"urls": {"allow": [r"^https://example\.invalid/"]}}},
            "http": {},
        }
        if s3 is not None:
            config["storage"]["s3"] = _s3(*s3)
            del config["storage"]["filesystem"]
        if tls or token:
            certificate, key = write_certificate(folder)
        if tls:
            made = replace(made, ca=certificate)
            config["http"]["tls"] = {"certificate": str(certificate), "key": str(key)}
        if htpasswd:
            made = replace(made, username=USERNAME, password=PASSWORD)
            users = folder / "htpasswd"
            told = subprocess.run(["htpasswd", "-Bbn", USERNAME, PASSWORD], capture_output=True, check=True)
            users.write_bytes(told.stdout)
            config["auth"] = {"htpasswd": {"realm": "registry of the tests", "path": str(users)}}
        if token:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            asked = running_token_server(USERNAME, PASSWORD, private_key(), context if tls else None)
            tokens = stack.enter_context(asked)
            made = replace(made, username=USERNAME, password=PASSWORD, tokens=tokens)
            told = {"realm": tokens.realm, "service": SERVICE, "issuer": ISSUER, "rootcertbundle": str(certificate)}
            config["auth"] = {"token": told}
        yield stack.enter_context(_started(made, config, folder))


@pytest.fixture(scope="session")
def plain_registry(registry_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """The sample registry over plain HTTP, open to all."""
    with running_registry(copy_of(registry_store, tmp_path_factory)) as registry:
        yield registry


@pytest.fixture(scope="session")
def htpasswd_registry(registry_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """The sample registry over TLS, for one user with a password (Basic)."""
    with running_registry(copy_of(registry_store, tmp_path_factory), tls=True, htpasswd=True) as registry:
        yield registry


@pytest.fixture(scope="session")
def token_registry(registry_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """The sample registry over TLS, for who brings a token (Bearer) of a server over TLS."""
    with running_registry(copy_of(registry_store, tmp_path_factory), tls=True, token=True) as registry:
        yield registry


@pytest.fixture(scope="session")
def s3_registry(registry_store: Path, object_store: ObjectStore) -> Iterator[Registry]:
    """The sample registry over plain HTTP, its blobs in an object store of another host, to which it redirects."""
    object_store.make_bucket("registry")
    object_store.put_tree("registry", "", registry_store)
    with running_registry(s3=(object_store, "registry", "")) as registry:
        yield registry


def copy_of(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of a storage, modification times kept: a registry may write to it."""
    return Path(shutil.copytree(store, tmp_path_factory.mktemp("registry") / "storage"))


def skopeo_inspect(registry: Registry, repository: str, tag: str, *options: str) -> dict[str, Any]:
    """What `skopeo inspect` says of an image; `options` such as `--raw` or `--config`."""
    require("skopeo")
    command = ["skopeo", "inspect", *options]
    command += ["--tls-verify=false"] if registry.ca is None else [f"--cert-dir={registry.ca.parent}"]
    command += ["--no-creds"] if registry.username is None else [f"--creds={registry.username}:{registry.password}"]
    done = subprocess.run([*command, f"docker://{registry.host}/{repository}:{tag}"], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@contextlib.contextmanager
def _started(made: Registry, config: dict[str, Any], folder: Path) -> Iterator[Registry]:
    # AWS_CA_BUNDLE: this registry panics at its start where it is set. REGISTRY_*: they override the configuration.
    environ = {
        name: text for name, text in os.environ.items() if name != "AWS_CA_BUNDLE" and not name.startswith("REGISTRY_")
    }
    for attempt in range(1, STARTS + 1):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            host = f"127.0.0.1:{probe.getsockname()[1]}"
        config["http"]["addr"] = host
        written = folder / "config.yml"
        written.write_text(json.dumps(config))  # JSON is YAML
        with made.log.open("wb") as log:
            command = ["docker-registry", "serve", str(written)]
            process = subprocess.Popen(command, stdout=log, stderr=log, env=environ)
        try:
            registry = replace(made, host=host)
            if _answers(registry, process):
                yield registry
                return
            assert attempt < STARTS, made.log.read_text(errors="replace")
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()


def _answers(registry: Registry, process: subprocess.Popen[bytes]) -> bool:
    """Wait until it answers; False if it has ended."""
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None:
        assert time.monotonic() < deadline, registry.log.read_text(errors="replace")
        try:
            registry.get(f"/v2/?mark={next(_marks)}")
        except urllib.error.URLError:
            time.sleep(0.02)
        else:
            return True
    return False


def _s3(store: ObjectStore, bucket: str, folder: str) -> dict[str, Any]:
    keys = {"accesskey": "tester", "secretkey": "of-no-consequence"}
    place = {"region": REGION, "regionendpoint": store.endpoint, "bucket": bucket, "rootdirectory": f"/{folder}"}
    return {**place, **keys, "secure": False, "encrypt": False, "v4auth": True}


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: it becomes an HTTPError."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


def _lowered(headers: Any) -> dict[str, str]:
    return {name.lower(): text for name, text in headers.items()}
