"""Every hard value of every type through every format, against goldens; and that the formats agree with each other.

After a wanted change of a format, IMGINDEX_UPDATE_GOLDENS=1 writes the goldens in tests/data/formats anew.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlalchemy import Engine

from imgindex.errors import QueryError, UsageError
from imgindex.query.formats import FORMATS, Sink, Written, format_of, write
from imgindex.query.formats.cells import printable
from imgindex.query.formats.csv import FORMULA
from imgindex.query.result import Result, make_result
from imgindex.query.run import run_sql
from tests.query.conftest import MakeEngine

GOLDENS = Path(__file__).resolve().parent.parent / "data/formats"

TEXTS = {
    "empty": "",
    "blank": " ",
    "quotes": 'say "it\'s"',
    "comma": "a,b",
    "line break": "one\ntwo\r\nthree",
    "tab": "\tindented",
    "ansi": "\x1b[31mred\x1b[0m \x9b1mbold",
    "bell and delete": "\x07 \x7f",
    "right to left": "\u202egpj.exe",
    "unicode": "größe 日本語 ☃ 🐳",
    "combining": "e\u0301",
    "html": "<script>alert(1)</script> &amp;",
    "markdown": "**a** _b_ snake_case `c` [d](http://e) ![f](g) ~~h~~ | i \\",
    "rich markup": "[bold red]x[/]",
    "formula": '=HYPERLINK("http://x","y")',
    "plus": "+1",
    "minus": "-1",
    "at": "@SUM(A1)",
    "word NULL": "NULL",
    "digest": "sha256:" + "0123456789abcdef" * 4,
    "long": "RUN " + "apt-get install -y package " * 6,
}

TABLE = """
CREATE TABLE hard (
    id TEXT, note TEXT, layer_key BIGINT, size_bytes BIGINT, small INTEGER, total HUGEINT, share DECIMAL(9, 2),
    ratio DOUBLE, listed BOOLEAN, seen_at TIMESTAMPTZ, local TIMESTAMP, day DATE, uuid UUID, bytes BLOB,
    list BIGINT[], struct STRUCT(a BIGINT, b TEXT), span INTERVAL
);
INSERT INTO hard VALUES
('plain', 'x', 9007199254740993, 1048576, 42, 18446744073709551616, 1.50, 0.1, true, '2026-01-31 12:00:00+00',
    '2026-01-31 12:00:00', '2026-01-31', '00000000-0000-0000-0000-000000000001', '\\x00\\xFF', [1, NULL],
    {'a': 1, 'b': 'x|y'}, INTERVAL '3 days 1 second'),
