"""Answers: the same as the saved queries', of one moment, counted to the end."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import Connection

from imgindex.errors import (
    AmbiguousThingError,
    QueryError,
    QueryParameterError,
    ReportError,
    UnknownThingError,
    UsageError,
)
from imgindex.query.catalog import Catalog
from imgindex.query.run import run_query
from imgindex.report.answer import MOST_ROWS, make_report, write_call, write_sql
from imgindex.report.model import Answer, Report
from imgindex.report.shelf import Shelf
from imgindex.report.values import settle_values
from imgindex.store.engine import connect
from tests.queries.conftest import CATALOG, Index, Open
from tests.queries.small import A1, W1, T, make_small
from tests.report.conftest import SHELF, Define, make

REPORTS = {"layer-sharing": {}, "tag-drift": {}, "host": {}, "image": {"image": "team/web:1"}}
"""The shipped reports, and what they must be given on the sample stores and the small ones."""

HEAD = 'title = "Ours"\nquestion = "What?"\n'

every_report = pytest.mark.parametrize("name", REPORTS)


def asked_alone(connection: Connection, answer: Answer) -> list[tuple[Any, ...]]:
    """What the section's query answers by itself, without a limit that the report did not set."""
    values = {name: value for name, value in answer.values.items() if value is not None}
    if "limit" not in answer.section.values:
        values.pop("limit", None)
        values |= {"limit": "2147483647"} if "limit" in answer.values else {}
    with run_query(connection, answer.query, values) as result:
        assert [column.name for column in result.columns] == [column.name for column in answer.columns]
        return list(result.rows())


def check(index: Index, report: Report) -> None:
    with index.engine.connect() as connection:
        alone = [asked_alone(connection, answer) for answer in report.answers]
    with index.engine.connect().execution_options(no_parameters=True) as connection:
        by_sql = [[tuple(row) for row in connection.exec_driver_sql(answer.sql)] for answer in report.answers]
    for answer, rows, selected in zip(report.answers, alone, by_sql, strict=True):
        most = MOST_ROWS if answer.section.chart else answer.section.rows
        assert (answer.section.title, len(rows), rows[:most]) == (answer.section.title, answer.count, answer.rows)
        assert (answer.section.title, answer.rows) == (answer.section.title, selected[: len(answer.rows)])
        names = [column.name for column in answer.columns]
        for name, value in answer.figures.items():
            values = [row[names.index(name)] for row in rows]
            assert (values[0] if len(values) == 1 else sum(values)) == value


def settled(index: Index, name: str, **given: str) -> dict[str, Any]:
    """The values of a report's parameters."""
    with index.engine.connect() as connection:
        return settle_values(connection, SHELF.find(name, CATALOG), CATALOG, given)


@pytest.mark.parametrize("name", ["layer-sharing", "image"])
def test_a_report_of_the_samples_says_what_its_queries_answer(samples: Index, name: str) -> None:
    check(samples, make(samples, name, **REPORTS[name]))


@every_report
def test_a_report_says_what_its_queries_answer_on_both_engines(small: Index, name: str) -> None:
    check(small, make(small, name, **REPORTS[name]))


def test_totals_of_layer_sharing_add_up(samples: Index) -> None:
    answers = {answer.query.name: answer for answer in make(samples, "layer-sharing").answers}

    def total(query: str, column: str, **only: str) -> int:
        answer = answers[query]
        names = [item.name for item in answer.columns]
        rows = [dict(zip(names, row, strict=True)) for row in answer.rows]
        return sum(row[column] for row in rows if all(row[key] == value for key, value in only.items()))

    basis = "compressed"
    distinct = total("size/sources", "distinct_bytes", basis=basis)
    assert distinct > 0
    assert distinct == total("size/where-it-goes", "split_bytes")
    assert distinct == total("sharing/summary", "distinct_bytes")
    assert total("sharing/summary", "stored_bytes") == total("size/sources", "stored_bytes", basis=basis)
    assert total("sharing/summary", "referenced_bytes") == total("size/sources", "referenced_bytes", basis=basis)
    # Every image of the sample registry and layout has a name, so what repositories pay is what is stored for images.
    assert distinct == total("size/by-repository", "split_bytes")
    unused = total("sharing/use-groups", "layer_bytes", used_by_least=0)  # type: ignore[arg-type]
    assert distinct == total("sharing/use-groups", "layer_bytes") - unused


