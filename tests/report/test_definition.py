"""A report's file: what it says, and each way to get it wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from imgindex.errors import ReportError
from imgindex.query.parameters import Parameter
from imgindex.report.check import columns_of
from imgindex.report.model import CHARTS, Chart, Section
from imgindex.report.shelf import Shelf
from tests.queries.conftest import CATALOG
from tests.report.conftest import SHELF, Define

HEAD = 'title = "Ours"\nquestion = "What do we have?"\n'
SECTION = '[[section]]\ntitle = "Images"\nquery = "size/images"\n'

Refusal = Callable[[str], str]


def test_a_file_of_ten_lines_is_a_report(define: Define) -> None:
    definition = define(
        """
        title = "Our images"
        question = "What do our images cost?"
        parameters = ["source text = null  Only this source."]

        [[section]]
        title = "The largest images"
        query = "images-that-are-not-there"
        chart = { kind = "bars", label = "names", value = "size_bytes" }
        """.replace("images-that-are-not-there", "size/images")
    )
    assert ("ours", "Our images", "What do our images cost?") == (
        definition.name,
        definition.title,
        definition.question,
    )
    assert (Parameter("source", "text", None, False, "Only this source."),) == definition.parameters
    assert (
        Section(
            "The largest images",
            "size/images",
            values={"source": ":source"},
            chart=Chart("bars", {"label": "names", "value": "size_bytes"}),
        ),
    ) == definition.sections


def test_all_that_a_section_may_say(define: Define) -> None:
    (section,) = define(
        HEAD
        + 'parameters = ["host text  Which."]\n'
        + SECTION
        + 'text = "Of  the\\n host."\nnothing = "None."\nfigures = ["size_bytes"]\ncolumns = ["names", "size_bytes"]\n'
        + "rows = 7\n"
        + 'values = { source = ":host", limit = 5, basis = "null" }\n'
    ).sections
    assert ("Of the host.", "None.", 7) == (section.text, section.nothing, section.rows)
    assert (("size_bytes",), ("names", "size_bytes")) == (section.figures, section.columns)
    assert {"source": ":host", "limit": "5", "basis": "null"} == section.values


def test_values_may_be_times_and_truths(define: Define) -> None:
    deleting = '[[section]]\ntitle = "T"\nquery = "freed-by-deleting"\n'
    (section,) = define(HEAD + deleting + "values = { before = 2026-01-31, untagged = true }\n").sections
    assert ("size/freed-by-deleting", {"before": "2026-01-31", "untagged": "true"}) == (section.query, section.values)


def test_a_value_keeps_the_reports_parameter_from_a_query(define: Define) -> None:
    text = HEAD + 'parameters = ["source text = null  Only this."]\n' + SECTION
    first, second = define(text + SECTION + 'values = { source = "null" }\n').sections
    assert ({"source": ":source"}, {"source": "null"}) == (first.values, second.values)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("title = ", "is no TOML: "),
        (SECTION, "title: must be there"),
        (f'title = "  "\nquestion = "Q?"\n{SECTION}', "title: must be there"),
        (f'title = 1\nquestion = "Q?"\n{SECTION}', "title: is a text, in quotes"),
        (f'title = "T"\n{SECTION}', "question: must be there"),
        (HEAD, "section: a report has at least one"),
        (f"{HEAD}section = 1", "section: is a list of tables"),
        (f'{HEAD}titel = "T"\n{SECTION}', "titel: is not understood. Did you mean title?"),
        (f'{HEAD}[[section]]\nquery = "size/images"', "section 1, title: must be there"),
        (f'{HEAD}{SECTION}[[section]]\ntitle = "T"', "section 2, query: must be there"),
        (f"{HEAD}{SECTION}row = 5", "section 1, row: is not understood. Did you mean rows?"),
        (f"{HEAD}{SECTION}rows = 0", "section 1, rows: is a whole number from 1 to 2,000"),
        (f"{HEAD}{SECTION}rows = true", "section 1, rows: is a whole number from 1 to 2,000"),
        (f'{HEAD}{SECTION}columns = "names"', 'section 1, columns: is a list of texts: ["one", "two"]'),
        (f"{HEAD}{SECTION}values = 1", "section 1, values: is a table: { name = value }"),
        (f"{HEAD}{SECTION}values = {{ limit = [1] }}", "section 1, values.limit: is a text, a whole number, true"),
        (f'{HEAD}{SECTION}values = {{ "a b" = 1 }}', "section 1, values.a b: is no name"),
        (f'{HEAD}parameters = ["limit"]\n{SECTION}', "parameters: "),
        (f'{HEAD}parameters = ["a text = null", "a text = null"]\n{SECTION}', "parameters: a is declared twice"),
        (f'{HEAD}parameters = ["a number = 1"]\n{SECTION}', 'parameters: "number" is no type; there are text'),
    ],
)
def test_a_file_that_is_not_well_formed_is_refused(refusal: Refusal, text: str, reason: str) -> None:
    assert refusal(text).startswith(reason)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            f'{HEAD}[[section]]\ntitle = "T"\nquery = "size/imagse"',
            'section 1, query: There is no saved query "size/imagse". Did you mean size/images',
        ),
        (
            f"{HEAD}{SECTION}values = {{ limti = 5 }}",
            "section 1, values.limti: size/images has no such parameter. Did you mean limit?",
        ),
        (
            f'{HEAD}{SECTION}values = {{ limit = "many" }}',
            "section 1, values.limit: Parameter limit is an integer, such as 20",
        ),
        (
            f'{HEAD}{SECTION}values = {{ source = ":sorce" }}',
            "section 1, values.source: the report has no parameter sorce. There are none.",
        ),
        (
            f'{HEAD}parameters = ["limit text = 5  How many."]\n{SECTION}',
            "section 1, values.limit: the parameter limit is text, but size/images takes limit as integer",
        ),
        (
            f'{HEAD}parameters = ["team text = null  Whose."]\n{SECTION}',
            "parameters: no section uses team",
        ),
        (
            f'{HEAD}choices = {{ team = "size/bases" }}\n{SECTION}',
            "choices.team: is no parameter of the report",
        ),
        (
            f'{HEAD}parameters = ["source text = null  Only this."]\nchoices = {{ source = "hots" }}\n{SECTION}',
            'choices.source: There is no saved query "hots"',
        ),
        (
            f'{HEAD}parameters = ["source text = null  Only."]\nchoices = {{ source = "size/history" }}\n{SECTION}',
            "choices.source: size/history must be given image: An image ID",
        ),
        (
            f'{HEAD}[[section]]\ntitle = "T"\nquery = "size/history"',
            "section 1, values: size/history must be given image: An image ID",
        ),
        (
            f'{HEAD}[[section]]\ntitle = "T"\nquery = "size/history"\nvalues = {{ image = "null" }}',
            "section 1, values.image: size/history must be given a value",
        ),
        (
            f'{HEAD}{SECTION}columns = ["name"]',
            'section 1, columns: size/images has no column "name". Did you mean names?',
        ),
        (
            f'{HEAD}{SECTION}figures = ["bytes"]',
            'section 1, figures: size/images has no column "bytes". Did you mean',
        ),
    ],
)
def test_what_its_queries_do_not_have_is_refused(refusal: Refusal, text: str, reason: str) -> None:
    assert refusal(text).startswith(reason)


@pytest.mark.parametrize(
    ("chart", "reason"),
    [
        ('label = "names"', "section 1, chart.kind: "),
        (
            'kind = "bar", label = "names", value = "size_bytes"',
            'section 1, chart.kind: "bar" is no chart. Did you mean bars?',
        ),
        ('kind = "bars", label = "names"', "section 1, chart: bars needs label, value; value is not said"),
        (
            'kind = "bars", label = "names", value = "size_bytes", values = "x"',
            "section 1, chart.values: bars has no such role. Did you mean value?",
        ),
        ('kind = "bars", label = "names", value = 1', "section 1, chart.value: names a column of the query"),
        (
            'kind = "bars", label = "names", value = "sizebytes"',
            'section 1, chart.value: size/images has no column "sizebytes". Did you mean size_bytes',
        ),
        (
            'kind = "treemap", path = "source, nowhere", value = "size_bytes"',
            'section 1, chart.path: size/images has no column "nowhere".',
        ),
    ],
)
def test_a_chart_that_cannot_be_drawn_is_refused(refusal: Refusal, chart: str, reason: str) -> None:
    assert refusal(f"{HEAD}{SECTION}chart = {{ {chart} }}").startswith(reason)


def test_a_file_that_cannot_be_read_is_refused(own: Path) -> None:
    (own / "ours.toml").write_bytes(b'title = "\xff"')
    with pytest.raises(ReportError, match="is no TOML"):
        Shelf([own]).find("ours", CATALOG)
    (own / "ours.toml").write_bytes(b"#" * (1 << 20) + b"\n")
    with pytest.raises(ReportError, match="at most 1,048,576 bytes"):
        Shelf([own]).find("ours", CATALOG)


def test_the_columns_of_every_shipped_query_are_read_from_its_text() -> None:
    assert [] == [query.name for query in CATALOG.all() if columns_of(query) is None]


@pytest.mark.parametrize("name", ["layer-sharing", "tag-drift", "host", "image"])
def test_a_shipped_report_is_well_formed(name: str) -> None:
    definition = SHELF.find(name, CATALOG)
    assert definition.question.endswith("?")
    assert all(parameter.help.endswith(".") for parameter in definition.parameters)
    titles = [section.title for section in definition.sections]
    assert len(titles) == len(set(titles))
    for section in definition.sections:
        assert (section.title, True) == (section.title, section.nothing.endswith("."))
        assert section.chart is None or section.chart.kind in CHARTS
