"""Runs inside Harlequin's environment, and presses keys where a person would: drive_harlequin.py INDEX QUERY STATEMENT

Opens the index as `harlequin --read-only INDEX` does, opens a view in the catalog, runs a query and then a statement
that writes, and prints the screen after each.
"""

import asyncio
import sys
from collections.abc import Callable
from typing import Any

from harlequin import Harlequin
from harlequin_duckdb import DuckDbAdapter

SECONDS = 120
VIEW = "image_sizes"


async def main(index: str, query: str, statement: str) -> None:
    app = Harlequin(DuckDbAdapter([index], read_only=True), record_history=False)
    async with app.run_test(size=(116, 34)) as pilot:

        async def await_that(holds: Callable[[], Any]) -> Any:
            for _ in range(SECONDS * 10):
                if found := holds():
                    return found
                await pilot.pause(0.1)
            raise SystemExit(f"waited in vain; the screen is\n{screen(app)}")

        async def settle() -> None:
            """Wait until a second has changed nothing."""
            seen, same = "", 0
            while same < 10:
                seen, same = screen(app), same + 1 if screen(app) == seen else 0
                await pilot.pause(0.1)

        async def run(sql: str, shown: str) -> None:
            app.editor.text = sql
            app.editor.focus()
            await pilot.press("ctrl+j")
            await await_that(lambda: shown in screen(app))
            await settle()
            sys.stdout.write(f"\f{screen(app)}\n")

        node = await await_that(lambda: next(iter(app.data_catalog.database_tree.root.children), None))
        for name in ("main", VIEW):
            node.expand()
            node = await await_that(
                lambda name=name, node=node: next((c for c in node.children if str(c.label).split()[0] == name), None)
            )
        node.expand()
        await await_that(lambda: "unknown_layers" in screen(app))
        await run(query, "Records)")
        await run(statement, "read-only")


def screen(app: Any) -> str:
    """What a person sees, line by line."""
    return "\n".join("".join(part.text for part in strip) for strip in app.screen._compositor.render_strips())


asyncio.run(main(*sys.argv[1:]))
