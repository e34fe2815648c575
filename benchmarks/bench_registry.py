"""A crawl of a registry over loopback, against curl fetching the same documents, and against skopeo asking tag by tag.

Each round, on one docker-registry that serves the given storage: curl with 32 requests at once, for the documents alone
and then for all that a first crawl asks for, lists included; aiohttp alone, asking for all that, too
(`bare_requests.py`); a first crawl into a new index; a second crawl that finds
nothing changed; and `skopeo inspect` of some of the tags that are images. All are whole processes.

    python benchmarks/bench_registry.py [--rounds N] [--skopeo N] [--jobs N] STORE

STORE is a folder that holds `docker/registry/v2`. It needs docker-registry, curl and skopeo.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from measure import IMGINDEX, Usage, new_folder, print_spreads, run, seconds, spread

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from imgindex.sources.registry_api.documents import ACCEPT
from tests.registries import Registry, Served, running_registry


def bench(store: Path, rounds: int, inspected: int, jobs: int) -> None:
    with running_registry(store) as registry, new_folder() as folder:
        asked = _first_requests(registry, folder)
        documents = [one.path for one in asked if "/manifests/" in one.path or "/blobs/" in one.path]
        tags = [one.path for one in asked if "/manifests/" in one.path and "sha256:" not in one.path]
        print(f"{len(asked):,} requests of a first crawl: {len(documents):,} documents, {len(tags):,} of them by tag\n")
        curl = _curl(registry, documents, folder / "documents")
        lists = _curl(registry, [one.path for one in asked], folder / "all")
        bare = _bare(registry, [one.path for one in asked if one.status == 200], folder / "bare", jobs)
        picked = [path for path in tags[:: max(1, len(tags) // inspected)] if _is_inspected(registry, path)][:inspected]
        times: dict[str, list[Usage]] = {name: [] for name in ("curl", "curl with lists", "aiohttp", "first", "second")}
        skopeo: list[float] = []
        for number in range(rounds + 1):
            db = str(folder / f"{number}.duckdb")
            crawl = [*IMGINDEX, "ingest", f"docker://{registry.host}", "--db", db, "--jobs", str(jobs)]
            usages = {"curl": run(curl), "curl with lists": run(lists), "aiohttp": run(bare)}
            usages |= {"first": run(crawl), "second": run(crawl)}
            each = sum(run(_skopeo(registry, path)).wall for path in picked) / len(picked)
            if number:  # the first round fills the caches of the operating system
                for name, usage in usages.items():
                    times[name].append(usage)
                skopeo.append(each)
                print(f"round {number}: load of the last minute {os.getloadavg()[0]:.1f}", flush=True)
    print()
    _print(times, skopeo, len(tags))


def _first_requests(registry: Registry, folder: Path) -> list[Served]:
    before = len(registry.requests())
    run([*IMGINDEX, "ingest", f"docker://{registry.host}", "--db", str(folder / "asked.duckdb")])
    return registry.requests()[before:]


def _curl(registry: Registry, paths: list[str], config: Path) -> list[str]:
    lines = [f'url = "{registry.url}{path}"\noutput = "/dev/null"' for path in paths]
    config.write_text("\n".join(lines))
    parallel = ["--parallel", "--parallel-max", "32", "--silent", "--fail-early", "--noproxy", "*"]
    return ["curl", *parallel, "-H", f"Accept: {ACCEPT}", "-K", str(config)]


def _bare(registry: Registry, paths: list[str], file: Path, jobs: int) -> list[str]:
    file.write_text("\n".join(paths))
    program = Path(__file__).with_name("bare_requests.py")
    return [sys.executable, str(program), registry.url, str(jobs), str(file)]


def _skopeo(registry: Registry, path: str) -> list[str]:
    repository, _, tag = path.removeprefix("/v2/").partition("/manifests/")
    return [
        "skopeo",
        "inspect",
        "--tls-verify=false",
        "--no-creds",
        f"docker://{registry.host}/{repository}:{tag}",
    ]


def _is_inspected(registry: Registry, path: str) -> bool:
    """Whether skopeo can inspect what the tag points at: it refuses artifacts, and indexes without this platform."""
    try:
        run(_skopeo(registry, path))
    except subprocess.CalledProcessError:
        return False
    return True


def _print(times: dict[str, list[Usage]], skopeo: list[float], tags: int) -> None:
    rows = [(f"{name}, wall", seconds([usage.wall for usage in usages])) for name, usages in times.items()]
    rows += [(f"{name}, CPU of the client", seconds([usage.cpu for usage in usages])) for name, usages in times.items()]
    rows.append((f"skopeo inspect, wall, of all {tags:,} tags at its pace", seconds([one * tags for one in skopeo])))
    print_spreads("Seconds", rows)
    first, curl = times["first"], times["curl"]
    ratios = [
        ("first crawl / curl", [a.wall / b.wall for a, b in zip(first, curl, strict=True)]),
        (
            "first crawl / curl with lists",
            [a.wall / b.wall for a, b in zip(first, times["curl with lists"], strict=True)],
        ),
        ("aiohttp / curl", [a.wall / b.wall for a, b in zip(times["aiohttp"], curl, strict=True)]),
        ("skopeo / first crawl, a tag", [s * tags / a.wall for s, a in zip(skopeo, first, strict=True)]),
        ("second crawl / first", [b.wall / a.wall for a, b in zip(first, times["second"], strict=True)]),
    ]
    print_spreads("Ratios, pair by pair", [(name, spread(values, "{:.2f}")) for name, values in ratios])
    peaks = [(name, spread([usage.peak_bytes / 1e6 for usage in usages], "{:.0f}")) for name, usages in times.items()]
    print_spreads("Peak memory in MB", peaks)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--skopeo", type=int, default=100, help="how many tags skopeo inspects a round")
    parser.add_argument("--jobs", type=int, default=16, help="how many requests at once a crawl makes; curl makes 32")
    parser.add_argument("stores", nargs="*", type=Path, metavar="STORE")
    given = parser.parse_args()
    stores = [store for store in given.stores if (store / "docker/registry/v2").is_dir()]
    if not stores:
        print("Nothing measured: name a folder that holds docker/registry/v2.")
    for store in stores:
        bench(store, given.rounds, given.skopeo, given.jobs)


if __name__ == "__main__":
    main()
