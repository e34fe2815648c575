"""Ingest of a store into PostgreSQL, against the same into DuckDB: whole processes, in turn, in one run.

The server is a private one, started with its own defaults and with durability (fsync and synchronous_commit are on). It
runs on the same machine, so its CPU time is taken, too: that of all its processes (Linux only).

    PYTHONPATH=. python benchmarks/bench_postgresql.py [--rounds N] [STORE...]
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import sqlalchemy
from measure import IMGINDEX, Usage, new_folder, open_stores, print_spreads, run, seconds, spread

from tests.postgres import administer, running_server, server_programs

TICKS = os.sysconf("SC_CLK_TCK")


def server_cpu(server: sqlalchemy.URL) -> float:
    """Seconds that all processes of the server have used, those that have ended included."""
    engine = sqlalchemy.create_engine(server, poolclass=sqlalchemy.NullPool)
    with engine.connect() as connection:
        folder = connection.exec_driver_sql("SHOW data_directory").scalar_one()
    parent = int(Path(folder, "postmaster.pid").read_text().split()[0])
    used = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended meanwhile
        if int(stat.parent.name) == parent:
            used += sum(map(int, fields[11:15]))  # proc(5): utime, stime, and both of children that were waited for
        elif int(fields[1]) == parent:
            used += sum(map(int, fields[11:13]))
    return used / TICKS


def bench(server: sqlalchemy.URL, store: str, rounds: int) -> None:
    taken: dict[str, list[tuple[Usage, float]]] = {}
    with new_folder() as folder:
        for number in range(rounds):
            administer(server, f"CREATE DATABASE bench_{number} TEMPLATE template0 ENCODING 'UTF8'")
            url = server.set(database=f"bench_{number}").render_as_string(hide_password=False)
            for time in ("first", "second"):
                for engine, db in (("DuckDB", str(folder / f"{number}.duckdb")), ("PostgreSQL", url)):
                    before = server_cpu(server)
                    usage = run([*IMGINDEX, "ingest", store, "--db", db])
                    served = server_cpu(server) - before if engine == "PostgreSQL" else 0.0
                    taken.setdefault(f"{engine}, {time} ingest", []).append((usage, served))
            administer(server, f"DROP DATABASE bench_{number} WITH (FORCE)")
    for time in ("first", "second"):
        duck, post = taken[f"DuckDB, {time} ingest"], taken[f"PostgreSQL, {time} ingest"]
        pairs = list(zip(duck, post, strict=True))
        print_spreads(
            f"The {time} ingest",
            [
                ("DuckDB, wall seconds", seconds([usage.wall for usage, _ in duck])),
                ("PostgreSQL, wall seconds", seconds([usage.wall for usage, _ in post])),
                ("**PostgreSQL / DuckDB, wall**", spread([p.wall / d.wall for (d, _), (p, _) in pairs], "{:.2f}")),
                ("DuckDB, CPU seconds", seconds([usage.cpu for usage, _ in duck])),
                ("PostgreSQL, CPU seconds of the client", seconds([usage.cpu for usage, _ in post])),
                ("PostgreSQL, CPU seconds of the server", seconds([served for _, served in post])),
                (
                    "**PostgreSQL / DuckDB, CPU of both**",
                    spread([(p.cpu + served) / d.cpu for (d, _), (p, served) in pairs], "{:.2f}"),
                ),
                ("DuckDB, peak MB", spread([usage.peak_bytes / 1e6 for usage, _ in duck], "{:.0f}")),
                ("PostgreSQL, peak MB of the client", spread([usage.peak_bytes / 1e6 for usage, _ in post], "{:.0f}")),
            ],
        )


def main() -> None:
    parser = argparse.ArgumentParser(description="Time ingests into PostgreSQL against those into DuckDB.")
    parser.add_argument("stores", nargs="*", metavar="STORE")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    programs = server_programs()
    if programs is None:
        sys.exit("There is no PostgreSQL server on this machine.")
    with open_stores(arguments.stores) as stores, running_server(programs, durable=True) as server:
        for store in stores:
            print(f"### {Path(store).name}: {arguments.rounds} rounds\n")
            bench(server, store, arguments.rounds)


if __name__ == "__main__":
    main()
