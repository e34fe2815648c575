"""What stores remember of tags, what images use and are called, and what a store keeps of an image beside its layers.

All views are made anew from `views.sql`, as `scripts/freeze-migration` rendered it, and the new derived tables filled.
"""

from pathlib import Path

from alembic import op

from imgindex.store.frozen import run_frozen

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_frozen(op.get_bind(), Path(__file__), before="0001_first_schema/duckdb.sql")


def downgrade() -> None:
    raise NotImplementedError("An index is made anew, not taken down.")
