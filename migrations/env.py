"""Runs migrations on the connection that imgindex gives. They are written by hand: nothing is reflected or compared."""

from typing import Any

from alembic import context
from alembic.ddl.impl import DefaultImpl


class DuckDBImpl(DefaultImpl):
    """Alembic knows no DuckDB; this tells it that a migration rolls back whole."""

    __dialect__ = "duckdb"
    transactional_ddl = True


def run(connection: Any) -> None:
    context.configure(connection=connection, transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()


run(context.config.attributes["connection"])
