"""What tests do with a source: scan it whole, and look at its records."""

from __future__ import annotations

from collections import Counter
from typing import TypeVar

from imgindex.records.rows import Problem, Record, ScanScope
from imgindex.sources.base import ScanContext, Source

R = TypeVar("R", bound=Record)


def scan(source: Source, context: ScanContext | None = None) -> list[Record]:
    """All records, in order."""
    return [record for group in source.scan(context or ScanContext()) for record in group]


def of(kind: type[R], records: list[Record]) -> list[R]:
    return [record for record in records if isinstance(record, kind)]


def problems(records: list[Record]) -> list[tuple[str, str, str | None]]:
    """(kind, locator, digest) of each."""
    return [(row.kind, row.locator, row.digest) for row in of(Problem, records)]


def outcomes(records: list[Record]) -> dict[tuple[str, str], str]:
    """By (kind, name) of the scope."""
    return {(row.kind, row.name): row.outcome for row in of(ScanScope, records)}


def counts(records: list[Record]) -> Counter[str]:
    """How many records of each type."""
    return Counter(type(record).__name__ for record in records)