('nulls', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
('least', 'x', 0, -9223372036854775808, -2147483648, -170141183460469231731, -9999999.99, '-inf', false,
    '0001-01-01 00:00:00.000001+00', '0001-01-01 00:00:00', '0001-01-01', '00000000-0000-0000-0000-000000000000', '',
    [], {'a': NULL, 'b': ''}, INTERVAL '-1 second'),
('most', 'x', 9223372036854775807, 9223372036854775807, 2147483647, 170141183460469231731, 9999999.99, 'nan', true,
    '9999-12-31 23:59:59.999999+00', '9999-12-31 23:59:59.999999', '9999-12-31',
    'ffffffff-ffff-ffff-ffff-ffffffffffff', '\\x00', [-1], {'a': 9, 'b': '"'}, INTERVAL '0.000001 second');
"""

Render = Callable[..., tuple[bytes, Written]]


@pytest.fixture
def hard(make_engine: MakeEngine, tmp_path: Path) -> Engine:
    engine = make_engine(TABLE)
    with duckdb.connect(str(tmp_path / "index.duckdb")) as connection:
        for name, text in TEXTS.items():
            connection.execute("INSERT INTO hard (id, note) VALUES (?, ?)", [name, text])
    return engine


def render(result: Result, name: str, limit: int | None = None, **options: Any) -> tuple[bytes, Written]:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="utf-8", newline="")
    written = write(result, name, Sink(stream, **options), limit)
    stream.flush()
    return raw.getvalue(), written


ALL = "SELECT * FROM hard ORDER BY rowid"
RENDERINGS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "hard.table": ("table", ALL, {}),
    "hard-narrow.table": ("table", ALL, {"width": 60, "terminal": True}),
    "texts-80.table": ("table", "SELECT id, note, layer_key FROM hard ORDER BY rowid", {"width": 80, "terminal": True}),
    "texts-color.table": (
        "table",
        "SELECT id, note, size_bytes FROM hard ORDER BY rowid",
        {"width": 80, "terminal": True, "color": True},
    ),
    "hard.json": ("json", ALL, {}),
    "hard.jsonl": ("jsonl", ALL, {}),
    "hard.csv": ("csv", ALL, {}),
    "terminal.csv": ("csv", ALL, {"terminal": True}),
    "hard.md": ("markdown", ALL, {}),
}


@pytest.mark.parametrize("golden", RENDERINGS)
def test_hard_values_are_written_as_the_golden_has_them(hard: Engine, golden: str) -> None:
    name, sql, options = RENDERINGS[golden]
    actual, _ = render(run_sql(hard, sql), name, 0, **options)
    path = GOLDENS / golden
    if os.environ.get("IMGINDEX_UPDATE_GOLDENS") == "1":
        path.write_bytes(actual)
    assert path.read_bytes().decode() == actual.decode()


@pytest.mark.parametrize("golden", [name for name, (_, _, options) in RENDERINGS.items() if options.get("terminal")])
def test_a_terminal_gets_no_control_character_of_a_store(golden: str) -> None:
    text = (GOLDENS / golden).read_text("utf-8")
    for style in ("\x1b[1m", "\x1b[2m", "\x1b[0m"):
        text = text.replace(style, "") if "color" in golden else text
    assert printable(text, keep="\n\t") == text


@pytest.mark.parametrize("golden", ["hard-narrow.table", "texts-80.table"])
def test_a_table_keeps_to_the_terminals_width(golden: str) -> None:
    from rich.cells import cell_len

    width = RENDERINGS[golden][2]["width"]
    assert max(cell_len(line) for line in (GOLDENS / golden).read_text("utf-8").splitlines()) <= width


def test_json_and_jsonl_hold_the_same_objects(hard: Engine) -> None:
    array = json.loads(render(run_sql(hard, ALL), "json")[0])
    lines = render(run_sql(hard, ALL), "jsonl")[0].decode().splitlines()
    assert array == [json.loads(line) for line in lines]
    assert list(TEXTS.values()) == [item["note"] for item in array if item["id"] in TEXTS]


def test_table_and_csv_agree_cell_for_cell(hard: Engine) -> None:
    header, *csv_rows = csv.reader(io.StringIO(render(run_sql(hard, ALL), "csv")[0].decode(), newline=""))
    table_header, *table_rows = read_table(render(run_sql(hard, ALL), "table", 0)[0].decode())
    assert header == table_header
    expected = [[from_csv(name, cell) for name, cell in zip(header, row, strict=True)] for row in csv_rows]
    actual = [[from_table(name, cell) for name, cell in zip(header, row, strict=True)] for row in table_rows]
    assert expected == actual


def from_csv(name: str, cell: str) -> str:
    """What the table shows of it. NULL, its word and empty text are alike here; the goldens tell them apart."""
    if cell == "NULL":
        return ""
    text = cell[1:] if cell.startswith(tuple("'" + start for start in FORMULA)) and name == "note" else cell
    return "\n".join(printable(line).rstrip() for line in text.replace("\r\n", "\n").split("\n"))


def from_table(name: str, cell: str) -> str:
    if cell == "NULL":
        return ""
    return cell.replace(",", "") if name.endswith("_bytes") else cell


def read_table(text: str) -> list[list[str]]:
    """The cells of a table by the line below its header; a line without a first cell goes on with the row above."""
    from rich.cells import cell_len, set_cell_size

    header, rule, *lines = text.splitlines()[:-1]
    rows: list[list[str]] = []
    for line in [header, *lines]:
        cells, rest = [], line
        for width in map(len, rule.split("  ")):
            cell = set_cell_size(rest, width + 2) if cell_len(rest) > width else rest
            cells.append(cell.strip())
            rest = rest[len(cell) :]
        if cells[0]:
            rows.append(cells)
        else:
            rows[-1] = [above + ("\n" + cell if cell else "") for above, cell in zip(rows[-1], cells, strict=True)]
    return rows


def test_parquet_keeps_types_and_values(hard: Engine, tmp_path: Path) -> None:
    path = tmp_path / "hard.parquet"
    content, written = render(run_sql(hard, ALL), "parquet")
    path.write_bytes(content)
    assert Written(4 + len(TEXTS), False) == written
    with duckdb.connect() as connection:
        described = connection.execute(f"DESCRIBE SELECT * FROM '{path}'").fetchall()
        got = connection.execute(f"SELECT * EXCLUDE (list, struct, span) FROM '{path}'").fetchall()
        codecs = connection.execute(f"SELECT DISTINCT compression FROM parquet_metadata('{path}')").fetchall()
    types = ["VARCHAR", "VARCHAR", "BIGINT", "BIGINT", "INTEGER", "DECIMAL(38,0)", "DECIMAL(9,2)", "DOUBLE", "BOOLEAN"]
    types += ["TIMESTAMP WITH TIME ZONE", "TIMESTAMP", "DATE", "UUID", "BLOB", "VARCHAR", "VARCHAR", "VARCHAR"]
    assert types == [column[1] for column in described]
    with run_sql(hard, ALL.replace("*", "* EXCLUDE (list, struct, span)")) as result:
        assert [tuple(map(str, row)) for row in result.rows()] == [tuple(map(str, row)) for row in got]
    assert codecs == [("ZSTD",)]


def test_parquet_of_many_batches_has_every_row(make_engine: MakeEngine, tmp_path: Path) -> None:
    path = tmp_path / "many.parquet"
    sql = "SELECT range AS n, CASE WHEN range > 4990 THEN 'x' END AS late FROM range(5000)"
    path.write_bytes(render(run_sql(make_engine(), sql), "parquet")[0])
    with duckdb.connect() as connection:
        sums = connection.execute(f"SELECT COUNT(*), SUM(n), COUNT(late) FROM '{path}'").fetchone()
    assert sums == (5000, 12_497_500, 9)


def test_parquet_of_no_rows_has_the_columns(make_engine: MakeEngine, tmp_path: Path) -> None:
    path = tmp_path / "none.parquet"
    path.write_bytes(render(run_sql(make_engine(), "SELECT 1 AS a, 'x' AS b WHERE FALSE"), "parquet")[0])
    with duckdb.connect() as connection:
        described = connection.execute(f"DESCRIBE SELECT * FROM '{path}'").fetchall()
    assert [column[:2] for column in described] == [("a", "INTEGER"), ("b", "VARCHAR")]


def test_parquet_is_refused_on_a_terminal() -> None:
    with pytest.raises(UsageError, match="-o"):
        render(make_result([("a", "BIGINT")], [(1,)]), "parquet", terminal=True)


def test_parquet_says_what_it_cannot_hold(make_engine: MakeEngine) -> None:
    with pytest.raises(QueryError, match="Parquet cannot hold"):
        render(
            run_sql(make_engine(), "SELECT CAST(170141183460469231731687303715884105727 AS HUGEINT) AS n"), "parquet"
        )
    with pytest.raises(QueryError, match="outside the years 1 to 9999"):
        render(run_sql(make_engine(), "SELECT TIMESTAMPTZ '20000-01-01 00:00:00+00' AS seen_at"), "parquet")


def numbers(count: int) -> Result:
    return make_result([("n", "BIGINT")], [(number,) for number in range(count)])


@pytest.mark.parametrize("name", FORMATS)
def test_a_limit_cuts_and_says_so(name: str) -> None:
    assert Written(3, True) == render(numbers(4), name, 3)[1]
    assert Written(4, False) == render(numbers(4), name, 4)[1]
    assert Written(4, False) == render(numbers(4), name, 0)[1]


def test_only_a_table_has_a_limit_of_its_own() -> None:
    text, written = render(numbers(501), "table")
    assert Written(500, True) == written
    assert text.decode().splitlines()[-1] == "500 of more than 500 rows shown (--limit N shows N, --limit 0 all)"
    assert Written(501, False) == render(numbers(501), "csv")[1]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("table", "a  b\n─  ─\n0 rows\n"),
        ("json", "[]\n"),
        ("jsonl", ""),
        ("csv", "a,b\n"),
        ("markdown", "| a | b |\n| ---: | --- |\n"),
    ],
)
def test_no_rows(name: str, expected: str) -> None:
    assert expected == render(make_result([("a", "BIGINT"), ("b", "TEXT")], []), name)[0].decode()


@pytest.mark.parametrize("name", ["json", "jsonl", "parquet"])
def test_two_columns_of_one_name_are_refused_where_one_would_be_lost(name: str) -> None:
    with pytest.raises(UsageError, match='Two columns are called "a"'):
        render(make_result([("a", "BIGINT"), ("a", "TEXT")], [(1, "x")]), name)


def test_csv_tells_null_from_empty_text_and_keeps_lines() -> None:
    rows = [(None, ""), ("", None), (None, None)]
    assert render(make_result([("a", "TEXT"), ("b", "TEXT")], rows), "csv")[0].decode() == 'a,b\n,""\n"",\n,\n'
    one = render(make_result([("a", "TEXT")], [("x",), (None,), ("",)]), "csv")[0].decode()
    assert one == 'a\nx\n""\n""\n'


def test_a_column_called_like_a_formula_is_defused_too() -> None:
    assert render(make_result([("=1+1", "BIGINT")], [(5,)]), "csv")[0].decode() == "'=1+1\n5\n"


def test_a_negative_number_is_no_formula() -> None:
    assert render(make_result([("n", "BIGINT")], [(-5,)]), "csv")[0].decode() == "n\n-5\n"


def test_an_unknown_format_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="table, json, jsonl, csv, markdown, parquet"):
        render(numbers(1), "xml")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.csv", "csv"),
        ("a.JSON", "json"),
        ("a.ndjson", "jsonl"),
        ("a.md", "markdown"),
        ("a.parquet", "parquet"),
        ("a.txt", "table"),
        ("csv", "table"),
    ],
)
def test_a_files_suffix_names_the_format(name: str, expected: str) -> None:
    assert expected == format_of(Path(name))


def test_a_row_that_is_alone_is_shown_whole() -> None:
    text = "word " * 200
    alone = render(make_result([("a", "TEXT")], [(text,)]), "table", width=40)[0].decode()
    among = render(make_result([("a", "TEXT")], [(text,), ("x",)]), "table", width=40)[0].decode()
    assert alone.count("word") == 200
    assert sum("word" in line for line in among.splitlines()) == 4
    assert "…" in among


def test_digests_are_cut_before_text_is_folded() -> None:
    digest = "sha256:" + "ab" * 32
    rows = make_result([("digest", "TEXT"), ("size_bytes", "BIGINT")], [(digest, 5)])
    assert render(rows, "table", width=40)[0].decode().splitlines()[2] == "sha256:abababababab           5"
    rows = make_result([("digest", "TEXT"), ("size_bytes", "BIGINT")], [(digest, 5)])
    assert digest in render(rows, "table", width=100)[0].decode()


def test_names_above_numbers_are_folded_before_text_is() -> None:
    rows = make_result(
        [("repository", "TEXT"), ("exclusive_layer_bytes", "BIGINT")], [("registry.example/team/web", 5)]
    )
    lines = render(rows, "table", width=40)[0].decode().splitlines()
    assert lines[:3] == [
        "repository                 exclusive_",
        "                               layer_",
        " " * 32 + "bytes",
    ]
    assert lines[4] == "registry.example/team/web           5"
