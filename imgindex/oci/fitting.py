"""The careful reading of JSON: a tree is made to fit a shape, and what that takes out is kept.

Names are matched whatever their case, as Go matches them; members that the shape does not know, and numbers that no
column holds, are put aside with their place in the document. No value is guessed or converted: one of the wrong type
stays as it is, for the decoder to refuse. It is slow, and meant for the few documents that do not fit as they are.

https://pkg.go.dev/encoding/json#Unmarshal

    fit(b'{"Size": -1, "x": true}', inspect.type_info(Descriptor))
    -> Fitted(data=b'{"size":null}', extra={"size": "-1", "x": True}, outside=["$.size"])
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeAlias

import msgspec
from msgspec import inspect

from imgindex.errors import LimitExceededError

NESTING = 100
"""Deepest nesting of objects and arrays; image documents have 6 levels."""

_GREATEST = 2**63 - 1
_LONGEST_NUMBER = 4000
"""Python refuses to make text of integers of more than 4300 digits."""

Path: TypeAlias = tuple[str | int, ...]
"""Where a value stands in a document: names, and indexes of array elements."""


@dataclass(slots=True)
class Fitted:
    """JSON that fits the shape, and what was taken out."""

    data: bytes
    extra: dict[str, Any]
    outside: list[str]


def fit(data: bytes, kind: inspect.Type) -> Fitted:
    """Raises ValueError if it is no JSON, `LimitExceededError` or RecursionError if it is nested too deep."""
    fitting = _Fitting()
    tree = fitting.fit(_parse(data), kind, ())
    return Fitted(msgspec.json.encode(tree), fitting.extra, fitting.outside)


def parse_loosely(data: bytes) -> object:
    """Any JSON, numbers that a JSON writer could not write as text. Raises as `fit` does."""
    return _plain(_parse(data))


def _parse(data: bytes) -> object:
    tree = json.loads(
        data, object_pairs_hook=Pairs, parse_int=_integer, parse_float=_Numeral, parse_constant=_refuse_constant
    )
    check_depth(tree)
    return tree


def check_depth(tree: object) -> None:
    """Raises `LimitExceededError` if it is nested deeper than `NESTING`."""
    level, depth = [tree], 0
    while level:
        depth += 1
        if depth > NESTING + 1:
            raise LimitExceededError(f"nested deeper than {NESTING} levels")
        below: list[object] = []
        for node in level:
            if isinstance(node, Pairs):
                below.extend(value for _, value in node)
            elif isinstance(node, dict):
                below.extend(node.values())
            elif isinstance(node, list):
                below.extend(node)
        level = below


def json_path(path: Path) -> str:
    """The path as people write it: `$.layers[3].size`."""
    return "$" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)


def put_aside(extra: dict[str, Any], path: Path, value: object) -> None:
    """Keep a value in `extra` at its place in the document, where an index is a name as well."""
    place = extra
    for part in path[:-1]:
        place = place.setdefault(str(part), {})
    place[str(path[-1])] = value


class Pairs(list[tuple[str, Any]]):
    """An object as it is written: a name may be there twice."""


class _Numeral:
    """A number that is no short integer, as text."""

    def __init__(self, text: str) -> None:
        self.text = text

    def plain(self) -> object:
        """The number where a JSON writer can write it, else its text."""
        if self.text.lstrip("-").isdigit():
            return int(self.text) if len(self.text) <= _LONGEST_NUMBER else self.text
        number = float(self.text)
        return number if abs(number) != float("inf") else self.text


def _integer(text: str) -> object:
    return int(text) if len(text) < 19 else _Numeral(text)


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")


def _plain(node: object) -> object:
    if isinstance(node, Pairs):
        return {name: _plain(value) for name, value in node}
    if isinstance(node, list):
        return [_plain(value) for value in node]
    return node.plain() if isinstance(node, _Numeral) else node


@dataclass(slots=True)
class _Fitting:
    extra: dict[str, Any] = field(default_factory=dict)
    outside: list[str] = field(default_factory=list)

    def fit(self, node: object, kind: inspect.Type, path: Path) -> object:
        if isinstance(kind, inspect.UnionType):
            kind = next((one for one in kind.types if _suits(node, one)), kind)
        if isinstance(node, Pairs) and isinstance(kind, inspect.StructType):
            return self._fit_members(node, kind, path)
        if isinstance(node, Pairs) and isinstance(kind, inspect.DictType):
            return {name: self.fit(value, kind.value_type, (*path, name)) for name, value in node}
        if isinstance(node, list) and isinstance(kind, inspect.ListType):
            return [self.fit(value, kind.item_type, (*path, index)) for index, value in enumerate(node)]
        if isinstance(kind, inspect.IntType) and _suits(node, kind):
            return self._fit_number(node, path)
        if isinstance(node, _Numeral) and not isinstance(kind, inspect.RawType):
            return 0.5  # A number where none belongs: whatever it is, the decoder refuses it.
        return _plain(node)

    def _fit_members(self, node: Pairs, kind: inspect.StructType, path: Path) -> dict[str, object]:
        types = {known.encode_name: known.type for known in kind.fields}
        folded = {name.casefold(): name for name in types}
        fitted: dict[str, object] = {}
        for name, value in node:
            known = name if name in types else folded.get(name.casefold())
            if known is not None:
                fitted[known] = self.fit(value, types[known], (*path, known))
            elif value is not None:
                put_aside(self.extra, (*path, name), _plain(value))
        return fitted

    def _fit_number(self, node: object, path: Path) -> int | None:
        text = node.text if isinstance(node, _Numeral) else str(node)
        if text.isdigit() and len(text) < 20 and int(text) <= _GREATEST:
            return int(text)
        put_aside(self.extra, path, text)
        self.outside.append(json_path(path))
        return None


def _suits(node: object, kind: inspect.Type) -> bool:
    match node:
        case None:
            return isinstance(kind, inspect.NoneType)
        case Pairs():
            return isinstance(kind, inspect.StructType | inspect.DictType)
        case list():
            return isinstance(kind, inspect.ListType)
        case bool():
            return isinstance(kind, inspect.BoolType)
        case int() | _Numeral():
            return isinstance(kind, inspect.IntType)
        case _:
            return isinstance(kind, inspect.StrType)
