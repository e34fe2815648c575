"""Which Dockerfile instruction made an entry of an image's history.

`created_by` is free text, and each builder writes its own: the classic builder and buildah mark what ran no command
with `#(nop)`, BuildKit writes the instruction out. Text that is neither (`bazel build ...`, `umoci repack`, `ko build`)
has no instruction: nothing is guessed from prose.

https://github.com/opencontainers/image-spec/blob/main/config.md#properties ("history")

    instruction_of('/bin/sh -c #(nop)  CMD ["bash"]') -> "CMD"
    instruction_of("|1 VERSION=1.2 /bin/sh -c make install") -> "RUN"
"""

from __future__ import annotations

import re
from functools import lru_cache

INSTRUCTIONS = frozenset(
    {
        "ADD",
        "ARG",
        "CMD",
        "COPY",
        "ENTRYPOINT",
        "ENV",
        "EXPOSE",
        "FROM",
        "HEALTHCHECK",
        "LABEL",
        "MAINTAINER",
        "ONBUILD",
        "RUN",
        "SHELL",
        "STOPSIGNAL",
        "USER",
        "VOLUME",
        "WORKDIR",
    }
)
"""Every instruction of a Dockerfile. https://docs.docker.com/reference/dockerfile/"""

_MEMO_CHARS = 1024
_MARK = "#(nop)"
_WORD = re.compile(r"\s*([A-Za-z]{2,16})(?!\S)")
_BUILD_ARGUMENTS = re.compile(r"\|[0-9]{1,4}\s")
_SHELL = re.compile(
    r"(?:\S*[/\\])?(?:(?:ba|da|a|z|k|mk)?sh(?=\s+-)|(?:powershell|pwsh)(?:\.exe)?(?=\s+[-/])|cmd(?:\.exe)?(?=\s+/))",
    re.IGNORECASE,
)


def instruction_of(created_by: str | None) -> str | None:
    """The instruction in upper case, or None where `created_by` tells of none."""
    if not created_by:
        return None
    return _find(created_by) if len(created_by) <= _MEMO_CHARS else _find.__wrapped__(created_by)


@lru_cache(maxsize=8192)
def _find(created_by: str) -> str | None:
    text = created_by.lstrip()
    word = _WORD.match(text)
    if word and word[1] in INSTRUCTIONS:
        return word[1]
    before, mark, after = text.partition(_MARK)
    if mark and _opens_no_quote(before):
        word = _WORD.match(after)
        instruction = word[1].upper() if word else ""
        return instruction if instruction in INSTRUCTIONS else None
    return "RUN" if _BUILD_ARGUMENTS.match(text) or _SHELL.match(text) else None


def _opens_no_quote(command: str) -> bool:
    """Whether `#(nop)` after this is the builder's mark, and not part of a script that speaks of it."""
    return command.count('"') % 2 == 0 and command.count("'") % 2 == 0
