"""Everything that a person can call says what it does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import typer

from imgindex.cli.main import app


def commands(command: Any, name: str = "imgindex") -> Iterator[tuple[str, Any]]:
    """A command and those below it, each with what one types to call it."""
    yield name, command
    for child_name, child in getattr(command, "commands", {}).items():
        yield from commands(child, f"{name} {child_name}")


COMMANDS = dict(commands(typer.main.get_command(app)))
LEAVES = {name: command for name, command in COMMANDS.items() if not hasattr(command, "commands")}
PARAMETERS = {
    f"{name} {parameter.name}": parameter
    for name, command in COMMANDS.items()
    for parameter in command.params
    if parameter.name not in ("install_completion", "show_completion")
}


def test_the_commands_are_found() -> None:
    assert {"imgindex ingest", "imgindex query run", "imgindex source forget", "imgindex db check"} <= set(LEAVES)
    assert {"imgindex ingest as_of", "imgindex query run parameters", "imgindex sql statement"} <= set(PARAMETERS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str) -> None:
    help_text = COMMANDS[name].help or ""
    assert help_text.partition("\n")[0].endswith(".")


@pytest.mark.parametrize("name", LEAVES)
def test_every_command_has_an_example_that_calls_it(name: str) -> None:
    examples = (LEAVES[name].help or "").partition("Example")[2]
    assert any(name in line for line in examples.splitlines())


@pytest.mark.parametrize("name", PARAMETERS)
def test_every_option_and_argument_has_help(name: str) -> None:
    assert (PARAMETERS[name].help or "").endswith(".")


@pytest.mark.parametrize("name", LEAVES)
def test_a_command_that_opens_an_index_can_wait_for_it(name: str) -> None:
    shown = {option for parameter in LEAVES[name].params if not parameter.hidden for option in parameter.opts}
    assert ("--wait" in shown) == ("--db" in shown)


@pytest.mark.parametrize("name", LEAVES)
def test_a_command_that_opens_an_index_takes_db(name: str) -> None:
    without = {"imgindex query new", "imgindex schema", "imgindex demo"}
    options = {option for parameter in LEAVES[name].params for option in parameter.opts}
    assert ("--db" in options) == (name not in without)
