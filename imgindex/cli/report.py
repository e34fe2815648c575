"""`imgindex report`: saved queries in order, as one page for people or one object for programs."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer
from typer.core import TyperGroup

from imgindex.cli.complete import complete_report, complete_report_parameter
from imgindex.cli.options import DEFAULT_DB, Db, Output, QueryFolders, ResultFormat, UnusedDb, Wait, split_parameters
from imgindex.cli.output import note, open_sink, print_result
from imgindex.errors import UsageError, quote

if TYPE_CHECKING:
    from imgindex.report.model import Definition

CLEARED = "\r\x1b[K"
"""What empties a terminal's line."""


class ReportFormat(StrEnum):
    """How a report is written: the formats of `report.write`."""

    html = "html"
    md = "md"
    json = "json"


class Reports(TyperGroup):
    """The commands, of which `run` may be left out: `imgindex report layer-sharing`."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            args = ["run", *args]
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        from click.shell_completion import CompletionItem

        names = [CompletionItem(name, help=question) for name, question in complete_report(ctx, incomplete)]
        return [*super().shell_complete(ctx, incomplete), *names]


app = typer.Typer(
    cls=Reports,
    help="""Make reports: what is stored and shared, which tags moved, what one host or image holds.

\b
    imgindex report layer-sharing -o sharing.html     why is our registry so large, and what do we do about it?
    imgindex report tag-drift --format md             which tags move, and what lags behind?
    imgindex report host                              one host in a page
    imgindex report image team/web:1.2 -o web.html    one image in a page
    imgindex report list                              what there is, your own reports, too
""",
    no_args_is_help=True,
    rich_markup_mode=None,
    subcommand_metavar="NAME [VALUE] | COMMAND",
)

Name: TypeAlias = Annotated[
    str, typer.Argument(metavar="NAME", help="The report's name.", autocompletion=complete_report)
]

ReportFolders: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option(
        "--reports",
        metavar="DIR",
        help="A folder of your own reports, before the shipped ones. Repeat for more. "
        "IMGINDEX_REPORTS lists further folders.",
        show_default=False,
    ),
]


@app.command("run", no_args_is_help=True)
def run_report(
    name: Name,
    value: Annotated[
        str | None,
        typer.Argument(
            metavar="[VALUE]",
            help="The report's first parameter: of image, the image, as `imgindex show` finds it.",
            show_default=False,
        ),
    ] = None,
    parameters: Annotated[
        list[str] | None,
        typer.Option(
            "--parameter",
            "-p",
            metavar="KEY=VALUE",
            help="A parameter. Repeat for more.",
            show_default=False,
            autocompletion=complete_report_parameter,
        ),
    ] = None,
    format_name: Annotated[
        ReportFormat | None,
        typer.Option(
            "--format",
            help="How to write it. Unless given, the suffix of -o's file decides, and else it is Markdown.",
            show_default=False,
        ),
    ] = None,
    output: Output = None,
    reports: ReportFolders = None,
    queries: QueryFolders = None,
    db: Db = DEFAULT_DB,
    wait: Wait = 0,
) -> None:
    """Make a report. The word run may be left out.

    All its queries see the index as it is at one moment. HTML is one file that needs no network.

    \b
    Examples:
      imgindex report layer-sharing -o sharing.html
      imgindex report tag-drift -p source=registry
      imgindex report run image team/web:1.2 -p platform=linux/arm64 -o web.html
    """
    from imgindex.query.catalog import open_catalog
    from imgindex.report.answer import make_report
    from imgindex.report.shelf import open_shelf
    from imgindex.report.write import format_of, write_report
    from imgindex.store.engine import open_engine

    chosen = str(format_name or format_of(output))
    catalog = open_catalog(queries or [])
    definition = open_shelf(reports or []).find(name, catalog)
    given = _given(definition, value, parameters or [])
    engine = open_engine(db, read_only=True)
    try:
        report = make_report(engine, definition, catalog, given, _tell)
    finally:
        if sys.stderr.isatty():
            typer.echo(CLEARED, err=True, nl=False)
    with open_sink(output) as sink:
        write_report(report, chosen, sink)


def _given(definition: Definition, value: str | None, parameters: list[str]) -> dict[str, str]:
    """The values that were given, by name. Raises UsageError."""
    given = split_parameters(parameters)
    if value is None:
        return given
    if not definition.parameters:
        raise UsageError(f"The report {definition.name} takes no value.")
    first = definition.parameters[0].name
    if first in given:
        raise UsageError(f"Parameter {first} is given twice.")
    return {first: value, **given}


def _tell(number: int, count: int, title: str) -> None:
    """How far the report is, on stderr: one line that changes on a terminal, a line a section elsewhere."""
    text = f"Section {number} of {count}: {quote(title, 60)}"
    if sys.stderr.isatty():
        typer.echo(CLEARED + text, err=True, nl=False)
    else:
        note(text)


@app.command("list")
def list_reports(
    reports: ReportFolders = None,
    format_name: ResultFormat = None,
    output: Output = None,
    db: UnusedDb = DEFAULT_DB,
) -> None:
    """List the reports, and the question that each answers.

    \b
    Examples:
      imgindex report list
      imgindex report list --reports ./our-reports --format json
    """
    from imgindex.query.result import make_result
    from imgindex.report.shelf import open_shelf

    rows = [
        (
            definition.name,
            definition.question,
            " ".join(parameter.signature() for parameter in definition.parameters),
            len(definition.sections),
        )
        for definition in open_shelf(reports or []).all()
    ]
    columns = [("name", "TEXT"), ("question", "TEXT"), ("parameters", "TEXT"), ("sections", "BIGINT")]
    print_result(make_result(columns, rows), format_name, output)


@app.command("show")
def show_report(
    name: Name, reports: ReportFolders = None, queries: QueryFolders = None, db: UnusedDb = DEFAULT_DB
) -> None:
    """Show what a report is made of: its parameters, and its sections with their queries.

    \b
    Example:
      imgindex report show layer-sharing
    """
    from imgindex.query.catalog import open_catalog
    from imgindex.report.shelf import open_shelf

    shelf = open_shelf(reports or [])
    definition = shelf.find(name, open_catalog(queries or []))
    lines = [f"{definition.name}: {definition.title}", "", definition.question, ""]
    lines += [f"  -p {item.signature()}  ({item.type}) {item.help}".rstrip() for item in definition.parameters]
    lines += [""] if definition.parameters else []
    for number, section in enumerate(definition.sections, start=1):
        values = " ".join(f"{name}={value}" for name, value in section.values.items())
        drawn = f", drawn as {section.chart.kind}" if section.chart else ""
        lines += [f"{number:3}. {section.title}{drawn}", f"     {section.query} {values}".rstrip()]
    typer.echo("\n".join(lines))
    typer.echo(f"From {shelf.place(name)[1]}", err=True)
