"""What is selected of a table or view for a file: its columns in their order, its rows in that of its key.

Parquet has the types of the contract: BIGINT is INT64, TEXT is a UTF-8 string, TIMESTAMPTZ is a timestamp of
microseconds in UTC. Keys of indexes are text: not all that reads Parquet knows UUIDs. CSV is what `formats.csv` writes:
NULL is an empty cell and empty text is `""`, times are ISO 8601, and what a spreadsheet would run gets an apostrophe.
"""

from __future__ import annotations

from dataclasses import dataclass

from imgindex.query.export.workshop import INDEX, literal
from imgindex.query.formats.csv import FORMULA
from imgindex.store.schema import VIEWS, describe, metadata

FORMATS = {"parquet": "FORMAT parquet, COMPRESSION zstd", "csv": "FORMAT csv, HEADER true"}
"""Each format, and how DuckDB is told to write it."""


@dataclass(frozen=True, slots=True)
class Exportable:
    """A table or view."""

    name: str
    kind: str
    """table or view."""
    key: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]
    """Name and type, as the schema has them."""
    internal: bool
    """A view that only carries others."""


def exportables() -> dict[str, Exportable]:
    """Every view and table by name, in the order of the documents."""
    views = {view.name: view for view in VIEWS}
    found = {}
    for relation in describe():
        view = views.get(relation.name)
        keys = view.key if view else tuple(column.name for column in metadata.tables[relation.name].primary_key.columns)
        columns = tuple((column.name, column.type) for column in relation.columns)
        found[relation.name] = Exportable(
            relation.name, relation.kind, keys, columns, view is not None and view.internal
        )
    return found


def written_types(relation: Exportable) -> dict[str, str]:
    """The columns of a file in their order, and their types."""
    return {name: "TEXT" if kind == "UUID" else kind for name, kind in relation.columns}


def select(relation: Exportable, format_name: str) -> str:
    """The query whose rows a file holds."""
    write = _csv_cell if format_name == "csv" else _parquet_value
    columns = ", ".join(f"{write(name, kind)} AS {name}" for name, kind in relation.columns)
    # By the columns of the relation, not by what is written of them.
    order = ", ".join(f"r.{name} ASC NULLS LAST" for name in relation.key)
    return f"SELECT {columns} FROM {INDEX}.{relation.name} AS r ORDER BY {order}"


def _parquet_value(name: str, kind: str) -> str:
    return f"CAST(r.{name} AS VARCHAR)" if kind == "UUID" else f"r.{name}"


def _csv_cell(name: str, kind: str) -> str:
    column = f"r.{name}"
    if kind == "TEXT":
        starts = ", ".join(f"chr({ord(character)})" for character in FORMULA)
        return f"CASE WHEN substr({column}, 1, 1) IN ({starts}) THEN {literal(chr(39))} || {column} ELSE {column} END"
    if kind == "TIMESTAMPTZ":
        fraction = (
            f"CASE WHEN date_part('microsecond', {column}) % 1000000 = 0 THEN '' ELSE strftime({column}, '.%f') END"
        )
        return f"strftime({column}, '%Y-%m-%dT%H:%M:%S') || {fraction} || 'Z'"
    return column
