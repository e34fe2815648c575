"""Writing beside a place and taking it by a rename, so that what is there is always whole.

What is being made lies in a working folder, hidden in the folder that it is for: a rename stays within one file system,
and readers of a folder pass over names that start with a dot. Whoever works in it has it locked. One that nobody has
locked was left by a process that was killed, and is removed by the next.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from imgindex.errors import StoreError, quote

PREFIX = ".imgindex-export-"


@contextmanager
def working_folder(parent: Path) -> Iterator[Path]:
    """A folder within `parent` to make files in; it goes when it is left, with all that was not published.

    Raises StoreError where the disk does not take what is written.
    """
    try:
        _remove_left(parent)
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        with _locked(folder):
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)
    except OSError as error:
        raise _refusal(parent, error.strerror or str(error)) from error
    except duckdb.Error as error:
        raise _refusal(parent, str(error).partition("\n")[0]) from error


def publish(files: dict[Path, Path]) -> None:
    """Give files their places, in this order, and make that last: {where it was made: where it goes}."""
    for made in files:
        _sync(made)
    for made, place in files.items():
        made.replace(place)
    for folder in {place.parent for place in files.values()}:
        _sync(folder)


@contextmanager
def publishing(folder: Path) -> Iterator[None]:
    """One process at a time changes what lies in this folder."""
    with _locked(folder, wait=True):
        yield


@contextmanager
def _locked(folder: Path, *, wait: bool = False) -> Iterator[None]:
    """Hold the lock of a folder, where its file system has such. Raises BlockingIOError if another has it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise
        except OSError:
            pass  # some network file systems lock no folders
        yield
    finally:
        os.close(descriptor)


def _remove_left(parent: Path) -> None:
    for folder in parent.glob(f"{PREFIX}*"):
        try:
            with _locked(folder):
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            continue  # somebody works in it, or it is gone


def _sync(place: Path) -> None:
    descriptor = os.open(place, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _refusal(parent: Path, reason: str) -> StoreError:
    return StoreError(
        f"The export into {quote(parent)} failed: {quote(reason, 300)}. What was there before is as it was."
    )
