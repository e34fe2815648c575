"""Platforms as one word: `os/architecture[/variant]`, normalised as containerd does.

So `linux/x86_64` and `linux/amd64`, `linux/arm64` and `linux/arm64/v8` are one platform. What a document wrote stays
in its own columns; this word is what platforms are compared by. It leaves the OS version out, and never fills a missing
part from the machine it runs on.

https://github.com/containerd/platforms and https://github.com/opencontainers/image-spec/blob/main/image-index.md

    normalize_platform("linux", "aarch64", "v8") -> "linux/arm64"
"""

from __future__ import annotations

import re
from functools import lru_cache

from imgindex.errors import InvalidReferenceError, quote

UNKNOWN = "unknown"
_PART_CHARS = 64
_PART = re.compile(r"[a-z0-9_.-]{1,64}")
_ARM_VARIANTS = {"": "v7", "7": "v7", "5": "v5", "6": "v6", "8": "v8"}


def normalize_platform(os: str | None, architecture: str | None, variant: str | None = None) -> str | None:
    """`os/architecture[/variant]` in lower case, or None where neither os nor architecture is known.

    A part that is missing, or that is no word of letters, digits, `_`, `.` and `-`, is `unknown` in its place, and
    without an architecture there is no variant: so the word has always two or three parts.
    """
    os, architecture, variant = os or "", architecture or "", variant or ""
    if len(os) > _PART_CHARS or len(architecture) > _PART_CHARS or len(variant) > _PART_CHARS:
        # Long texts must not stay in the memo. None of them is a word, so one character does as well.
        os, architecture, variant = (part if len(part) <= _PART_CHARS else "/" for part in (os, architecture, variant))
    return _normalize(os, architecture, variant)


@lru_cache(maxsize=1024)
def _normalize(os: str, architecture: str, variant: str) -> str | None:
    os, architecture, variant = os.lower(), architecture.lower(), variant.lower()
    os = "darwin" if os == "macos" else _word(os)
    architecture, variant = _normalize_architecture(_word(architecture), variant and _word(variant))
    if architecture == UNKNOWN:
        return None if os == UNKNOWN else f"{os}/{UNKNOWN}"
    return f"{os}/{architecture}/{variant}" if variant else f"{os}/{architecture}"


def _word(part: str) -> str:
    return part if _PART.fullmatch(part) else UNKNOWN


def _normalize_architecture(architecture: str, variant: str) -> tuple[str, str]:
    match architecture:
        case "i386":
            return "386", ""
        case "x86_64" | "x86-64" | "amd64":
            return "amd64", "" if variant == "v1" else variant
        case "aarch64" | "arm64":
            return "arm64", "" if variant in ("8", "v8") else variant
        case "armhf":
            return "arm", "v7"
        case "armel":
            return "arm", "v6"
        case "arm":
            return "arm", _ARM_VARIANTS.get(variant, variant)
        case _:
            return architecture, variant


def parse_platform(text: str) -> str:
    """What a user names with `--platform`, normalised. Raises `InvalidReferenceError`.

    Both os and architecture are wanted: `arm64` alone would mean another platform on another machine.
    """
    parts = text.split("/")
    if not 2 <= len(parts) <= 3 or not all(_PART.fullmatch(part.lower()) for part in parts):
        raise InvalidReferenceError(f'"{quote(text)}" is no platform: write os/architecture or os/architecture/variant')
    platform = normalize_platform(*parts)
    if platform is None:
        raise InvalidReferenceError(f'"{quote(text)}" is no platform to ask for')
    return platform