def test_the_totals_of_a_host_add_up(samples: Index) -> None:
    answers = {answer.section.title: answer for answer in make(samples, "host").answers}
    short = answers["In short"].figures
    pruned = answers["What pruning all unused images would free"]
    names = [column.name for column in pruned.columns]
    assert [short["reclaimable_bytes"]] == [row[names.index("freed_bytes")] for row in pruned.rows]
    assert short["size_bytes"] == short["needed_bytes"] + short["reclaimable_bytes"]


def test_an_answer_beyond_its_rows_is_counted_and_summed(define: Define, small: Index) -> None:
    section = '[[section]]\ntitle = "Images"\nquery = "size/images"\nfigures = ["size_bytes"]\n'
    (answer, whole) = make(small, define(HEAD + section + "rows = 2\n" + section)).answers
    assert (2, whole.count) == (len(answer.rows), answer.count)
    assert whole.rows[:2] == answer.rows
    assert answer.figures == whole.figures
    names = [column.name for column in whole.columns]
    assert {"size_bytes": sum(row[names.index("size_bytes")] for row in whole.rows)} == whole.figures
    assert "2" == answer.values["limit"]
    assert "imgindex query run size/images -p limit=2" == answer.call


def test_a_limit_of_the_report_is_kept(define: Define, small: Index) -> None:
    section = '[[section]]\ntitle = "Images"\nquery = "size/images"\nvalues = { limit = 3 }\n'
    (answer,) = make(small, define(HEAD + section)).answers
    assert (3, 3) == (len(answer.rows), answer.count)


def test_a_chart_has_more_rows_than_its_table(define: Define, small: Index) -> None:
    section = '[[section]]\ntitle = "Images"\nquery = "size/images"\nrows = 1\n'
    chart = 'chart = { kind = "bars", label = "image_id", value = "size_bytes" }\n'
    (answer,) = make(small, define(HEAD + section + chart)).answers
    assert (answer.count, 1) == (len(answer.rows), answer.section.rows)


def test_a_sum_with_an_unknown_part_is_unknown(define: Define, tmp_path: Any, small: Index) -> None:
    (tmp_path / "queries").mkdir()
    (tmp_path / "queries/sums.sql").write_text(
        "-- How many?\nSELECT * FROM (VALUES (1, 'a'), (NULL, 'b')) AS t (n, w) ORDER BY n\n"
    )
    catalog = Catalog([tmp_path / "queries"])
    (tmp_path / "own/sums.toml").write_text(HEAD + '[[section]]\ntitle = "T"\nquery = "sums"\nfigures = ["n", "w"]\n')
    definition = Shelf([tmp_path / "own"]).find("sums", catalog)
    (answer,) = make(small, definition, catalog).answers
    assert {"n": None} == answer.figures


def test_a_column_that_only_the_answer_can_tell_is_refused(tmp_path: Any, own: Any, small: Index) -> None:
    (tmp_path / "queries").mkdir()
    (tmp_path / "queries/stars.sql").write_text("-- What?\nSELECT * FROM source_status ORDER BY source\n")
    catalog = Catalog([tmp_path / "queries"])
    (own / "stars.toml").write_text(HEAD + '[[section]]\ntitle = "Stars"\nquery = "stars"\ncolumns = ["sourse"]\n')
    with pytest.raises(
        ReportError, match=r'Section "Stars", columns: stars has no column "sourse"\. Did you mean source\?'
    ):
        make(small, Shelf([own]).find("stars", catalog), catalog)


def test_what_the_database_refuses_names_the_query(tmp_path: Any, own: Any, small: Index) -> None:
    (tmp_path / "queries").mkdir()
    (tmp_path / "queries/wrong.sql").write_text("-- What?\nSELECT source FROM no_such_view ORDER BY source\n")
    catalog = Catalog([tmp_path / "queries"])
    (own / "wrong.toml").write_text(HEAD + '[[section]]\ntitle = "T"\nquery = "wrong"\n')
    with pytest.raises(QueryError, match=r"wrong \(.*no_such_view"):
        make(small, Shelf([own]).find("wrong", catalog), catalog)


def test_an_empty_index_has_reports_without_rows(open_index: Open) -> None:
    index = open_index("empty", lambda folder, db: None)
    for name in ("layer-sharing", "tag-drift"):
        assert {0} == {answer.count for answer in make(index, name).answers}
    with pytest.raises(QueryParameterError, match="The index has no source that this report could be of"):
        make(index, "host")
    with pytest.raises(UnknownThingError):
        make(index, "image", image="nginx:1")


