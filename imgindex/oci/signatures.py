"""What a signed manifest of schema 1 signs: the body without its signatures, whose digest is the manifest's.

Registries sign it anew for every answer, so two answers differ, and neither has the digest that it was asked by. The
protected header of a signature says how long the first part of the payload is, and what its end was. No signature is
checked: the digest is what proves the content.

https://distribution.github.io/distribution/spec/manifest-v2-1/#signed-manifests

    {"name": "team/web", …, "signatures": [{"header": {…}, "signature": "…",
     "protected": "eyJmb3JtYXRMZW5ndGgiOjY0MSwiZm9ybWF0VGFpbCI6IkNuMCIsInRpbWUiOiIyMDE1…"}]}
"""

from __future__ import annotations

import base64
import binascii

import msgspec

from imgindex.errors import MalformedError


class _Signature(msgspec.Struct, gc=False):
    protected: str


class _Signed(msgspec.Struct, gc=False):
    signatures: list[_Signature] = []


class _Protected(msgspec.Struct, rename="camel", gc=False):
    format_length: int
    format_tail: str


def signed_payload(data: bytes) -> bytes:
    """The bytes that were signed; `data` itself where there is no signature. Raises `MalformedError`."""
    try:
        signatures = msgspec.json.decode(data, type=_Signed).signatures
        if not signatures:
            return data
        protected = msgspec.json.decode(_decode(signatures[0].protected), type=_Protected)
        tail = _decode(protected.format_tail)
    except (msgspec.MsgspecError, binascii.Error, UnicodeError, RecursionError) as error:
        raise MalformedError("a signature that does not say what it signs") from error
    if not 0 <= protected.format_length <= len(data):
        raise MalformedError("a signature of more than there is")
    return data[: protected.format_length] + tail


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
