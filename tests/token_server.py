"""A token server for tests: where a registry sends its clients for Bearer tokens. What it is asked, it writes down.

It knows one user. Who names none gets a token that allows nothing, unless the server is told otherwise. It answers GET
with Basic credentials, and POST with a password or a refresh token.

https://distribution.github.io/distribution/spec/auth/token/
https://distribution.github.io/distribution/spec/auth/oauth/
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.server
import json
import ssl
import threading
import time
import urllib.parse
from collections.abc import Iterator
from email.message import Message
from typing import Any, NamedTuple

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

ISSUER = "the token server of the tests"
SERVICE = "registry.example"
REFRESH_TOKEN = "a-refresh-token-of-the-tests"


class Asked(NamedTuple):
    """One request for a token."""

    method: str
    parameters: dict[str, list[str]]
    """Of the address, or of the form that was posted."""
    headers: Message


class TokenServer:
    """A running token server. What is not private may be changed by a test, which then puts it back."""

    def __init__(self, username: str, password: str, key: rsa.RSAPrivateKey) -> None:
        self.realm = ""
        """Where to ask for tokens."""
        self.asked: list[Asked] = []
        self.lifetime = 300
        """Seconds for which a token is said to be good; the registry allows a minute more."""
        self.denied: set[str] = set()
        """Resources that nobody gets a token for, such as `repository:team/web`."""
        self.anonymous = False
        """Whether a request without credentials is given what it asks for."""
        self._credentials = f"{username}:{password}"
        self._key = key

    def answer(self, asked: Asked) -> tuple[int, dict[str, Any]]:
        """Status and body."""
        self.asked.append(asked)
        known = self._knows(asked)
        if known is False:
            return 401, {"errors": [{"code": "UNAUTHORIZED", "message": "wrong user or password"}]}
        # One scope a parameter, or several in one, with spaces between.
        scopes = " ".join(asked.parameters.get("scope", [])).split()
        access = [self._allowed(scope) for scope in scopes if known or self.anonymous]
        token = self._signed([allowed for allowed in access if allowed["actions"]])
        body: dict[str, Any] = {"token": token, "access_token": token, "expires_in": self.lifetime}
        if known and (asked.parameters.get("offline_token") or asked.parameters.get("access_type") == ["offline"]):
            body["refresh_token"] = REFRESH_TOKEN
        return 200, body

    def _knows(self, asked: Asked) -> bool | None:
        """Whether the credentials are right; None if there are none."""
        told = {name: texts[0] for name, texts in asked.parameters.items()}
        if asked.method == "POST":
            if told.get("grant_type") == "refresh_token":
                return told.get("refresh_token") == REFRESH_TOKEN
            return f"{told.get('username')}:{told.get('password')}" == self._credentials
        scheme, _, credentials = asked.headers.get("Authorization", "").partition(" ")
        if not scheme:
            return None
        return scheme == "Basic" and base64.b64decode(credentials).decode() == self._credentials

    def _allowed(self, scope: str) -> dict[str, Any]:
        kind, _, rest = scope.partition(":")
        name, _, actions = rest.rpartition(":")
        allowed = [] if f"{kind}:{name}" in self.denied else actions.split(",")
        return {"type": kind, "name": name, "actions": allowed}

    def _signed(self, access: list[dict[str, Any]]) -> str:
        now = int(time.time())
        header = {"typ": "JWT", "alg": "RS256", "kid": key_id(self._key)}
        claims = {"iss": ISSUER, "aud": SERVICE, "sub": "", "iat": now, "nbf": now - 60, "exp": now + self.lifetime}
        signed = f"{_encode(header)}.{_encode({**claims, 'jti': str(time.monotonic_ns()), 'access': access})}"
        signature = self._key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{_unpadded(signature)}"


def key_id(key: rsa.RSAPrivateKey) -> str:
    """What distribution calls a key: 30 bytes of the SHA-256 of its public half, in groups of four base32 digits."""
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    public = key.public_key().public_bytes(serialization.Encoding.DER, spki)
    digits = base64.b32encode(hashlib.sha256(public).digest()[:30]).decode()
    return ":".join(digits[start : start + 4] for start in range(0, len(digits), 4))


@contextlib.contextmanager
def running_token_server(
    username: str, password: str, key: rsa.RSAPrivateKey, tls: ssl.SSLContext | None = None
) -> Iterator[TokenServer]:
    """Start a server whose tokens are signed with `key`; over TLS if that is given."""
    tokens = TokenServer(username, password, key)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer("GET", urllib.parse.urlsplit(self.path).query)

        def do_POST(self) -> None:
            self._answer("POST", self.rfile.read(int(self.headers["Content-Length"])).decode())

        def _answer(self, method: str, parameters: str) -> None:
            status, body = tokens.answer(Asked(method, urllib.parse.parse_qs(parameters), self.headers))
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None: ...

    server = _Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    tokens.realm = f"{'http' if tls is None else 'https'}://127.0.0.1:{server.server_port}/token"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield tokens
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that goes away in the middle is no failure of a test."""


def _encode(part: dict[str, Any]) -> str:
    return _unpadded(json.dumps(part).encode())


def _unpadded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
