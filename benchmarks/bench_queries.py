"""How long each saved query takes within a warm process, on an index of stores that are given or of one that is made.

    python benchmarks/bench_queries.py [--rounds N] [--views] [STORE...]
    python benchmarks/bench_queries.py [--rounds N] [--views] INDEX.duckdb | postgresql://...

Each query is asked once to warm up, then so often, and all its rows are read; with --views also all of each view. A
parameter that must be given gets a value from the index itself: a tag, a repository, the layer that most images have.
CPU time is that of all threads, so it may be more than the wall time. Where others use the machine, trust it, and the
least of the wall times. Of PostgreSQL it is the client's alone; ANALYZE the database first. What takes longer than
--timeout is given up.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from measure import new_folder, open_stores, print_table
from sqlalchemy import Engine, text

from imgindex.errors import QueryError
from imgindex.ingest import IngestOptions, ingest
from imgindex.query.catalog import Catalog
from imgindex.query.result import Result
from imgindex.query.run import run_query, run_sql
from imgindex.query.saved import Query
from imgindex.shipped import folder
from imgindex.store.engine import open_engine
from imgindex.store.schema import VIEWS

VALUES = {
    "image": "SELECT MIN(name) FROM image_names",
    "repository": "SELECT repository FROM current_tags WHERE repository IS NOT NULL GROUP BY repository "
    "ORDER BY COUNT(*) DESC, repository LIMIT 1",
    "layer": "SELECT unit FROM layer_usage ORDER BY image_count DESC, unit LIMIT 1",
    "label": "SELECT name FROM image_labels GROUP BY name ORDER BY COUNT(*) DESC, name LIMIT 1",
    "time": "SELECT CAST(MAX(as_of) AS TEXT) FROM scans",
    "before": "SELECT CAST(MAX(as_of) AS TEXT) FROM scans",
    "reference": "SELECT MIN(name) FROM sources",
    "digest": "SELECT MIN(image_id) FROM image_summary",
    "port": "SELECT COALESCE(MIN(port), 80) FROM image_ports",
}
"""By parameter, where its value comes from; any other required text is a pattern for all."""


class Timing(NamedTuple):
    rows: int
    wall: float
    """Seconds, the least."""
    cpu: float
    """Seconds of all threads, the least."""


class Unwatched:
    """Implements `ingest.Watch`."""

    def start(self, source: str) -> None: ...

    def expect(self, documents: int) -> None: ...

    def advance(self, documents: int, bytes_read: int) -> None: ...

    def finish(self) -> None: ...


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="Only queries whose name has this.")
    parser.add_argument("--views", action="store_true", help="All rows of each view, too.")
    parser.add_argument("--timeout", type=int, default=60, help="Seconds that PostgreSQL may take for one.")
    parser.add_argument("stores", nargs="*")
    arguments = parser.parse_args()
    if len(arguments.stores) == 1 and is_index(arguments.stores[0]):
        measure_all(arguments.stores[0], arguments)
        return
    with open_stores(arguments.stores) as stores, new_folder() as place:
        db = str(place / "index.duckdb")
        for report in ingest(db, stores, IngestOptions(), Unwatched()):
            if report.error is not None:
                raise report.error
        measure_all(db, arguments)


def is_index(place: str) -> bool:
    return place.startswith("postgresql") or Path(place).suffix == ".duckdb"


def measure_all(db: str, arguments: argparse.Namespace) -> None:
    """A line for each query, and what the slowest took."""
    engine = open_engine(db, read_only=True)
    if engine.dialect.name == "postgresql":
        limit = f"-c statement_timeout={arguments.timeout}s"
        engine = open_engine(
            engine.url.update_query_dict({"options": limit}).render_as_string(hide_password=False), read_only=True
        )
    with engine.connect() as connection:
        known = {name: connection.execute(text(sql)).scalar() for name, sql in VALUES.items()}
        images, listed = connection.execute(
            text("SELECT COUNT(*), COUNT(CASE WHEN listed THEN 1 END) FROM image_summary")
        ).one()
    print(f"{images:,} images, {listed:,} of them listed\n")
    lines = []
    for name, run in runs(engine, known, views=arguments.views):
        if arguments.only in name:
            timing = measure(run, arguments.rounds)
            rows = "" if timing is None else f"{timing.rows:,}"
            times = ["given up", ""] if timing is None else [f"{t * 1000:.0f}" for t in (timing.wall, timing.cpu)]
            lines.append([name, rows, *times])
            print(*lines[-1], flush=True, file=sys.stderr)
    print_table(["query", "rows", "ms, wall", "ms, CPU"], lines)


def runs(engine: Engine, known: dict[str, object], *, views: bool) -> Iterator[tuple[str, Callable[[], Result]]]:
    """By name, what asks a saved query or reads a view."""
    for query in Catalog([folder("queries")]).all():
        yield query.name, partial(run_query, engine, query, values_of(query, known))
    for view in VIEWS if views else ():
        yield view.name, partial(run_sql, engine, f"SELECT * FROM {view.name}")


def values_of(query: Query, known: dict[str, object]) -> dict[str, str]:
    return {item.name: str(known.get(item.name) or "%") for item in query.parameters if item.required}


def measure(run: Callable[[], Result], rounds: int) -> Timing | None:
    """The least that it took, after a first time that does not count; None where it was given up."""
    least = Timing(0, math.inf, math.inf)
    for turn in range(rounds + 1):
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            with run() as result:
                rows = sum(len(batch) for batch in result.batches)
        except QueryError as error:
            if "timeout" in str(error):
                return None
            raise
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        if turn or not rounds:
            least = Timing(rows, min(wall, least.wall), min(cpu, least.cpu))
    return least


if __name__ == "__main__":
    main()
