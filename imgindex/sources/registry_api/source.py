"""A registry over its API: `docker://HOST[/REPO-GLOB][:TAG-GLOB]`. No layer is fetched, and nothing is ever pushed.

Every repository is a scope, and the catalog is the last: it says which repositories there are, where it was read whole.
One repository that is named needs no catalog, which many registries refuse. An unchanged registry costs a request for
each page of a list and one for each tag. What a registry does not tell is not known here: what no tag reaches, where a
tag pointed before, and whether it still has the layers that a manifest names.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md

    GET  /v2/_catalog?n=1000                        {"repositories": ["team/web", …]}
    GET  /v2/team/web/tags/list?n=1000              {"name": "team/web", "tags": ["1.2", …]}
    HEAD /v2/team/web/manifests/1.2                 Docker-Content-Digest: sha256:744e02ae…
    GET  /v2/team/web/manifests/sha256:744e02ae…
    GET  /v2/team/web/blobs/sha256:7a442f4c…        its config
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator

from imgindex.errors import (
    ContentError,
    InvalidReferenceError,
    MalformedError,
    RegistryError,
    SourceError,
    quote,
)
from imgindex.oci.reference import normalize_registry, repository_name, split_repository
from imgindex.records.rows import Problem, Record, ScanScope
from imgindex.sources.base import ROWS, Group, Identity, ScanContext, batches, scope_key
from imgindex.sources.registry_api.address import Address, Scope
from imgindex.sources.registry_api.crawl import LISTED, SLICE, Crawl
from imgindex.sources.registry_api.http.client import Client
from imgindex.sources.registry_api.http.errors import BudgetSpentError, DeniedError, NotFoundError, StatusError
from imgindex.sources.registry_api.http.options import FetchOptions
from imgindex.sources.registry_api.lists import list_repositories
from imgindex.sources.registry_api.patience import Patience, kind_of
from imgindex.sources.registry_api.repository import Repository
from imgindex.sources.registry_api.steps import Steps
from imgindex.sources.registry_api.watching import Watching

_CATALOG = scope_key("catalog", "catalog")


class RegistryApi:
    """The registry that an address names."""

    def __init__(
        self,
        address: Address,
        fetch: FetchOptions,
        registry: str | None = None,
        rename: Callable[[str], str] = str,
    ) -> None:
        """
        Args:
            registry: The registry that its repositories are filed under, if not its own host.
            rename: From a repository's full name to the one that it is filed under.
        """
        self._host = address.host
        self._scope = Scope(address)
        self._fetch = fetch
        filed = address.host if registry is None else normalize_registry(registry)
        self._file = functools.partial(_full_name, filed, rename)
        registry = split_repository(self._file("any"))[0]
        self.identity = Identity("docker", f"docker://{address.host}", address.host, registry)

    def scan(self, context: ScanContext) -> Iterator[Group]:
        """As `Source.scan`."""
        patience = Patience(context.limits)
        with Steps(self._fetch.jobs) as steps:
            client = self._client(context)
            try:
                crawl = Crawl(client, steps, context, patience)
                yield from _Scan(self._scope, self._file, crawl, steps, client, context, patience).groups()
            finally:
                steps.run(client.aclose())

    def plan(self, context: ScanContext) -> dict[str, int]:
        """As `Source.plan`; catalog and tags are listed for it, and nothing else is asked.

        `requests` are those of a crawl that finds nothing new. What is new takes two more each, for a manifest and a
        config; how much that is, only the crawl can tell.
        """
        patience = Patience(context.limits)
        with Steps(self._fetch.jobs) as steps:
            client = self._client(context)
            try:
                crawl = Crawl(client, steps, context, patience)
                scan = _Scan(self._scope, self._file, crawl, steps, client, context, patience)
                counts = dict.fromkeys(("repositories", "tags", "requests"), 0)
                for repositories in scan.listed():
                    counts["repositories"] += len(repositories)
                    counts["tags"] += sum(len(repository.tags) for repository in repositories)
                if patience.why is not None:
                    raise patience.why
                counts["requests"] = client.requests_made + counts["tags"]
            finally:
                steps.run(client.aclose())
        return counts

    def _client(self, context: ScanContext) -> Client:
        return Client(self._host, self._fetch, context.limits, Watching(context.progress))


class _Scan:
    """One scan's way from the catalog to its end."""

    def __init__(
        self,
        scope: Scope,
        file: Callable[[str], str],
        crawl: Crawl,
        steps: Steps,
        client: Client,
        context: ScanContext,
        patience: Patience,
    ) -> None:
        self._scope = scope
        self._file = file
        self._crawl = crawl
        self._steps = steps
        self._client = client
        self._context = context
        self._patience = patience
        self._problems: list[Record] = []
        self._unlisted: str | None = None
        """Why not all repositories were listed, if so."""
        only = [f"tags that match {scope.tags}"] if scope.tags else []
        only += [f"platform {platform}" for platform in context.platforms]
        self._only = f"only {', '.join(only)}" if only else None

    def groups(self) -> Iterator[Group]:
        pending: list[tuple[Repository, str]] = []
        listed: list[Repository] = []
        for repositories in self.listed():
            for repository in repositories:
                for tag in repository.tags:
                    pending.append((repository, tag))
                    if len(pending) >= SLICE:
                        yield from self._crawl.look(pending)
                        pending = []
                listed.append(repository)
            if len(pending) >= SLICE // 2 or len(listed) >= ROWS:
                yield from self._crawl.look(pending)
                yield from self._end(listed)
                pending, listed = [], []
        yield from self._crawl.look(pending)
        yield from self._end(listed)
        yield from self._end_catalog()
        if self._patience.why is not None and not isinstance(self._patience.why, BudgetSpentError):
            raise self._patience.why

    def listed(self) -> Iterator[list[Repository]]:
        """The repositories that are meant, each with its tags that are."""
        for names in batches(self._names(), LISTED):
            asked = [Repository(name, full := self._file(name), scope_key("repository", full)) for name in names]
            if self._patience.why is not None:
                self._unlisted = self._unlisted or str(self._patience.why)
                return
            found = self._crawl.list_tags(asked)
            if self._scope.named is not None:
                self._check_named(found)
            for repository in found:
                repository.tags = [tag for tag in repository.tags if self._scope.has_tag(tag)]
                self._context.progress.expect(len(repository.tags))
                self._context.progress.tell("tags", len(repository.tags))
            self._context.progress.tell("repositories", len(found))
            yield found

    def _check_named(self, found: list[Repository]) -> None:
        """A repository that was asked for by name and cannot be read is a failure, and no finding."""
        name = self._scope.named or ""
        if not found:
            raise RegistryError(
                f"{self._client.host} has no repository {quote(name)}, or hides it from who may not read it", status=404
            )
        if (error := found[0].refused) is not None and not isinstance(error, BudgetSpentError):
            raise error if isinstance(error, SourceError) else RegistryError(str(error), status=200)

    def _names(self) -> Iterator[str]:
        """The names of the repositories to look at."""
        if self._scope.named is not None:
            self._unlisted = f"only {self._scope.named} was asked for"
            yield self._scope.named
            return
        listing = self._steps.run(
            self._patience.attempt(functools.partial(list_repositories, self._client, self._context.limits))
        )
        if isinstance(listing, (DeniedError, NotFoundError, StatusError)):
            raise _no_catalog(self._client.host, listing) from listing
        if isinstance(listing, ContentError):
            raise RegistryError(
                f"the catalog of {self._client.host} cannot be read: {listing}", status=200
            ) from listing
        if isinstance(listing, SourceError):
            if isinstance(listing, BudgetSpentError):
                self._unlisted = str(listing)
                return
            raise listing
        if self._scope.repositories is not None:
            self._unlisted = f"only repositories that match {self._scope.repositories}"
        if isinstance(listing.unlisted, (ContentError, SourceError)):
            self._note("_catalog", listing.unlisted)
            self._unlisted = str(listing.unlisted)
        for name in sorted(listing.found):
            if not self._scope.has_repository(name):
                continue
            try:
                if split_repository(repository_name(self._client.host, name))[1] == name:
                    yield name
                    continue
                error: ContentError = MalformedError("is listed without its namespace")
            except InvalidReferenceError:
                error = MalformedError("is no repository name")
            self._note(name, error)

    def _note(self, locator: str, error: ContentError | SourceError) -> None:
        self._problems.append(Problem(_CATALOG, quote(locator, 1024), kind_of(error), None, str(error)))

    def _end(self, repositories: list[Repository]) -> Iterator[Group]:
        ends: list[Record] = []
        for repository in repositories:
            ends += repository.problems
            ends.append(repository.end(self._scope.tags_like, self._only))
        if ends:
            yield ends

    def _end_catalog(self) -> Iterator[Group]:
        if self._patience.why is not None:
            self._note(self._client.host, self._patience.why)
            self._unlisted = self._unlisted or str(self._patience.why)
        outcome = "complete" if self._unlisted is None else "partial"
        yield [*self._problems, ScanScope(_CATALOG, "catalog", "catalog", outcome, self._unlisted)]


def _full_name(registry: str, rename: Callable[[str], str], name: str) -> str:
    return rename(f"{registry}/{name}")


def _no_catalog(host: str, error: Exception) -> SourceError:
    """A catalog that is refused is usual; then repositories have to be named, one source each."""
    message = (
        f"{host} does not list its repositories ({error}). Name them, one by one: docker://{host}/REPOSITORY; "
        "the catalog may also want other credentials."
    )
    if isinstance(error, DeniedError):
        return DeniedError(message, status=error.status)
    return RegistryError(message, status=getattr(error, "status", 404))
