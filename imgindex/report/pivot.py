"""An answer of one row a cell, turned into a table of rows and columns: for formats that have no charts.

row  column  bytes                 #  row  1  2
a    a       5             ->      1  a    5  3
a    b       3                     2  b    3  4
b    a       3
b    b       4
"""

from __future__ import annotations

from imgindex.query.result import Column, Row
from imgindex.report.model import Answer

MOST_NAMES = 15
"""The most columns that such a table may have."""


def turn_matrix(answer: Answer) -> tuple[list[Column], list[Row]] | None:
    """The columns and rows of a matrix, its names numbered; None for what is none, has too many names, or a cell twice.

    A cell of nothing is NULL, so that the others stand out.
    """
    chart = answer.section.chart
    if chart is None or chart.kind != "matrix" or answer.count > len(answer.rows):
        return None
    names = [column.name for column in answer.columns]
    row_place, column_place, value_place = (names.index(chart.roles[role]) for role in ("row", "column", "value"))
    cells = {(row[row_place], row[column_place]): row[value_place] for row in answer.rows}
    keys = list(dict.fromkeys(name for pair in cells for name in pair))
    if len(keys) > MOST_NAMES or len(cells) != len(answer.rows):
        return None
    value = answer.columns[value_place]
    columns = [Column("#", "BIGINT"), answer.columns[row_place]]
    unit = "_bytes" if value.name.endswith("_bytes") else ""
    columns += [Column(f"{number}{unit}", value.type) for number in range(1, len(keys) + 1)]
    rows: list[Row] = [
        (number, key, *(cells.get((key, other)) or None for other in keys)) for number, key in enumerate(keys, start=1)
    ]
    return columns, rows
