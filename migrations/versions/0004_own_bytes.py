"""What a store keeps of an image beside its layers: a column of its images, and the views that count it.

The statements are frozen beside this file, the same for both dialects.
"""

from pathlib import Path

from alembic import op

revision = "0004"
down_revision = "0001"
branch_labels = None
depends_on = None

SEPARATOR = "\n;\n"


def upgrade() -> None:
    connection = op.get_bind().execution_options(no_parameters=True)  # a percent sign is a percent sign
    frozen = Path(__file__).with_suffix("") / "statements.sql"
    for statement in frozen.read_text(encoding="utf-8").split(SEPARATOR):
        if statement.strip():
            connection.exec_driver_sql(statement)


def downgrade() -> None:
    raise NotImplementedError("An index is made anew, not taken down.")
