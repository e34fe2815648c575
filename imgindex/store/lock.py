"""Who holds a DuckDB file, and waiting for it.

DuckDB lets one process write a file, or several read it; whoever comes second is refused at once. A command that is
told to wait tries again, with a growing pause. How long is a property of the command, as its time zone is, and holds for
every index that it opens: the time is spent once, not once for each.

    with waiting(60, say=print):
        engine = open_engine("imgindex.duckdb", read_only=True)

https://duckdb.org/docs/current/connect/concurrency
"""

from __future__ import annotations

import re
import shlex
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import duckdb

from imgindex.errors import LockedError, quote
from imgindex.records.redact import Redactor

FIRST_PAUSE, LONGEST_PAUSE, GROWTH = 0.05, 2.0, 1.5
"""Seconds between two tries, and by how much they grow."""
COMMAND_LENGTH = 160

_FILE = re.compile(r'Could not set lock on file "(.*?)":')
_PID = re.compile(r"PID (\d+)")
_REFUSED = ("Could not set lock on file", "being used by another process")

Opened = TypeVar("Opened")


@dataclass(slots=True)
class _Patience:
    left: float
    """Seconds that may still be waited."""
    say: Callable[[str], None]
    said: bool = False


_PATIENCE: ContextVar[_Patience | None] = ContextVar("patience", default=None)


@contextmanager
def waiting(seconds: float, say: Callable[[str], None]) -> Iterator[None]:
    """Within it, whoever opens a DuckDB file waits so long for another process to let go of it.

    `say`: is told once for whom.
    """
    token = _PATIENCE.set(_Patience(seconds, say))
    try:
        yield
    finally:
        _PATIENCE.reset(token)


def open_patiently(connect: Callable[[], Opened]) -> Opened:
    """What `connect` opens, as soon as nobody else holds it; DuckDB's own error once there is no time left."""
    patience = _PATIENCE.get()
    pause = FIRST_PAUSE
    while True:
        try:
            return connect()
        except duckdb.Error as error:
            if patience is None or patience.left <= 0 or not is_lock(str(error)):
                raise
            if not patience.said:
                patience.say(f"Waiting up to {patience.left:g} s: {_describe(str(error))}")
                patience.said = True
        started = time.monotonic()
        time.sleep(min(pause, patience.left))
        patience.left -= time.monotonic() - started
        pause = min(pause * GROWTH, LONGEST_PAUSE)


def is_lock(message: str) -> bool:
    """Whether this is how DuckDB says that another process holds the file."""
    return any(words in message for words in _REFUSED)


def locked(message: str, file: str) -> LockedError:
    """The error for what DuckDB says; `file`: which it is, where the message does not tell."""
    pid = _holder(message)
    return LockedError(
        f"{_describe(message, file)} DuckDB lets one process write a file, or several read it. Wait for it with --wait "
        "SECONDS, read a copy that `imgindex export FILE.duckdb` makes, or keep the index in PostgreSQL.",
        pid=pid,
        command=_command(pid),
    )


def _describe(message: str, file: str = "the index") -> str:
    """Which file is in use by whom, as a sentence."""
    found = _FILE.search(message)
    pid = _holder(message)
    command = _command(pid)
    who = "another process" if pid is None else f"process {pid}" + (f" ({command})" if command else "")
    return f"{quote(Path(found[1]).name if found else file)} is in use by {who}."


def _holder(message: str) -> int | None:
    found = _PID.search(message)
    return int(found[1]) or None if found else None


def _command(pid: int | None) -> str | None:
    """The command line of a process, secrets redacted; None where it is not to be had: it has ended, or is elsewhere."""
    if pid is None:
        return None
    try:
        written = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return None
    words = [part.decode(errors="replace") for part in written.split(b"\0") if part]
    return quote(shlex.join(Redactor().argv(words)), COMMAND_LENGTH) or None
