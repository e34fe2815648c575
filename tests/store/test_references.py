"""Which columns refer to which table: as PostgreSQL checks it, as real stores fill it, and as it is drawn."""

from __future__ import annotations

import re

from imgindex.store.schema import AREAS, draw, metadata, references, tables_in
from tests.conftest import ROOT
from tests.stores import Database


def test_every_reference_names_a_key_that_is_there() -> None:
    for found in references():
        table, target = metadata.tables[found.table], metadata.tables[found.target]
        assert set(found.columns) <= {column.name for column in table.columns}
        assert found.target_columns == tuple(column.name for column in target.primary_key.columns)
        assert found.column in found.columns
        for name, target_name in zip(found.columns, found.target_columns, strict=True):
            assert type(table.columns[name].type) is type(target.columns[target_name].type)


def test_every_foreign_key_is_a_reference() -> None:
    keys = {
        (table.name, key.parent.name, key.column.table.name, key.column.name)
        for table in metadata.tables.values()
        for key in table.foreign_keys
    }
    assert len(keys) >= 15
    assert keys <= {(found.table, found.column, found.target, found.target_column) for found in references()}


def test_every_key_of_another_table_is_a_reference() -> None:
    silent = {
        (table.name, column.name)
        for table in metadata.tables.values()
        for column in table.columns
        if column.name.endswith("_key")
        and column.name not in {found.column for found in references() if found.table == table.name}
    }
    own = {(table.name, next(iter(table.primary_key.columns)).name) for table in metadata.tables.values()}
    own |= {("sources", "source_key"), ("scans", "scan_key")}
    # A scope has no table, and a unit is a row of this one or that by its basis; an index is named with its source.
    assert {
        (table, name) for table, name in silent - own if name not in ("scope_key", "unit_key", "index_key")
    } == set()


def test_the_sample_stores_keep_every_reference(full: Database) -> None:
    checked = 0
    for found in references():
        same = " AND ".join(
            f"b.{there} = a.{here}" for here, there in zip(found.columns, found.target_columns, strict=True)
        )
        missing, rows = full.rows(
            f"SELECT COUNT(*) FILTER (WHERE b.{found.target_column} IS NULL), COUNT(*) "
            f"FROM {found.table} AS a LEFT JOIN {found.target} AS b ON {same}"
        )[0]
        checked += rows
        if not found.optional:
            assert missing == 0, found
    assert checked > 1000


def test_each_table_is_drawn_once_and_each_reference_is_a_line() -> None:
    drawn = [table.name for area in AREAS for table in tables_in(area)]
    assert sorted(drawn) == sorted(metadata.tables)
    lines = [line.split() for area in AREAS for line in draw(area).splitlines() if "--" in line]
    assert {(words[0], words[2], words[4]) for words in lines} == {
        (found.target, found.table, found.column) for found in references()
    }
    assert all(re.fullmatch(r"\|[|o]--o[|{]", words[1]) and words[3] == ":" for words in lines)


def test_the_diagram_in_the_documents_is_this_one() -> None:
    written = (ROOT / "docs/schema.md").read_text(encoding="utf-8")
    assert re.findall(r"```mermaid\n(.*?)```", written, re.DOTALL) == [draw(area) for area in AREAS]
