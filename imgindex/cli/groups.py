"""What groups of commands have in common: how they show their help."""

from __future__ import annotations

import typer


def make_group(help_text: str) -> typer.Typer:
    """A group of commands that shows its help when it is called without one."""
    return typer.Typer(help=help_text, no_args_is_help=True, rich_markup_mode=None)
