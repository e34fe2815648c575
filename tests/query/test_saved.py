"""The file of a saved query: its header, its parameters, and what is refused when it is read."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from imgindex.errors import QueryError
from imgindex.query.parameters import Parameter
from imgindex.query.saved import parse_query, read_query

GOOD = """\
-- Layers shared by the most images?
--
-- Counts each layer once.
-- param: limit integer = 20  How many rows.
-- param: source text = null  Only this source.
-- param: tag text  The tag.
-- param: sep text = 'a  ''b'''  A text with blanks.
-- param: since timestamp = 2026-01-31
-- param: wide boolean = true  Whether all.

SELECT :limit, :source, :tag, :sep, :since, :wide -- not :limit alone
ORDER BY 1;
"""


def parse(text: str, override: str | None = None) -> object:
    return parse_query("topic/name", Path("topic/name.sql"), text, override)


def test_a_header_gives_question_description_and_parameters() -> None:
    query = parse_query("topic/name", Path("x.sql"), GOOD)
    assert query.question == "Layers shared by the most images?"
    assert query.description == "Layers shared by the most images?\n\nCounts each layer once."
    assert (
        Parameter("limit", "integer", 20, False, "How many rows."),
        Parameter("source", "text", None, False, "Only this source."),
        Parameter("tag", "text", None, True, "The tag."),
        Parameter("sep", "text", "a  'b'", False, "A text with blanks."),
        Parameter("since", "timestamp", datetime(2026, 1, 31, tzinfo=UTC), False, ""),
        Parameter("wide", "boolean", True, False, "Whether all."),
    ) == query.parameters


def test_the_sql_has_no_header_and_no_last_semicolon() -> None:
    query = parse_query("topic/name", Path("x.sql"), "-- What?\n-- More.\nSELECT 1\nORDER BY 1 ;\n\n")
    assert query.sql == "SELECT 1\nORDER BY 1"


def test_a_byte_order_mark_and_windows_line_ends_are_taken() -> None:
    query = parse_query("topic/name", Path("x.sql"), "\ufeff-- What?\r\nSELECT 1\r\n")
    assert (query.question, query.sql) == ("What?", "SELECT 1")


def test_postgresql_has_its_own_sql_where_there_is_a_sibling(tmp_path: Path) -> None:
    (tmp_path / "q.sql").write_text("-- What?\n-- param: n integer = 1  N.\nSELECT :n AS n")
    (tmp_path / "q.postgresql.sql").write_text("-- Differs, since …\nSELECT CAST(:n AS INTEGER) AS n;")
    query = read_query("q", tmp_path / "q.sql")
    assert query.sql_for("duckdb") == "SELECT :n AS n"
    assert query.sql_for("postgresql") == "SELECT CAST(:n AS INTEGER) AS n"


def test_postgresql_has_the_same_sql_where_there_is_no_sibling() -> None:
    query = parse_query("q", Path("q.sql"), "-- What?\nSELECT 1")
    assert query.sql_for("postgresql") == "SELECT 1"


REFUSED = {
    "undeclared parameter": ("-- What?\nSELECT :limit", "uses :limit, which no line declares"),
    "unused parameter": ("-- What?\n-- param: limit integer = 1\nSELECT 1", "limit is declared, but the SQL does not"),
    "parameter within a literal": ("-- What?\nSELECT ' :oops'", "uses :oops"),
    "parameter within a comment": ("-- What?\nSELECT 1 -- see :oops\n", "uses :oops"),
    "parameter declared twice": (
        "-- What?\n-- param: n integer = 1\n-- param: n integer = 2\nSELECT :n",
        "line 3: parameter n is declared twice",
    ),
    "unknown type": ("-- What?\n-- param: n float = 1\nSELECT :n", 'line 2: "float" is no type; there are text,'),
    "default of another type": ("-- What?\n-- param: n integer = x\nSELECT :n", "line 2: Parameter n is an integer"),
    "no type": ("-- What?\n-- param: n\nSELECT :n", 'line 2: "n" is not understood'),
    "no blank around =": ("-- What?\n-- param: n integer=1\nSELECT :n", "is not understood"),
    "help after one blank": ("-- What?\n-- param: n integer Help\nSELECT :n", "is not understood"),
    "empty default": ("-- What?\n-- param: n integer =\nSELECT :n", "is not understood"),
    "no description": ("SELECT 1", "its first line must say what it answers"),
    "parameters alone in the header": ("-- param: n integer = 1\nSELECT :n", "its first line must say"),
    "no SQL": ("-- What?\n", "there is no SQL in it"),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_not_well_formed_is_refused_by_name(text: str, message: str) -> None:
    with pytest.raises(QueryError) as raised:
        parse(text)
    assert message in str(raised.value)
    assert str(raised.value).startswith("topic/name.sql: ")
    assert (raised.value.name, raised.value.path) == ("topic/name", "topic/name.sql")


def test_a_sibling_must_use_the_same_parameters() -> None:
    with pytest.raises(QueryError, match="the SQL for postgresql does not use :n"):
        parse("-- What?\n-- param: n integer = 1\nSELECT :n", "SELECT 1")
    with pytest.raises(QueryError, match="the SQL for postgresql uses :m"):
        parse("-- What?\nSELECT 1", "SELECT :m")


def test_a_colon_that_binds_nothing_is_left_alone() -> None:
    query = parse_query("q", Path("q.sql"), "-- What?\nSELECT 'sha256:abc' AS a, 'a: b' AS b, '12:30' AS c")
    assert query.parameters == ()


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "q.sql").write_bytes(b"-- \xff\nSELECT 1")
    with pytest.raises(QueryError, match="cannot be read"):
        read_query("q", tmp_path / "q.sql")


@pytest.mark.parametrize("limit", ["LIMIT CAST(:few AS INTEGER)", "limit :few"])
def test_a_parameter_behind_limit_is_a_count(limit: str) -> None:
    header = "-- Which?\n-- param: few integer = 5\n-- param: port integer = -1\n"
    text = f"{header}SELECT 1 WHERE :port < 0 ORDER BY 1 {limit}"
    few, port = parse_query("q", Path("q.sql"), text).parameters
    assert (True, False) == (few.counts, port.counts)
