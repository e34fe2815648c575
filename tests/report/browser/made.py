"""Reports as a user makes them: the program is called with words, and only what it writes is looked at."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path
from typing import Any, NamedTuple

from typer.testing import CliRunner

from imgindex.cli.main import app

OWN = ("ours",)
"""A report from a user's own file, see `write_own`."""

REPORTS = {
    "layer-sharing": ("layer-sharing",),
    "layer-sharing on_disk": ("layer-sharing", "-p", "basis=on_disk"),
    "tag-drift": ("tag-drift",),
    "host docker": ("host", "docker"),
    "host podman": ("host", "podman"),
    "host containerd": ("host", "containerd"),
    "image with a name": ("image", "127.0.0.1:5055/team/web:1.2", "-p", "platform=linux/amd64"),
    "image of several platforms": ("image", "127.0.0.1:5055/multi/app:1", "-p", "platform=linux/arm64"),
    "image without layers": ("image", "127.0.0.1:5055/team/empty:1"),
    "own": OWN,
}

OWN_TOML = """
title = "Ours <b>&amp; yours</b>"
question = "What do we keep, and is 1 < 2?"

[[section]]
title = "Layers' sizes, \\"as they are\\""
query = "our/layers"
text = "A table of <i>our own</i> query, drawn."
chart = { kind = "bars", label = "name", value = "size_bytes" }

[[section]]
title = "Nothing"
query = "our/layers"
values = { least = 9000000000000000000 }
nothing = "There is <none>."
"""
OWN_SQL = """
-- What do our images take?
-- param: least integer = 0  The least size.
SELECT s.names AS name, z.source, z.basis, z.image_id, z.size_bytes, s.created_at
FROM image_sizes AS z JOIN image_summary AS s ON s.source = z.source AND s.image_id = z.image_id
WHERE z.size_bytes >= CAST(:least AS BIGINT)
ORDER BY z.size_bytes DESC NULLS LAST, z.source, z.basis, z.image_id
"""


def write_own(folder: Path) -> None:
    """A user's own report and query, with characters that HTML must not take for its own."""
    (folder / "reports").mkdir()
    (folder / "reports" / "ours.toml").write_text(OWN_TOML)
    (folder / "queries" / "our").mkdir(parents=True)
    (folder / "queries" / "our" / "layers.sql").write_text(OWN_SQL.lstrip())


class Made(NamedTuple):
    """A report in a file, and the program that made it."""

    name: str
    path: Path
    program: Program


class Program:
    """The program with one index, in a folder that also may hold a user's reports and queries."""

    def __init__(self, folder: Path, db: Path | None = None) -> None:
        self.folder = folder
        self.db = db or folder / "index.duckdb"
        self._made: dict[tuple[str, ...], Made] = {}

    def call(self, *words: str) -> str:
        """What a command prints. It must succeed."""
        own = {"IMGINDEX_REPORTS": str(self.folder / "reports"), "IMGINDEX_QUERIES": str(self.folder / "queries")}
        env = {**own, "IMGINDEX_DB": str(self.db), "IMGINDEX_DEBUG": None}
        if not (self.folder / "reports").is_dir():
            env |= dict.fromkeys(own)
        result = CliRunner().invoke(app, list(words), env=env)
        if result.exit_code:
            raise AssertionError(f"{shlex.join(words)}: {result.stderr}") from result.exception
        return result.stdout

    def ingest(self, name: str, spec: str, *more: str) -> None:
        self.call("ingest", spec, "--name", name, *more)

    def make(self, *words: str) -> Made:
        """The report of these words as HTML; made once."""
        if words not in self._made:
            path = self.folder / f"{len(self._made)}-{words[0]}.html"
            self.call("report", *words, "-o", os.fspath(path))
            self._made[words] = Made(words[0], path, self)
        return self._made[words]

    def ask(self, *words: str) -> list[dict[str, Any]]:
        """The rows that a command answers as JSON."""
        rows: list[dict[str, Any]] = json.loads(self.call(*words, "--format", "json"))
        return rows
