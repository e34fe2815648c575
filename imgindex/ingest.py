"""Reading sources into an index: one scan after the other, each begun, loaded, and finished or failed.

One failing source does not stop the others: its report says why. What fails is what `errors` names; anything else is a
defect of imgindex and is raised.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Protocol

from imgindex.errors import ImgindexError, StoreError, UsageError
from imgindex.limits import Limits
from imgindex.oci.platform import parse_platform
from imgindex.records.keys import name_key
from imgindex.records.redact import Redactor
from imgindex.sources.base import Known, NothingKnown, Prompt, ScanContext, Source
from imgindex.sources.open import is_fetched, open_source
from imgindex.sources.registry_api.http.options import FetchOptions
from imgindex.store import migrate
from imgindex.store.engine import database_url, kept_open, open_engine
from imgindex.store.known import KnownDocuments
from imgindex.store.loader import Loaded, Loader, SourceRow
from imgindex.store.session import Session
from imgindex.store.tally import tally


@dataclass(frozen=True, slots=True)
class IngestOptions:
    """How to ingest; the defaults are those of the command line."""

    name: str | None = None
    """What to call the source; its address if None. Only with a single source."""
    registry: tuple[str, ...] = ()
    """HOST, or HOST=ALIAS: the host that repositories are filed under, or that an alias's are."""
    platforms: tuple[str, ...] = ()
    """Platforms to read; empty = all."""
    as_of: int | None = None
    """When the stores looked like this, in microseconds since 1970 UTC; None = now."""
    full: bool = False
    """Read and verify known documents again."""
    strict: bool = False
    keep_env: bool = False
    """When the index is made: keep values that look like secrets."""
    adopt: bool = False
    """Accept another store under the same name."""
    fetch: FetchOptions = field(default_factory=FetchOptions)
    """How registries are asked."""


class Watch(Protocol):
    """Where an ingest says how far it is."""

    def start(self, source: str) -> None: ...

    def expect(self, documents: int) -> None: ...

    def advance(self, documents: int, bytes_read: int) -> None: ...

    def tell(self, noun: str, count: int) -> None: ...

    def say(self, text: str) -> None: ...

    def finish(self) -> None: ...


@dataclass(slots=True)
class ScanReport:
    """How the scan of one source went."""

    source: str
    outcome: str
    """complete, partial, failed or superseded."""
    error: ImgindexError | None = None
    counts: dict[str, int] = field(default_factory=dict)
    """{noun in the plural: how many the source holds now}, and "new documents"."""
    problems: dict[str, int] = field(default_factory=dict)
    """{kind: how many are open}."""
    seconds: float = 0.0
    bytes_read: int = 0
    changed_rows: int = 0


