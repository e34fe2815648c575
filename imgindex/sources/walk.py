"""From the documents that a store lists to all that they refer to: read, verify, normalise, follow.

Shared by every store that keeps documents under their digest. It reads no document that the index holds already, but
goes on through it: `Known.unread` says what lies behind it and was never read. Documents are taken in chunks, depth
first by chunk, so that memory is bounded however wide or deep the references go. A reference to a document that the
store does not have is no problem here: the store's tables show it, for every kind of blob alike.

    walk = Walk(context, scope, fetch=lambda wanted: root.read(path_of(wanted.digest), limit), where=path_of)
    yield from walk.read(listed)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from imgindex.errors import ContentError, MissingError
from imgindex.oci.digest import verify
from imgindex.records.normalize import Normalizer
from imgindex.records.rows import Key, Problem, Record
from imgindex.records.wanted import Wanted
from imgindex.sources.base import Group, ScanContext, batches, problem

CHUNK = 2000
"""Documents that the index is asked about at once."""


class Walk:
    """One walk over the documents of a source, with the problems in one scope."""

    def __init__(
        self,
        context: ScanContext,
        scope: Key,
        fetch: Callable[[Wanted], bytes],
        where: Callable[[str], str],
        follow: Callable[[Wanted], bool] | None = None,
        check: Callable[[bytes, str], None] = verify,
        scope_of: Callable[[str], Key] | None = None,
        ahead: Callable[[Sequence[Wanted]], None] | None = None,
    ) -> None:
        """
        Args:
            scope: Scope of the problem rows about documents that cannot be used, and of all others without `scope_of`.
                Its end must come after the walk's.
            fetch: The bytes of a document. Raises ContentError for this one, MissingError if the store lacks it.
            where: The locator of a digest, for problem rows.
            follow: Whether a document that another one refers to is to be read; all of them if not given.
            check: Raises ContentError for bytes that do not have this digest.
            scope_of: Scope that a listed document lies in, for what is odd in it or in its config.
            ahead: Told which documents will be fetched next, in this order, as far as they are fetched at all.
        """
        self.failed: set[str] = set()
        """Digests of the documents that could not be read or used."""
        self._context = context
        self._scope = scope
        self._fetch = fetch
        self._where = where
        self._follow = follow
        self._check = check
        self._scope_of = scope_of
        self._ahead = ahead
        self._normalizer = Normalizer(context.keys, context.redact, context.limits)
        # Of every document that was tried, its digest's hash alone: cycles end here, and what was read a moment ago
        # need not be in the index yet.
        self._tried: set[int] = set()

    def read(self, listed: Iterable[Wanted]) -> Iterator[Group]:
        """Read what the store lists, and all behind it. A group a document, or the problem that stands for it."""
        for part in batches(listed, CHUNK):
            yield from self._read(part, {}, 0)

    def _read(self, part: list[Wanted], parents: dict[str, str], depth: int) -> Iterator[Group]:
        """`parents`: by digest, a document that refers to it."""
        listed = {wanted.digest for wanted in part} if depth == 0 else set()
        tried, scope_of = self._tried, self._scope_of
        progress = self._context.progress
        unread = self._context.known.unread(part)
        progress.expect(len(unread))
        if self._ahead is not None:
            self._ahead([item for item in unread if self._is_due(item, listed)])
        references: list[Wanted] = []
        below: dict[str, str] = {}
        for wanted in unread:
            digest = wanted.digest
            if not self._is_due(wanted, listed):
                progress.advance()
                continue
            tried.add(hash(digest))
            try:
                data = self._fetch(wanted)
                self._check(data, digest)
                scope = self._scope if scope_of is None else scope_of(parents.get(digest, digest))
                group, found = self._normalized(wanted, data, depth, scope)
            except MissingError as error:
                self.failed.add(digest)
                progress.advance()
                if digest in listed:
                    yield [problem(self._scope, self._where(digest), error, digest)]
                continue
            except ContentError as error:
                self.failed.add(digest)
                progress.advance()
                yield [problem(self._scope, self._where(digest), error, digest)]
                continue
            if wanted.size is not None and wanted.size != len(data):
                group.append(self._mismatch(wanted, len(data), parents.get(digest), scope))
            progress.advance(1, len(data))
            yield group
            for item in found:
                references.append(item)
                below[item.digest] = digest
            if len(references) >= CHUNK:
                yield from self._read(references, below, depth + 1)
                references, below = [], {}
        if references:
            yield from self._read(references, below, depth + 1)

    def _is_due(self, wanted: Wanted, listed: set[str]) -> bool:
        """Whether a document has not been tried yet, and is listed or to be followed."""
        if hash(wanted.digest) in self._tried:
            return False
        return self._follow is None or wanted.digest in listed or self._follow(wanted)

    def _normalized(self, wanted: Wanted, data: bytes, depth: int, scope: Key) -> tuple[list[Record], list[Wanted]]:
        """The records of a document, and what it refers to."""
        digest = wanted.digest
        if wanted.role == "config":
            return self._normalizer.config(data, digest, scope), []
        document = self._normalizer.manifest(data, digest, wanted.media_type, scope)
        records, found = document.records, document.references
        if self._follow is not None:
            found = [item for item in found if self._follow(item)]
        if depth >= self._context.limits.index_depth and any(item.role == "manifest" for item in found):
            found = [item for item in found if item.role != "manifest"]
            detail = f"nested {depth} deep, and not followed on"
            key = self._context.keys.blob(digest)
            records.append(Problem(scope, digest, "limit_exceeded", digest, detail, key))
        return records, found

    def _mismatch(self, wanted: Wanted, size: int, parent: str | None, scope: Key) -> Problem:
        """A descriptor that is wrong about a size: a flaw of the document that holds it."""
        holder = parent or wanted.digest
        detail = f"declared as {wanted.size} bytes, but it has {size}"
        key = self._context.keys.blob(holder)
        return Problem(scope, holder, "size_mismatch", wanted.digest, detail, key)
