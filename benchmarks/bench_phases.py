"""Where the time of an ingest goes: imports, the making of the database, listing, reading, normalising, staging, SQL.

The median over the rounds of each phase, as `phases` books them, for a first ingest and for one that finds nothing
changed. CPU time counts all threads of the process and no waiting for the disk; on a busy machine it is the better one.

    python benchmarks/bench_phases.py [--clock cpu|wall] [--rounds N] [STORE...]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from pathlib import Path
from subprocess import DEVNULL, PIPE
from subprocess import run as run_process

from measure import new_folder, open_stores, print_table

PROGRAM = str(Path(__file__).with_name("phases.py"))


def run_once(store: str, db: Path, clock: str) -> dict[str, float]:
    """Seconds by phase, the interpreter's own start and end included."""
    before, started = os.times(), time.perf_counter()
    done = run_process([sys.executable, PROGRAM, store, str(db), clock], check=True, stdout=PIPE, stderr=DEVNULL)
    wall, after = time.perf_counter() - started, os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    said = json.loads(done.stdout)
    return {"the interpreter's start and end": (wall if clock == "wall" else cpu) - said["whole"], **said["phases"]}


def print_phases(rounds: list[tuple[dict[str, float], dict[str, float]]]) -> None:
    """A line a phase, the longest of the first ingest on top."""
    names = dict.fromkeys(name for pair in rounds for once in pair for name in once)
    medians = {
        name: [statistics.median(pair[place].get(name, 0.0) for pair in rounds) for place in (0, 1)] for name in names
    }
    wholes = [sum(pair[place] for pair in medians.values()) for place in (0, 1)]
    rows = [
        [name, f"{first * 1000:,.0f}", f"{first / wholes[0]:.0%}", f"{second * 1000:,.0f}", f"{second / wholes[1]:.0%}"]
        for name, (first, second) in sorted(medians.items(), key=lambda item: -item[1][0])
    ]
    rows.append(["all", f"{wholes[0] * 1000:,.0f}", "", f"{wholes[1] * 1000:,.0f}", ""])
    print_table(["phase", "first, ms", "", "second, ms", ""], rows)


def main() -> None:
    parser = argparse.ArgumentParser(description="Say where the time of an ingest goes.")
    parser.add_argument("stores", nargs="*", metavar="STORE")
    parser.add_argument("--clock", choices=("cpu", "wall"), default="wall")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with open_stores(arguments.stores) as stores, new_folder() as folder:
        for store in stores:
            rounds = []
            for number in range(arguments.rounds + 1):
                db = folder / f"{Path(store).name}-{number}.duckdb"
                pair = run_once(store, db, arguments.clock), run_once(store, db, arguments.clock)
                if number:
                    rounds.append(pair)
            print(f"### {Path(store).name}, {arguments.rounds} rounds, {arguments.clock} time\n")
            print_phases(rounds)


if __name__ == "__main__":
    main()
