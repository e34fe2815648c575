"""Which repositories there are, and their tags: what is listed before a tag is looked at, and without the index.

One repository that is named needs no catalog. Names that no registry can serve are problem rows. Where not all were
listed, `unlisted` says why, and nothing that was not listed is gone.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Generator, Iterator

from imgindex.errors import ContentError, InvalidReferenceError, MalformedError, RegistryError, SourceError, quote
from imgindex.limits import Limits
from imgindex.oci.reference import is_tag, repository_name, split_repository
from imgindex.records.rows import Problem, Record
from imgindex.sources.base import batches, check_name, scope_key
from imgindex.sources.registry_api.address import Scope
from imgindex.sources.registry_api.http.client import Client
from imgindex.sources.registry_api.http.errors import BudgetSpentError, DeniedError, NotFoundError, StatusError
from imgindex.sources.registry_api.lists import Listing, list_repositories, list_tags
from imgindex.sources.registry_api.patience import Patience, kind_of
from imgindex.sources.registry_api.repository import Repository
from imgindex.sources.registry_api.steps import Steps

LISTED = 200
"""Repositories whose tags are listed before they are looked at."""
CATALOG = scope_key("catalog", "catalog")


class Catalog:
    """The repositories that are meant, as far as they were listed."""

    def __init__(
        self,
        client: Client,
        steps: Steps,
        patience: Patience,
        scope: Scope,
        file: Callable[[str], str],
        limits: Limits,
    ) -> None:
        """`file`: from a repository's name to the full one that it is filed under."""
        self._client = client
        self._steps = steps
        self._patience = patience
        self._scope = scope
        self._file = file
        self._limits = limits
        self.problems: list[Record] = []
        self.unlisted: str | None = None
        """Why not all repositories were listed, if so."""

    def repositories(self) -> Generator[list[Repository], None, None]:
        """The repositories that are meant, each with its tags that are."""
        for names in batches(self._names(), LISTED):
            asked = [Repository(name, full := self._file(name), scope_key("repository", full)) for name in names]
            if self._patience.why is not None:
                self.unlisted = self.unlisted or str(self._patience.why)
                return
            found = self._list_tags(asked)
            if self._scope.named is not None:
                self._check_named(found)
            for repository in found:
                repository.tags = [tag for tag in repository.tags if self._scope.has_tag(tag)]
            yield found

    def note(self, locator: str, error: ContentError | SourceError) -> None:
        """Something is wrong with the registry as a whole, or with a name in its catalog."""
        self.problems.append(Problem(CATALOG, quote(locator, 1024), kind_of(error), None, str(error)))

    # -- names ---------------------------------------------------------------------------------------------------------

    def _names(self) -> Iterator[str]:
        """The names of the repositories to look at."""
        if self._scope.named is not None:
            self.unlisted = f"only {self._scope.named} was asked for"
            yield self._scope.named
            return
        listing = self._steps.run(
            self._patience.attempt(functools.partial(list_repositories, self._client, self._limits))
        )
        if isinstance(listing, (DeniedError, NotFoundError, StatusError)):
            raise _no_catalog(self._client.host, listing) from listing
        if isinstance(listing, ContentError):
            raise RegistryError(
                f"the catalog of {self._client.host} cannot be read: {listing}", status=200
            ) from listing
        if isinstance(listing, SourceError):
            if isinstance(listing, BudgetSpentError):
                self.unlisted = str(listing)
                return
            raise listing
        if self._scope.repositories is not None:
            self.unlisted = f"only repositories that match {self._scope.repositories}"
        if isinstance(listing.unlisted, (ContentError, SourceError)):
            self.note("_catalog", listing.unlisted)
            self.unlisted = str(listing.unlisted)
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
            self.note(name, error)

    def _check_named(self, found: list[Repository]) -> None:
        """A repository that was asked for by name and cannot be read is a failure, and no finding."""
        name = self._scope.named or ""
        if not found:
            raise RegistryError(
                f"{self._client.host} has no repository {quote(name)}, or hides it from who may not read it", status=404
            )
        if (error := found[0].refused) is not None and not isinstance(error, BudgetSpentError):
            raise error if isinstance(error, SourceError) else RegistryError(str(error), status=200)

    # -- tags ----------------------------------------------------------------------------------------------------------

    def _list_tags(self, repositories: list[Repository]) -> list[Repository]:
        """Fill in their tags. Returns those that are there, or may be: the registry says that it lacks the others."""
        found = []
        for repository, listing in self._steps.each(
            repositories,
            lambda repository: self._patience.attempt(
                functools.partial(list_tags, self._client, repository.name, self._limits)
            ),
        ):
            if isinstance(listing, NotFoundError):
                continue
            found.append(repository)
            if isinstance(listing, (ContentError, SourceError)):
                repository.note("", listing)
                repository.unlisted, repository.refused = str(listing), listing
                continue
            self._take_tags(repository, listing)
        return sorted(found, key=lambda repository: repository.name)

    def _take_tags(self, repository: Repository, listing: Listing) -> None:
        if isinstance(listing.unlisted, (ContentError, SourceError)):
            repository.note("", listing.unlisted)
            repository.unlisted = str(listing.unlisted)
        for tag in sorted(listing.found):
            try:
                check_name(tag, self._limits)
                if not is_tag(tag):
                    raise MalformedError("a tag that no registry can serve")
            except ContentError as error:
                repository.note(f":{tag}", error)
                continue
            repository.tags.append(tag)


def _no_catalog(host: str, error: Exception) -> SourceError:
    """A catalog that is refused is usual; then repositories have to be named, one source each."""
    message = (
        f"{host} does not list its repositories ({error}). Name them, one by one: docker://{host}/REPOSITORY; "
        "the catalog may also want other credentials."
    )
    if isinstance(error, DeniedError):
        return DeniedError(message, status=error.status)
    return RegistryError(message, status=getattr(error, "status", 404))
