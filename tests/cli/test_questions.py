"""Every command of docs/questions.md answers on the sample stores."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.cli.conftest import Invoke
from tests.conftest import ROOT

TEXT = (ROOT / "docs/questions.md").read_text()
COMMANDS = re.findall(r"^    imgindex (.+)\n\n```\n((?:.+\n)+)```$", TEXT, re.MULTILINE)
"""Each with the first lines of its answer."""


def test_every_question_has_a_command() -> None:
    assert len(re.findall(r"^### ", TEXT, re.MULTILINE)) == len(COMMANDS)


@pytest.mark.parametrize(("command", "answer"), COMMANDS)
def test_a_command_gives_the_answer_shown(invoke: Invoke, index: Path, command: str, answer: str) -> None:
    result = invoke(*shlex.split(command))
    assert 0 == result.exit_code
    assert set(answer.splitlines()) <= set(result.stdout.splitlines())
