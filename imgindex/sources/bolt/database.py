"""A BoltDB file as it was at one moment, though its owner may be writing to it.

The pages in use are read in one go. What a writer commits meanwhile goes to pages that were free, but those of the
transaction that was read are free a commit later, so the copy counts only if no commit came in between. The owner's
lock is not asked for: it would wait for as long as the owner runs, and a reader that holds it would keep the owner
from starting.

https://github.com/etcd-io/bbolt/blob/main/README.md#caveats--limitations

    database = read_database(root, "io.containerd.metadata.v1.bolt/meta.db", limits)
    for key, value in database.root.items(): ...
"""

from __future__ import annotations

import time
from typing import NamedTuple

from imgindex.errors import LimitExceededError
from imgindex.limits import Limits
from imgindex.sources.bolt.bucket import Bucket, Pages
from imgindex.sources.bolt.meta import newest_meta
from imgindex.sources.files import Root

_ATTEMPTS = 40
_WAIT_SECONDS = 0.005
"""After the first attempt; a little more after each further one: four seconds in all."""


class Database(NamedTuple):
    """The contents at one transaction."""

    transaction: int
    root: Bucket
    is_settled: bool
    """No commit came while it was read. Else pages of a later transaction may lie among its own."""


def read_database(root: Root, path: str, limits: Limits) -> Database:
    """The newest transaction of a file, read until one stands still, or for some seconds.

    Raises:
        MalformedError: It is no BoltDB file. What is broken further inside shows when it is read.
        LimitExceededError: More than `limits.database_bytes` of it are in use.
        ContentError: As `Root.open`.
    """
    with root.open(path) as file:
        meta = newest_meta(file)
        for attempt in range(_ATTEMPTS):
            size = meta.page_count * meta.page_size
            if size > limits.database_bytes:
                raise LimitExceededError(f"{size} bytes in use, more than the {limits.database_bytes} allowed")
            data = file.read(0, size)
            before, meta = meta, newest_meta(file)
            if meta.transaction == before.transaction:
                break
            time.sleep(attempt * _WAIT_SECONDS)
    pages = Pages(data, before.page_size)
    return Database(before.transaction, Bucket(pages, before.root), meta.transaction == before.transaction)


def last_transaction(root: Root, path: str) -> int:
    """The number of the transaction that was committed last. Raises as `read_database`."""
    with root.open(path) as file:
        return newest_meta(file).transaction
