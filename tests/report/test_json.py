"""JSON: the same data for programs, exact and uncut."""

from __future__ import annotations

from datetime import datetime

import pytest

from imgindex.query.formats.cells import plain_of
from tests.queries.conftest import Index
from tests.report.conftest import Define, as_object, make


@pytest.mark.parametrize("name", ["layer-sharing", "host"])
def test_it_holds_what_the_answers_hold(samples: Index, name: str) -> None:
    report = make(samples, name)
    found = as_object(report)
    assert (name, report.definition.title, dict(report.values)) == (found["report"], found["title"], found["values"])
    assert report.made_at == datetime.fromisoformat(found["made_at"])
    assert [source for source, _ in report.sources] == [item["source"] for item in found["sources"]]
    assert len(report.answers) == len(found["sections"])
    for answer, section in zip(report.answers, found["sections"], strict=True):
        assert (answer.query.name, answer.sql, answer.call) == (section["query"], section["sql"], section["call"])
        assert [{"name": column.name, "type": column.type} for column in answer.columns] == section["columns"]
        assert (answer.count, answer.count > len(answer.rows)) == (section["count"], section["cut"])
        expected = [
            [_as_json(value, column) for value, column in zip(row, answer.columns, strict=True)] for row in answer.rows
        ]
        assert expected == section["rows"]
        assert {name: float(value) for name, value in answer.figures.items()} == section["figures"]


def _as_json(value: object, column: object) -> object:
    plain = plain_of(value, column)  # type: ignore[arg-type]
    return float(plain) if hasattr(plain, "as_tuple") else plain


def test_keys_are_strings_and_sizes_integers(define: Define, small: Index, own: object) -> None:
    section = '[[section]]\ntitle = "T"\nquery = "size/images"\ncolumns = ["names"]\nfigures = ["size_bytes"]\n'
    report = make(small, define(f'title = "T"\nquestion = "Q?"\n{section}rows = 1\n'))
    (found,) = as_object(report)["sections"]
    assert (True, ["names"], 1) == (found["cut"], found["shown"], len(found["rows"]))
    assert type(found["figures"]["size_bytes"]) is int
    assert report.answers[0].figures == found["figures"]
