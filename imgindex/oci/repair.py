"""Text that no column can hold: NUL, half surrogate pairs, and bytes that are no UTF-8.

JSON can spell all three, Go's encoder replaces the latter two, PostgreSQL refuses the first. They are replaced by
U+FFFD in the bytes, before these are decoded, so that nothing behind has to care. What is no JSON stays no JSON.

https://www.rfc-editor.org/rfc/rfc8259#section-8.2

    repair(rb'{"author": "a\\u0000b"}') -> rb'{"author": "a\\ufffdb"}'
"""

from __future__ import annotations

import re

_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(?P<unfit>u0000|u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
"""Every escape is matched, so that the second backslash of an escaped one is not taken for the start of another."""


def repair(data: bytes) -> bytes:
    """The same JSON without such text; the same bytes if there is none."""
    text = data if is_utf8(data) else data.decode("utf-8", errors="replace").encode()
    return _ESCAPE.sub(lambda escape: rb"\ufffd" if escape["unfit"] else escape[0], text)


def is_utf8(data: bytes) -> bool:
    if data.isascii():
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
