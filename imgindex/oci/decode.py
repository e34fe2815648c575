"""JSON documents: decoded into typed shapes, with nothing lost and nothing trusted.

Reading is as Go's, since Go programs write these documents: names are matched whatever their case, null is absence.
Stricter than Go: a name that the shape knows may stand but once in the outermost object, since two readers could take
it for two documents (CVE-2021-41190). A value of the wrong type is a `MalformedError` with its JSON path.

A document that fits its shape is decoded in one pass; only what does not fit is read again, carefully and slowly.

https://www.rfc-editor.org/rfc/rfc8259

    form = Form(ImageConfig)
    reading = form.read(open_document(b'{"os": "linux", "comment": "mine"}', form.names))
    reading.value.os, reading.extra -> "linux", {"comment": "mine"}
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeAlias, TypeVar

import msgspec
from msgspec import inspect

from imgindex.errors import LimitExceededError, MalformedError, quote
from imgindex.oci.fitting import NESTING, Pairs, check_depth, fit, parse_loosely
from imgindex.oci.repair import is_utf8, repair

T = TypeVar("T")
Text: TypeAlias = str | None
Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] | None
"""A number that a BIGINT column holds. Any other is None in the value, and its text is in `Reading.extra`."""
Words: TypeAlias = list[str | None] | None
Map: TypeAlias = dict[str, str | None] | None

_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_text = msgspec.json.Decoder(Text).decode
_nul = re.compile(rb"\\u0000").search
_FAILURES = (msgspec.DecodeError, UnicodeDecodeError)


class Names:
    """Names that a shape knows, matched as Go matches them."""

    def __init__(self, names: frozenset[str]) -> None:
        self.exact = names
        self._folded = {name.casefold(): name for name in names}

    def known(self, name: str) -> str | None:
        """The known name that this one is, whatever its case."""
        return self._folded.get(name.casefold())


class Document(msgspec.Struct, gc=False):
    """One JSON object, its members not yet decoded."""

    data: bytes
    members: dict[str, msgspec.Raw]
    repaired: bool
    """Text was replaced by U+FFFD."""
    misspelt: bool
    """Some names are known in another case only."""

    def has(self, name: str) -> bool:
        """Whether this member is there, and not null."""
        raw = self.members.get(name)
        return raw is not None and (len(raw) != 4 or bytes(raw) != b"null")

    def text(self, name: str) -> str | None:
        """A member that is text; None if absent or empty. Raises `MalformedError`."""
        raw = self.members.get(name)
        if raw is None:
            return None
        try:
            return _text(raw) or None
        except msgspec.DecodeError as error:
            raise MalformedError(f"$.{name}: {quote(error)}") from error


class Reading(msgspec.Struct, Generic[T], gc=False):
    """A document in its shape, and what the shape does not hold."""

    value: T
    extra: dict[str, Any]
    """Members that no shape knows, and the text of numbers outside 0…2^63-1, at their place in the document; the index
    of an array element is a name: `{"layers": {"3": {"size": "-1"}}}`."""
    outside: Sequence[str]
    """JSON paths of those numbers."""


def open_document(data: bytes, names: Names) -> Document:
    """Look at the outermost object.

    Raises `MalformedError` if the bytes are no JSON object, or if a known name is there twice, and `LimitExceededError`
    if it is nested too deep.
    """
    repaired = False
    if (b"\\" in data and _nul(data)) or not is_utf8(data):
        mended = repair(data)
        repaired, data = mended != data, mended
    try:
        return _open(data, names, repaired)
    except MalformedError:
        mended = repair(data)
        if mended == data:
            raise
    return _open(mended, names, repaired=True)


def _open(data: bytes, names: Names, repaired: bool) -> Document:
    try:
        members = _members(data)
        if _span(members) != len(data):
            data = msgspec.json.format(data, indent=-1)
            members = _members(data)
            if _span(members) != len(data):
                _refuse_repeated(data, names)
    except RecursionError as error:
        raise _too_deep() from error
    except ValueError as error:  # msgspec's and json's
        raise _malformed(error) from error
    misspelt = False
    if not names.exact.issuperset(members):
        for name in members.keys() - names.exact:
            known = names.known(name)
            if known is not None:
                if known in members:
                    raise MalformedError(f"$.{known}: is there twice")
                members[known] = members.pop(name)
                misspelt = True
    return Document(data, members, repaired, misspelt)


def _span(members: dict[str, msgspec.Raw]) -> int:
    """The length of the object if it has no space, no escape in a name and no name twice; another proves nothing."""
    span = 1
    for name, raw in members.items():
        span += len(name) + len(raw) + 4
    return span


def _refuse_repeated(data: bytes, names: Names) -> None:
    seen = set()
    for name, _ in json.loads(data, object_pairs_hook=Pairs, parse_int=str):
        known = names.known(name)
        if known is not None and known in seen:
            raise MalformedError(f"$.{known}: is there twice")
        seen.add(known)


def _malformed(error: Exception) -> MalformedError:
    reason = quote(error)
    return MalformedError(reason if "$" in reason else f"$: {reason}")


def _too_deep() -> LimitExceededError:
    return LimitExceededError(f"nested deeper than {NESTING} levels")


class Form(Generic[T]):
    """How one kind of document is decoded.

    `shape` is loose about names it does not know, and what lies in it is not (`forbid_unknown_fields`): so the usual
    document shows at once that nothing in it is unknown.
    """

    def __init__(self, shape: type[T]) -> None:
        self._type = inspect.type_info(shape)
        assert isinstance(self._type, inspect.StructType)
        self._decode: Callable[[bytes], T] = msgspec.json.Decoder(shape).decode
        self.names = Names(frozenset(known.encode_name for known in self._type.fields))

    def read(self, document: Document) -> Reading[T]:
        """Raises `MalformedError` and `LimitExceededError`."""
        if not document.misspelt:
            try:
                return Reading(self._decode(document.data), self._unknown(document.members), ())
            except RecursionError as error:
                raise _too_deep() from error
            except _FAILURES:
                pass  # The careful reading either mends it or says what is wrong.
        return self._read_carefully(document)

    def _unknown(self, members: dict[str, msgspec.Raw]) -> dict[str, Any]:
        if self.names.exact.issuperset(members):
            return {}
        return decode_loosely({name: members[name] for name in members.keys() - self.names.exact})

    def _read_carefully(self, document: Document) -> Reading[T]:
        try:
            fitted = fit(document.data, self._type)
            return Reading(self._decode(fitted.data), fitted.extra, fitted.outside)
        except RecursionError as error:
            raise _too_deep() from error
        except ValueError as error:  # json's, msgspec's and Unicode's
            raise _malformed(error) from error


def decode_loosely(members: dict[str, msgspec.Raw]) -> dict[str, Any]:
    """Members that no shape knows, those that are null left out. Raises `LimitExceededError`."""
    decoded: dict[str, Any] = {}
    for name, raw in members.items():
        value = _decode_loosely(bytes(raw))
        if value is not None:
            decoded[name] = value
    return decoded


def _decode_loosely(data: bytes) -> object:
    try:
        value = msgspec.json.decode(data)
        if data.count(b"[") + data.count(b"{") > NESTING:
            check_depth(value)
        return value
    except RecursionError as error:
        raise _too_deep() from error
    except msgspec.DecodeError:
        return parse_loosely(data)  # Well-formed, but with a number of thousands of digits.
