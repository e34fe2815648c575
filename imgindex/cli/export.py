"""`imgindex export`: the whole index as files for other programs."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from imgindex.cli.options import DEFAULT_DB, Db, Wait
from imgindex.cli.output import note, print_result
from imgindex.cli.progress import make_watch
from imgindex.errors import UsageError, quote

if TYPE_CHECKING:
    from imgindex.query.result import Result

SNAPSHOT_SUFFIX = ".duckdb"


class FileFormat(StrEnum):
    """The formats of a folder's files: those of `query.export.relation`."""

    parquet = "parquet"
    csv = "csv"


def export(
    target: Annotated[
        Path,
        typer.Argument(
            metavar="DIR|FILE.duckdb",
            help="A folder, new, empty or an export's, for a file a table and view; or a DuckDB file for a snapshot.",
        ),
    ],
    format_name: Annotated[
        FileFormat | None,
        typer.Option("--format", help="What the files of a folder are; parquet unless given.", show_default=False),
    ] = None,
    tables: Annotated[
        bool, typer.Option("--tables", help="Tables alone: what several indexes in one folder are queried by.")
    ] = False,
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only",
            metavar="NAME",
            help="This table or view alone. Repeat for more; `imgindex schema` lists them.",
            show_default=False,
        ),
    ] = None,
    db: Db = DEFAULT_DB,
    wait: Wait = 0,
) -> None:
    """Write the whole index as files: Parquet or CSV in a folder, or a DuckDB file.

    All is of one moment, and a file appears when it is whole: whoever reads the old ones goes on undisturbed. A folder
    gets DIR/NAME/INDEX_KEY.parquet for each view and table, and DIR/_manifest/INDEX_KEY.json, which tells rows, digests
    and the time of each source; several indexes may share one folder. A snapshot is an index like any other. What was
    written goes to stdout.

    \b
    Examples:
      imgindex export lake
      imgindex export sheets --format csv --only image_sizes --only current_tags
      imgindex export /srv/bi/fleet.duckdb
      imgindex export fleet.duckdb --db postgresql://reader@db.example/imgindex
    """
    from imgindex.query.export.folder import choose, export_folder
    from imgindex.query.export.snapshot import export_snapshot

    is_snapshot = target.suffix.lower() == SNAPSHOT_SUFFIX
    if is_snapshot and (format_name or tables or only):
        raise UsageError("A snapshot holds the whole index: --format, --tables and --only are for a folder.")
    watch = make_watch(verb="Exporting to")
    watch.start(str(target))
    try:
        with _ended_by_sigterm():
            if is_snapshot:
                manifest = export_snapshot(db, target, watch)
            else:
                relations = choose(only or [], tables_only=tables)
                manifest = export_folder(db, target, str(format_name or FileFormat.parquet), relations, watch)
    finally:
        watch.finish()
    print_result(_sum_up(manifest), None, None, 0)
    size = manifest.get("bytes") or sum(relation["bytes"] for relation in manifest["relations"])
    note(f"{quote(target)}: {size / 1e6:,.1f} MB of the index {manifest['index_key']}.")


def _sum_up(manifest: dict[str, Any]) -> Result:
    """What was written, a row a relation."""
    from imgindex.query.result import make_result

    columns = [("name", "TEXT"), ("kind", "TEXT"), ("row_count", "BIGINT"), ("size_bytes", "BIGINT")]
    rows = [(item["name"], item["kind"], item["rows"], item.get("bytes")) for item in manifest["relations"]]
    shown = 3 if "bytes" in manifest else 4  # a snapshot is one file
    return make_result(columns[:shown], [row[:shown] for row in rows])


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Within it SIGTERM ends the program as an exception does, so that what is half made is taken away."""

    def end(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
