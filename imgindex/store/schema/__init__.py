"""The relational schema: tables, views, and what every column means.

Keys are `<noun>_key`, sizes are bytes, positions count from 0 = base layer, times are UTC. People and BI tools use the
views; the tables are for joins.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Table

from imgindex.store.schema import content, derived, observations
from imgindex.store.schema.parts import Presence, metadata, type_name
from imgindex.store.schema.references import AREAS, Reference, draw, references, references_of, tables_in
from imgindex.store.views import VIEWS, View

__all__ = [
    "AREAS",
    "PRESENCE",
    "VIEWS",
    "ColumnDoc",
    "Reference",
    "RelationDoc",
    "View",
    "content",
    "derived",
    "describe",
    "draw",
    "metadata",
    "observations",
    "references",
    "tables_in",
]

PRESENCE: dict[str, Presence] = {
    table.name: table.info["presence"] for table in metadata.sorted_tables if "presence" in table.info
}
"""The observation tables whose rows are intervals of presence."""


@dataclass(frozen=True, slots=True)
class ColumnDoc:
    name: str
    type: str
    comment: str
    key: bool = False
    """Part of what tells the rows apart."""
    refers_to: str | None = None
    """Of a table's column: the table and column whose values it has."""


@dataclass(frozen=True, slots=True)
class RelationDoc:
    """A table or view as users see it."""

    name: str
    kind: str
    """table or view."""
    comment: str
    columns: tuple[ColumnDoc, ...]


def describe() -> list[RelationDoc]:
    """Every view, then every table, then the views that only carry others; each with its columns and comments."""
    views = [
        RelationDoc(
            view.name,
            "view",
            view.comment,
            tuple(ColumnDoc(*column, key=column[0] in view.key) for column in view.columns),
        )
        for view in sorted(VIEWS, key=lambda view: view.internal)
    ]
    own = sum(not view.internal for view in VIEWS)
    return [*views[:own], *map(_describe_table, metadata.tables.values()), *views[own:]]


def _describe_table(table: Table) -> RelationDoc:
    targets = {found.column: f"{found.target}.{found.target_column}" for found in references_of(table)}
    keys = {column.name for column in table.primary_key.columns}
    columns = tuple(
        ColumnDoc(column.name, type_name(column), column.comment or "", column.name in keys, targets.get(column.name))
        for column in table.columns
    )
    return RelationDoc(table.name, "table", table.comment or "", columns)
