"""How many requests a crawl may send."""

from __future__ import annotations

from imgindex.sources.registry_api.http.errors import BudgetSpentError


class Budget:
    """Counts every request before it is sent, be it for a token, a redirect or another attempt."""

    def __init__(self, most: int | None) -> None:
        self.spent = 0
        self._most = most

    def spend(self) -> None:
        """Take one request. Raises `BudgetSpentError` where none is left."""
        if self._most is not None and self.spent >= self._most:
            raise BudgetSpentError(f"{self._most} requests were sent, as many as --max-requests allows")
        self.spent += 1
