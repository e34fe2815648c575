"""A report as one JSON object, for programs: what the other formats show, uncut text and exact numbers.

Bytes are integers, `*_key` columns strings, times ISO 8601 in UTC. Each section has its query, the SQL with the values
in it, its columns with their types, its rows as arrays in that order, and how many rows there are: `cut` says whether
there are more than these.

    {"report": "layer-sharing", "title": ..., "sections": [{"title": ..., "query": "size/sources", "rows": [[...]]}]}
"""

from __future__ import annotations

from collections.abc import Iterable

from imgindex.query.formats.cells import json_of
from imgindex.query.formats.sink import Sink
from imgindex.report.model import Answer, Report


def write_json(report: Report, sink: Sink) -> None:
    """Write the report, one row a line."""
    definition = report.definition
    members = {
        "report": json_of(definition.name),
        "title": json_of(definition.title),
        "question": json_of(definition.question),
        "values": json_of(dict(report.values)),
        "made_at": json_of(report.made_at),
        "database": json_of(report.database),
        "version": json_of(report.version),
        "sources": json_of([{"source": name, "last_complete_at": looked_at} for name, looked_at in report.sources]),
    }
    sink.write("{\n" + "".join(f'  "{name}": {written},\n' for name, written in members.items()))
    sink.write('  "sections": [')
    for number, answer in enumerate(report.answers):
        sink.write(("," if number else "") + "\n    {\n      ")
        sink.write(",\n      ".join(f'"{name}": {written}' for name, written in _members(answer)))
        sink.write("\n    }")
    sink.write("\n  ]\n}\n")


def _members(answer: Answer) -> Iterable[tuple[str, str]]:
    section = answer.section
    yield "title", json_of(section.title)
    yield "text", json_of(section.text)
    yield "nothing", json_of(section.nothing)
    yield "query", json_of(answer.query.name)
    yield "question", json_of(answer.query.question)
    yield "values", json_of(dict(answer.values))
    yield "call", json_of(answer.call)
    yield "sql", json_of(answer.sql)
    yield "chart", json_of({"kind": section.chart.kind, **section.chart.roles} if section.chart else None)
    types = {column.name: column for column in answer.columns}
    figures = (f"{json_of(name)}: {json_of(value, types[name])}" for name, value in answer.figures.items())
    yield "figures", "{" + ", ".join(figures) + "}"
    yield "columns", json_of([{"name": column.name, "type": column.type} for column in answer.columns])
    yield "shown", json_of(list(section.columns))
    yield "count", json_of(answer.count)
    yield "cut", json_of(answer.count > len(answer.rows))
    rows = (
        "[" + ", ".join(json_of(value, column) for value, column in zip(row, answer.columns, strict=True)) + "]"
        for row in answer.rows
    )
    yield "rows", "[" + ",".join(f"\n        {row}" for row in rows) + ("\n      ]" if answer.rows else "]")
