"""How a registry says that it wants its clients to sign in: the WWW-Authenticate header, taken apart.

Read as real servers write it: several challenges in one header or in several, parameters with and without quotes,
spaces around `=`, quoted pairs, addresses without quotes. What cannot be read ends the reading of that header; what
was read up to there counts.

https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1

    Bearer realm="https://auth.example/token",service="registry.example",scope="repository:team/web:pull,push"
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from imgindex.sources.registry_api.http.errors import BadAnswerError

HEADER_CHARS = 16_384
"""Longest challenge that is read, all its headers together."""
CHALLENGES = 16
PARAMETERS = 32

_TOKEN = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"  # noqa: S105 - the grammar's token, not a secret
_GAP = re.compile(r"[\s,]*")
_PARAMETER = re.compile(rf'({_TOKEN})[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s,"=][^\s,"]*))', re.DOTALL)
_SCHEME = re.compile(rf"({_TOKEN})(?=[\s,]|$)(?:[ \t]+[A-Za-z0-9\-._~+/]+=*[ \t]*(?=,|$))?")
"""A scheme's name, and what it may have in place of parameters: `Negotiate YIIB6A==`."""
_PAIR = re.compile(r"\\(.)", re.DOTALL)


class Challenge(NamedTuple):
    """One way to sign in."""

    scheme: str
    """In lower case: `bearer`, `basic`."""
    parameters: Mapping[str, str]
    """By name in lower case; of a name that comes twice, the first."""


def parse_challenges(headers: Iterable[str]) -> list[Challenge]:
    """The challenges in these WWW-Authenticate headers, in order. Raises `BadAnswerError` for floods of them."""
    headers = list(headers)
    if sum(map(len, headers)) > HEADER_CHARS:
        raise BadAnswerError(f"challenges of more than {HEADER_CHARS} characters")
    challenges = [challenge for header in headers for challenge in _parse(header)]
    if len(challenges) > CHALLENGES or any(len(challenge.parameters) > PARAMETERS for challenge in challenges):
        raise BadAnswerError(f"more than {CHALLENGES} challenges in one answer, or {PARAMETERS} parameters in one")
    return challenges


def _parse(header: str) -> list[Challenge]:
    challenges: list[Challenge] = []
    parameters: dict[str, str] = {}
    at = _skip(header, 0)
    while at < len(header):
        if challenges and (match := _PARAMETER.match(header, at)):
            name, quoted, bare = match.groups()
            parameters.setdefault(name.lower(), bare if quoted is None else _PAIR.sub(r"\1", quoted))
        elif match := _SCHEME.match(header, at):
            parameters = {}
            challenges.append(Challenge(match[1].lower(), parameters))
        else:
            break
        at = _skip(header, match.end())
    return challenges


def _skip(header: str, at: int) -> int:
    gap = _GAP.match(header, at)
    return gap.end() if gap else at
