"""A headless Chromium, and pages that are opened in it as a reader opens a file that was sent.

The browser that is installed is used (`scripts/install-test-parts` installs one); nothing is downloaded. Where there is
none, the tests are skipped, or fail where CI=true.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",  # root has none
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}
LIMIT = 60_000
"""Milliseconds after which a page that does not answer fails its test, on a machine that others use, too."""


@contextmanager
def running_browser() -> Iterator[Browser]:
    """A browser, ended at the end. Skips the test where none is installed."""
    program = find_browser()
    if program is None:
        refuse = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        refuse(f"none of {', '.join(NAMES)} is installed: run scripts/install-test-parts")
    with launched(program) as browser:
        yield browser


def find_browser() -> str | None:
    """The program, where one is installed."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def launched(program: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


class Visit:
    """One file in a window of its own, and what the browser had to complain about."""

    def __init__(self, browser: Browser, file: Path, **options: Any) -> None:
        """`options`: of the window, such as `viewport`, `color_scheme` or `java_script_enabled`."""
        self.complaints: list[str] = []
        """What a console would show in yellow or red."""
        self.requests: list[str] = []
        """The addresses of all that was asked for."""
        self._context = browser.new_context(**{"viewport": DESKTOP, **options})
        self._context.set_default_timeout(LIMIT)
        self.page: Page = self._context.new_page()
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._hear)
        self.page.goto(file.as_uri())

    def _hear(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text}")

    def outside(self) -> list[str]:
        """What was asked for beside the file, but for what the file holds itself."""
        return [url for url in self.requests if url != self.requests[0] and not url.startswith("data:")]

    def close(self) -> None:
        self._context.close()
