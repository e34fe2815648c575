"""The scan that is being written: whose observations these are, and for which time they hold."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from imgindex.limits import Limits


class Scan(NamedTuple):
    """The scan that decides."""

    index_key: UUID
    source_key: int
    scan_key: int
    as_of: datetime
    limits: Limits
