r"""Secrets that show themselves: tokens with a prefix, private keys, passwords in URLs, `Bearer` and `Basic`.

Issuers give tokens a prefix so that they can be found. What has no mark of its own is left to the names around it.
https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1 (userinfo), https://www.rfc-editor.org/rfc/rfc7617 (Basic)

    list(find_userinfo("https://ci:hunter2@example.invalid/")) -> [(11, 18)]
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import TypeAlias

from imgindex.records.secrets.names import is_harmless

Span: TypeAlias = tuple[int, int]
"""Start and end of what is to be cut out."""

_TOKEN = re.compile(
    r"""
    (?<![A-Za-z0-9])(?:
        A[KS]IA[A-Z0-9]{16}(?![A-Za-z0-9])
        | gh[oprsu]_[A-Za-z0-9]{16,} | github_pat_[A-Za-z0-9_]{16,}
        | gl(?:pat|dt|rt|cbt|ptt)-[A-Za-z0-9_-]{16,}
        | xox[a-z]-[A-Za-z0-9-]{10,} | xapp-[A-Za-z0-9-]{10,}
        | (?:sk|rk)_(?:live|test)_[A-Za-z0-9]{10,} | whsec_[A-Za-z0-9]{16,}
        | npm_[A-Za-z0-9]{30,} | hf_[A-Za-z0-9]{30,} | pypi-[A-Za-z0-9_-]{32,} | rubygems_[a-f0-9]{32,}
        | dckr_(?:pat|oat)_[A-Za-z0-9_-]{16,} | do[opr]_v1_[a-f0-9]{32,} | dapi[a-f0-9]{32}
        | AIza[A-Za-z0-9_-]{30,} | ya29\.[A-Za-z0-9_-]{16,} | GOCSPX-[A-Za-z0-9_-]{20,}
        | SG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,} | hv[sb]\.[A-Za-z0-9_-]{20,}
        | shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32} | tskey-[a-z]{1,16}-[A-Za-z0-9-]{10,} | AGE-SECRET-KEY-1[A-Z0-9]{40,}
    )
    | (?<![A-Za-z0-9_-])(?:
        sk-(?=[A-Za-z_-]*[0-9])[A-Za-z0-9_-]{20,}
        | eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*){1,3}
    )
    | (?<=hooks\.slack\.com/services/)[A-Za-z0-9/_-]{8,} | (?<=/api/webhooks/)[0-9]{8,32}/[A-Za-z0-9_-]{20,}
    | (?<=[?&]sig=)[A-Za-z0-9%+/=_-]{8,} | (?<=[?&]X-Amz-Signature=)[a-f0-9]{8,}
    """,
    re.VERBOSE,
)
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_KEY_BODY = re.compile(r"(?:\\[nr]|[A-Za-z0-9+/=:,\s-])*+")
_AUTHORITY = re.compile(r"""://([^\s/?#"'<>`]*+)""")
_SLASHED_PASSWORD = re.compile(r"""(?![0-9]{1,5}(?:[/?#]|$))[^\s"'<>@]{1,512}+@""")
_TOKEN_LIKE = re.compile(r"(?=[^0-9]*[0-9])[A-Za-z0-9_.~+=-]{20,}")
_BEARER = re.compile(r"(?<![A-Za-z0-9])(?i:bearer)\s++((?=[A-Za-z._~+/=-]*[0-9])[A-Za-z0-9._~+/=-]{16,})")
_BASIC = re.compile(r"(?<![A-Za-z0-9])(?i:basic)\s++([A-Za-z0-9+/]{8,}={0,2})")


def find_tokens(text: str) -> Iterator[Span]:
    """Tokens that are known by their prefix, and signatures in the queries of signed URLs."""
    return (match.span() for match in _TOKEN.finditer(text))


def find_private_keys(text: str) -> Iterator[Span]:
    """What stands between the lines of a PEM private key; the lines stay."""
    done = 0
    last_end = text.rfind("-----END ")
    while begin := _PRIVATE_KEY.search(text, done):
        start = begin.end()
        if start <= last_end:
            done = text.index("-----END ", start)
        else:  # cut off
            body = _KEY_BODY.match(text, start)
            done = body.end() if body else len(text)
        if not is_harmless(text[start:done].strip()):
            yield start, done


def find_userinfo(text: str) -> Iterator[Span]:
    """The password of `scheme://user:password@host`, and a user that is a token, as of `https://token@host`."""
    if "@" not in text:
        return
    for match in _AUTHORITY.finditer(text):
        userinfo, at, host = match[1].rpartition("@")
        user, colon, password = (userinfo if at else host).partition(":")
        start = match.start(1) + len(user) + len(colon)
        if at:
            if _TOKEN_LIKE.fullmatch(user):
                yield match.start(1), match.start(1) + len(user)
        elif colon and not user.startswith("["):
            # A password with a slash in it, which ends the authority too early. A port is none.
            slashed = _SLASHED_PASSWORD.match(text, start)
            password = slashed[0][:-1] if slashed else ""
        else:
            continue
        if not is_harmless(password):
            yield start, start + len(password)


def find_schemes(text: str) -> Iterator[Span]:
    """`Bearer token`, and `Basic` with the base64 of `user:password`, whatever stands before."""
    for match in _BEARER.finditer(text):
        yield match.span(1)
    for match in _BASIC.finditer(text):
        try:
            decoded = base64.b64decode(match[1] + "=" * (-len(match[1]) % 4), validate=True)
        except binascii.Error:
            continue
        if b":" in decoded:
            yield match.span(1)
