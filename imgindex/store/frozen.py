"""Running a migration's frozen statements: first what it does to tables, then all views anew.

Tables are changed by hand, in a file for each engine. Views hold no data, so none is altered: those of the migration
before are dropped and the new ones made, from one file, since their SQL is the same on every engine. Where new tables
are to be filled, that comes last.

    migrations/versions/0002_second_schema/{duckdb.sql, postgresql.sql, views.sql, fill.sql}
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

SEPARATOR = "\n;\n"
VIEWS = "views.sql"
FILL = "fill.sql"
_CREATED = re.compile(r"^CREATE VIEW (\w+) AS$", re.MULTILINE)


def run_frozen(bind: Any, migration: Path, before: str) -> None:
    """Run the statements of a migration. `before`: the file of the one before that made the views, from versions/."""
    connection = bind.execution_options(no_parameters=True)  # a percent sign is a percent sign
    dropped = reversed(_CREATED.findall((migration.parent / before).read_text(encoding="utf-8")))
    folder = migration.with_suffix("")
    for statement in (
        *(f"DROP VIEW {name}" for name in dropped),
        *_statements(folder / f"{connection.dialect.name}.sql"),
        *_statements(folder / VIEWS),
        *_statements(folder / FILL),
    ):
        connection.exec_driver_sql(statement)


def _statements(path: Path) -> list[str]:
    if not path.exists():
        return []
    return [part for part in path.read_text(encoding="utf-8").split(SEPARATOR) if part.strip()]
