"""Ingest of a store, against the floor of reading it, and against a second ingest that finds nothing changed.

As whole processes, imports and the making of the database included, and within one process that is warm. Each round
runs the floor, the first ingest and the second in turn.

    python benchmarks/bench_ingest.py [--rounds N] [STORE...]
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from floor import read_store
from measure import IMGINDEX, Usage, count_rows, new_folder, open_stores, print_spreads, run, seconds, spread

FLOOR = str(Path(__file__).with_name("floor.py"))


class Quiet:
    """A watch that shows nothing."""

    def start(self, source: str) -> None: ...

    def expect(self, documents: int) -> None: ...

    def advance(self, documents: int, bytes_read: int) -> None: ...

    def tell(self, noun: str, count: int) -> None: ...

    def say(self, text: str) -> None: ...

    def finish(self) -> None: ...


def bench_processes(store: str, rounds: int) -> None:
    """Whole processes."""
    floors: list[Usage] = []
    firsts: list[Usage] = []
    seconds_: list[Usage] = []
    with new_folder() as folder:
        for number in range(rounds + 1):
            db = folder / f"{number}.duckdb"
            ingest = [*IMGINDEX, "ingest", store, "--db", str(db)]
            floor, first, second = run([IMGINDEX[0], FLOOR, store]), run(ingest), run(ingest)
            if number:  # the first round fills the caches of the operating system
                floors.append(floor)
                firsts.append(first)
                seconds_.append(second)
        rows = count_rows(db)
        size = db.stat().st_size
    _print("whole processes", floors, firsts, seconds_)
    peaks = [("first ingest", firsts), ("second ingest", seconds_)]
    print_spreads(
        "Peak memory in MB",
        [(name, spread([usage.peak_bytes / 1e6 for usage in usages], "{:.0f}")) for name, usages in peaks],
    )
    print(f"{rows:,} rows in all tables, database file {size / 1e6:.1f} MB\n")


def bench_calls(store: str, rounds: int) -> None:
    """Calls within this process."""
    from imgindex.ingest import IngestOptions, ingest

    taken: list[list[Usage]] = [[], [], []]
    with new_folder() as folder:
        for number in range(rounds + 1):
            db = str(folder / f"{number}.duckdb")

            def read(db: str = db) -> None:
                for report in ingest(db, [store], IngestOptions(), Quiet()):
                    if report.error is not None:
                        raise report.error

            usages = [_time(lambda: read_store(store)), _time(read), _time(read)]
            for kept, usage in zip(taken, usages, strict=True):
                if number:
                    kept.append(usage)
    _print("within one process", *taken)


def _time(call: object) -> Usage:
    assert callable(call)
    wall, cpu = time.perf_counter(), time.process_time()
    call()
    return Usage(time.perf_counter() - wall, time.process_time() - cpu, 0)


def _print(how: str, floors: list[Usage], firsts: list[Usage], second: list[Usage]) -> None:
    pairs = list(zip(floors, firsts, second, strict=True))
    print_spreads(
        f"Seconds, {how}",
        [
            ("floor, wall", seconds([usage.wall for usage in floors])),
            ("first ingest, wall", seconds([usage.wall for usage in firsts])),
            ("second ingest, wall", seconds([usage.wall for usage in second])),
            ("floor, CPU", seconds([usage.cpu for usage in floors])),
            ("first ingest, CPU", seconds([usage.cpu for usage in firsts])),
            ("second ingest, CPU", seconds([usage.cpu for usage in second])),
            ("first / floor, wall", spread([first.wall / floor.wall for floor, first, _ in pairs], "{:.1f}")),
            ("first / floor, CPU", spread([first.cpu / floor.cpu for floor, first, _ in pairs], "{:.1f}")),
            ("second / first, wall", spread([again.wall / first.wall for _, first, again in pairs], "{:.2f}")),
            ("second / first, CPU", spread([again.cpu / first.cpu for _, first, again in pairs], "{:.2f}")),
        ],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Time ingests against the floor.")
    parser.add_argument("stores", nargs="*", metavar="STORE")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with open_stores(arguments.stores) as stores:
        for store in stores:
            found = read_store(store)
            size = f"{found.documents:,} documents, {found.bytes / 1e6:.1f} MB"
            print(f"### {Path(store).name}: {size}, {arguments.rounds} rounds\n")
            bench_processes(store, arguments.rounds)
            bench_calls(store, arguments.rounds)


if __name__ == "__main__":
    main()
