"""Text on its way into columns: redacted first, then cut to the limits. Nothing reaches a record by another way.

The same few thousand commands, comments and labels come back in every image of a store, so what was made of them is
kept. The memos are bounded, and long texts never stay in one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from imgindex.limits import Limits
from imgindex.oci import media_types
from imgindex.records.instruction import instruction_of
from imgindex.records.normalize.memo import Memo
from imgindex.records.redact import Redactor

_encode = msgspec.json.Encoder(order="sorted").encode


class MediaType(msgspec.Struct, frozen=True, gc=False):
    """A descriptor's media type, and what it says."""

    text: str | None
    is_foreign: bool
    is_well_formed: bool


class Texts:
    """Makes column text of document text, and counts what it cut."""

    def __init__(self, redact: Redactor, limits: Limits) -> None:
        self._redact = redact
        self._limits = limits
        self._cuts = 0
        self.plain: Memo[str | None, str | None] = Memo(self._make_plain)
        """Text that is no place for secrets: an author, a working directory."""
        self.prose: Memo[str | None, str | None] = Memo(self._make_prose)
        """Text that may hold secrets: a comment, an address."""
        self.commands: Memo[str | None, tuple[str | None, str | None]] = Memo(self._make_command)
        """`created_by`: its text and its instruction."""
        self.values: Memo[tuple[str, str], str] = Memo(self._make_value)
        """The value of a label or an annotation, by (name, value)."""
        self.variables: Memo[str | None, tuple[str, str | None]] = Memo(self._make_variable)
        """`NAME=value`: its name and its value."""
        self.media_types: Memo[str | None, MediaType] = Memo(self._make_media_type)
        self._commands_json: Memo[tuple[str, ...], str] = Memo(self._make_command_json)

    def take_cuts(self) -> int:
        """How many texts were cut since the last call."""
        cuts, self._cuts = self._cuts, 0
        return cuts

    def name(self, text: str) -> str:
        """A name that is part of a row's key."""
        return self._cut(text, self._limits.name_chars)

    def pairs(self, mapping: Mapping[str, str | None] | None) -> dict[str, str]:
        """Labels or annotations; of names that are the same when cut, the first."""
        if not mapping:
            return {}
        values, most = self.values, self._limits.name_chars
        pairs: dict[str, str] = {}
        for name, value in mapping.items():
            pairs.setdefault(name if len(name) <= most else self.name(name), values[name, value or ""])
        return pairs

    def pairs_json(self, mapping: Mapping[str, str | None] | None) -> str | None:
        """Annotations as JSON text with sorted names, or None without any."""
        return self._fit_object(self.pairs(mapping)) if mapping else None

    def extra_json(self, extra: dict[str, Any]) -> str | None:
        """What no column holds as JSON text with sorted names, or None if there is nothing."""
        if not extra:
            return None
        redacted = self._redact.tree(extra)
        return self._fit_object(redacted) if isinstance(redacted, dict) else None

    def command_json(self, words: Sequence[str | None] | str | None) -> str | None:
        """A command as JSON array text; one word alone is an array as well."""
        if words is None:
            return None
        argv = [words] if isinstance(words, str) else [word or "" for word in words]
        return self._commands_json[tuple(argv)]

    def addresses_json(self, addresses: Sequence[str | None] | None) -> str | None:
        """Addresses as JSON array text, or None without any."""
        return self._fit_array([self.prose[address] or "" for address in addresses]) if addresses else None

    def _make_plain(self, text: str | None) -> str | None:
        return None if text is None else self._cut(text, self._limits.text_chars)

    def _make_prose(self, text: str | None) -> str | None:
        return None if text is None else self._cut(self._redact.text(text), self._limits.text_chars)

    def _make_command(self, text: str | None) -> tuple[str | None, str | None]:
        return self._make_prose(text), instruction_of(text)

    def _make_command_json(self, words: tuple[str, ...]) -> str:
        return self._fit_array(self._redact.argv(words))

    def _make_value(self, pair: tuple[str, str]) -> str:
        return self._cut(self._redact.pair(*pair), self._limits.text_chars)

    def _make_variable(self, text: str | None) -> tuple[str, str | None]:
        name, equals, value = (text or "").partition("=")
        return self.name(name), self._make_value((name, value)) if equals else None

    def _make_media_type(self, text: str | None) -> MediaType:
        if text is None:
            return MediaType(None, False, True)
        return MediaType(self.name(text), media_types.is_foreign_layer(text), media_types.is_well_formed(text))

    def _cut(self, text: str, most: int) -> str:
        if len(text) <= most:
            return text
        self._cuts += 1
        return text[:most]

    def _fit_object(self, members: dict[str, Any]) -> str:
        """JSON that is cut is none, so the largest members are left out."""
        text = _encode(members).decode()
        if len(text) <= self._limits.text_chars:
            return text
        self._cuts += 1
        sizes = {name: len(_encode({name: value}).decode()) for name, value in members.items()}
        kept, total = dict(members), len(text)
        for name in sorted(members, key=lambda name: (-sizes[name], name)):
            if total <= self._limits.text_chars:
                break
            total -= sizes[name] - 1
            del kept[name]
        return _encode(kept).decode()

    def _fit_array(self, words: Sequence[str]) -> str:
        text = _encode(words).decode()
        if len(text) <= self._limits.text_chars:
            return text
        self._cuts += 1
        room, count = self._limits.text_chars - 2, 0
        for word in words:
            room -= len(_encode(word).decode()) + 1
            if room < -1:
                break
            count += 1
        return _encode(words[:count]).decode()
