"""`imgindex show`: all that the index knows of one thing, on one page."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from imgindex.cli.options import DEFAULT_DB, Db, Output, Wait
from imgindex.cli.output import open_sink

TEXT_ROWS = 20
JSON_ROWS = 1000
ALL = 2**31 - 1


class PageFormat(StrEnum):
    """How a page is written."""

    text = "text"
    json = "json"


def show(
    thing: Annotated[
        str,
        typer.Argument(
            metavar="THING",
            help="A tag (nginx:1.25, registry.example/team/web:1, or the end of it), repository@digest, or an image ID "
            "or manifest, layer, chain or blob digest, or the first 4 or more digits of one.",
        ),
    ],
    platform: Annotated[
        str | None,
        typer.Option(
            metavar="OS/ARCH", help="Of a tag or index of several platforms, the image of this one.", show_default=False
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit",
            min=0,
            metavar="N",
            help=f"At most N rows a part; 0 = all. Unless given, {TEXT_ROWS} in text and {JSON_ROWS} in JSON.",
            show_default=False,
        ),
    ] = None,
    format_name: Annotated[
        PageFormat | None,
        typer.Option("--format", help="How to write it. Unless given, a -o FILE.json is JSON.", show_default=False),
    ] = None,
    output: Output = None,
    db: Db = DEFAULT_DB,
    wait: Wait = 0,
) -> None:
    """Show all that the index knows of a tag, image, manifest, layer, chain or blob.

    What it is (as docker inspect, docker history and the raw manifest say), where it is, which tags reach and reached
    it, what it costs, and who shares it. Of a digest a start is enough; where several start so, they are listed.

    \b
    Examples:
      imgindex show team/web:1.2
      imgindex show multi/app:1 --platform linux/arm64
      imgindex show sha256:bffb1366 --format json
    """
    from imgindex.query.show.open import open_page
    from imgindex.query.show.write import write_json, write_text
    from imgindex.store.engine import open_engine

    as_json = format_name is PageFormat.json or (
        format_name is None and output is not None and output.suffix.lower() == ".json"
    )
    rows = limit if limit is not None else JSON_ROWS if as_json else TEXT_ROWS
    page = open_page(open_engine(db, read_only=True), thing, platform, rows or ALL)
    with open_sink(output) as sink:
        (write_json if as_json else write_text)(page, sink)
