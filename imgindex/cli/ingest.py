"""`imgindex ingest`: read stores into the index, say how it goes, and sum it up."""

from __future__ import annotations

import gc
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from imgindex.cli.options import DEFAULT_DB, Db, Wait
from imgindex.cli.output import note, print_result
from imgindex.errors import SourceError, UsageError, quote

if TYPE_CHECKING:
    from imgindex.ingest import IngestOptions, ScanReport

PROBLEMS_EXIT_CODE = 1
JOBS = 16
OBJECTS = 10_000
"""New objects after which cycles among them are looked for: rows hold none, and at Python's 700 that takes about a
twentieth of an ingest's CPU time."""
FETCH = "Registries over HTTP"
REGISTRY_HELP = """The registry that repositories are filed under (HOST), or another name that a registry is known by
(HOST=ALIAS), so that a host and its registry join. Repeat for more."""


def ingest(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE",
            help="Stores: kind:place, such as docker-root:/var/lib/docker, or a path; or `host`, for all of this host.",
        ),
    ],
    name: Annotated[
        str | None, typer.Option("--name", help="Call the source so, instead of by its address.", show_default=False)
    ] = None,
    registry: Annotated[
        list[str] | None, typer.Option("--registry", metavar="HOST[=ALIAS]", help=REGISTRY_HELP, show_default=False)
    ] = None,
    platform: Annotated[
        list[str] | None,
        typer.Option(
            "--platform",
            metavar="OS/ARCH[/VARIANT]",
            help="Fetch images of this platform only, from a registry over HTTP. Repeat for more.",
            show_default=False,
        ),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of",
            metavar="TIME",
            help="When the store looked like this, in ISO 8601, for a copy of a store. Otherwise it is now.",
            show_default=False,
        ),
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Read and hash all documents again, also known ones.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be read, and read and write nothing.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="End with exit code 1 if there are problems.")] = False,
    keep_env: Annotated[
        bool,
        typer.Option(
            "--keep-env",
            help="When the index is made: keep values that look like secrets, in environments, labels and histories.",
        ),
    ] = False,
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Go on under the same name though it is another store: it has moved.")
    ] = False,
    jobs: Annotated[
        int,
        typer.Option(
            "--jobs", min=1, max=64, metavar="N", help="How many requests to a registry at once.", rich_help_panel=FETCH
        ),
    ] = JOBS,
    max_requests: Annotated[
        int | None,
        typer.Option(
            "--max-requests",
            min=1,
            metavar="N",
            help="Most requests to each registry. The crawl is partial then, and the next one goes on.",
            show_default=False,
            rich_help_panel=FETCH,
        ),
    ] = None,
    plain_http: Annotated[
        list[str] | None,
        typer.Option(
            "--plain-http",
            metavar="HOST[:PORT]",
            help="Ask this registry without TLS. Loopback is asked so without saying. Repeat for more.",
            show_default=False,
            rich_help_panel=FETCH,
        ),
    ] = None,
    auth_file: Annotated[
        Path | None,
        typer.Option(
            "--auth-file",
            metavar="FILE",
            help="Take credentials from this file, in place of podman's auth.json and docker's config.json.",
            show_default=False,
            rich_help_panel=FETCH,
        ),
    ] = None,
    auth_realm: Annotated[
        list[str] | None,
        typer.Option(
            "--auth-realm",
            metavar="HOST",
            help="A token server on another host that may be sent a registry's credentials. Repeat for more.",
            show_default=False,
            rich_help_panel=FETCH,
        ),
    ] = None,
    ca_file: Annotated[
        Path | None,
        typer.Option(
            "--ca-file",
            metavar="FILE",
            help="Further certificate authorities, in PEM.",
            show_default=False,
            rich_help_panel=FETCH,
        ),
    ] = None,
    db: Db = DEFAULT_DB,
    wait: Wait = 0,
) -> None:
    """Read stores and registries into the index.

    Nothing is written to a store. The index is made if there is none. Where one source fails, the others are read
    nevertheless, and the exit code tells: 3 if a source failed.

    \b
    Examples:
      imgindex ingest host
      imgindex ingest docker-root:/var/lib/docker
      imgindex ingest oci:./layout registry-root:/var/lib/registry --registry registry.example
      imgindex ingest registry-root:/backup/registry --name nightly --as-of 2026-01-31T02:00:00Z
      imgindex ingest docker-root:/var/lib/docker --dry-run
      imgindex ingest docker://registry.example --max-requests 5000
      imgindex ingest 'docker://registry.example/team/*:1.*' docker://docker.io/library/nginx
    """
    gc.set_threshold(OBJECTS, *gc.get_threshold()[1:])
    from imgindex.cli.host import expand_host
    from imgindex.cli.progress import make_watch
    from imgindex.ingest import IngestOptions
    from imgindex.ingest import ingest as read_sources
    from imgindex.sources.open import is_fetched
    from imgindex.sources.registry_api.http.options import FetchOptions

    sources = expand_host(sources)
    options = IngestOptions(
        name=name,
        registry=tuple(registry or ()),
        platforms=tuple(platform or ()),
        as_of=None if as_of is None else _micros(as_of),
        full=full,
        strict=strict,
        keep_env=keep_env,
        adopt=adopt,
        fetch=FetchOptions(
            jobs=jobs,
            max_requests=max_requests,
            plain_http=frozenset(plain_http or ()),
            auth_file=auth_file,
            auth_realms=frozenset(auth_realm or ()),
            ca_file=ca_file,
            several_registries=sum(map(is_fetched, sources)) > 1,
        ),
    )
    if dry_run:
        _print_plan(sources, options)
        return
    watch = make_watch()
    try:
        reports = read_sources(db, sources, options, watch)
    finally:
        watch.finish()
    print_summary(reports)
    if code := exit_code(reports, strict=strict):
        raise typer.Exit(code)


