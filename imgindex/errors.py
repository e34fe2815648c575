"""The exceptions of imgindex. Each branch is one kind of failure with one exit code.

    ImgindexError
      UsageError       2  InvalidReferenceError, UnknownSourceError, UnknownQueryError, QueryParameterError,
                          UnknownThingError, AmbiguousThingError, UnknownReportError, ReportError
      SourceError      3  SourceUnavailableError, AuthenticationError, RegistryError, LayoutError,
                          SourceIdentityError
      ContentError     4  DigestMismatchError, SizeMismatchError, LimitExceededError, MalformedError, MissingError,
                          PathEscapeError
      StoreError       5  SchemaVersionError, LockedError, ContendedError, LoadError
      QueryError       6  QueryTimeoutError

A `SourceError` stops its source. A `ContentError` concerns one item: the source turns it into a problem row and goes
on. A `StoreError` rolls the scan back. Facts are attributes; messages quote untrusted text escaped and shortened.
"""

from __future__ import annotations

from collections.abc import Iterable

NAMES_SHOWN = 30
"""How many names a message lists."""


def quote(text: object, limit: int = 120) -> str:
    """Untrusted text for a message: escaped, on one line, at most `limit` characters."""
    shown = str(text)
    if len(shown) > limit:
        shown = shown[: limit - 1] + "…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in shown)


def near_misses(name: str, known: Iterable[str], command: str | None = None) -> str:
    """Sentences to put behind the refusal of a name: the known names that are nearly this one, and `command`, which
    lists all. Where no command does, all there are if none is near. Of a path, its end is enough to be near.
    """
    import difflib

    names = list(known)
    ends = {whole.rpartition("/")[2].casefold(): whole for whole in names}
    spelt = ends | {whole.casefold(): whole for whole in names}
    near = difflib.get_close_matches(name.casefold(), spelt, n=3, cutoff=0.6)
    meant = " or ".join(quote(whole) for whole in dict.fromkeys(spelt[match] for match in near))
    said = f" Did you mean {meant}?" if meant else ""
    if command is not None:
        return f"{said} `{command}` lists all."
    more = ", …" if len(names) > NAMES_SHOWN else ""
    listed = ", ".join(map(quote, names[:NAMES_SHOWN])) + more
    return said or (f" There are: {listed}." if names else " There are none.")


class ImgindexError(Exception):
    """Whatever imgindex itself refuses or cannot do."""

    exit_code = 1


class UsageError(ImgindexError):
    """The command was called wrongly."""

    exit_code = 2


class InvalidReferenceError(UsageError):
    """Text that is no image reference or digest."""


class UnknownSourceError(UsageError):
    """A source name whose kind is unknown, or a path that holds no known store."""


class UnknownQueryError(UsageError):
    """No saved query has this name."""


class QueryParameterError(UsageError):
    """A parameter is missing, unknown or of the wrong type."""


class UnknownThingError(UsageError):
    """The index has no tag, image, layer or other thing of this name or digest."""


class AmbiguousThingError(UsageError):
    """Several things have this name, or a digest that starts so."""


class UnknownReportError(UsageError):
    """No report has this name."""


class ReportError(UsageError):
    """The file of a report is not well formed, or asks for what its queries do not have."""

    def __init__(self, message: str, *, path: str | None = None, key: str | None = None) -> None:
        super().__init__(message)
        self.path = path
        self.key = key


class SourceError(ImgindexError):
    """The whole source cannot be read."""

    exit_code = 3


class SourceUnavailableError(SourceError):
    """The store or registry is not there, or may not be read."""


class AuthenticationError(SourceError):
    """The registry refused the credentials, or wants some."""


class RegistryError(SourceError):
    """The registry answered with an error."""

    def __init__(self, message: str, *, status: int, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class LayoutError(SourceError):
    """The place is not laid out as a store of this kind."""


class SourceIdentityError(SourceError):
    """The name belongs to another store."""


class ContentError(ImgindexError):
    """One item is not what it says it is, or is beyond a limit."""

    exit_code = 4
    kind = "malformed"
    """The problem kind that a row in `problems` gets."""


class DigestMismatchError(ContentError):
    """The bytes do not have the digest they are stored or named under."""

    kind = "digest_mismatch"


class SizeMismatchError(ContentError):
    """The bytes are more or fewer than stated."""

    kind = "size_mismatch"


class LimitExceededError(ContentError):
    """A document or number is beyond what `limits` allows."""

    kind = "limit_exceeded"


class MalformedError(ContentError):
    """The bytes are no document of the kind they are said to be."""


class MissingError(ContentError):
    """Something that is referred to is not in the store."""

    kind = "missing"


class PathEscapeError(ContentError):
    """A path or link leads out of the store's root."""

    kind = "path_escape"


class StoreError(ImgindexError):
    """The database refused or failed."""

    exit_code = 5


class SchemaVersionError(StoreError):
    """The database's schema is older or newer than this program's."""


class LockedError(StoreError):
    """Another process holds the database."""

    def __init__(self, message: str, *, pid: int | None = None, command: str | None = None) -> None:
        super().__init__(message)
        self.pid = pid
        self.command = command


class ContendedError(StoreError):
    """Another writer got in the way, and the transaction was rolled back: it may be done again."""


class LoadError(StoreError):
    """A batch could not be written."""


class QueryError(ImgindexError):
    """The database refused a query."""

    exit_code = 6

    def __init__(self, message: str, *, name: str | None = None, path: str | None = None) -> None:
        super().__init__(message)
        self.name = name
        self.path = path


class QueryTimeoutError(QueryError):
    """The database did not answer in the time that it was given."""
