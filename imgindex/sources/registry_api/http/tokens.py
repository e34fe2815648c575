"""Signing in to one registry: which Authorization header a request for a scope gets.

Nothing is sent until the registry asks for it with a 401. Then: Basic, or a Bearer token that the registry's token
server (its realm) gives for one scope. Tokens are kept until shortly before they expire, and one that is refused is
renewed once. A scope is asked for once, however many requests wait for it.

Who gets the credentials: the registry itself, and a realm that `realm_is_trusted`. Any other realm is asked without.

https://distribution.github.io/distribution/spec/auth/token/
https://distribution.github.io/distribution/spec/auth/oauth/

    GET https://auth.example/token?service=registry.example&scope=repository:team/web:pull  ->  {"token": "…"}
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec
from yarl import URL

from imgindex.errors import quote
from imgindex.oci.timestamps import parse_time
from imgindex.sources.registry_api.http.answer import Answer
from imgindex.sources.registry_api.http.challenge import Challenge, parse_challenges
from imgindex.sources.registry_api.http.credentials import Credentials
from imgindex.sources.registry_api.http.errors import BadAnswerError, DeniedError, UnavailableError
from imgindex.sources.registry_api.http.finder import CredentialFinder
from imgindex.sources.registry_api.http.hosts import is_loopback, kin
from imgindex.sources.registry_api.http.options import FetchOptions
from imgindex.sources.registry_api.http.wire import Wire

TOKEN_BYTES = 256 * 1024
"""Largest answer of a token server."""
LIFETIME = 60.0
"""Seconds that a token is good for where its server does not say (the specification's default)."""
LONGEST_LIFETIME = 86_400.0
READS = frozenset({"pull", "metadata_read"})
"""Actions that a registry may ask us to ask for: a token that can write is never asked for."""

_PRINTABLE = re.compile(r"[\x21-\x7e]+").fullmatch


class _Token(msgspec.Struct):
    token: str | None = None
    access_token: str | None = None
    expires_in: float | None = None
    issued_at: str | None = None
    refresh_token: str | None = None


class _Grant(NamedTuple):
    header: str
    renew_at: float


class SignIn:
    """How one registry is signed in to."""

    def __init__(self, server: URL, finder: CredentialFinder, options: FetchOptions, wire: Wire) -> None:
        """`server`: the registry's own address, which it is reached at."""
        self._server = server
        self._finder = finder
        self._options = options
        self._wire = wire
        self._wanted: Challenge | None = None
        self._grants: dict[str, _Grant | None] = {}
        self._wider: dict[str, tuple[str, ...]] = {}
        self._refresh: dict[str, str] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._realm_refused: str | None = None

    async def header(self, scope: str) -> str | None:
        """The Authorization header for a scope; None while the registry has not asked for one."""
        if self._wanted is None:
            return None
        if (grant := self._grants.get(scope)) and time.monotonic() < grant.renew_at:
            return grant.header
        async with self._locks.setdefault(scope, asyncio.Lock()):
            if (grant := self._grants.get(scope)) is None or time.monotonic() >= grant.renew_at:
                grant = self._grants[scope] = await self._obtain(scope)
        return grant.header if grant else None

    async def renew(self, scope: str, used: str | None, challenges: Sequence[str], *, again: bool) -> str | None:
        """Another header than the one that a 401 refused; None if there is no other.

        Args:
            used: the header that was refused.
            challenges: the answer's WWW-Authenticate headers.
            again: whether this request was refused with a new header already.
        """
        wanted = _choose(parse_challenges(challenges))
        if wanted is None:
            return None
        wider = _read_scopes(scope, wanted.parameters.get("scope", ""))
        widened = wider != self._wider.get(scope, ()) and bool(wider)
        if again and not widened:
            return None
        if self._wanted is None or _same_place(self._wanted) != _same_place(wanted):
            self._wanted = wanted
            self._grants.clear()
        if widened:
            self._wider[scope] = wider
        held = self._grants.get(scope)
        if held is not None and held.header == used:
            del self._grants[scope]
        header = await self.header(scope)
        return header if header != used else None

    def story(self) -> str:
        """Which credentials there are, or were looked for, in words that hold no secret."""
        if self._realm_refused:
            return self._realm_refused
        places = {found.place: None for found in self._finder.found()}
        if places:
            return f"the credentials of {', '.join(places)} do not allow it"
        looked = "; ".join(self._finder.looked)
        return f"no credentials were found: {looked}" if looked else "it asked for no credentials"

    async def _obtain(self, scope: str) -> _Grant | None:
        assert self._wanted is not None
        credentials = await self._finder.find(repository_of(scope))
        if self._wanted.scheme == "basic":
            return _Grant(credentials.basic, float("inf")) if credentials and credentials.password else None
        if credentials and credentials.registry_token:
            return _Grant(f"Bearer {credentials.registry_token}", float("inf"))
        return await self._ask_for_token(scope, self._wanted, credentials)

    async def _ask_for_token(self, scope: str, wanted: Challenge, credentials: Credentials | None) -> _Grant:
        realm = self._check_realm(wanted.parameters["realm"])
        if credentials and not realm_is_trusted(self._server, realm, self._options):
            self._realm_refused = (
                f"its token server is {quote(realm.host)}, which does not belong to it, so the credentials of "
                f"{credentials.place} were not sent there; --auth-realm {quote(realm.host)} would allow it"
            )
            credentials = None
        scopes = (scope, *self._wider.get(scope, ()))
        service = wanted.parameters.get("service")
        named = {} if service is None else {"service": service}
        if credentials and credentials.identity_token:
            refresh = self._refresh.get(credentials.place, credentials.identity_token)
            form = {"grant_type": "refresh_token", "refresh_token": refresh, "client_id": "imgindex", **named}
            answer = await self._wire.fetch(
                "POST", realm, headers={}, limit=TOKEN_BYTES, form={**form, "scope": " ".join(scopes)}
            )
        else:
            headers = {"Authorization": credentials.basic} if credentials else {}
            url = realm.extend_query([*named.items(), *(("scope", one) for one in scopes)])
            answer = await self._wire.fetch("GET", url, headers=headers, limit=TOKEN_BYTES)
        return self._read_token(answer, realm, credentials)

    def _check_realm(self, text: str) -> URL:
        """The token server's address. Raises `DeniedError` where nothing is to be sent to it at all."""
        try:
            realm = URL(text)
            host, _ = realm.host, realm.port
        except ValueError:
            host = None
        if not host or realm.user is not None or realm.scheme not in ("http", "https"):
            raise DeniedError(f"{self._server.authority} names a token server that is no address", status=401)
        local = is_loopback(host)
        plain = realm.scheme == "http" and not local and not self._options.allows_plain(host, realm.port)
        if plain or (local and not is_loopback(self._server.host or "")):
            raise DeniedError(
                f"{self._server.authority} names a token server that is not asked: {quote(realm.origin())}", status=401
            )
        return realm

    def _read_token(self, answer: Answer, realm: URL, credentials: Credentials | None) -> _Grant:
        if answer.status >= 500:
            raise UnavailableError(f"the token server {realm.host} answers {answer.status}", status=answer.status)
        if answer.status != 200:
            who = f"the credentials of {credentials.place}" if credentials else f"no one ({self.story()})"
            raise DeniedError(f"the token server {realm.host} answers {answer.status} to {who}", status=401)
        try:
            told = msgspec.json.decode(answer.body, type=_Token, strict=False)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise BadAnswerError(f"the token server {realm.host} answers no token") from None  # it may quote one
        token = told.token or told.access_token
        if not token or not _PRINTABLE(token):
            raise BadAnswerError(f"the token server {realm.host} answers no token")
        if credentials and told.refresh_token:
            self._refresh[credentials.place] = told.refresh_token
        lifetime = min(told.expires_in or LIFETIME, LONGEST_LIFETIME)
        lifetime -= _age(told.issued_at, lifetime)
        # A second at least: a server whose tokens are never good would have each request ask for another.
        return _Grant(f"Bearer {token}", time.monotonic() + max(1.0, lifetime - min(30.0, lifetime / 5)))


def realm_is_trusted(server: URL, realm: URL, options: FetchOptions) -> bool:
    """Whether a registry's token server may be sent the credentials for that registry.

    It may if it is on the registry's own host, in the domain that this host lies in, or named by the user; and never
    over a connection that is less safe than the registry's own.
    """
    if server.scheme == "https" and realm.scheme != "https":
        return False
    host = realm.host or ""
    return kin(server.host or "", host) or host in options.auth_realms


def repository_of(scope: str) -> str:
    """The repository that a scope is about: `team/web` of `repository:team/web:pull`; `""` for the catalog's."""
    kind, _, rest = scope.partition(":")
    return rest.rpartition(":")[0] if kind == "repository" else ""


def _choose(challenges: list[Challenge]) -> Challenge | None:
    """The challenge to meet: a token is worth less to who steals it than a password."""
    bearers = [one for one in challenges if one.scheme == "bearer" and one.parameters.get("realm")]
    return next(iter(bearers or [one for one in challenges if one.scheme == "basic"]), None)


def _same_place(challenge: Challenge) -> tuple[str, str | None, str | None]:
    parameters = challenge.parameters
    if challenge.scheme == "basic":
        return "basic", None, None
    return challenge.scheme, parameters.get("realm"), parameters.get("service")


def _read_scopes(scope: str, asked: str) -> tuple[str, ...]:
    """Of the scopes that a registry asks for, those that only read, and the same thing: Azure's `metadata_read`."""
    name, _, own = scope.rpartition(":")
    wider = []
    for other in asked.split():
        resource, _, actions = other.rpartition(":")
        if resource == name and set(actions.split(",")) <= READS and actions != own:
            wider.append(other)
    return tuple(wider[:4])


def _age(issued_at: str | None, lifetime: float) -> float:
    """How old a token was when it came, in seconds; 0 where that is not known, or the clocks clearly differ."""
    if not issued_at or (issued := parse_time(issued_at)) is None:
        return 0.0
    age = datetime.now(UTC).timestamp() - issued / 1_000_000
    return age if 0 < age < lifetime else 0.0
