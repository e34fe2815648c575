"""Progress on stderr: a bar for a person, lines for a log."""

from __future__ import annotations

import io
import sys

import pytest

from imgindex.cli.progress import Bar, Lines, make_watch


class Terminal(io.StringIO):
    """Text that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_log_gets_a_line_a_source(capsys: pytest.CaptureFixture[str]) -> None:
    watch = Lines()
    watch.start("oci:./a\x1b[2J")
    watch.expect(10)
    watch.advance(1, 100)
    watch.finish()
    assert capsys.readouterr() == ("", "Reading oci:./a\\x1b[2J\n")


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert isinstance(make_watch(), Bar)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert isinstance(make_watch(), Lines)


def test_a_bar_shows_the_source_and_its_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr(Bar, "REFRESH_SECONDS", 0.0)
    terminal = Terminal()
    watch = Bar(terminal)
    watch.start("oci:./[red]a\x07")
    watch.expect(2000)
    watch.advance(1500, 3_000_000)
    watch.advance()
    watch.start("dir:./b")
    watch.advance(7, 0)
    watch.finish()
    watch.finish()
    shown = terminal.getvalue()
    assert "oci:./[red]a\\x07" in shown
    assert "1,501 documents" in shown
    assert "3.0 MB" in shown
    assert "dir:./b" in shown
    assert "\x07" not in shown


def test_a_bar_that_was_never_started_takes_no_harm() -> None:
    watch = Bar(io.StringIO())
    watch.expect(1)
    watch.advance(1, 1)
    watch.finish()