def test_the_only_host_is_taken_and_what_is_none_refused(small: Index) -> None:
    assert {"source": "host", "basis": "on_disk"} == settled(small, "host")
    with pytest.raises(UsageError, match=r'source cannot be "reg"\. The index has: host'):
        settled(small, "host", source="reg")
    with pytest.raises(UsageError, match=r'basis cannot be "uncompressed"\. The index has: on_disk'):
        settled(small, "host", basis="uncompressed")


def test_of_several_choices_one_must_be_named(define: Define, small: Index) -> None:
    text = 'choices = { source = "inventory/sources" }\nparameters = ["source text  Which."]\n'
    section = '[[section]]\ntitle = "Images"\nquery = "size/images"\n'
    with pytest.raises(QueryParameterError, match=r"must be given: -p source=TEXT, one of host, lay, reg\. Which\."):
        make(small, define(HEAD + text + section))
    optional = text.replace("text  Which", "text = null  Which")
    assert {"source": "host"} == make(small, define(HEAD + optional + section)).values


def test_an_unknown_parameter_or_source_is_refused(small: Index) -> None:
    with pytest.raises(QueryParameterError, match=r'layer-sharing has no parameter "sorce"\. Did you mean source\?'):
        settled(small, "layer-sharing", sorce="reg")
    with pytest.raises(UnknownThingError, match=r'no source "rge"\. Did you mean reg\?'):
        settled(small, "layer-sharing", source="rge")
    with pytest.raises(QueryParameterError, match="since is a timestamp"):
        settled(small, "tag-drift", since="yesterday")


def test_an_image_is_found_as_show_finds_it(small: Index) -> None:
    for name in ("team/web:1", "reg.example/team/web:1", W1.config.digest, W1.config.digest[7:19], W1.manifest.digest):
        assert W1.config.digest == settled(small, "image", image=name)["image"]
    with pytest.raises(QueryParameterError, match=r"Parameter image \(text\) must be given"):
        settled(small, "image")


def test_of_several_platforms_one_must_be_chosen(small: Index) -> None:
    with pytest.raises(AmbiguousThingError, match=f"(?s)stands for 2 images.*linux/amd64.*{A1.config.digest}"):
        settled(small, "image", image="team/multi:1")
    assert T.config.digest == settled(small, "image", image="team/multi:1", platform="linux/arm64")["image"]
    with pytest.raises(UnknownThingError, match='no image for "linux/s390x"'):
        settled(small, "image", image="team/multi:1", platform="linux/s390x")
    with pytest.raises(UnknownThingError, match="is a layer that stands for no image"):
        settled(small, "image", image=T.layers[0].diff_id)


def test_a_report_is_of_one_moment(open_postgresql: Open) -> None:
    index = open_postgresql("small", make_small)
    writer = connect(index.engine.url.render_as_string(hide_password=False), read_only=False)
    definition = SHELF.find("tag-drift", CATALOG)

    def rename(before: str, after: str) -> None:
        with writer.begin() as connection:
            connection.execute(
                sqlalchemy.text("UPDATE sources SET name = :after WHERE name = :before"),
                {"before": before, "after": after},
            )

    def tell(number: int, count: int, title: str) -> None:
        if number == 1:
            rename("reg", "renamed")

    try:
        report = make_report(index.engine, definition, CATALOG, {}, tell)
        assert ["host", "lay", "renamed"] == [row[0] for row in index.ask("drift/summary").rows]
    finally:
        rename("renamed", "reg")
        writer.dispose()
    assert ["host", "lay", "reg"] == [row[0] for row in report.answers[0].rows]
    assert ["host", "lay", "reg"] == [name for name, _ in report.sources]


def test_values_are_written_into_the_sql_as_literals() -> None:
    query = CATALOG.find("size/freed-by-deleting")
    values = {
        "name": "it's 100%:x \\",
        "before": datetime(2026, 1, 31, 12, tzinfo=UTC),
        "untagged": True,
        "unused": False,
        "source": None,
    }
    sql = write_sql(query, values, "duckdb")
    assert "CAST('it''s 100%:x \\' AS TEXT)" in sql
    assert "CAST('2026-01-31T12:00:00Z' AS TIMESTAMPTZ)" in sql
    assert "CAST(NULL AS TEXT)" in sql
    name = "'name=it'\"'\"'s 100%:x \\'"
    call = f"imgindex query run size/freed-by-deleting -p {name} -p before=2026-01-31T12:00:00Z -p untagged=true"
    assert call == write_call(query, values)
