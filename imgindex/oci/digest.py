"""Digests: `algorithm:hex`, parsed strictly and verified against bytes.

Only algorithms with a hex form of fixed length are taken, since keys are made of the hex. Upper case is refused: one
digest has one spelling. The library has no BLAKE3, so such a digest can be read and keyed, but not verified.

https://github.com/opencontainers/image-spec/blob/main/descriptor.md#digests

    parse_digest("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
"""

from __future__ import annotations

import hashlib
import re

from imgindex.errors import ContentError, DigestMismatchError, MalformedError, SizeMismatchError, quote

ALGORITHMS = {"sha256": 64, "sha384": 96, "sha512": 128, "blake3": 64}
"""The algorithms that digests may have, and how many hex digits each has."""

is_sha256 = re.compile(r"sha256:[0-9a-f]{64}").fullmatch
"""Whether this is a SHA-256 digest, for loops that cannot afford `parse_digest`; what is none may still be a digest."""

_HEX = re.compile(r"[0-9a-f]*").fullmatch
_GRAMMAR = re.compile(r"([a-z0-9]+(?:[+._-][a-z0-9]+)*):[a-zA-Z0-9=_-]+").fullmatch


class UnsupportedDigestError(MalformedError):
    """Text that is no digest of an algorithm in `ALGORITHMS`."""

    kind = "unsupported_digest"


class UnverifiableDigestError(ContentError):
    """A digest of an algorithm that this program cannot compute."""

    kind = "unsupported_digest"


def parse_digest(text: str) -> str:
    """The digest as it is. Raises `UnsupportedDigestError`, a `MalformedError`, for another algorithm or form."""
    if is_sha256(text):
        return text
    algorithm, _, encoded = text.partition(":")
    length = ALGORITHMS.get(algorithm)
    if length is None or len(encoded) != length or not _HEX(encoded):
        raise UnsupportedDigestError(f"is no digest of {', '.join(ALGORITHMS)} in lower-case hex")
    return text


def is_foreign_algorithm(text: str) -> bool:
    """Whether this is a digest by the specification's grammar, of an algorithm that is not in `ALGORITHMS`."""
    match = _GRAMMAR(text)
    return match is not None and match[1] not in ALGORITHMS


def digest_of(data: bytes, algorithm: str = "sha256") -> str:
    """The digest of these bytes. Raises `UnverifiableDigestError` for an algorithm that cannot be computed."""
    if algorithm not in ("sha256", "sha384", "sha512"):
        raise UnverifiableDigestError(f"{quote(algorithm)} digests cannot be computed here")
    return f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"


def verify(data: bytes, digest: str, size: int | None = None) -> None:
    """Check that these bytes are what the digest, and the size in bytes if known, say.

    Raises `SizeMismatchError`, `DigestMismatchError`, and as `parse_digest` and `digest_of` do.
    """
    if size is not None and len(data) != size:
        raise SizeMismatchError(f"{quote(digest)} has {len(data)} bytes, not {size}")
    algorithm = parse_digest(digest).partition(":")[0]
    actual = digest_of(data, algorithm)
    if actual != digest:
        raise DigestMismatchError(f"the bytes stored as {digest} have the digest {actual}")
