"""Redaction: values that look like secrets become `[redacted]` before any record is made; names stay.

Free text (history, comments, commands) is read the way the tools that wrote it write secrets: `ENV NAME=value`, build
arguments `|2 NAME=value ...`, `--password value`, `Authorization: Bearer ...`, `scheme://user:password@host`, tokens
known by their prefix. All else in the text stays as it was. It is no proof that nothing is left: a password in a
sentence has no mark. The same text is always redacted the same way, and redacting again changes nothing.

https://github.com/opencontainers/image-spec/blob/main/config.md

    Redactor().text("/bin/sh -c #(nop)  ENV DB_PASSWORD=hunter2") -> "/bin/sh -c #(nop)  ENV DB_PASSWORD=[redacted]"
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import overload

from imgindex.records.secrets.commands import find_in_word, program_of
from imgindex.records.secrets.names import REDACTED, is_harmless, is_secret, is_secret_name
from imgindex.records.secrets.text import find_secrets

_MEMO_CHARS = 1024
_MEMO_TEXTS = 8192
_ROUNDS = 8
_TREE_DEPTH = 100
_LARGE_NUMBER = 10_000
_ASSIGNMENT = re.compile(r"(-{0,2}[A-Za-z_][A-Za-z0-9_.:-]*)=(.*)", re.DOTALL)
_BUILD_INFO = "moby.buildkit.buildinfo.v1"
"""The one config key whose value is JSON in base64, build arguments included."""


class Redactor:
    """Takes secrets out of what a document says. With `keep_env` it takes nothing out."""

    def __init__(self, keep_env: bool = False) -> None:
        self.keep_env = keep_env
        self._memo = lru_cache(maxsize=_MEMO_TEXTS)(_redact_text)

    @overload
    def text(self, text: str) -> str: ...
    @overload
    def text(self, text: None) -> None: ...
    @overload
    def text(self, text: str | None) -> str | None: ...
    def text(self, text: str | None) -> str | None:
        """Free text: `created_by`, a comment, a script."""
        if not text or self.keep_env:
            return text
        return self._memo(text) if len(text) <= _MEMO_CHARS else _redact_text(text)

    @overload
    def pair(self, name: str, value: str) -> str: ...
    @overload
    def pair(self, name: str, value: None) -> None: ...
    @overload
    def pair(self, name: str, value: str | None) -> str | None: ...
    def pair(self, name: str, value: str | None) -> str | None:
        """The value of an environment variable, a label or an annotation."""
        if not value or self.keep_env:
            return value
        return REDACTED if is_secret(name, value) else self.text(value)

    def argv(self, words: Sequence[str]) -> list[str]:
        """A command in words; also a list of `NAME=value`."""
        if self.keep_env:
            return list(words)
        redacted: list[str] = []
        before = program = ""
        for word in words:
            redacted.append(self._word(word, before, program))
            before, program = word, program_of(word) or program
        return redacted

    def _word(self, word: str, before: str, program: str) -> str:
        span = find_in_word(word, before, program)
        if span:
            return word[: span[0]] + REDACTED + word[span[1] :]
        assignment = _ASSIGNMENT.fullmatch(word)
        if assignment and is_secret(assignment[1], assignment[2]):
            return f"{assignment[1]}={REDACTED}"
        return self.text(word)

    def tree(self, value: object) -> object:
        """Parsed JSON: the keys of objects are names, lists of text are commands, all other text is text."""
        return value if self.keep_env else self._tree(value, False, 0)

    def _tree(self, value: object, secret: bool, depth: int) -> object:
        if depth > _TREE_DEPTH:
            return REDACTED
        if isinstance(value, str):
            return REDACTED if secret and not is_harmless(value) else self.text(value)
        if isinstance(value, dict):
            entry = _is_secret_entry(value)
            redacted: dict[str, object] = {}
            for name, child in value.items():
                shown = self.text(name)
                # A name that holds a secret is judged by what is left of it, too: else a second time would differ.
                judged = shown if is_secret_name(shown) else name
                is_value = entry and name.lower() == "value"
                redacted[shown] = self._named(judged, child, secret or is_value, depth + 1)
            return redacted
        if isinstance(value, (list, tuple)):
            if not secret and all(isinstance(child, str) for child in value):
                return self.argv(value)
            return [self._tree(child, secret, depth + 1) for child in value]
        if secret and isinstance(value, (int, float)) and abs(value) >= _LARGE_NUMBER:
            return REDACTED
        return value

    def _named(self, name: str, value: object, secret: bool, depth: int) -> object:
        if isinstance(value, str) and not secret:
            return self._build_info(value) if name == _BUILD_INFO else self.pair(name, value)
        return self._tree(value, secret or is_secret_name(name), depth)

    def _build_info(self, encoded: str) -> str:
        try:
            info = json.loads(base64.b64decode(encoded, validate=True))
        except (binascii.Error, ValueError, RecursionError):
            return self.text(encoded)
        redacted = self.tree(info)
        return encoded if redacted == info else base64.b64encode(json.dumps(redacted).encode()).decode()


def _is_secret_entry(entry: dict[str, object]) -> bool:
    """Whether an object gives a value to a secret name: `{"name": "TOKEN", "value": "..."}`."""
    names = (child for name, child in entry.items() if name.lower() in ("name", "key"))
    return any(isinstance(name, str) and is_secret_name(name) for name in names)


def _redact_text(text: str) -> str:
    """Rounds until nothing changes, so that what comes out is never changed again."""
    for _ in range(_ROUNDS):
        spans = find_secrets(text)
        if not spans:
            return text
        text = _cut(text, spans)
    return REDACTED


def _cut(text: str, spans: list[tuple[int, int]]) -> str:
    pieces: list[str] = []
    done = 0
    for start, end in spans:
        pieces += (text[done:start], REDACTED)
        done = end
    pieces.append(text[done:])
    return "".join(pieces)
