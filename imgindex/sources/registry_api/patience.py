"""How much trouble a crawl takes before it stops: an answer that fails is one item's, a registry that fails is the end.

What was asked for and failed comes back as the exception that it was. Once the budget is spent, the registry wants a
longer wait than is allowed, or it failed many times in a row, nothing more is asked, and `why` says so.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from imgindex.errors import ContentError, SourceError
from imgindex.limits import Limits
from imgindex.sources.registry_api.http.errors import (
    BlockedError,
    BudgetSpentError,
    DeniedError,
    ThrottledError,
    UnavailableError,
)

R = TypeVar("R")


class Patience:
    """That of one crawl."""

    def __init__(self, limits: Limits) -> None:
        self.why: SourceError | None = None
        """Why nothing more is asked, if so."""
        self._most = limits.failures
        self._in_a_row = 0

    async def attempt(self, work: Callable[[], Awaitable[R]]) -> R | ContentError | SourceError:
        """What comes of the work, or why nothing did."""
        if self.why is not None:
            return self.why
        try:
            result = await work()
        except BlockedError:
            raise
        except (BudgetSpentError, ThrottledError) as error:
            self.why = error
            return error
        except UnavailableError as error:
            self._in_a_row += 1
            if self._in_a_row >= self._most:
                self.why = error
            return error
        except (ContentError, SourceError) as error:
            return error
        self._in_a_row = 0
        return result


def kind_of(error: ContentError | SourceError) -> str:
    """The kind of the problem row that says what failed."""
    match error:
        case ContentError():
            return error.kind
        case DeniedError():
            return "denied"
        case BudgetSpentError():
            return "budget_spent"
        case ThrottledError():
            return "throttled"
        case UnavailableError():
            return "unavailable"
    return "refused"
