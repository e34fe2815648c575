import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgindex.errors import ContentError, DigestMismatchError, MalformedError, SizeMismatchError
from imgindex.oci.digest import ALGORITHMS, digest_of, is_foreign_algorithm, is_sha256, parse_digest, verify

EMPTY = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
COMPUTED = ["sha256", "sha384", "sha512"]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_algorithm_has_one_length(algorithm: str) -> None:
    length = ALGORITHMS[algorithm]
    assert f"{algorithm}:{'a' * length}" == parse_digest(f"{algorithm}:{'a' * length}")
    for wrong in (length - 1, length + 1, 0):
        with pytest.raises(MalformedError):
            parse_digest(f"{algorithm}:{'a' * wrong}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sha256",
        "sha256:",
        ":" + "a" * 64,
        "a" * 64,
        "SHA256:" + "a" * 64,
        "sha256:" + "A" * 64,
        "sha256:" + "g" * 64,
        "sha256:" + "a" * 63 + "\n",
        "sha256:" + "a" * 64 + "\n",
        "sha256:" + "a" * 63 + "٣",
        " sha256:" + "a" * 64,
        "sha256:sha256:" + "a" * 57,
        "md5:" + "a" * 32,
        "sha256+b64:" + "a" * 64,
        "multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8",
    ],
)
def test_what_is_no_hex_digest_is_refused_with_its_kind(text: str) -> None:
    with pytest.raises(MalformedError) as refused:
        parse_digest(text)
    assert refused.value.kind == "unsupported_digest"


def test_a_refused_digest_is_quoted_on_one_line_and_shortened() -> None:
    with pytest.raises(MalformedError) as refused:
        parse_digest("sha256:\n" + "a" * 10_000)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 300


@given(st.text(max_size=200))
def test_any_text_is_a_digest_or_malformed(text: str) -> None:
    try:
        parsed = parse_digest(text)
    except MalformedError:
        assert not is_sha256(text)
    else:
        algorithm, _, encoded = parsed.partition(":")
        assert parsed == text
        assert ALGORITHMS[algorithm] == len(encoded)
        assert set(encoded) <= set("0123456789abcdef")


@given(st.binary(max_size=200), st.sampled_from(COMPUTED))
def test_bytes_verify_under_their_own_digest_and_no_other(data: bytes, algorithm: str) -> None:
    digest = digest_of(data, algorithm)
    assert f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}" == parse_digest(digest)
    verify(data, digest, len(data))
    with pytest.raises(DigestMismatchError):
        verify(data + b"x", digest)
    with pytest.raises(SizeMismatchError):
        verify(data, digest, len(data) + 1)


def test_sha256_is_the_default() -> None:
    assert digest_of(b"") == EMPTY


def test_size_is_looked_at_before_the_hash() -> None:
    with pytest.raises(SizeMismatchError) as refused:
        verify(b"other", EMPTY, 0)
    assert refused.value.kind == "size_mismatch"


def test_blake3_is_read_and_not_verified() -> None:
    digest = parse_digest("blake3:" + "0" * 64)
    for attempt in (lambda: verify(b"", digest), lambda: digest_of(b"", "blake3")):
        with pytest.raises(ContentError, match="blake3") as refused:
            attempt()
        assert refused.value.kind == "unsupported_digest"


def test_verifying_against_no_digest_is_malformed() -> None:
    with pytest.raises(MalformedError):
        verify(b"", "sha256:short")


@pytest.mark.parametrize(
    ("text", "foreign"),
    [
        ("sha256+b64:c86f", True),
        ("multihash+base58:QmRZ", True),
        ("md5:abc", True),
        ("sha256:ABC", False),
        ("sha256", False),
        (":abc", False),
        ("sha256+foo+-b:c86f", False),
        ("SHA256:" + "a" * 64, False),
    ],
)
def test_a_foreign_algorithm_is_told_from_no_digest(text: str, foreign: bool) -> None:
    assert foreign == is_foreign_algorithm(text)
