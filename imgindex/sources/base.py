"""What a source is, and what it is given.

A source reads one kind of store and yields **groups of records**: rows that belong together, a document's own row and
its children above all, since the loader never parts a group between two transactions. It knows nothing of SQL, and
never writes to the store.

A source raises `SourceError` where the store as a whole cannot be read. It catches `ContentError` item by item, yields
a `Problem` and goes on. The end of each scope's listing is a `ScanScope` record with its outcome:

    complete    the listing was read to its end: what it does not list is gone
    partial     it was not (a filter, a limit, an error on the way): nothing is closed
    failed      it could not be read at all: nothing is closed
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol, TypeAlias, TypeVar, runtime_checkable

from imgindex.errors import ContentError, LimitExceededError, MalformedError, quote
from imgindex.limits import Limits
from imgindex.records.keys import Keyring, name_key
from imgindex.records.redact import Redactor
from imgindex.records.rows import Key, Problem, Record
from imgindex.records.wanted import Reached, Wanted

Group: TypeAlias = Sequence[Record]

T = TypeVar("T")

ROWS = 1000
"""Rows of a listing that a source yields in one group."""


class Known(Protocol):
    """What the index holds already, asked in bulk."""

    is_empty: bool
    """There is nothing in it, or nothing of it counts."""

    def unread(self, wanted: Iterable[Wanted]) -> list[Wanted]:
        """Of these documents, and of all that they reach through documents in the index, those that are not in it yet.

        The order is kept, what is reached comes last, and no document comes twice.
        """
        ...

    def reach(self, asked: Sequence[tuple[Key, Wanted]]) -> list[Reached]:
        """These documents, each in a scope, and all that they reach there through documents in the index, referrers
        included that the last look at the scope found. In order of depth, no document twice in a scope.

        What the scan itself has brought is known as far as it was committed.
        """
        ...

    def listing(self, scope: Key) -> str | None:
        """The fingerprint of the blobs that the last look at this scope listed; None if it has to be read anew."""
        ...


class NothingKnown:
    """An empty index, or one whose documents are all to be read again (`--full`)."""

    is_empty = True

    def unread(self, wanted: Iterable[Wanted]) -> list[Wanted]:
        return list({item.digest: item for item in wanted}.values())

    def reach(self, asked: Sequence[tuple[Key, Wanted]]) -> list[Reached]:
        return [Reached(scope, wanted, None, 0, False, None, None) for scope, wanted in asked]

    def listing(self, scope: Key) -> str | None:
        return None


class Progress(Protocol):
    """Where a source says how far it is."""

    def expect(self, documents: int) -> None:
        """So many more documents will be looked at."""
        ...

    def advance(self, documents: int = 1, bytes_read: int = 0) -> None: ...

    def tell(self, noun: str, count: int = 1) -> None:
        """So many more of these, in the plural, were met: repositories, tags, requests."""
        ...

    def say(self, text: str) -> None:
        """Something that whoever watches should know now: that a registry makes us wait."""
        ...


class Silent:
    """Progress that nobody watches."""

    def expect(self, documents: int) -> None: ...

    def advance(self, documents: int = 1, bytes_read: int = 0) -> None: ...

    def tell(self, noun: str, count: int = 1) -> None: ...

    def say(self, text: str) -> None: ...


def _keep() -> None:
    """Nothing waits to be written."""


@dataclass(slots=True)
class ScanContext:
    """All that a scan has at hand."""

    keys: Keyring = field(default_factory=Keyring)
    known: Known = field(default_factory=NothingKnown)
    redact: Redactor = field(default_factory=Redactor)
    limits: Limits = field(default_factory=Limits)
    progress: Progress = field(default_factory=Silent)
    platforms: tuple[str, ...] = ()
    """Normalised platforms to read; empty = all."""
    commit: Callable[[], None] = _keep
    """Write what was yielded so far. For a source whose work is dear, between two groups."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Which store this is, whatever it is called."""

    kind: str
    address: str
    """Where it is, as a person would write it: `docker-root:/var/lib/docker`."""
    fingerprint: str
    """Machine-id, real path, device and inode; or registry host:port; or bucket and prefix."""
    registry: str | None = None
    """The registry that its repositories belong to, where it is one."""


class Source(Protocol):
    """One store."""

    identity: Identity

    def scan(self, context: ScanContext) -> Iterator[Group]:
        """Walk the store. Raises `SourceError`; what is wrong with one item is a `Problem` record."""
        ...

    def plan(self, context: ScanContext) -> dict[str, int]:
        """What `scan` would read, counted without reading a document: {noun in the plural: count}."""
        ...


@runtime_checkable
class Prompt(Protocol):
    """A source that is slow, and has something to do before the index is open."""

    def begin(self, limits: Limits) -> None:
        """Begin with what asks nothing of the index; the next scan goes on with it."""
        ...

    def end(self) -> None:
        """Give up what was begun, if no scan took it."""
        ...


def scope_key(kind: str, name: str) -> Key:
    """The key of a scope within its source: what is listed in one go, such as ("repository", "local/team/web")."""
    return name_key(f"{kind}:{name}")


def problem(scope: Key, locator: str, error: ContentError, digest: str | None = None) -> Problem:
    """The row that an item's error becomes. `locator`: where the item lies, untrusted."""
    return Problem(scope, quote(locator, 1024), error.kind, digest, str(error))


def check_name(name: str, limits: Limits) -> str:
    """A name that a store gives to something, fit to be stored. Raises MalformedError, LimitExceededError."""
    if len(name) > limits.name_chars:
        raise LimitExceededError(f"a name of {len(name)} characters, more than the {limits.name_chars} allowed")
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise MalformedError("a name that is no UTF-8") from error
    if "\0" in name:
        raise MalformedError("a name that holds NUL")
    return name


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of at most `size`."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
