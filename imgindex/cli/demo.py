"""`imgindex demo`: real stores that ship with imgindex, read into an index and asked about.

They are the metadata of one host and the registry that it pushed to, and an image layout: so that layers, tags and
sizes can be followed from one store to another.
"""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from imgindex.cli.output import note, print_heading, print_result
from imgindex.errors import SourceError, UsageError, quote

if TYPE_CHECKING:
    from imgindex.ingest import ScanReport
    from imgindex.query.result import Result

SUFFIX = ".tar.xz"
KINDS = {"docker-host": "docker-root", "layout": "oci", "registry": "registry-root"}
"""What kind of store each sample is."""

REGISTRY = "127.0.0.1:5055"
"""What the sample host called its registry."""


class Question(NamedTuple):
    """A saved query that the demo runs."""

    query: str
    values: dict[str, str]
    columns: list[str]
    """Those of its columns that are shown."""


QUESTIONS = [
    Question(
        "sharing/saved-by-sharing",
        {},
        ["source", "basis", "image_count", "layer_count", "referenced_bytes", "distinct_bytes", "saved_percent"],
    ),
    Question(
        "sharing/most-shared-layers",
        {"limit": "8"},
        ["source", "basis", "image_count", "repository_count", "size_bytes", "saved_bytes", "diff_id"],
    ),
    Question(
        "sharing/layers-across-sources",
        {"limit": "3"},
        ["diff_id", "source", "basis", "size_bytes", "image_count"],
    ),
    Question(
        "size/images",
        {"source": "docker-host", "limit": "8"},
        ["image_id", "size_bytes", "shared_bytes", "unique_bytes", "split_bytes", "names"],
    ),
    Question(
        "size/repositories",
        {"source": "registry"},
        ["repository", "tag_count", "image_count", "layer_bytes", "exclusive_layer_bytes", "untagged_bytes"],
    ),
    Question(
        "drift/tag-history",
        {"repository": "team/web", "source": "registry"},
        ["repository", "tag", "valid_from", "valid_to", "target_digest", "evidence"],
    ),
]
"""What is worth a look, in this order."""

REPORTS = ["layer-sharing", "tag-drift", "host"]
"""What is put beside an index that is kept."""

ROWS = 12
WIDTH = 110
"""How wide the tables are where no terminal says it."""

NEXT = """
Next:
  imgindex ingest docker-root:/var/lib/docker     read a store of your own into ./imgindex.duckdb
  imgindex report layer-sharing -o sharing.html   a page to send to others
  imgindex query list                             what else can be asked
  imgindex schema                                 the tables and views for SQL of your own"""


def demo(
    keep: Annotated[
        Path | None,
        typer.Option("--keep", metavar="DIR", help="Keep the stores and the index in this folder.", show_default=False),
    ] = None,
) -> None:
    """Read the sample stores, and answer some questions about them.

    All is done in a temporary folder that is removed at the end, unless --keep names one, where reports are put, too.

    \b
    Examples:
      imgindex demo
      imgindex demo --keep ./demo && imgindex sql --db ./demo/imgindex.duckdb "SELECT * FROM source_status"
    """
    with TemporaryDirectory(prefix="imgindex-demo-") if keep is None else nullcontext(str(_make(keep))) as folder:
        db = str(Path(folder, "imgindex.duckdb"))
        for report in read_samples(Path(folder), db):
            if report.error is not None:
                raise report.error
        _answer(db)
        pages = [_report(db, keep / f"{name}.html") for name in REPORTS] if keep is not None else []
    note(NEXT)
    if keep is not None:
        note(f"\nThe index is kept: imgindex query list, then imgindex query run NAME --db {quote(db)}")
        note(f"Reports of it: {', '.join(quote(page) for page in pages)}")


def read_samples(folder: Path, db: str) -> list[ScanReport]:
    """Unpack each sample into the folder and ingest it under its own name."""
    import tarfile

    from imgindex.cli.ingest import print_summary
    from imgindex.cli.progress import make_watch
    from imgindex.ingest import IngestOptions, ingest
    from imgindex.shipped import folder as shipped_folder

    reports: list[ScanReport] = []
    for archive in sorted(shipped_folder("samples").glob(f"*{SUFFIX}")):
        name = archive.name.removesuffix(SUFFIX)
        if name not in KINDS:
            raise SourceError(f"{archive.name} is a sample of an unknown kind of store.")
        store = folder / name
        with tarfile.open(archive) as tar:
            tar.extractall(store, filter="data")
        registry = (REGISTRY,) if KINDS[name] == "registry-root" else ()
        options = IngestOptions(name=name, registry=registry)
        reports += ingest(db, [f"{KINDS[name]}:{store}"], options, make_watch())
    print_summary(reports)
    return reports


def _answer(db: str) -> None:
    from imgindex.query.catalog import Catalog
    from imgindex.query.run import run_query
    from imgindex.shipped import folder as shipped_folder
    from imgindex.store.engine import open_engine

    catalog = Catalog([shipped_folder("queries")])
    engine = open_engine(db, read_only=True)
    for question in QUESTIONS:
        query = catalog.find(question.query)
        print_heading(query.question, f"imgindex query run {query.name}")
        print_result(_pick(run_query(engine, query, question.values), question.columns), limit=ROWS, width=WIDTH)


def _report(db: str, page: Path) -> Path:
    """Make the report that the file is called by."""
    from imgindex.cli.output import open_sink
    from imgindex.query.catalog import Catalog
    from imgindex.report.answer import make_report
    from imgindex.report.shelf import Shelf
    from imgindex.report.write import write_report
    from imgindex.shipped import folder as shipped_folder
    from imgindex.store.engine import open_engine

    catalog = Catalog([shipped_folder("queries")])
    definition = Shelf([shipped_folder("reports")]).find(page.stem, catalog)
    report = make_report(open_engine(db, read_only=True), definition, catalog)
    with open_sink(page) as sink:
        write_report(report, "html", sink)
    return page


def _pick(result: Result, names: list[str]) -> Result:
    """The result with some of its columns: a demo must fit a terminal."""
    from imgindex.query.result import make_result

    places = [[column.name for column in result.columns].index(name) for name in names]
    columns = [result.columns[place] for place in places]
    rows = [tuple(row[place] for place in places) for row in result.rows()]
    return make_result(columns, rows)


def _make(folder: Path) -> Path:
    """The folder to keep things in; it must be new or empty, so that nothing of the user's is mixed in."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{quote(folder)} is there already; --keep names a new or empty folder.")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
