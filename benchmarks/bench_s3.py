"""What reading a registry's storage in S3 takes, beside the same storage in a folder. Nothing is written to an index.

The store is moto's, in this process while another one reads. It answers some hundred requests a second, so wall time is
its; CPU time and requests are ours. Links are read as if they were old, though the copy was made a moment ago.

    PYTHONPATH=. python benchmarks/bench_s3.py [--rounds N] FOLDER
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests.object_store import running_object_store

READ = """
import resource, sys, time
from imgindex.sources.base import ScanContext
from imgindex.sources.open import open_source
from imgindex.sources.registry_root import object_tree
object_tree.SKEW = -10**12
started, cpu = time.perf_counter(), time.process_time()
rows = sum(len(group) for group in open_source(sys.argv[1]).scan(ScanContext()))
wall, cpu = time.perf_counter() - started, time.process_time() - cpu
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
print(f"{rows:,} rows, wall {wall:.2f} s, CPU {cpu:.2f} s, peak {peak} MB")
"""


def main() -> None:
    parser = argparse.ArgumentParser(description="Reading a registry's storage in S3.")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    with running_object_store() as store:
        store.make_bucket("benchmark")
        store.put_tree("benchmark", "", arguments.folder)
        environment = {**os.environ, **store.environment}
        for address in [f"registry-root:{arguments.folder}", "registry-root:s3://benchmark"] * arguments.rounds:
            store.asked.clear()
            told = subprocess.run(
                [sys.executable, "-c", READ, address], env=environment, capture_output=True, check=True
            )
            pages = sum("list-type=2" in asked.query for asked in store.asked)
            kinds = Counter(f"{asked.method} {asked.path.rpartition('/')[2]}" for asked in store.asked)
            print(f"{address[:24]}: {told.stdout.decode().strip()}; {pages} pages, {dict(kinds)}")


if __name__ == "__main__":
    main()
