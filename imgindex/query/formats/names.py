"""The rule of formats that know a column by its name: no two columns may have the same one."""

from __future__ import annotations

from imgindex.errors import UsageError, quote
from imgindex.query.result import Column


def check_names(columns: list[Column]) -> None:
    """Raises UsageError where a name comes twice: one of the columns would be lost."""
    seen: set[str] = set()
    for column in columns:
        if column.name in seen:
            raise UsageError(f'Two columns are called "{quote(column.name)}". Tell them apart with AS.')
        seen.add(column.name)
