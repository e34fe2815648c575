"""The program `imgindex`: its commands, and how a failure becomes one message and an exit code.

Results go to stdout, all else to stderr. `--help` and `--version` import nothing but typer; a command imports what it
needs when it runs.

    0 done    1 done, but problems under --strict    2 usage      3 a source failed    4 content refused
    5 the database    6 a query                      70 a defect of imgindex                   130 interrupted
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import signal
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from imgindex import __version__
from imgindex.cli import db, demo, export, ingest, merge, query, report, schema, show, source, sql
from imgindex.errors import ImgindexError, UsageError, quote

INTERRUPTED = 128 + signal.SIGINT
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
DEFECT = os.EX_SOFTWARE if hasattr(os, "EX_SOFTWARE") else 70

ORDER = ["ingest", "show", "query", "sql", "report", "export", "merge", "schema", "source", "db", "demo"]
"""The commands as the help lists them."""

HELP = """Index the metadata of container images, and ask about all of them at once.

imgindex reads image stores and registries without writing to them, keeps what they hold in a SQL database, and answers
with saved and ad-hoc SQL: which layers are shared, what each image costs, where a tag pointed.

\b
    imgindex demo                                          see it at work
    imgindex ingest docker-root:/var/lib/docker            read a store
    imgindex show nginx:1.25                               all about one tag, image or layer
    imgindex query list                                    what can be asked
    imgindex query run size/images --format csv            ask it
    imgindex sql "SELECT * FROM current_tags LIMIT 5"      ask in your own words
    imgindex report layer-sharing -o sharing.html          a page to send to others
    imgindex export lake                                   files for other programs
"""


class Commands(TyperGroup):
    """The commands, with what imgindex refuses translated at the door."""

    def list_commands(self, ctx: Any) -> list[str]:
        return sorted(super().list_commands(ctx), key=ORDER.index)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except ImgindexError as error:
            if _debugging():
                raise
            typer.echo(f"error: {error}", err=True)
            raise typer.Exit(error.exit_code) from None
        except BrokenPipeError:
            _discard_stdout()
            raise typer.Exit(0) from None
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None
        except OSError as error:
            if error.errno not in NO_ROOM or _debugging():
                raise
            _discard_stdout()
            typer.echo(f"error: There is no room to write to: {error.strerror}", err=True)
            raise typer.Exit(UsageError.exit_code) from None
        except RuntimeError as error:
            # DuckDB takes Ctrl-C for itself while it works, and answers with this.
            if str(error) != "Query interrupted":
                raise
            raise typer.Exit(INTERRUPTED) from None


app = typer.Typer(
    name="imgindex",
    cls=Commands,
    help=HELP,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"imgindex {__version__}")
        raise typer.Exit


@app.callback()
def imgindex(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """The options of the program itself; its help is `HELP`."""


app.command("ingest", no_args_is_help=True)(ingest.ingest)
app.command("show", no_args_is_help=True)(show.show)
app.add_typer(query.app, name="query")
app.command("sql", no_args_is_help=True)(sql.sql)
app.add_typer(report.app, name="report")
app.command("export", no_args_is_help=True)(export.export)
app.command("merge", no_args_is_help=True)(merge.merge)
app.command("schema")(schema.schema)
app.add_typer(source.app, name="source")
app.add_typer(db.app, name="db")
app.command("demo")(demo.demo)


def run() -> None:
    """The entry point of the program."""
    for stream in (sys.stdout, sys.stderr):
        # An image's names may hold any character: another program gets UTF-8, and a terminal what it can show.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="backslashreplace")
    try:
        app(prog_name="imgindex")
    except Exception as error:
        if _debugging():
            raise
        what = f"{type(error).__name__}: {quote(error, 400)}"
        typer.echo(f"error: imgindex has a defect: {what} (IMGINDEX_DEBUG=1 shows where)", err=True)
        sys.exit(DEFECT)


def _debugging() -> bool:
    return os.environ.get("IMGINDEX_DEBUG") == "1"


def _discard_stdout() -> None:
    """Whoever read us has read enough: what is still buffered must not fail at the interpreter's end."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
