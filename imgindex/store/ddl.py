"""The schema as SQL statements, one dialect at a time.

Migrations hold frozen copies of what this renders (`scripts/freeze-migration`); a test proves that an upgraded database
and this agree. DuckDB gets primary keys on the dimensions alone, since its indexes live in memory, and no foreign keys,
since it refuses updates of rows that are referred to. PostgreSQL gets keys everywhere, and text sorted by bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, TypeAlias

from sqlalchemy import Column, Table

from imgindex.store.schema import VIEWS, View, metadata
from imgindex.store.schema.parts import type_name

DialectName: TypeAlias = Literal["duckdb", "postgresql"]


def render(dialect: DialectName) -> list[str]:
    """Every statement that makes an empty database into an index, in order."""
    statements: list[str] = []
    for table in metadata.sorted_tables:
        statements.extend(render_table(table.name, dialect))
    for view in VIEWS:
        statements.extend(render_view(view))
    return statements


def render_table(name: str, dialect: DialectName) -> list[str]:
    """The statements that make one table, its comments and its indexes."""
    table = metadata.tables[name]
    indexes = _create_indexes(table) if dialect == "postgresql" else ()
    return [_create_table(table, dialect), *_comment_table(table), *indexes]


def render_view(view: View) -> list[str]:
    """The statements that make one view and its comments."""
    casts = ", ".join(f"CAST(v.{name} AS {kind}) AS {name}" for name, kind, _ in view.columns)
    create = f"CREATE VIEW {view.name} AS\nSELECT {casts}\nFROM ({view.sql.strip()}\n) AS v"
    return [
        create,
        f"COMMENT ON VIEW {view.name} IS {_literal(view.comment)}",
        *(f"COMMENT ON COLUMN {view.name}.{name} IS {_literal(comment)}" for name, _, comment in view.columns),
    ]


def _create_table(table: Table, dialect: DialectName) -> str:
    lines = [_column(column, dialect) for column in table.columns]
    if dialect == "postgresql" or table.info.get("dimension"):
        lines.append(f"PRIMARY KEY ({', '.join(column.name for column in table.primary_key.columns)})")
    if dialect == "postgresql":
        lines.extend(
            f"FOREIGN KEY ({key.parent.name}) REFERENCES {key.column.table.name} ({key.column.name})"
            for key in sorted(table.foreign_keys, key=lambda key: key.parent.name)
        )
    return f"CREATE TABLE {table.name} (\n    " + ",\n    ".join(lines) + "\n)"


def _column(column: Column[Any], dialect: DialectName) -> str:
    kind = type_name(column)
    if dialect == "postgresql" and kind == "TEXT":
        kind = 'TEXT COLLATE "C"'
    return f"{column.name} {kind}{'' if column.nullable else ' NOT NULL'}"


def _create_indexes(table: Table) -> Iterator[str]:
    """What PostgreSQL needs to find rows by what they refer to; DuckDB scans columns faster than it follows indexes."""
    for column in table.columns:
        if "dictionary" in column.info and column is not next(iter(table.primary_key.columns), None):
            yield f"CREATE INDEX {table.name}_by_{column.name} ON {table.name} ({column.name})"


def _comment_table(table: Table) -> Iterator[str]:
    yield f"COMMENT ON TABLE {table.name} IS {_literal(table.comment or '')}"
    for column in table.columns:
        yield f"COMMENT ON COLUMN {table.name}.{column.name} IS {_literal(column.comment or '')}"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
