"""The programs that some tests start; `scripts/install-test-parts` installs them."""

from __future__ import annotations

import os
import shutil

import pytest


def require(*programs: str) -> None:
    """Skip the test where one of them is not installed, or fail it where CI=true."""
    if missing := [program for program in programs if shutil.which(program) is None]:
        refuse = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        refuse(f"{', '.join(missing)}: not installed; run scripts/install-test-parts")
