"""How long `imgindex --help` takes, against the interpreter alone and against the import of typer.

python benchmarks/bench_startup.py [--rounds N]
"""

from __future__ import annotations

import argparse
import sys

from measure import IMGINDEX, print_spreads, run, seconds

COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "python -c 'import typer'": [sys.executable, "-c", "import typer"],
    "imgindex --version": [*IMGINDEX, "--version"],
    "imgindex --help": [*IMGINDEX, "--help"],
}


def main() -> None:
    parser = argparse.ArgumentParser(description="Time the start of the program.")
    parser.add_argument("stores", nargs="*", metavar="STORE", help="not read")
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    taken: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for number in range(arguments.rounds + 1):
        for name, command in COMMANDS.items():
            usage = run(command)
            if number:
                taken[name].append(usage.wall)
    print_spreads(f"Seconds, {arguments.rounds} rounds", [(name, seconds(walls)) for name, walls in taken.items()])


if __name__ == "__main__":
    main()
