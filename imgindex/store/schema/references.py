"""Which columns name a row of which table: what joins, drawn as a diagram.

Nothing is said here that the tables do not say. A column refers to the table that a foreign key names; else to the one
whose key has its name, as `image_key` to `images`; else to the dictionary that its numbers stand for, as `config_key` to
`blobs`. What a source saw is told apart by the index and the source, which then belong to the key.

    references() -> [Reference("manifests", "config_key", ("config_key",), "blobs", ("blob_key",), "blob_key",
        True), ...]

https://mermaid.js.org/syntax/entityRelationshipDiagram.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Column, Table

from imgindex.store.schema.parts import metadata, type_name

AREAS = {
    "Content: documents": ("blobs", "manifests", "index_entries", "manifest_*"),
    "Content: images and layers": ("images", "image_*", "layers", "chains", "layer_blobs"),
    "Observations: looks and tags": (
        "index_info",
        "sources",
        "scans",
        "scan_scopes",
        "repositories",
        "tags",
        "tag_traces",
    ),
    "Observations: manifests and blobs of a source": ("source_manifests", "source_blobs", "repo_digests", "problems"),
    "Observations: images, layers and containers of a source": ("source_images", "source_layers", "containers"),
    "Derived": (
        "source_usage",
        "source_image_sizes",
        "source_image_summaries",
        "source_image_units",
        "source_tag_intervals",
    ),
}
"""The tables, parted so that each diagram can be read; `*` stands for the rest of a name."""


_PLACE = ("index_key", "source_key")
"""Who saw it, and where: part of the key of every observation."""


class Reference(NamedTuple):
    """Columns of a table whose values are the key of a row in another, or in the same."""

    table: str
    column: str
    """The column that says which row."""
    columns: tuple[str, ...]
    """It, and what belongs to the key with it."""
    target: str
    target_columns: tuple[str, ...]
    target_column: str
    """The one of these that says which row."""
    optional: bool
    """Whether the row may be missing: the column may be NULL, or the document was not read."""


def references() -> list[Reference]:
    """Every reference of every table, in the order of the tables and columns."""
    return [found for table in metadata.tables.values() for found in references_of(table)]


def references_of(table: Table) -> Iterator[Reference]:
    """The references of one table."""
    for column in table.columns:
        found = _target(table, column)
        if found is not None:
            target, target_columns = found
            columns = tuple(name if name in _PLACE else column.name for name in target_columns)
            named = target_columns[columns.index(column.name)]
            yield Reference(
                table.name, column.name, columns, target, target_columns, named, _is_optional(column, target)
            )


def draw(area: str) -> str:
    """The tables of an area with their keys, and what they refer to, as a Mermaid diagram."""
    members = tables_in(area)
    lines = ["erDiagram"]
    for table in members:
        lines += [f"    {table.name} {{", *(f"        {line}" for line in _attributes(table)), "    }"]
    lines += [_line(reference) for table in members for reference in references_of(table)]
    return "\n".join(lines) + "\n"


def tables_in(area: str) -> list[Table]:
    """The tables of an area, each in the order of the area."""
    found: dict[str, Table] = {}
    for name in AREAS[area]:
        for table in metadata.tables.values():
            if table.name == name or (name.endswith("*") and table.name.startswith(name[:-1])):
                found[table.name] = table
    return list(found.values())


def _target(table: Table, column: Column[Any]) -> tuple[str, tuple[str, ...]] | None:
    """The table whose key this column has, and that key."""
    if column.name == "index_key":
        alone = "source_key" not in table.columns and table.name != "index_info"
        return ("index_info", ("index_key",)) if alone or table.name == "sources" else None
    for key in column.foreign_keys:
        return key.column.table.name, (key.column.name,)
    for other in metadata.tables.values():
        keys = tuple(key.name for key in other.primary_key.columns)
        own = tuple(name for name in keys if name not in _PLACE) or ("source_key",)
        if other is not table and other.name != "index_info" and own == (column.name,):
            return other.name, keys
    dictionary = column.info.get("dictionary")
    if dictionary is None:
        return None
    return dictionary, tuple(key.name for key in metadata.tables[dictionary].primary_key.columns)


def _is_optional(column: Column[Any], target: str) -> bool:
    """A key that PostgreSQL checks is there; so are the places and names that rows are made with."""
    always = ("index_info", "sources", "scans", "repositories", "layers", "chains", "blobs")
    return bool(column.nullable) or not (column.foreign_keys or target in always)


def _attributes(table: Table) -> Iterator[str]:
    """The columns that are keys or refer to something; the others are in the dictionary."""
    referring = {name for reference in references_of(table) for name in reference.columns}
    keys = {column.name for column in table.primary_key.columns}
    for column in table.columns:
        marks = [mark for mark, names in (("PK", keys), ("FK", referring)) if column.name in names]
        if marks:
            yield f"{type_name(column)} {column.name} {', '.join(marks)}"


def _line(reference: Reference) -> str:
    """One relation: who is referred to stands on the left."""
    keys: Sequence[str] = [column.name for column in metadata.tables[reference.table].primary_key.columns]
    left = "|o" if reference.optional else "||"
    right = "o|" if tuple(keys) == reference.columns else "o{"
    return f"    {reference.target} {left}--{right} {reference.table} : {reference.column}"
