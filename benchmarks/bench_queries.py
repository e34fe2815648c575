"""How long each saved query takes within a warm process, on an index of stores that are given or of one that is made.

    python benchmarks/bench_queries.py [--rounds N] [STORE...]
    python benchmarks/bench_queries.py [--rounds N] INDEX.duckdb

Each query is asked once to warm up, then so often, and all its rows are read. A parameter that must be given gets a
value from the index itself: a tag, a repository, the layer that most images have. CPU time is that of all threads, so
it may be more than the wall time. Where others use the machine, trust it, and the least of the wall times.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import NamedTuple

from measure import new_folder, open_stores, print_table
from sqlalchemy import Engine, text

from imgindex.ingest import IngestOptions, ingest
from imgindex.query.catalog import Catalog
from imgindex.query.run import run_query
from imgindex.query.saved import Query
from imgindex.shipped import folder
from imgindex.store.engine import open_engine

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
    parser.add_argument("stores", nargs="*")
    arguments = parser.parse_args()
    if [Path(place).suffix for place in arguments.stores] == [".duckdb"]:
        measure_all(arguments.stores[0], arguments.rounds, arguments.only)
        return
    with open_stores(arguments.stores) as stores, new_folder() as place:
        db = str(place / "index.duckdb")
        for report in ingest(db, stores, IngestOptions(), Unwatched()):
            if report.error is not None:
                raise report.error
        measure_all(db, arguments.rounds, arguments.only)


def measure_all(db: str, rounds: int, only: str) -> None:
    """A line for each query, and what the slowest took."""
    engine = open_engine(db, read_only=True)
    with engine.connect() as connection:
        known = {name: connection.execute(text(sql)).scalar() for name, sql in VALUES.items()}
        images, listed = connection.execute(
            text("SELECT COUNT(*), COUNT(CASE WHEN listed THEN 1 END) FROM image_summary")
        ).one()
    print(f"{images:,} images, {listed:,} of them listed\n")
    timings = {
        query.name: measure(engine, query, known, rounds)
        for query in Catalog([folder("queries")]).all()
        if only in query.name
    }
    lines = [
        [name, f"{timing.rows:,}", f"{timing.wall * 1000:.0f}", f"{timing.cpu * 1000:.0f}"]
        for name, timing in timings.items()
    ]
    print_table(["query", "rows", "ms, wall", "ms, CPU"], lines)


def measure(engine: Engine, query: Query, known: dict[str, object], rounds: int) -> Timing:
    """The least that the query took, after a first time that does not count."""
    values = {item.name: str(known.get(item.name) or "%") for item in query.parameters if item.required}
    times = []
    for _ in range(rounds + 1):
        wall, cpu = time.perf_counter(), time.process_time()
        with run_query(engine, query, values) as result:
            rows = sum(len(batch) for batch in result.batches)
        times.append((time.perf_counter() - wall, time.process_time() - cpu))
    return Timing(rows, min(wall for wall, _ in times[1:]), min(cpu for _, cpu in times[1:]))


if __name__ == "__main__":
    main()
