"""What each image of a source is called and uses, as derived tables, and views that carry questions about them.

The statements are frozen beside this file, one file a dialect. The last of them fill the tables.
"""

from pathlib import Path

from alembic import op

revision = "0003"
down_revision = "0001"
branch_labels = None
depends_on = None

SEPARATOR = "\n;\n"


def upgrade() -> None:
    connection = op.get_bind().execution_options(no_parameters=True)  # a percent sign is a percent sign
    frozen = Path(__file__).with_suffix("") / f"{connection.dialect.name}.sql"
    for statement in frozen.read_text(encoding="utf-8").split(SEPARATOR):
        if statement.strip():
            connection.exec_driver_sql(statement)


def downgrade() -> None:
    raise NotImplementedError("An index is made anew, not taken down.")
