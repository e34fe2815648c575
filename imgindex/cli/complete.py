"""What a shell completes: names of saved queries and reports, and names of their parameters.

A shell waits for it at every press of Tab, so nothing is imported but what reads the first lines of files, and nothing
is ever said: where something is wrong, there is nothing to complete.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from imgindex.errors import ImgindexError

if TYPE_CHECKING:
    from imgindex.query.catalog import Catalog


def complete_query(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """The queries whose name starts so, each with its question."""
    return list(_queries(ctx, incomplete))


def complete_parameter(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """The parameters of the query that was named, as `name=`, without those that were given."""
    from imgindex.query.saved import read_header

    catalog = _catalog(ctx)
    # While an option waits for its value, the arguments before it are still unparsed.
    name = ctx.params.get("name") or next(iter(ctx.args), None)
    try:
        path = catalog.place(str(name))[1] if catalog and name else None
    except ImgindexError:
        return []
    given = {str(written).partition("=")[0] for written in ctx.params.get("parameters") or []}
    parameters = read_header(path)[1] if path else []
    return [
        (f"{parameter.name}=", parameter.help)
        for parameter in parameters
        if parameter.name.startswith(incomplete) and parameter.name not in given
    ]


def complete_report(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """The reports whose name starts so, each with its question."""
    from imgindex.report.shelf import read_header

    return [(name, read_header(path)[0]) for name, path in _reports(ctx).items() if name.startswith(incomplete)]


def complete_report_parameter(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """The parameters of the report that was named, as `name=`, without those that were given."""
    from imgindex.report.shelf import read_header

    path = _reports(ctx).get(str(ctx.params.get("name") or next(iter(ctx.args), None)))
    given = {str(written).partition("=")[0] for written in ctx.params.get("parameters") or []}
    return [
        (f"{parameter.name}=", parameter.help)
        for parameter in (read_header(path)[1] if path else [])
        if parameter.name.startswith(incomplete) and parameter.name not in given
    ]


def _reports(ctx: typer.Context) -> dict[str, Path]:
    from imgindex.report.shelf import open_shelf

    try:
        return dict(open_shelf([Path(folder) for folder in ctx.params.get("reports") or []]).places())
    except ImgindexError:
        return {}


def _queries(ctx: typer.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    from imgindex.query.saved import read_header

    catalog = _catalog(ctx)
    for name, path in catalog.places() if catalog else []:
        if name.startswith(incomplete):
            yield name, read_header(path)[0]


def _catalog(ctx: typer.Context) -> Catalog | None:
    from imgindex.query.catalog import open_catalog

    try:
        return open_catalog([Path(folder) for folder in ctx.params.get("queries") or []])
    except ImgindexError:
        return None
