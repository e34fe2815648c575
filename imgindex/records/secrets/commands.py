r"""Secrets that only the command gives away: `curl -u user:password`, `sshpass -p`, `... | chpasswd`, `IDENTIFIED BY`.

Few programs are known here, those that image builds run. An option of one letter means nothing without its program.

    list(find_short_options("curl -u ci:hunter2 https://x")) -> [(11, 18)]
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from imgindex.records.secrets.assignments import find_value, takes_secret
from imgindex.records.secrets.names import is_harmless
from imgindex.records.secrets.shapes import Span

_LONE_OPTION = re.compile(r"--?[A-Za-z][A-Za-z0-9_.-]*")
_GAP = r"""(?:\\?["']?[ \t]{0,8},[ \t]{0,8}|\\?["']?(?:\\?\s){1,8}|=)"""
"""What stands between an option and its value, in a shell and in a JSON list."""
_DASH = r"(?<![A-Za-z0-9_-])-"
_CURL_OPTION = re.compile(rf"{_DASH}(?:[A-Za-z]{{0,8}}?[uU]{_GAP}?|-(?:proxy-)?user{_GAP})")
_A_OPTION = re.compile(rf"{_DASH}a{_GAP}?")
_P_OPTION = re.compile(rf"{_DASH}[A-Za-z]{{0,8}}?p{_GAP}?")
_W_OPTION = re.compile(rf"{_DASH}[A-Za-z]{{0,8}}?w{_GAP}?")
_ATTACHED_P_OPTION = re.compile(rf"{_DASH}p(?=[^\s\"',;&|])")
_SHORT_OPTIONS = {
    "curl": _CURL_OPTION,
    "login": _P_OPTION,
    "redis-cli": _A_OPTION,
    "sshpass": _P_OPTION,
    **dict.fromkeys(("mongo", "mongodump", "mongorestore", "mongosh"), _P_OPTION),
    **dict.fromkeys(("ldapadd", "ldapmodify", "ldappasswd", "ldapsearch"), _W_OPTION),
    **dict.fromkeys(("mariadb", "mariadb-admin", "mariadb-dump"), _ATTACHED_P_OPTION),
    **dict.fromkeys(("mysql", "mysqladmin", "mysqldump"), _ATTACHED_P_OPTION),
}
"""Programs, and the option that a password (curl: `user:password`) follows; MySQL's follows without a space."""
_PROGRAM = re.compile(rf"(?<![A-Za-z0-9_.-])({'|'.join(sorted(_SHORT_OPTIONS, key=len, reverse=True))})(?=[\s\"',])")
_SIMPLE_COMMAND = re.compile(r"[^;&|\n]{0,400}")

_WORD = r"[^\s;&|<>]+"
_INTO_CHPASSWD = r"""(?=["']?[^|\n]{0,80}+\|\s{0,8}(?:sudo )?chpasswd)"""
_SQL_CLAUSE = r"(?:with|encrypted|set|(?:role|user) \S{1,64}) password\s{0,8}(?:for \S{1,128})?\s{0,8}=?\s{0,8}\(?"
_PASSWORD_PLACES = tuple(
    re.compile(pattern.replace(" ", r"\s{1,8}"))
    for pattern in (
        # echo user:password | chpasswd
        rf"""(?:echo|printf) (?:-\w{{1,8}} ){{0,3}}["']?[A-Za-z_][\w.-]{{0,63}}:([^\s"'|]{{1,256}}+){_INTO_CHPASSWD}""",
        # htpasswd -nb user password; htpasswd -b file user password
        rf"htpasswd (?:-\w{{1,8}} ){{0,4}}-(?=\w{{0,8}}n)\w{{1,10}} [^\s-]\S{{0,63}} ({_WORD})",
        rf"htpasswd (?:-\w{{1,8}} ){{0,4}}-(?=\w{{0,8}}b)\w{{1,10}} [^\s-]\S{{0,255}} \S{{1,63}} ({_WORD})",
        rf"rabbitmqctl (?:add_user|change_password) \S{{1,63}} ({_WORD})",
        # machine host login user password password, as in a .netrc
        r"""(?i)\blogin \S{1,128} password ["']?([^\s"']+)""",
        r"(?i)\bidentified (?:with \w{1,64} )?(?:by|as) (?:password )?'([^']+)",
        rf"(?i)\b{_SQL_CLAUSE}'([^']+)",
        r"""(?i)ConvertTo-SecureString (?:-String )?["']?([^\s"']+)""",
        # npm config set //registry/:_authToken token
        r"""[:\s"']_(?:authToken|auth|password) ["']?([^\s"';&|<>]+)""",
    )
)
"""Commands and statements in which the place alone says what is a secret: the group."""


def find_short_options(text: str) -> Iterator[Span]:
    """The passwords of one-letter options."""
    done = 0
    programs = list(_PROGRAM.finditer(text))
    starts = [program.start() for program in programs[1:]] + [len(text)]
    for program, next_start in zip(programs, starts, strict=False):
        command = _SIMPLE_COMMAND.match(text, program.end(), next_start)
        limit = command.end() if command else program.end()
        for option in _SHORT_OPTIONS[program[1]].finditer(text, program.end(), limit):
            if option.start() < done or text.startswith("-", option.end()):
                continue
            start, end = find_value(text, option.end())
            done = end
            if program[1] == "curl":
                start, end = _after_colon(text, start, end)
            if not is_harmless(text[start:end]):
                yield start, end


def _after_colon(text: str, start: int, end: int) -> Span:
    colon = text.find(":", start, end)
    return (end, end) if colon < 0 else (colon + 1, end)


def find_password_places(text: str) -> Iterator[Span]:
    """The passwords of commands and SQL statements."""
    for pattern in _PASSWORD_PLACES:
        for match in pattern.finditer(text):
            if not is_harmless(match[1]):
                yield match.span(1)


def program_of(word: str) -> str:
    """The program that a word names, where its one-letter options are known; else nothing."""
    name = word.rpartition("/")[2]
    return name if name in _SHORT_OPTIONS else ""


def find_in_word(word: str, before: str, program: str) -> Span | None:
    """The secret in a word of a command, as far as the word before it and the program tell."""
    start, end = 0, len(word)
    if not word.startswith("-") and _LONE_OPTION.fullmatch(before) and takes_secret(before):
        return None if is_harmless(word) else (start, end)
    if not program:
        return None
    if word.startswith("-"):
        option = _SHORT_OPTIONS[program].match(word)
        start = option.end() if option else end
    elif not before.startswith("-") or not _SHORT_OPTIONS[program].fullmatch(before + " "):
        return None
    if program == "curl":
        start, end = _after_colon(word, start, end)
    return None if is_harmless(word[start:end]) else (start, end)
