"""One scan's way into the store.

Content is committed batch by batch; what a source holds now is decided in one transaction at the end of its scopes. A
scan that fails keeps the content it brought in, and decides nothing more. Memory is bounded by the batch.

    loader = Loader(session, source, as_of, limits)
    for group in source.scan(...): loader.add(group)
    loader.finish()
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from imgindex import __version__
from imgindex.errors import LoadError, SourceIdentityError, UsageError, quote
from imgindex.limits import Limits
from imgindex.records.keys import Keyring, name_key
from imgindex.records.rows import Problem, Record, ScanScope
from imgindex.store.batch import Batch
from imgindex.store.content import CollidedError, Written, write_content
from imgindex.store.decide import decide
from imgindex.store.intervals import ends_traces, may_be_told, replace_intervals, replace_scopes, tied_with
from imgindex.store.scan import Scan
from imgindex.store.seen import add_seen, create_seen, drop_seen, note_documents
from imgindex.store.session import Session, own_index
from imgindex.store.traces import add_traces
from imgindex.store.usage import count_artifacts, replace_all_usage, replace_usage

BATCH_RECORDS = 150_000
"""Records written at once: large enough for set-based work, small enough for memory (about 60 MB)."""

REFUSED = -1
"""The key of a layer that was refused: a chain that stands on it gets no row."""


@dataclass(frozen=True, slots=True)
class SourceRow:
    """Who a source is, as the store keeps it."""

    name: str
    kind: str
    address: str
    fingerprint: str
    registry: str | None = None

    @property
    def key(self) -> int:
        return name_key(self.name)


@dataclass(slots=True)
class Loaded:
    """What a scan brought."""

    documents: int = 0
    """Documents that the index did not hold."""
    changed_rows: int = 0
    """Rows of observations opened and closed."""
    scopes: Counter[str] = field(default_factory=Counter)
    """Scopes by outcome."""

    outcome: str = "running"
    """complete, partial, failed or superseded, once the scan has ended."""


class Loader:
    """Takes groups of records and writes them."""

    def __init__(
        self,
        session: Session,
        source: SourceRow,
        *,
        as_of: datetime,
        limits: Limits,
        keys: Keyring,
        adopt: bool = False,
        scope_filter: str | None = None,
    ) -> None:
        """Begin a scan. Where others write, too, the caller holds the source (`Session.holding`).

        Raises:
            UsageError: `as_of` lies in the future.
            SourceIdentityError: the name belongs to another store, and `adopt` is not set.
        """
        if as_of > session.now():
            raise UsageError(f"--as-of {as_of.isoformat()} lies in the future.")
        self._session = session
        self._keys = keys
        self._batch = Batch()
        self._listed: set[int] = set()
        self.loaded = Loaded()
        was_stopped, refused = session.write(lambda: self._begin(source, as_of, limits, adopt, scope_filter))
        for dictionary in keys.dictionaries():
            dictionary.remember(refused)
        self._must_derive = was_stopped
        self._traces = 0
        self._has_refused = bool(refused)

    def _begin(
        self, source: SourceRow, as_of: datetime, limits: Limits, adopt: bool, scope_filter: str | None
    ) -> tuple[bool, list[str]]:
        """Note the source and the scan. Returns whether an earlier scan was stopped half-way, and names once refused."""
        session, index_key = self._session, own_index(self._session)
        scan = self._scan = Scan(index_key, source.key, uuid4().int >> 65, as_of, limits)
        self._introduce(source, adopt)
        stopped = session.run(
            "UPDATE scans SET outcome = 'failed', detail = 'It was stopped before its end.' "
            "WHERE index_key = :index_key AND source_key = :source_key AND outcome = 'running'",
            **self._this(),
        )
        session.run(
            "INSERT INTO scans (index_key, scan_key, source_key, started_at, as_of, outcome, scope_filter, version) "
            "VALUES (:index_key, :scan_key, :source_key, :started_at, :as_of, 'running', :scope_filter, :version)",
            **self._this(),
            scan_key=scan.scan_key,
            started_at=session.now(),
            as_of=scan.as_of,
            scope_filter=scope_filter,
            version=__version__,
        )
        # One that was stopped may have told of artifacts, and not have got to tell those who counted them.
        self._derive_all = stopped > 0 and count_artifacts(session) > 0
        drop_seen(session)
        create_seen(session)
        session.make_table("this_scan", f"SELECT CAST('{scan.index_key}' AS UUID) AS index_key")
        refused = session.rows(
            "SELECT DISTINCT locator FROM problems WHERE index_key = :index_key AND kind = 'key_collision'",
            index_key=str(index_key),
        )
        return stopped > 0, [name for (name,) in refused]

    def _introduce(self, source: SourceRow, adopt: bool) -> None:
        session = self._session
        found = session.rows(
            "SELECT name, kind, fingerprint, address FROM sources "
            "WHERE index_key = :index_key AND source_key = :source_key",
            **self._this(),
        )
        facts: dict[str, Any] = {
            "name": source.name,
            "kind": source.kind,
            "address": source.address,
            "fingerprint": source.fingerprint,
            "registry": source.registry,
        }
        if not found:
            session.run(
                "INSERT INTO sources (index_key, source_key, name, kind, address, fingerprint, registry, created_at) "
                "VALUES (:index_key, :source_key, :name, :kind, :address, :fingerprint, :registry, :at)",
                **self._this(),
                **facts,
                at=session.now(),
            )
            return
        name, kind, fingerprint, address = found[0]
        if name != source.name:
            raise LoadError(f"The names {quote(name)} and {quote(source.name)} have one key. Use another --name.")
        if (kind, fingerprint) != (source.kind, source.fingerprint) and not adopt:
            raise SourceIdentityError(
                f"{quote(name)} is another store so far: {quote(address)}. Give this one a --name of its own, "
                "or say --adopt if it is the same store in another place."
            )
        session.run(
            "UPDATE sources SET kind = :kind, address = :address, fingerprint = :fingerprint, registry = :registry, "
            "forgotten_at = NULL WHERE index_key = :index_key AND source_key = :source_key AND ("
            "address <> :address OR fingerprint <> :fingerprint OR registry IS DISTINCT FROM :registry "
            "OR forgotten_at IS NOT NULL)",
            **self._this(),
            **{key: value for key, value in facts.items() if key != "name"},
        )

    def _this(self) -> dict[str, Any]:
        return {"index_key": str(self._scan.index_key), "source_key": self._scan.source_key}

    def add(self, group: Sequence[Record]) -> None:
        """Take records that belong together; write all that wait once there are enough."""
        self._batch.extend(group)
        if self._batch.size >= BATCH_RECORDS:
            self.flush()

    def flush(self) -> None:
        """Write what waits, and decide the scopes whose listing has ended, in one transaction."""
        if not self._batch.size:
            return
        self._leave_out({})
        while True:
            try:
                written, changed, traces = self._session.write(self._write)
                break
            except CollidedError as collided:  # each time some names fewer remain that could
                self._refuse(collided.names)
        self.loaded.documents += written.documents
        self.loaded.changed_rows += changed
        self._traces += traces
        self.loaded.scopes.update(scope.outcome for scope in self._ended())
        self._derive_all = self._derive_all or written.artifacts_told > 0
        self._listed.update(scope.scope_key for scope in self._ended())
        for dictionary in self._keys.dictionaries():
            dictionary.drain()
        self._batch.clear()

    def _write(self) -> tuple[Written, int, int]:
        """Returns what was written, how many rows of observations changed, and how many traces are new. May be done again."""
        session, batch = self._session, self._batch
        written = write_content(session, batch, self._keys)
        changed = note_documents(session, batch, self._scan)
        add_seen(session, batch)
        traces = add_traces(session, batch, self._scan)
        if ended := self._ended():
            session.refresh()
            listed = self._listed | {scope.scope_key for scope in ended}
            changed += decide(session, self._scan, ended, listed)
        tied = tied_with(session, batch, self._scan) if written.documents else []
        if ended or tied:
            replace_scopes(session, self._scan, (scope.scope_key for scope in ended), tied)
        return written, changed, traces

    def _ended(self) -> list[ScanScope]:
        return [scope for scope in self._batch.records[ScanScope] if isinstance(scope, ScanScope)]

    def _refuse(self, names: dict[str, set[str]]) -> None:
        """Other names in the index hold these names' keys: what refers to them is left out."""
        taken: dict[str, set[int]] = {}
        for dictionary in self._keys.dictionaries():
            refused = names.get(dictionary.table, set())
            taken[dictionary.table] = {key for key, name, _ in dictionary.pending() if name in refused}
            for name in refused:
                dictionary.refuse(name)
        chains: list[tuple[int, str, Any]] = list(self._keys.chains.pending())
        for _, chain, value in chains:
            if value is not None and (value[1] in taken["layers"] or value[0] in taken["chains"]):
                self._keys.chains.describe(chain, (value[0], REFUSED, value[2]))
        self._leave_out(taken)

    def _leave_out(self, taken: dict[str, set[int]]) -> None:
        """Drop the rows that hold a negative key or one of these, by dictionary, and report what was refused since."""
        refused = [(d.table, name) for d in self._keys.dictionaries() for name in d.unreported()]
        if refused or self._has_refused:
            self._has_refused = True
            self._batch.leave_out(taken)
            self._report(refused)

    def _report(self, refused: list[tuple[str, str]]) -> None:
        """A key collision is a problem of the scope that ends next, or of the source as a whole."""
        scopes = self._ended()
        scope_key = scopes[0].scope_key if scopes else name_key("source:")
        self._batch.extend(
            Problem(
                scope_key=scope_key,
                locator=name,
                kind="key_collision",
                digest=name if ":" in name else None,
                detail=f"Another name in {dictionary} has this one's key; it and all that refers to it are left out.",
            )
            for dictionary, name in refused
        )

    def finish(self, *, document_count: int, bytes_read: int) -> Loaded:
        """Write what is left, build the source's derived tables if anything changed, and end the scan."""
        self.flush()
        self._close(None, None, document_count, bytes_read)
        return self.loaded

    def fail(self, reason: str, *, document_count: int, bytes_read: int) -> Loaded:
        """End a scan whose source failed: what it brought stays, what was not decided is as it was."""
        self.flush()
        self._close("failed", reason, document_count, bytes_read)
        return self.loaded

    def _close(self, outcome: str | None, reason: str | None, document_count: int, bytes_read: int) -> None:
        def end() -> str:
            self._session.refresh()
            self._derive()
            self._session.refresh()  # of what was derived, too, so that readers are served well from the start
            found = outcome or self._outcome()
            self._end(found, reason, document_count, bytes_read)
            return found

        # What others hold is derived anew while nobody else writes, and what others' documents tell, once they are written.
        alone = self._derive_all or (
            self._traces > 0 and self._session.write(lambda: may_be_told(self._session, self._scan))
        )
        self.loaded.outcome = self._session.write(end, alone=alone)

    def _derive(self) -> None:
        """Build the derived tables of this source if anything changed, of all if what others counted changed, too."""
        session, own = self._session, (str(self._scan.index_key), self._scan.source_key)
        is_changed = self._must_derive or bool(self.loaded.changed_rows or self.loaded.documents)
        if self._derive_all:
            replace_all_usage(session)
        elif is_changed:
            replace_usage(session, *own)
        if is_changed or self._derive_all or self._is_told_more():
            replace_intervals(session, [own])

    def _is_told_more(self) -> bool:
        """Whether the history of tags is another, though no row of observations was opened or closed."""
        # A partial look writes what it saw into open rows, and one that came too late leaves its sightings as traces.
        is_odd = self._traces > 0 or self.loaded.scopes["partial"] > 0 or self._is_superseded()
        return is_odd or ends_traces(self._session, self._scan)

    def _outcome(self) -> str:
        if self.loaded.scopes["partial"] or self.loaded.scopes["failed"]:
            return "partial"
        return "superseded" if self._is_superseded() else "complete"

    def _is_superseded(self) -> bool:
        """Whether a later look decided some scope of this one."""
        return bool(
            self._session.value(
                "SELECT COUNT(*) FROM scan_scopes "
                "WHERE index_key = :index_key AND scan_key = :scan_key AND outcome = 'superseded'",
                index_key=str(self._scan.index_key),
                scan_key=self._scan.scan_key,
            )
        )

    def _end(self, outcome: str, detail: str | None, document_count: int, bytes_read: int) -> None:
        self._session.run(
            "UPDATE scans SET finished_at = :at, outcome = :outcome, detail = :detail, document_count = :document_count, "
            "bytes_read = :bytes_read, changed_rows = :changed WHERE index_key = :index_key AND scan_key = :scan_key",
            at=self._session.now(),
            outcome=outcome,
            detail=detail,
            document_count=document_count,
            bytes_read=bytes_read,
            changed=self.loaded.changed_rows,
            index_key=str(self._scan.index_key),
            scan_key=self._scan.scan_key,
        )
        drop_seen(self._session)
