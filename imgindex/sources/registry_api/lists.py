"""Lists that a registry gives in pages: its catalog, a repository's tags, a manifest's referrers.

Every habit is taken: a `Link` that is relative or absolute, pages without a `Link`, a page size that is refused, one
that is ignored, names in any order or twice, `null` for nothing. A list that leads to another host, or goes on without
bringing anything new, is a list that was not read to its end: what it brought counts, and nothing is gone for it.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-tags

    {"name": "team/web", "tags": ["1.0", "1.1"]}
    Link: </v2/team/web/tags/list?last=1.1&n=2>; rel="next"
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import quote as quote_url
from urllib.parse import urljoin, urlsplit

import msgspec

from imgindex.errors import ContentError, LimitExceededError, MalformedError, PathEscapeError, SourceError, quote
from imgindex.limits import Limits
from imgindex.sources.registry_api.http.client import Client
from imgindex.sources.registry_api.http.errors import BudgetSpentError, StatusError, ThrottledError

PAGE = 1000
"""Names that are asked for at once: as many as registries commonly allow."""

_LINK = re.compile(r'<([^<>]*)>((?:\s*;\s*[\w!#$&+.^`|~*-]+\s*=\s*(?:"[^"]*"|[^\s;,"]+))*)')
_REL = re.compile(r';\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))', re.IGNORECASE)


class EndlessListError(ContentError):
    """A list whose pages go on and bring nothing new."""

    kind = "endless_list"


class Names(msgspec.Struct, gc=False):
    """A page of the catalog or of tags."""

    repositories: list[str] | None = None
    tags: list[str] | None = None


class Referrer(msgspec.Struct, rename="camel", gc=False):
    """A descriptor in a list of referrers."""

    digest: str
    media_type: str | None = None
    size: int | None = None


class Referrers(msgspec.Struct, gc=False):
    """A page of referrers."""

    manifests: list[Referrer] | None = None


class _Page(Protocol):
    """From a page's bytes to what it lists, by name. Raises `msgspec.MsgspecError`."""

    def __call__(self, data: bytes) -> dict[str, Referrer | None]: ...


@dataclass(slots=True)
class Listing:
    """What was listed, each once, in the order in which it came."""

    found: dict[str, Referrer | None] = field(default_factory=dict)
    unlisted: Exception | None = None
    """Why it was not read to its end, if so: a ContentError or SourceError."""


async def list_repositories(client: Client, limits: Limits) -> Listing:
    """The names in the catalog. Raises what `Client.get` raises for its first page."""
    return await _read(client, "/v2/_catalog", "registry:catalog:*", limits, _repositories, PAGE)


async def list_tags(client: Client, repository: str, limits: Limits) -> Listing:
    """The tags of a repository. Raises what `Client.get` raises for the first page."""
    return await _read(client, f"/v2/{repository}/tags/list", f"repository:{repository}:pull", limits, _tags, PAGE)


async def list_referrers(client: Client, repository: str, digest: str, limits: Limits) -> Listing:
    """The manifests that refer to this one, by digest. Raises what `Client.get` raises for the first page."""
    path = f"/v2/{repository}/referrers/{digest}"
    return await _read(client, path, f"repository:{repository}:pull", limits, _referrers, None)


def _repositories(data: bytes) -> dict[str, Referrer | None]:
    return dict.fromkeys(msgspec.json.decode(data, type=Names).repositories or [])


def _tags(data: bytes) -> dict[str, Referrer | None]:
    return dict.fromkeys(msgspec.json.decode(data, type=Names).tags or [])


def _referrers(data: bytes) -> dict[str, Referrer | None]:
    return {item.digest: item for item in msgspec.json.decode(data, type=Referrers).manifests or []}


async def _read(client: Client, path: str, scope: str, limits: Limits, page: _Page, size: int | None) -> Listing:
    """`size`: names a page; None = as the registry likes."""
    listing = Listing()
    asked: set[str] = set()
    target, is_guess = path if size is None else f"{path}?n={size}", False
    while True:
        asked.add(target)
        try:
            answer = await client.get(target, scope=scope, limit=limits.list_page_bytes)
            names = _decode(page, answer.body)
            link = next_link(answer.headers.get("Link"), answer.url)
        except (BudgetSpentError, ThrottledError):
            raise
        except StatusError as error:
            if error.status != 400 or size is None or len(asked) > 1:
                return _cut(listing, error, len(asked))
            target, size = path, None  # PAGINATION_NUMBER_INVALID, or a registry that knows no pages
            continue
        except (ContentError, SourceError) as error:
            return _cut(listing, error, len(asked))
        before = len(listing.found)
        listing.found.update((name, item) for name, item in names.items() if name not in listing.found)
        is_new = len(listing.found) > before
        if len(listing.found) > limits.list_names:
            return _cut(listing, LimitExceededError(f"a list of more than {limits.list_names} names"))
        if link is not None:
            if not is_new or link in asked:
                return _cut(listing, EndlessListError("a list whose pages go on and bring nothing new"))
            target, is_guess = link, False
        elif size is not None and len(names) == size and (is_new or not is_guess):
            # A full page may be all there is, or one of a registry that sends no links.
            target, is_guess = f"{path}?n={size}&last={quote_url(next(reversed(names)), safe='')}", True
        else:
            return listing


def _cut(listing: Listing, error: Exception, pages: int = 2) -> Listing:
    """What was read before the error; it is raised where that is nothing."""
    if pages == 1 and not isinstance(error, (MalformedError, PathEscapeError)):
        raise error
    listing.unlisted = error
    return listing


def _decode(page: _Page, body: bytes) -> dict[str, Referrer | None]:
    try:
        return page(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise MalformedError("what came is no list") from error


def next_link(header: str | None, url: str) -> str | None:
    """Path and query of the next page, by the `Link` header of the page at `url`; None if there is none.

    Raises PathEscapeError where it leads to another host: no credential, and no request, goes there.
    """
    for address, parameters in _LINK.findall(header or ""):
        relation = _REL.search(parameters)
        if relation is None or "next" not in (relation[1] or relation[2] or "").lower().split():
            continue
        try:
            here, there = urlsplit(url), urlsplit(urljoin(url, address))
            same = (here.scheme, here.hostname, here.port) == (there.scheme, there.hostname, there.port)
        except ValueError:
            same = False
        if not same or there.username is not None or not there.path.startswith("/v2/"):
            raise PathEscapeError(f"the next page is said to be {quote(address)}, which is not this registry's")
        return f"{there.path}?{there.query}" if there.query else there.path
    return None
