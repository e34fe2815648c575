"""Which instruction made a history entry, in the words of each builder."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgindex.records.instruction import INSTRUCTIONS, _find, instruction_of

FOUND = {
    "classic CMD": ('/bin/sh -c #(nop)  CMD ["bash"]', "CMD"),
    "classic ADD": ("/bin/sh -c #(nop) ADD file:812db63ff71721c0405c6f74f34ca811 in / ", "ADD"),
    "classic COPY": ("/bin/sh -c #(nop) COPY dir:0bdcdbb08f4249b3850401aea6c920c2 in /etc/web/ ", "COPY"),
    "classic MAINTAINER": ("/bin/sh -c #(nop)  MAINTAINER NGINX Docker Maintainers", "MAINTAINER"),
    "classic ARG": ("/bin/sh -c #(nop)  ARG V=1", "ARG"),
    "classic HEALTHCHECK": (
        '/bin/sh -c #(nop)  HEALTHCHECK &{["CMD-SHELL" "true"] "0s" "0s" "0s" \'\\x00\'}',
        "HEALTHCHECK",
    ),
    "classic ONBUILD": ("/bin/sh -c #(nop) ONBUILD RUN echo onbuild", "ONBUILD"),
    "classic STOPSIGNAL": ("/bin/sh -c #(nop) STOPSIGNAL SIGQUIT", "STOPSIGNAL"),
    "classic in lower case": ("/bin/sh -c #(nop) expose 80", "EXPOSE"),
    "classic under another shell": ('/bin/bash -o pipefail -c #(nop)  ENTRYPOINT ["/x"]', "ENTRYPOINT"),
    "classic RUN": ("/bin/sh -c apt-get update && apt-get install -y curl", "RUN"),
    "classic RUN of another shell": ("/bin/bash -eo pipefail -c make", "RUN"),
    "classic RUN of a bare shell": ("bash -c make", "RUN"),
    "classic RUN that speaks of the mark": ("/bin/sh -c echo '#(nop) CMD'", "RUN"),
    "classic RUN with build arguments": ("|2 A=1 B=2 /bin/sh -c make install", "RUN"),
    "classic RUN in exec form with build arguments": ("|1 A=1 make install", "RUN"),
    "no build argument": ("|0 /bin/sh -c make", "RUN"),
    "Windows nop": ('cmd /S /C #(nop)  CMD ["cmd.exe"]', "CMD"),
    "Windows RUN": ("cmd /S /C echo hello", "RUN"),
    "Windows RUN by path": ("C:\\Windows\\System32\\cmd.exe /S /C dir", "RUN"),
    "PowerShell nop": ("powershell -Command $ErrorActionPreference = 'Stop'; #(nop)  ENV A=b", "ENV"),
    "PowerShell RUN": ("powershell -Command Invoke-WebRequest x", "RUN"),
    "PowerShell 7 RUN": ("pwsh -Command Get-Item x", "RUN"),
    "BuildKit RUN": ("RUN /bin/sh -c make # buildkit", "RUN"),
    "BuildKit RUN with build arguments": ("RUN |1 V=3 /bin/sh -c true # buildkit", "RUN"),
    "BuildKit RUN of a heredoc": ("RUN <<EOF (make...)", "RUN"),
    "BuildKit COPY": ("COPY conf /etc/conf # buildkit", "COPY"),
    "BuildKit ADD": ("ADD rootfs.tar / # buildkit", "ADD"),
    "BuildKit ENV": ("ENV A=1 B=2", "ENV"),
    "BuildKit EXPOSE": ("EXPOSE map[80/tcp:{}]", "EXPOSE"),
    "BuildKit CMD": ('CMD ["/bin/sh"]', "CMD"),
    "BuildKit RUN that speaks of the mark": ("RUN /bin/sh -c echo #(nop) CMD # buildkit", "RUN"),
    "buildah LABEL": ('/bin/sh -c #(nop) LABEL maintainer="lab <lab@example.invalid>"', "LABEL"),
    "buildah SHELL": ('/bin/sh -c #(nop) SHELL ["/bin/sh","-ec"]', "SHELL"),
    "buildah RUN": ("|1 QUEUE=mail /bin/sh -c true", "RUN"),
    "kaniko": ("RUN apk add curl", "RUN"),
    "written by hand": ("ADD busybox rootfs", "ADD"),
    "a tab": ("USER\tnobody", "USER"),
    "an instruction alone": ("WORKDIR", "WORKDIR"),
    "leading spaces": ("   VOLUME /data", "VOLUME"),
}


@pytest.mark.parametrize(("created_by", "expected"), FOUND.values(), ids=FOUND.keys())
def test_finds_the_instruction(created_by: str, expected: str) -> None:
    assert expected == instruction_of(created_by)


NOT_FOUND = {
    "missing": None,
    "empty": "",
    "blank": "  ",
    "bazel": "bazel build //cmd/app:image",
    "umoci": "umoci repack",
    "ko": "ko build ko://example.invalid/cmd/app",
    "jib": "jib-maven-plugin:3.3.1",
    "nix": "nix",
    "Windows base layer": "Apply image 10.0.17763.1",
    "debootstrap": "debootstrap --variant=minbase bookworm",
    "a list of packages": "debs: base-files netbase",
    "an interactive shell, committed": "/bin/sh",
    "an interactive shell with a script": "bash build",
    "prose in lower case": "add the busybox files",
    "a longer word": "RUNNING the build",
    "a hyphen": "ADD-ONS installed",
    "an unknown instruction behind the mark": "/bin/sh -c #(nop) CROSS build",
    "nothing behind the mark": "/bin/sh -c #(nop) ",
    "another program that ends in sh": "publish -c all",
    "a pipe without arguments": "| tee log",
}


@pytest.mark.parametrize("created_by", NOT_FOUND.values(), ids=NOT_FOUND.keys())
def test_guesses_nothing(created_by: str | None) -> None:
    assert instruction_of(created_by) is None


@given(st.text())
def test_any_text_has_a_known_instruction_or_none(text: str) -> None:
    assert instruction_of(text) in INSTRUCTIONS | {None}


@given(st.sampled_from(sorted(INSTRUCTIONS)), st.text(st.characters(exclude_characters="\r\n")))
def test_every_builder_writes_every_instruction(instruction: str, rest: str) -> None:
    assert instruction == instruction_of(f"{instruction} {rest}")
    assert instruction == instruction_of(f"/bin/sh -c #(nop)  {instruction} {rest}")


def test_long_text_is_read_and_does_not_stay_in_memory() -> None:
    before = _find.cache_info().currsize
    assert instruction_of("RUN " + "x" * 100_000) == "RUN"
    assert instruction_of(" " * 100_000 + "x") is None
    assert instruction_of("/" * 100_000) is None
    assert before == _find.cache_info().currsize
