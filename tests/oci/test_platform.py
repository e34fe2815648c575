"""Platforms: containerd's rules, and the parts that a document leaves out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgindex.errors import InvalidReferenceError, UsageError
from imgindex.oci.platform import _normalize, normalize_platform, parse_platform

NORMALIZED = {
    "plain": ("linux", "amd64", None, "linux/amd64"),
    "upper case": ("Linux", "AMD64", "V2", "linux/amd64/v2"),
    "macos": ("macos", "arm64", None, "darwin/arm64"),
    "MacOS in capitals": ("MacOS", "ARM64", "V8", "darwin/arm64"),
    "x86_64": ("linux", "x86_64", "", "linux/amd64"),
    "x86-64": ("linux", "x86-64", None, "linux/amd64"),
    "amd64 v1": ("linux", "amd64", "v1", "linux/amd64"),
    "amd64 v3": ("linux", "amd64", "v3", "linux/amd64/v3"),
    "amd64 with a bare 1, which containerd keeps": ("linux", "amd64", "1", "linux/amd64/1"),
    "i386 loses its variant": ("linux", "i386", "softfloat", "linux/386"),
    "386 keeps its variant": ("linux", "386", "sse2", "linux/386/sse2"),
    "aarch64": ("linux", "aarch64", None, "linux/arm64"),
    "arm64 v8": ("linux", "arm64", "v8", "linux/arm64"),
    "arm64 8": ("linux", "arm64", "8", "linux/arm64"),
    "arm64 v9": ("linux", "arm64", "v9", "linux/arm64/v9"),
    "armhf": ("linux", "armhf", None, "linux/arm/v7"),
    "armhf whatever its variant": ("linux", "armhf", "v6", "linux/arm/v7"),
    "armel": ("linux", "armel", None, "linux/arm/v6"),
    "arm without variant": ("linux", "arm", None, "linux/arm/v7"),
    "arm 7": ("linux", "arm", "7", "linux/arm/v7"),
    "arm v7": ("linux", "arm", "v7", "linux/arm/v7"),
    "arm 5": ("linux", "arm", "5", "linux/arm/v5"),
    "arm 6": ("linux", "arm", "6", "linux/arm/v6"),
    "arm 8": ("linux", "arm", "8", "linux/arm/v8"),
    "arm v9, unheard of": ("linux", "arm", "v9", "linux/arm/v9"),
    "windows": ("windows", "amd64", None, "windows/amd64"),
    "s390x": ("linux", "s390x", None, "linux/s390x"),
    "an unheard-of architecture": ("wasip1", "wasm", None, "wasip1/wasm"),
    "os missing": (None, "amd64", None, "unknown/amd64"),
    "architecture missing": ("linux", None, None, "linux/unknown"),
    "architecture missing, so the variant says nothing": ("linux", "", "v7", "linux/unknown"),
    "both missing": (None, None, None, None),
    "both empty": ("", "", "v7", None),
    "both unknown": ("unknown", "unknown", None, None),
    "one unknown, one missing": ("unknown", None, None, None),
    "only the os unknown": ("unknown", "riscv64", None, "unknown/riscv64"),
    "a slash in the os": ("linux/arm", "v7", None, "unknown/v7"),
    "a slash in the variant": ("linux", "arm64", "../v8", "linux/arm64/unknown"),
    "a control character": ("linux\x1b[31m", "amd64", None, "unknown/amd64"),
    "a trailing newline": ("linux", "amd64\n", None, "linux/unknown"),
    "64 characters": ("a" * 64, "amd64", None, "a" * 64 + "/amd64"),
    "65 characters": ("a" * 65, "amd64", None, "unknown/amd64"),
}


@pytest.mark.parametrize(("os", "architecture", "variant", "expected"), NORMALIZED.values(), ids=NORMALIZED.keys())
def test_normalizes(os: str | None, architecture: str | None, variant: str | None, expected: str | None) -> None:
    assert expected == normalize_platform(os, architecture, variant)


WORDS = st.sampled_from(
    ["linux", "macos", "x86_64", "arm", "armhf", "arm64", "8", "v8", "7", "v1", "unknown", "", "a/b"]
)


@given(st.one_of(WORDS, st.text(), st.none()), st.one_of(WORDS, st.text(), st.none()), st.one_of(WORDS, st.none()))
def test_a_normalized_platform_stays_as_it_is(os: str | None, architecture: str | None, variant: str | None) -> None:
    platform = normalize_platform(os, architecture, variant)
    if platform is not None:
        assert platform == normalize_platform(*platform.split("/"))


@given(st.text(), st.text(), st.text())
def test_a_platform_has_two_or_three_words(os: str, architecture: str, variant: str) -> None:
    platform = normalize_platform(os, architecture, variant)
    if platform is not None:
        parts = platform.split("/")
        assert len(parts) in (2, 3)
        assert all(part and part.isascii() and part == part.lower() for part in parts)


def test_long_text_does_not_stay_in_memory() -> None:
    normalize_platform("linux", "x" * 100_000, None)
    before = _normalize.cache_info().currsize
    for length in range(1000, 1100):
        assert normalize_platform("linux", "x" * length, None) == "linux/unknown"
    assert before == _normalize.cache_info().currsize


PARSED = {
    "linux/arm64": "linux/arm64",
    "linux/aarch64": "linux/arm64",
    "Linux/ARM64/v8": "linux/arm64",
    "linux/arm/7": "linux/arm/v7",
    "windows/amd64": "windows/amd64",
    "linux/unknown": "linux/unknown",
}


@pytest.mark.parametrize(("text", "expected"), PARSED.items())
def test_parses_what_a_user_writes(text: str, expected: str) -> None:
    assert expected == parse_platform(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "linux",
        "arm64",
        "linux/",
        "/amd64",
        "linux//v7",
        "linux/arm/v7/x",
        "linux amd64",
        "linux/amd64\n",
        "windows(10.0.17763)/amd64",
        "unknown/unknown",
        "*/amd64",
        "linux/" + "a" * 65,
    ],
)
def test_refuses_what_is_no_platform(text: str) -> None:
    with pytest.raises(InvalidReferenceError, match="platform"):
        parse_platform(text)


def test_a_refusal_quotes_the_text_escaped_and_is_a_usage_error() -> None:
    with pytest.raises(UsageError) as caught:
        parse_platform("li\x1b[31mnux")
    assert "\x1b" not in str(caught.value)
    assert "\\x1b" in str(caught.value)
