"""How long each report takes, how large its page is, and how fast the page is in a browser.

    PYTHONPATH=. python benchmarks/bench_report.py [STORE...]
    PYTHONPATH=. python benchmarks/bench_report.py INDEX.duckdb

Every shipped report is made as a user makes it, in a process of its own: layer-sharing and tag-drift of the whole
index, host of its first source of a container engine, image of its first name. Then the page is opened in headless
Chromium, where there is one: until it is loaded, and until its longest table is sorted and filtered and shown again.
One round, since a page is made once; where others use the machine, trust the CPU seconds.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from measure import IMGINDEX, Usage, new_folder, open_stores, print_table, run
from sqlalchemy import text

from imgindex.store.engine import open_engine
from tests.report.browser.chromium import find_browser, launched

FORMATS = ("html", "md", "json")
VALUES = {
    "layer-sharing": "",
    "tag-drift": "",
    "host": "SELECT MIN(name) FROM sources WHERE kind IN ('docker-root', 'containerd-root', 'containers-storage')",
    "image": "SELECT MIN(image_id) FROM image_summary WHERE listed",
}
"""By report, where the value that it must be given comes from."""

DONE = "await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));"
"""Waits until what was changed is drawn."""
SORT = f"""async () => {{
    const tables = [...document.querySelectorAll("table")].sort((a, b) => b.rows.length - a.rows.length);
    const started = performance.now();
    tables[0].querySelector("thead button").click();
    {DONE}
    return performance.now() - started;
}}"""
FILTER = f"""async () => {{
    const parts = [...document.querySelectorAll(".data")].sort((a, b) => b.dataset.rows - a.dataset.rows);
    const input = parts[0].querySelector("input");
    if (!input) return NaN;
    const started = performance.now();
    input.value = "a";
    input.dispatchEvent(new Event("input"));
    {DONE}
    return performance.now() - started;
}}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stores", nargs="*")
    arguments = parser.parse_args()
    with new_folder() as place:
        if [Path(store).suffix for store in arguments.stores] == [".duckdb"]:
            measure_all(arguments.stores[0], place)
            return
        with open_stores(arguments.stores) as stores:
            db = str(place / "index.duckdb")
            run([*IMGINDEX, "ingest", *stores, "--db", db])
            measure_all(db, place)


def measure_all(db: str, folder: Path) -> None:
    """A table of what making the reports took, and one of what the browser did with them."""
    engine = open_engine(db, read_only=True)
    with engine.connect() as connection:
        images = connection.execute(text("SELECT COUNT(*) FROM image_summary WHERE listed")).scalar()
        given = {name: connection.execute(text(sql)).scalar() if sql else "" for name, sql in VALUES.items()}
    engine.dispose()
    print(f"{images:,} listed images\n")
    pages, lines = [], []
    for name, value in given.items():
        if value is None:
            continue  # no source of the kind that this report is about
        for form in FORMATS:
            path = folder / f"{name}.{form}"
            usage = run([*IMGINDEX, "report", name, *filter(None, [value]), "-o", str(path), "--db", db])
            lines.append(line_of(f"{name} as {form}", usage, path))
        pages.append(folder / f"{name}.html")
    print_table(["report", "s, wall", "s, CPU", "peak MB", "bytes"], lines)
    program = find_browser()
    if program is None:
        print("no Chromium is installed: pages were not opened")
        return
    with launched(program) as browser:
        print_table(["page", "ms to load", "ms to sort", "ms to filter"], [open_page(browser, page) for page in pages])


def line_of(name: str, usage: Usage, path: Path) -> list[str]:
    size = path.stat().st_size
    return [name, f"{usage.wall:.2f}", f"{usage.cpu:.2f}", f"{usage.peak_bytes / 1e6:.0f}", f"{size:,}"]


def open_page(browser: Any, path: Path) -> list[str]:
    page = browser.new_page()
    page.goto(path.as_uri())
    loaded = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
    times = [loaded, page.evaluate(SORT), page.evaluate(FILTER)]
    page.close()
    return [path.stem, *(f"{time:.0f}" for time in times)]


if __name__ == "__main__":
    main()
