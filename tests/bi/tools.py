"""The environments that the BI tools run in, and what docs/bi.md says about them."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT

ENVIRONMENTS = ROOT / ".venv-bi"
DOCUMENT = ROOT / "docs/bi.md"
BLOCK = re.compile(r"^```(\S+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
"""A block of the document: its language, what more is said of it, its text."""


@dataclass(frozen=True)
class Tool:
    """An environment with a BI tool."""

    place: Path

    def program(self, name: str) -> str:
        return str(self.place / "bin" / name)

    def run(self, program: str, *arguments: str, home: Path, **variables: str) -> subprocess.CompletedProcess[str]:
        """The program's end, run in the folder `home` with no settings but these."""
        command = [self.program(program), *arguments]
        return subprocess.run(
            command, env=settings(home, **variables), cwd=home, capture_output=True, text=True, check=False
        )


def settings(home: Path, **variables: str) -> dict[str, str]:
    """Environment variables for a program that must not see those of the tests' own Python."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TZ": "UTC",
        "LANG": "C.UTF-8",
        "DO_NOT_TRACK": "1",
        **variables,
    }


def installed(tool: str) -> Tool:
    """The tool's environment, where it is as pinned; else the test is skipped, or fails where CI=true."""
    pins, found = ROOT / f"requirements/bi-{tool}.txt", ENVIRONMENTS / tool / "installed.txt"
    if not found.exists() or found.read_bytes() != pins.read_bytes():
        refuse = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        refuse(f"{tool} is not installed as pinned; run: scripts/install-bi-tools .venv/bin")
    return Tool(ENVIRONMENTS / tool)


def versions(tool: str, *packages: str) -> str:
    """A line a package: what it is pinned at, which is what is installed."""
    pins = dict(re.findall(r"^(\S+)==(\S+)", (ROOT / f"requirements/bi-{tool}.txt").read_text(), re.MULTILINE))
    return "".join(f"{package} {pins[package]}\n" for package in packages)


def documented(language: str, about: str) -> list[str]:
    """The blocks of docs/bi.md that open with these two words."""
    blocks = BLOCK.findall(DOCUMENT.read_text(encoding="utf-8"))
    return [text for name, more, text in blocks if (name, more) == (language, about)]


def table(names: list[str], rows: list[tuple[object, ...]]) -> str:
    """Rows as plain text: the columns' names, and a line a row."""
    cells = [names, *([str(value) for value in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + "\n" for row in cells
    )
