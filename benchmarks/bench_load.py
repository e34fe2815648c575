"""How many rows a second the loader writes into DuckDB, its records made beforehand.

The records are those of a store, read and held in memory. What is timed is all that the loader does with them: the
batches, the columns, the staging, the inserts and commits; and then, by itself, what finishing the scan adds: deciding
what the source holds, and the derived tables.

    python benchmarks/bench_load.py [--rounds N] [STORE...]
"""

from __future__ import annotations

import argparse
import gc
import time
from datetime import UTC, datetime
from pathlib import Path

from measure import count_rows, new_folder, open_stores, print_spreads, spread

from imgindex.limits import Limits
from imgindex.records.rows import ScanScope
from imgindex.sources.base import Group, ScanContext
from imgindex.sources.open import open_source
from imgindex.store import migrate
from imgindex.store.engine import open_engine
from imgindex.store.loader import Loader, SourceRow
from imgindex.store.session import Session


def load(store: str, db: Path) -> tuple[float, float, int, int]:
    """Returns (seconds for the content, seconds for finishing, rows of content, all rows)."""
    context = ScanContext()
    source = open_source(store)
    groups: list[Group] = []
    ends: list[Group] = []
    for group in source.scan(context):
        (ends if any(isinstance(record, ScanScope) for record in group) else groups).append(group)
    gc.collect()
    migrate.upgrade(str(db))
    session = Session(open_engine(str(db), read_only=False))
    empty = count_rows_here(session)
    row = SourceRow("bench", source.identity.kind, source.identity.address, source.identity.fingerprint)
    loader = Loader(session, row, as_of=datetime.now(UTC), limits=Limits(), keys=context.keys)
    started = time.perf_counter()
    for group in groups:
        loader.add(group)
    loader.flush()
    content = time.perf_counter() - started
    content_rows = count_rows_here(session) - empty
    started = time.perf_counter()
    for group in ends:
        loader.add(group)
    loader.finish(document_count=0, bytes_read=0)
    finishing = time.perf_counter() - started
    session.close()
    return content, finishing, content_rows, count_rows(db) - empty


def count_rows_here(session: Session) -> int:
    """The rows of all tables, those in temporary ones that wait to be decided on included."""
    with session.transaction():
        tables = [name for (name,) in session.rows("SELECT table_name FROM duckdb_tables()")]
        return sum(session.value(f"SELECT COUNT(*) FROM {table}") for table in tables)


def main() -> None:
    parser = argparse.ArgumentParser(description="Time the loader.")
    parser.add_argument("stores", nargs="*", metavar="STORE")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with open_stores(arguments.stores) as stores, new_folder() as folder:
        for store in stores:
            taken = []
            for number in range(arguments.rounds + 1):
                once = load(store, folder / f"{Path(store).name}-{number}.duckdb")
                if number:
                    taken.append(once)
            print(f"### {Path(store).name}: {taken[0][2]:,} rows loaded, {taken[0][3]:,} rows in the end\n")
            print_spreads(
                "Loading",
                [
                    ("seconds to load", spread([once[0] for once in taken], "{:.2f}")),
                    ("seconds to finish", spread([once[1] for once in taken], "{:.2f}")),
                    ("rows a second, loading", spread([once[2] / once[0] for once in taken], "{:,.0f}")),
                    ("rows a second, all", spread([once[3] / (once[0] + once[1]) for once in taken], "{:,.0f}")),
                ],
            )


if __name__ == "__main__":
    main()
