r"""Secrets that are given to a name: `NAME=value`, `name: value`, `"name":"value"`, `--name value`, `ENV NAME value`.

The name tells whether it is a secret. Where its value ends is what differs: shells quote it, build arguments and the
builder's `ENV` do not. Every pattern reads a text once, whatever is in it: a name starts only where no name runs on,
and repeats are possessive or bounded.

    list(find_assignments("export TOKEN='a b' && make")) -> [(14, 17)]
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from imgindex.records.secrets.names import is_secret, is_secret_name
from imgindex.records.secrets.shapes import Span

_ASSIGNMENT = re.compile(
    r"""(?<![A-Za-z0-9_.-])([A-Za-z0-9_.-]++)(\\?["'])?+([ \t]{0,32}+(?::?=(?![=~])>?|:-?)[ \t]{0,32}+)"""
)
"""A name, the quote that closes it, and `=`, ` = `, `:=`, `=>`, `: ` or the `:-` of a shell's default value."""
_OPTION = re.compile(
    r"""(?<![A-Za-z0-9_.-])--?([A-Za-z][A-Za-z0-9_.-]*+)(?:\\?["'])?+(?:[ \t]*+,[ \t]*+|(?:\\?\s){1,32}+)"""
)
_NO_VALUE = re.compile(
    r"-*(?:allow|ask|disabled?|empty|enable|generate|has|hide|is|no|prohibit|prompt|read|require|reset|show|skip|use"
    r"|with|without)[-_]"
)
_NO_SECRETS = ("-", "id=", "type=")
"""What follows an option and is no value: the next option; and `--secret id=...`, which names a build secret."""
_PLAIN_COLON_NAMES = frozenset({"password", "passwd", "passphrase", "pass"})
_LONG_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})

_SCHEME = re.compile(r"(?i:bearer|basic|token|digest|apikey|negotiate)\s++")
_BARE = re.compile(r"""(?:\\.|[^\s"'`;&|<>()\\]++)*+""", re.DOTALL)
_DOUBLE_QUOTED = re.compile(r'(?:[^"\\]++|\\.)*+', re.DOTALL)
_SINGLE_QUOTED = re.compile(r"[^']*+")
_ESCAPED_QUOTED = re.compile(r'(?:[^"\\]++|\\(?!"))*+')
_REST_OF_QUOTED = {
    '"': re.compile(r'(?:[^"\\\n]++|\\(?![nr]).)*+', re.DOTALL),
    "'": re.compile(r"(?:[^'\\\n]++|\\(?![nr]))*+"),
}
_REST_OF_DEFAULT = re.compile(r"[^}\n]*+")
_REST_OF_LINE = re.compile(r"[^\n]*+")

_PREFIX = r"\s*+(?:[^\n]{0,200}?#\(nop\)\s++)?(?:ONBUILD\s++)?"
_ENV_LINE = re.compile(_PREFIX + r"(?:ENV|ARG|LABEL)(?=\s)")
_OLD_ENV = re.compile(_PREFIX + r"(?:ENV|ARG)\s++([A-Za-z0-9_.-]++)[ \t]++(?![=:])")
_BUILD_ARGUMENTS = re.compile(r"\s*+(?:RUN\s++)?\|[0-9]{1,4}(?=\s)")
_SHELL = re.compile(r"\s(?=(?:[^\s=]*[/\\])?(?:(?:ba|da|a|z|k|mk)?sh|(?:cmd|powershell|pwsh)(?:\.exe)?)\s)")
_NEXT_NAME = re.compile(r"\s(?=[A-Za-z_][A-Za-z0-9_./-]*+=)|\s# buildkit\s*$")
_BUILDKIT_END = re.compile(r"\s# buildkit\s*$")


