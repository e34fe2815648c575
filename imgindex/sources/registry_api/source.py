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

from imgindex.limits import Limits
from imgindex.oci.reference import normalize_registry, split_repository
from imgindex.records.rows import Record, ScanScope
from imgindex.sources.base import ROWS, Group, Identity, ScanContext
from imgindex.sources.registry_api.address import Address, Scope
from imgindex.sources.registry_api.catalog import CATALOG, Catalog
from imgindex.sources.registry_api.crawl import SLICE, Crawl
from imgindex.sources.registry_api.early import Early
from imgindex.sources.registry_api.http.client import Client
from imgindex.sources.registry_api.http.errors import BudgetSpentError
from imgindex.sources.registry_api.http.options import FetchOptions
from imgindex.sources.registry_api.patience import Patience
from imgindex.sources.registry_api.repository import Repository
from imgindex.sources.registry_api.steps import Steps
from imgindex.sources.registry_api.watching import Watching

EARLY = 50
"""Lists of repositories that are kept, at most, before the index is open."""


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
        self._begun: _Begun | None = None
        self.identity = Identity("docker", f"docker://{address.host}", address.host, registry)

    def begin(self, limits: Limits) -> None:
        """As `Prompt.begin`: catalog and tags are listed."""
        self._begun = _Begun(self._host, self._fetch, self._scope, self._file, limits)
        self._begun.list_early()

    def end(self) -> None:
        """As `Prompt.end`."""
        begun, self._begun = self._begun, None
        if begun is not None:
            begun.close()

    def scan(self, context: ScanContext) -> Iterator[Group]:
        """As `Source.scan`."""
        begun, self._begun = self._begun, None
        begun = begun or _Begun(self._host, self._fetch, self._scope, self._file, context.limits)
        try:
            begun.watching.watch(context.progress)
            yield from _Scan(self._scope, begun, context).groups()
        finally:
            begun.close()

    def plan(self, context: ScanContext) -> dict[str, int]:
        """As `Source.plan`; catalog and tags are listed for it, and nothing else is asked.

        `requests` are those of a crawl that finds nothing new. What is new takes two more each, for a manifest and a
        config; how much that is, only the crawl can tell.
        """
        begun = _Begun(self._host, self._fetch, self._scope, self._file, context.limits)
        try:
            begun.watching.watch(context.progress)
            counts = dict.fromkeys(("repositories", "tags", "requests"), 0)
            for repositories in begun.listed:
                counts["repositories"] += len(repositories)
                counts["tags"] += sum(len(repository.tags) for repository in repositories)
            if begun.patience.why is not None:
                raise begun.patience.why
            counts["requests"] = begun.client.requests_made + counts["tags"]
        finally:
            begun.close()
        return counts


class _Begun:
    """What a scan has at hand from its first request on, until it is closed."""

    def __init__(
        self, host: str, fetch: FetchOptions, scope: Scope, file: Callable[[str], str], limits: Limits
    ) -> None:
        self.patience = Patience(limits)
        self.watching = Watching()
        self.client = Client(host, fetch, limits, self.watching)
        self.steps = Steps(fetch.jobs)
        self.catalog = Catalog(self.client, self.steps, self.patience, scope, file, limits)
        self._repositories = self.catalog.repositories()
        self.listed: Iterator[list[Repository]] = self._repositories
        """The repositories, each with its tags."""
        self._early: Early[list[Repository]] | None = None

    def list_early(self) -> None:
        self.listed = self._early = Early(self._repositories, EARLY)

    def close(self) -> None:
        if self._early is not None:
            self.steps.interrupt()
            self._early.stop()
        self._repositories.close()
        self.steps.close(self.client.aclose())


class _Scan:
    """One scan's way from the catalog to its end."""

    def __init__(self, scope: Scope, begun: _Begun, context: ScanContext) -> None:
        self._scope = scope
        self._listed = begun.listed
        self._catalog = begun.catalog
        self._crawl = Crawl(begun.client, begun.steps, context, begun.patience)
        self._host = begun.client.host
        self._progress = context.progress
        self._patience = begun.patience
        only = [f"tags that match {scope.tags}"] if scope.tags else []
        only += [f"platform {platform}" for platform in context.platforms]
        self._only = f"only {', '.join(only)}" if only else None

    def groups(self) -> Iterator[Group]:
        pending: list[tuple[Repository, str]] = []
        listed: list[Repository] = []
        for repositories in self._listed:
            self._progress.tell("repositories", len(repositories))
            for repository in repositories:
                self._progress.expect(len(repository.tags))
                self._progress.tell("tags", len(repository.tags))
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

    def _end(self, repositories: list[Repository]) -> Iterator[Group]:
        ends: list[Record] = []
        for repository in repositories:
            ends += repository.problems
            ends.append(repository.end(self._scope.tags_like, self._only))
        if ends:
            yield ends

    def _end_catalog(self) -> Iterator[Group]:
        catalog, why = self._catalog, self._patience.why
        if why is not None:
            catalog.note(self._host, why)
            catalog.unlisted = catalog.unlisted or str(why)
        outcome = "complete" if catalog.unlisted is None else "partial"
        yield [*catalog.problems, ScanScope(CATALOG, "catalog", "catalog", outcome, catalog.unlisted)]


def _full_name(registry: str, rename: Callable[[str], str], name: str) -> str:
    return rename(f"{registry}/{name}")
