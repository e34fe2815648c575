"""Which store on which machine this is, so that a name is not given to another store by mistake."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from pathlib import Path

from imgindex.errors import SourceUnavailableError, quote


def identity_of(path: str | os.PathLike[str]) -> str:
    """Which folder of which machine this is: `machine:real path:device:inode`.

    Raises SourceUnavailableError where there is no such path.
    """
    real = os.path.realpath(path)
    try:
        status = Path(real).stat()
    except OSError as error:
        raise SourceUnavailableError(f"cannot look at {quote(path)}: {error.strerror}") from error
    return f"{_machine()}:{quote(real, 4096)}:{status.st_dev}:{status.st_ino}"


def identity_of_file(path: str | os.PathLike[str]) -> str:
    """Which file of which machine this is: `machine:real path`.

    A file that is saved anew is another inode under the same path, and is meant to be the same store.
    """
    return f"{_machine()}:{quote(os.path.realpath(path), 4096)}"


def _machine() -> str:
    """The machine-id of systemd or D-Bus, else the host's name."""
    for place in ("/etc/machine-id", "/var/lib/dbus/machine-id"):
        with suppress(OSError, ValueError):
            text = Path(place).read_text("ascii").strip()
            if len(text) == 32 and text.isalnum():
                return text
    return quote(socket.gethostname())
