"""One ingest, timed from within: prints as JSON how many seconds went where. `bench_phases` runs it, and sums up.

Time is exclusive: while a statement runs within the deciding, it is the statement's. The clocks themselves cost a few
percent, so their sum is no figure for how long an ingest takes.

    python benchmarks/phases.py STORE DATABASE [cpu|wall]
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partialmethod
from typing import Any

CLOCK = time.process_time if sys.argv[3:] == ["cpu"] else time.perf_counter
STARTED = CLOCK()
spent: Counter[str] = Counter()
_stack: list[str] = []
_since = STARTED


def _switch() -> None:
    """Book the time since the last switch on whatever was going on."""
    global _since
    now = CLOCK()
    spent[_stack[-1] if _stack else "everything else"] += now - _since
    _since = now


@contextlib.contextmanager
def phase(name: str) -> Iterator[None]:
    _switch()
    _stack.append(name)
    try:
        yield
    finally:
        _switch()
        _stack.pop()


def timed(name: str, call: Callable[..., Any], whole: bool = False) -> Callable[..., Any]:
    """The call, its time booked. `whole`: with all that it calls."""

    def run(*arguments: Any, **named: Any) -> Any:
        if _stack and _stack[-1].endswith(_WHOLE):
            return call(*arguments, **named)
        with phase(name + _WHOLE if whole else name):
            return call(*arguments, **named)

    return run


_WHOLE = "\0"


def watch(place: Any, name: str, label: str, whole: bool = False) -> None:
    setattr(place, name, timed(label, getattr(place, name), whole))


def main() -> None:
    store, db = sys.argv[1:3]
    with phase("imports"):
        import duckdb_engine  # noqa: F401
        import numpy  # noqa: F401

        import imgindex.cli.main  # noqa: F401
        from imgindex import ingest
        from imgindex.cli.progress import make_watch
        from imgindex.records.normalize import Normalizer
        from imgindex.sources import files, walk
        from imgindex.sources.docker_root import source as docker_root
        from imgindex.sources.oci_layout import source as oci_layout
        from imgindex.sources.registry_root import source as registry_root
        from imgindex.store import content, decide, known, loader, migrate, seen
        from imgindex.store.session import Session

    watch(migrate, "upgrade", "making or opening the database", whole=True)
    watch(ingest, "open_engine", "making or opening the database", whole=True)
    for name in ("listing", "kind", "size"):
        watch(files.Root, name, "listing folders, looking at sizes")
    for name in ("read", "read_dated"):
        watch(files.Root, name, "opening and reading files")
    walk.Walk.__init__ = partialmethod(walk.Walk.__init__, check=timed("hashing", walk.verify))
    for name in ("manifest", "config"):
        watch(Normalizer, name, "decoding and normalising")
    for source in (docker_root.DockerRoot, oci_layout.OciLayout, registry_root.RegistryRoot):
        source.scan = _stepwise(source.scan)
    watch(known.KnownDocuments, "unread", "asking what is known", whole=True)
    watch(ingest, "tally", "counting for the summary", whole=True)
    watch(Session, "stage", "staging columns")
    for module in (content, seen):
        watch(module, "columns_of", "staging columns")
    for name in ("run", "rows", "value", "execute"):
        setattr(Session, name, _statement(getattr(Session, name)))
    Session.transaction = _committing(Session.transaction)
    watch(Session, "close", "closing the database (checkpoint)")
    watch(loader, "write_content", "content")
    watch(loader, "add_seen", "observations, set aside")
    watch(loader, "decide", "deciding what is there")
    watch(decide, "imply", "deciding what is there")
    watch(loader, "replace_usage", "derived tables")

    reports = ingest.ingest(db, [store], ingest.IngestOptions(), make_watch())
    _switch()
    for report in reports:
        if report.error is not None:
            raise report.error
    whole = CLOCK() - STARTED
    print(json.dumps({"whole": whole, "phases": {name.strip(_WHOLE): taken for name, taken in spent.items()}}))


def _statement(call: Callable[..., Any]) -> Callable[..., Any]:
    """A statement is booked on what it is for."""

    def run(*arguments: Any, **named: Any) -> Any:
        if _stack and _stack[-1].endswith(_WHOLE):
            return call(*arguments, **named)
        with phase(f"SQL: {_stack[-1] if _stack else 'beginning and ending the scan'}"):
            return call(*arguments, **named)

    return run


def _stepwise(scan: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
    """A generator works while the next group is asked for."""

    def steps(*arguments: Any) -> Iterator[Any]:
        groups = scan(*arguments)
        while True:
            with phase("the source's own rows and names"):
                group = next(groups, None)
            if group is None:
                return
            yield group

    return steps


def _committing(transaction: Callable[..., Any]) -> Callable[..., Any]:
    @contextlib.contextmanager
    def run(session: Any) -> Iterator[None]:
        around = transaction(session)
        around.__enter__()
        try:
            yield
        except BaseException:
            if not around.__exit__(*sys.exc_info()):
                raise
        else:
            with phase(_stack[-1] if _stack and _stack[-1].endswith(_WHOLE) else "commit"):
                around.__exit__(None, None, None)

    return run


if __name__ == "__main__":
    main()