class _Counting:
    """Passes progress on to a watch, and keeps count."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self.documents = 0
        self.bytes_read = 0

    def expect(self, documents: int) -> None:
        self._watch.expect(documents)

    def advance(self, documents: int = 1, bytes_read: int = 0) -> None:
        self.documents += documents
        self.bytes_read += bytes_read
        self._watch.advance(documents, bytes_read)

    def tell(self, noun: str, count: int = 1) -> None:
        self._watch.tell(noun, count)

    def say(self, text: str) -> None:
        self._watch.say(text)


def ingest(db: str, specs: Sequence[str], options: IngestOptions, watch: Watch) -> list[ScanReport]:
    """Read the sources into the index, which is made if there is none.

    If no source can be opened, none is made. Raises UsageError and StoreError; what stops a single source is in its
    report.
    """
    check_options(specs, options)
    sources = [_try_open(spec, options) for spec in specs]
    failed = [
        ScanReport(options.name or spec, "failed", e)
        for spec, e in zip(specs, sources, strict=True)
        if isinstance(e, ImgindexError)
    ]
    if len(failed) == len(specs):
        return failed
    first = _begin(sources[0], db, options)
    try:
        with kept_open(db):
            migrate.upgrade(db, keep_env=options.keep_env)
            session = Session(open_engine(db, read_only=False))
        try:
            with session.transaction():
                keep_env = bool(session.value("SELECT BOOL_OR(keep_env) FROM index_info"))
            if options.keep_env and not keep_env:
                raise UsageError(
                    "--keep-env is settled when an index is made, and this one redacts. Make another with --db."
                )
            return [
                _ingest_one(session, spec, source, options if number else first, keep_env, watch)
                for number, (spec, source) in enumerate(zip(specs, sources, strict=True))
            ]
        finally:
            session.close()
    finally:
        if isinstance(sources[0], Prompt):
            sources[0].end()


def _begin(source: Source | ImgindexError, db: str, options: IngestOptions) -> IngestOptions:
    """Let the first source begin while the index is opened. Returns the options of its scan, whose time this is.

    Not for PostgreSQL, which says itself what time it is, and where another may be scanning the same source.
    """
    if not isinstance(source, Prompt) or database_url(db).get_backend_name() != "duckdb":
        return options
    if options.as_of is None:
        options = replace(options, as_of=time.time_ns() // 1000)
    with suppress(ImgindexError):  # which its scan will meet again
        source.begin(Limits())
    return options


def plan(specs: Sequence[str], options: IngestOptions) -> list[tuple[str, dict[str, int]]]:
    """What an ingest would read, source by source: (its name, {noun: count}). Raises ImgindexError."""
    check_options(specs, options)
    context = ScanContext(platforms=tuple(map(parse_platform, options.platforms)))
    sources = [_open(spec, options) for spec in specs]
    return [(options.name or source.identity.address, source.plan(context)) for source in sources]


def check_options(specs: Sequence[str], options: IngestOptions) -> None:
    """Raises UsageError where the options contradict each other or the clock."""
    if options.name is not None and len(specs) > 1:
        raise UsageError("--name names one source, and several are given. Read them one by one.")
    if options.as_of is not None and options.as_of > time.time() * 1_000_000:
        raise UsageError("--as-of lies in the future. It says when the store looked like this.")
    for platform in options.platforms:
        parse_platform(platform)
    if options.platforms and not all(map(is_fetched, specs)):
        # Nothing is fetched from a folder, and an option that is passed over in silence would mislead.
        raise UsageError("--platform limits what is fetched over HTTP; a store in a folder is read whole.")


def _try_open(spec: str, options: IngestOptions) -> Source | ImgindexError:
    """The source, or why there is none; the others are read nevertheless."""
    try:
        return _open(spec, options)
    except ImgindexError as error:
        return error


def _ingest_one(
    session: Session, spec: str, source: Source | ImgindexError, options: IngestOptions, keep_env: bool, watch: Watch
) -> ScanReport:
    started = time.monotonic()
    watch.start(options.name or spec)
    if isinstance(source, ImgindexError):
        return ScanReport(options.name or spec, "failed", source)
    report = ScanReport(options.name or source.identity.address, "failed")
    try:
        _scan(session, source, report, options, keep_env, watch)
    except StoreError:
        raise
    except ImgindexError as error:
        report.error = error
    report.seconds = time.monotonic() - started
    return report


def _scan(
    session: Session, source: Source, report: ScanReport, options: IngestOptions, keep_env: bool, watch: Watch
) -> None:
    counting = _Counting(watch)
    key = name_key(report.source)
    with session.holding(key, wait=lambda: watch.say("Another scan of it is going on. Waiting for its end.")):
        loaded = _load(session, source, report, options, keep_env, counting)
        _sum_up(session, report, loaded, counting)


def _load(
    session: Session, source: Source, report: ScanReport, options: IngestOptions, keep_env: bool, counting: _Counting
) -> Loaded:
    limits = Limits()
    known: Known = NothingKnown() if options.full else KnownDocuments(session, limits, name_key(report.source))
    context = ScanContext(
        known=known,
        redact=Redactor(keep_env=keep_env),
        limits=limits,
        progress=counting,
        platforms=tuple(map(parse_platform, options.platforms)),
    )
    loader = Loader(
        session,
        _source_row(source, report.source),
        as_of=_as_of(options) or session.now(),
        limits=limits,
        keys=context.keys,
        adopt=options.adopt,
        scope_filter=", ".join(context.platforms) or None,
    )
    context.commit = loader.flush
    try:
        for group in source.scan(context):
            loader.add(group)
        return loader.finish(document_count=counting.documents, bytes_read=counting.bytes_read)
    except StoreError:
        raise
    except ImgindexError as error:
        report.error = error
        return loader.fail(str(error), document_count=counting.documents, bytes_read=counting.bytes_read)


def _sum_up(session: Session, report: ScanReport, loaded: Loaded, counting: _Counting) -> None:
    report.outcome = loaded.outcome
    report.counts, report.problems = tally(session, report.source)
    report.counts["new documents"] = loaded.documents
    report.bytes_read = counting.bytes_read
    report.changed_rows = loaded.changed_rows


def _open(spec: str, options: IngestOptions) -> Source:
    hosts = [host for host in options.registry if "=" not in host]
    aliases = [(host, alias) for host, _, alias in (item.partition("=") for item in options.registry) if alias]
    if len(hosts) > 1:
        raise UsageError("--registry HOST says where repositories belong, and several hosts are given. Give one.")
    return open_source(spec, registry=hosts[0] if hosts else None, registry_aliases=aliases, fetch=options.fetch)


def _source_row(source: Source, name: str) -> SourceRow:
    identity = source.identity
    return SourceRow(name, identity.kind, identity.address, identity.fingerprint, identity.registry)


def _as_of(options: IngestOptions) -> datetime | None:
    if options.as_of is None:
        return None
    return datetime.fromtimestamp(options.as_of // 1_000_000, UTC).replace(microsecond=options.as_of % 1_000_000)
