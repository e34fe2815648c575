"""What goes wrong between a registry and its client. No message holds a secret or the query of a signed address.

SourceError
  SourceUnavailableError   UnavailableError (5xx, no connection, no answer in time), BlockedError
  AuthenticationError      DeniedError (401, 403)
  RegistryError            StatusError (another status), ThrottledError (429)
  BudgetSpentError
ContentError
  MissingError             NotFoundError (404)
  SizeMismatchError        CutBodyError
  LimitExceededError       TooLargeError
  MalformedError           BadAnswerError
  PathEscapeError          RefusedAddressError (a redirect or path that leads elsewhere)
"""

from __future__ import annotations

from imgindex.errors import (
    AuthenticationError,
    LimitExceededError,
    MalformedError,
    MissingError,
    PathEscapeError,
    RegistryError,
    SizeMismatchError,
    SourceError,
    SourceUnavailableError,
)


class UnavailableError(SourceUnavailableError):
    """The server fails, or cannot be reached, also after retries. `status` is None where there was no answer."""

    def __init__(self, message: str, *, status: int | None = None, passing: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.passing = passing
        """Whether another attempt may help."""


class BlockedError(SourceUnavailableError):
    """registries.conf forbids the registry, or plain HTTP would be needed and nobody asked for it."""


class DeniedError(AuthenticationError):
    """401 or 403 after signing in was tried. The message says which credentials were looked for, and where."""

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


class StatusError(RegistryError):
    """A status that nobody expected. `code` is the registry's own word for it, such as PAGINATION_NUMBER_INVALID."""


class ThrottledError(RegistryError):
    """429, and the registry wants a longer wait than is allowed; or its allowance is known to be spent."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message, status=429, code="TOOMANYREQUESTS")
        self.retry_after = retry_after
        """Seconds until it may be asked again, where that is known."""


class BudgetSpentError(SourceError):
    """As many requests were sent as the user allowed. The crawl is partial; nothing may be closed."""


class NotFoundError(MissingError):
    """404. `code` is the registry's own word for it, such as NAME_UNKNOWN or MANIFEST_UNKNOWN."""

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.code = code


class CutBodyError(SizeMismatchError):
    """The body ended before its declared length, also after retries."""


class TooLargeError(LimitExceededError):
    """The body is larger than the caller takes."""


class BadAnswerError(MalformedError):
    """What came is no HTTP, is encoded though nobody asked for it, or lacks what it must have."""


class RefusedAddressError(PathEscapeError):
    """A redirect or path leads where no request is sent to."""