def exit_code(reports: list[ScanReport], *, strict: bool) -> int:
    """That of the worst failure, at least that of a failed source if others were read; else 1 if problems count."""
    worst = max((report.error.exit_code for report in reports if report.error is not None), default=0)
    if worst and any(report.error is None for report in reports):
        return max(worst, SourceError.exit_code)
    if worst == 0 and strict and any(report.problems for report in reports):
        return PROBLEMS_EXIT_CODE
    return worst


def print_summary(reports: list[ScanReport]) -> None:
    """A line a source, then the problems by kind."""
    for report in reports:
        if report.error is not None:
            note(f"error: {quote(report.source)}: {report.error}")
            continue
        if report.outcome == "superseded":
            note(f"{quote(report.source)}: superseded: a later look is in the index, so this one added content alone")
            continue
        found = ", ".join(f"{count:,} {noun}" for noun, count in report.counts.items()) or "nothing"
        note(
            f"{quote(report.source)}: {report.outcome} in {report.seconds:.1f} s: {found}; "
            f"{report.bytes_read / 1e6:,.1f} MB read, {report.changed_rows:,} rows changed"
        )
    problems: Counter[str] = Counter()
    for report in reports:
        problems.update(report.problems)
    if problems:
        note(f"\n{problems.total():,} problem{'s' if problems.total() != 1 else ''}:")
        width = max(len(f"{count:,}") for count in problems.values())
        for kind, count in sorted(problems.items(), key=lambda item: (-item[1], item[0])):
            note(f"  {count:>{width},}  {quote(kind)}")
        note("See them with: imgindex query run integrity/problems")


def _print_plan(sources: list[str], options: IngestOptions) -> None:
    """What would be read, as a table: it is the result of a dry run."""
    from imgindex.ingest import plan
    from imgindex.query.result import make_result

    rows = [(source, noun, count) for source, counts in plan(sources, options) for noun, count in counts.items()]
    print_result(make_result([("source", "TEXT"), ("what", "TEXT"), ("count", "BIGINT")], rows))


def _micros(written: str) -> int:
    """Microseconds since 1970 of an ISO 8601 time. Raises UsageError."""
    from datetime import UTC, datetime, timedelta

    from imgindex.query.parameters import parse_timestamp

    try:
        moment = parse_timestamp(written)
    except ValueError:
        raise UsageError(f'--as-of takes a time such as 2026-01-31T02:00:00Z; "{quote(written)}" is none.') from None
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