def find_assignments(text: str) -> Iterator[Span]:
    """`NAME=value` and its kin, anywhere in a text."""
    head_start, head_end = _unquoted_head(text)
    done = 0
    for match in _ASSIGNMENT.finditer(text):
        name, closing_quote, separator = match.groups()
        start = match.end()
        if match.start() < done or not is_secret_name(name):
            continue
        before = text[match.start() - 1] if match.start() else ""
        opening_quote = before if before in ("'", '"') and closing_quote is None else ""
        if not _assigns(text, match, before, bool(opening_quote)):
            continue
        if separator.startswith(":-"):
            span = start, _end(_REST_OF_DEFAULT, text, start)
        elif opening_quote and text[start : start + 1] not in ("'", '"', "\\"):
            start = _end(_SCHEME, text, start)
            span = start, _end(_REST_OF_QUOTED[opening_quote], text, start)
        elif head_start <= match.start() < head_end:
            # `A_TOKEN= B=1`: what follows the space is the next name.
            span = _unquoted_value(text, start - len(separator) + len(separator.rstrip()), head_end)
        elif ":" in separator and closing_quote is None and name.lower() in _LONG_HEADERS:
            start = _end(_SCHEME, text, start)
            span = start, _end(_REST_OF_LINE, text, start)
        else:
            span = find_value(text, start)
        if is_secret(name, text[slice(*span)]):
            done = span[1]
            yield span


def _assigns(text: str, match: re.Match[str], before: str, is_quoted: bool) -> bool:
    """Whether a colon gives a value: in `password: x` and `"password":"x"`, not in `registry/password:1.0`."""
    name, closing_quote, separator = match.groups()
    mark = separator.strip()
    if mark == ":-":
        return before == "{"
    if mark != ":" or separator[-1] in " \t":
        return True
    if before and before in "/@$:-":
        return False
    if is_quoted or closing_quote:
        return not text.startswith(name, match.end())
    return name.lower() in _PLAIN_COLON_NAMES


def _unquoted_head(text: str) -> Span:
    """The part of a text where spaces belong to the value, up to the next name."""
    line = _ENV_LINE.match(text)
    if line:
        return line.end(), len(text)
    arguments = _BUILD_ARGUMENTS.match(text)
    if arguments is None:
        return 0, 0
    shell = _SHELL.search(text, arguments.end())
    return arguments.end(), shell.start() if shell else len(text)


def _unquoted_value(text: str, start: int, limit: int) -> Span:
    if text[start : start + 1] in ("'", '"'):
        inner, end = find_value(text, start)
        if end < limit and (end + 1 == len(text) or text[end + 1].isspace()):
            return inner, end
    boundary = _NEXT_NAME.search(text, start, limit)
    return start, boundary.start() if boundary else limit


def find_value(text: str, start: int) -> Span:
    """The value at `start` as a shell reads it, without its quotes and without a scheme such as `Bearer`.

    A quote that is never closed holds all that follows: texts are cut off at some length.
    """
    start = _end(_SCHEME, text, start)
    for opening, inside in (('\\"', _ESCAPED_QUOTED), ('"', _DOUBLE_QUOTED), ("'", _SINGLE_QUOTED)):
        if text.startswith(opening, start):
            start = _end(_SCHEME, text, start + len(opening))
            return start, _end(inside, text, start)
    end = _end(_BARE, text, start)
    while end > start and _is_punctuation(text, start, end):
        end -= 1
    return start, end


def _is_punctuation(text: str, start: int, end: int) -> bool:
    """Whether the last character of a bare value is of the list around it: a comma, a bracket opened before it."""
    last = text[end - 1]
    opening = {"]": "[", "}": "{"}.get(last)
    return last == "," or (opening is not None and text.find(opening, start, end) < 0)


def _end(pattern: re.Pattern[str], text: str, start: int) -> int:
    match = pattern.match(text, start)
    return match.end() if match else start


def find_old_env(text: str) -> Iterator[Span]:
    """`ENV NAME value`: all that follows is the value."""
    match = _OLD_ENV.match(text)
    if match is not None and is_secret_name(match[1]):
        comment = _BUILDKIT_END.search(text, match.end())
        end = comment.start() if comment else len(text)
        if is_secret(match[1], text[match.end() : end]):
            yield match.end(), end


def find_options(text: str) -> Iterator[Span]:
    """`--password value`, also as words of a JSON list."""
    done = 0
    for match in _OPTION.finditer(text):
        if match.start() < done or not takes_secret(match[1]) or text.startswith(_NO_SECRETS, match.end()):
            continue
        start, end = find_value(text, match.end())
        if text[start : start + 1] != "-" and is_secret(match[1], text[start:end]):
            done = end
            yield start, end


def takes_secret(option: str) -> bool:
    """Whether the word after this option is a secret: not after a switch such as `--disabled-password`."""
    return is_secret_name(option) and _NO_VALUE.match(option.lower()) is None
