"""The history of tags as a derived table, and views that are faster, the same in name, columns and rows.

All views are made anew from `views.sql`, as `scripts/freeze-migration` rendered it, and the new table filled.
"""

from pathlib import Path

from alembic import op

from imgindex.store.frozen import run_frozen

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_frozen(op.get_bind(), Path(__file__), before="0002_second_schema/views.sql")


def downgrade() -> None:
    raise NotImplementedError("An index is made anew, not taken down.")
